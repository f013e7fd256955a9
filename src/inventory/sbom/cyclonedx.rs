//! CycloneDX 1.6 as JSON: <https://cyclonedx.org/docs/1.6/json/>.

use serde_json::{Map, Value, json};

use super::about::{About, TOOL, identity};
use super::license::expression;
use crate::inventory::{Ecosystem, Inventory, OsRelease, Package};

/// The document, with its keys in a fixed order and a line break at its end.
pub fn cyclonedx(inventory: &Inventory, about: &About) -> Vec<u8> {
    let os = inventory.os.as_ref();
    let image = about.purl();
    let mut components = Vec::new();
    let mut refs: Vec<Value> = Vec::new();
    if let Some(os) = os {
        let reference = format!("os:{}", os.distro());
        components.push(system(os, &reference));
        refs.push(reference.into());
    }
    for package in &inventory.packages {
        let reference = format!("{}:{}", package.ecosystem.purl_type(), identity(package));
        components.push(of(package, os, &reference));
        refs.push(reference.into());
    }
    let mut metadata = json!({
        "timestamp": about.created(),
        "tools": {"components": [{"type": "application", "name": TOOL.0, "version": TOOL.1}]},
        "component": {
            "bom-ref": image,
            "type": "container",
            "name": about.repository,
            "version": about.digest.as_str(),
            "purl": image,
            "hashes": [{"alg": "SHA-256", "content": about.digest.hex()}],
        },
    });
    if !inventory.notes.is_empty()
        && let Some(metadata) = metadata.as_object_mut()
    {
        let left_out = inventory.notes.iter().map(|note| property("left-out", note));
        metadata.insert("properties".to_owned(), left_out.collect::<Vec<_>>().into());
    }
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(about),
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": [{"ref": image, "dependsOn": refs}],
    });
    let mut bytes = document.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// A UUID of version 8, whose digits are the maker's to choose.
fn serial(about: &About) -> String {
    let digits = about.identity();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (a, b, c, d, e) = (part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    format!("urn:uuid:{a}-{b}-8{c}-8{d}-{e}")
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": format!("imgbuild:{name}"), "value": value})
}

fn system(os: &OsRelease, reference: &str) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: &str| object.insert(key.to_owned(), value.into());
    put("bom-ref", reference);
    put("type", "operating-system");
    put("name", &os.id);
    if !os.version_id.is_empty() {
        put("version", &os.version_id);
    }
    if !os.pretty_name.is_empty() {
        put("description", &os.pretty_name);
    }
    Value::Object(object)
}

fn of(package: &Package, os: Option<&OsRelease>, reference: &str) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("bom-ref", reference.into());
    put("type", "library".into());
    let scoped = package.name.strip_prefix('@').filter(|_| package.ecosystem == Ecosystem::Npm);
    match scoped.and_then(|name| name.split_once('/')) {
        Some((scope, name)) => {
            put("group", format!("@{scope}").into());
            put("name", name.into());
        }
        None => {
            put("name", package.name.as_str().into());
        }
    }
    if !package.version.is_empty() {
        put("version", package.version.as_str().into());
    }
    put("purl", package.purl(os).into());
    if let Some(license) = &package.license {
        let license = match expression(license) {
            Some(expression) => json!({"expression": expression}),
            None => json!({"license": {"name": license}}),
        };
        put("licenses", json!([license]));
    }
    let layer = (package.layer + 1).to_string();
    put("properties", json!([property("found-in", &package.found_in), property("layer", &layer)]));
    Value::Object(object)
}
