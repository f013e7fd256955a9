//! The JSON Schema of the run report, made from the types that write it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::RunReport;
use super::run_report::SCHEMA;
use crate::image::Digest;

/// The schema as it is committed under `docs/report.schema.json`: draft 2020-12, with a newline at its end. It allows
/// fields that it does not know, since newer versions add some.
pub fn report_schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with_transform(RecursiveTransform(without_links));
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<RunReport>();
    schema.insert("title".to_owned(), "imgbuild run report".into());
    if let Some(version) = schema.pointer_mut("/properties/schema").and_then(|value| value.as_object_mut()) {
        version.insert("const".to_owned(), SCHEMA.into());
        version.insert("description".to_owned(), "Version of the document.".into());
    }
    // A schema is a tree of JSON already: `{:#}` prints it and cannot fail.
    format!("{:#}\n", schema.to_value())
}

/// Takes the targets of links out of descriptions: they lead to items of the source.
fn without_links(schema: &mut Schema) {
    let Some(text) = schema.get("description").and_then(|text| text.as_str()) else { return };
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("[`") {
        let Some((name, after)) = behind.split_once("`]") else { break };
        let target = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        plain.push_str(before);
        plain.push_str(&format!("`{name}`"));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    schema.insert("description".to_owned(), plain.into());
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::error::{Error, Kind};
    use crate::report::{Masker, Recorder, sample};

    /// What the committed schema has against `document`.
    fn problems(document: &Value) -> Option<String> {
        let schema: Value = serde_json::from_str(&report_schema()).unwrap();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("https://schema.invalid/report.json", schema).unwrap();
        let mut schemas = boon::Schemas::new();
        let index = compiler.compile("https://schema.invalid/report.json", &mut schemas).unwrap();
        schemas.validate(document, index).err().map(|error| error.to_string())
    }

    #[test]
    fn reports_are_valid_and_what_is_none_is_not() {
        for events in [Vec::new(), sample::failed_run(), sample::published_run()] {
            let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
            report.conclude("2026-01-01T00:00:01Z", Some(&Error::new(Kind::Build, "x").hint("y")));
            let mut recorder = Recorder::new(Masker::default());
            events.iter().for_each(|stamped| recorder.record(stamped));
            recorder.into_recording().complete(&mut report);
            let document = serde_json::from_str(&report.to_json().unwrap()).unwrap();
            assert_eq!(problems(&document), None, "{document:#}");
        }
        let mut document = serde_json::to_value(RunReport::new("ci", "01j", "2026-01-01T00:00:00Z")).unwrap();
        document["schema"] = 2.into();
        assert!(problems(&document).is_some());
        document["schema"] = 1.into();
        document["pushed"] = "yes".into();
        assert!(problems(&document).is_some());
    }

    #[test]
    fn every_field_is_explained_without_links_into_the_source() {
        let text = report_schema();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let tables = schema["$defs"].as_object().unwrap().iter();
        for (name, table) in tables.chain([(&"report".to_owned(), &schema)]) {
            // Its doc comment says all of its fields at once.
            let itself = ["RegionRecord"].contains(&name.as_str());
            for (key, about) in table["properties"].as_object().into_iter().flatten() {
                assert!(itself || about["description"].is_string(), "{name}.{key}: {about}");
            }
        }
        assert!(!text.contains("[`"), "{text}");
    }
}
