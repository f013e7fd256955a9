//! The JSON Schema of `imgbuild.toml`, made from the types that read it. Editors use it for completion and hover.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::model::Model;

/// The schema as it is committed under `imgbuild.schema.json`: draft 7, which every TOML tool knows, with a newline at
/// its end.
pub fn json_schema() -> String {
    let mut settings = SchemaSettings::draft07();
    settings.transforms.insert(0, Box::new(RecursiveTransform(without_null)));
    let schema = SchemaGenerator::new(settings).into_root_schema_for::<Model>();
    // A schema is a tree of JSON already: `{:#}` prints it and cannot fail.
    format!("{:#}\n", schema.to_value())
}

/// TOML has no null: an optional key is absent. `Option` in the types says nothing else.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| !is_null(kind));
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.insert(key, value);
            }
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}
