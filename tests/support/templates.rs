//! The files of `templates/`, filled in as its README documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// Every file but the README, as a path inside the folder.
pub(crate) fn all() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("templates") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder()).expect("below").to_str().expect("UTF-8").to_owned();
                if name != "README.md" {
                    found.push(name);
                }
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands in braces: `{{port}}` is `port`.
pub(crate) fn placeholders(text: &str) -> Vec<&str> {
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        .collect()
}

/// The placeholders that the README lists, and its examples.
pub(crate) fn examples() -> BTreeMap<String, String> {
    rows(|cell| cell.strip_prefix("`{{")?.strip_suffix("}}`"))
}

/// The examples of `{{start}}`, by the name of the Dockerfile.
pub(crate) fn starts() -> BTreeMap<String, String> {
    rows(|cell| folder().join(format!("dockerfile/{cell}.Dockerfile")).exists().then_some(cell))
}

fn rows(name: impl Fn(&str) -> Option<&str>) -> BTreeMap<String, String> {
    let readme = read("README.md");
    let mut found = BTreeMap::new();
    for row in readme.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if let [first, example, _] = cells[..]
            && let Some(name) = name(first)
        {
            found.insert(name.to_owned(), example.trim_matches('`').to_owned());
        }
    }
    found
}

/// A template with the README's examples, and `values` above them.
pub(crate) fn filled(name: &str, values: &[(&str, &str)]) -> String {
    let mut text = read(name);
    for (placeholder, value) in values {
        text = text.replace(&format!("{{{{{placeholder}}}}}"), value);
    }
    for (placeholder, example) in examples() {
        text = text.replace(&format!("{{{{{placeholder}}}}}"), &example);
    }
    assert_eq!(placeholders(&text), Vec::<&str>::new(), "{name}");
    text
}
