//! The shared vectors: `tests/vectors/*.json`, or the folder in `IMGBUILD_VECTORS`, which holds fuller sets.

use std::path::PathBuf;

use serde_json::Value;

/// One set; a missing file fails the test.
pub(crate) fn load(name: &str) -> Value {
    let folder = std::env::var_os("IMGBUILD_VECTORS")
        .filter(|folder| !folder.is_empty())
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"), PathBuf::from);
    let path = folder.join(format!("{name}.json"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows under `key`; no rows fail the test.
pub(crate) fn rows<'a>(set: &'a Value, key: &str) -> &'a [Value] {
    let rows = set[key].as_array().unwrap_or_else(|| panic!("no {key}"));
    assert!(!rows.is_empty(), "{key} has no rows");
    rows
}

/// The text under `key`.
pub(crate) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{row}: {key}"))
}

/// The text under `key`, where there is one.
pub(crate) fn optional<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Value::as_str)
}

/// Fails with all that is wrong, not only the first of it.
pub(crate) fn report(set: &str, rows: usize, wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of {rows} rows of {set} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
