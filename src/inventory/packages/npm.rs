//! A `package.json` of an installed package.

use serde::Deserialize;
use serde_json::Value;

use super::found::{Found, short};
use crate::inventory::package::Ecosystem;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    version: Value,
    #[serde(default)]
    license: Value,
}

/// The package; `None` where the document is of none, or of a part of one.
pub(in crate::inventory) fn package_json(bytes: &[u8]) -> Option<Found> {
    let manifest: Manifest = serde_json::from_slice(bytes).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned).filter(|text| !text.is_empty());
    let mut found = Found::new(Ecosystem::Npm, &text(&manifest.name)?, &text(&manifest.version)?);
    // Once an object with the type.
    let license = text(&manifest.license).or_else(|| text(manifest.license.get("type")?));
    found.license = license.filter(|license| license != "UNLICENSED").map(|license| short(&license));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_say_a_licence() {
        let found =
            package_json(br#"{"name":"@a/b","version":"1.0.0","license":{"type":"MIT"},"x":[1]}"#).unwrap();
        assert_eq!((found.name.as_str(), found.license.as_deref()), ("@a/b", Some("MIT")));
        let found = package_json(br#"{"name":"b","version":"1","license":"ISC"}"#).unwrap();
        assert_eq!(found.license.as_deref(), Some("ISC"));
        for none in [
            &br#"{"type":"module"}"#[..],
            br#"{"name":1,"version":"1"}"#,
            b"[",
            br#"{"name":"","version":""}"#,
        ] {
            assert_eq!(package_json(none), None);
        }
    }
}
