//! Tests as they are written: what a default fills in is in the schema.

use serde_json::{Map, Value};

use super::presentable;
use crate::config::model::Deploy;
use crate::config::settings::ConfiguredTest;

/// The test as a table of the file, with its name, and without values that must not be shown.
pub(super) fn test(test: &ConfiguredTest) -> Value {
    // The types of the file have no map with other keys than text, so that all of them are values.
    let mut written = shown(None, serde_json::to_value(&test.written).unwrap_or_default());
    if let Value::Object(table) = &mut written {
        table.insert("name".to_owned(), test.spec.name.clone().into());
    }
    written
}

/// A deployment as a table of the file, likewise.
pub(super) fn deploy(written: &Deploy) -> Value {
    shown(None, serde_json::to_value(written).unwrap_or_default())
}

/// `value`, which stands at `key`, without keys that were not given and without secrets. Nested no deeper than the file.
fn shown(key: Option<&str>, value: Value) -> Value {
    match value {
        Value::Object(table) => {
            let named = matches!(key, Some("env" | "headers" | "answer-headers" | "labels"));
            let given = table.into_iter().filter(|(_, value)| !value.is_null());
            let show = |(name, value): (String, Value)| {
                let value = if named { hidden(&name, value) } else { shown(Some(&name), value) };
                (name, value)
            };
            Value::Object(given.map(show).collect::<Map<String, Value>>())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(|value| shown(key, value)).collect()),
        // Whole numbers as people write them.
        Value::Number(number) => whole(&number).map_or(Value::Number(number), Value::from),
        other => other,
    }
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    let whole = number.as_f64()? as i64;
    (number.is_f64() && serde_json::Number::from(whole).as_f64() == number.as_f64()).then_some(whole)
}

/// The value of a variable, header or label called `name`, or what it must be like.
fn hidden(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) => presentable(name, &text).into(),
        Value::Object(table) => {
            let given = table.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(key, value)| (key, hidden(name, value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(|value| hidden(name, value)).collect()),
        Value::Number(number) => whole(&number).map_or(Value::Number(number), Value::from),
        other => other,
    }
}
