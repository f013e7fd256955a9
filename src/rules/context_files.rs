//! Findings on files of a context.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Level;
use super::facts::{ContextFacts, named};
use super::found::Found;

/// Findings of a rule on files of one context; one more sums up the others.
const MOST: usize = 10;
/// Folders whose files are made up.
const FOR_TESTS: [&str; 14] = [
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "__tests__",
    "spec",
    "fixtures",
    "fixture",
    "mocks",
    "example",
    "examples",
    "sample",
    "samples",
];

/// A file that a rule is against.
#[derive(Debug)]
pub(in crate::rules) struct Held<'a> {
    pub(in crate::rules) path: &'a str,
    pub(in crate::rules) level: Level,
    /// A lowercase fragment that begins with the path.
    pub(in crate::rules) message: String,
}

/// A finding for each file, the most serious first, so that a waiver for one path says nothing of the others; those beyond the
/// first ten share one. `what` is said of them: "hold private keys".
pub(in crate::rules) fn each(
    context: &ContextFacts,
    found: &mut Found<'_>,
    mut files: Vec<Held<'_>>,
    what: &str,
) {
    files.sort_by_key(|file| (Reverse(file.level), file.path));
    let (first, rest) = files.split_at(files.len().min(MOST));
    for file in first {
        found.add(context.place(file.path), &file.message).level(file.level);
    }
    if let Some(worst) = rest.first() {
        let paths = named(rest.iter().map(|file| file.path));
        let message = format!("{} more files {what}: {paths}", rest.len());
        found.add(context.place(worst.path), message).level(worst.level);
    }
}

/// Whether a file lies in a folder of tests or examples, or of somebody else's package, where keys are made up.
pub(in crate::rules) fn is_for_tests(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders
        .any(|folder| FOR_TESTS.iter().chain(&["node_modules"]).any(|name| folder.eq_ignore_ascii_case(name)))
}

/// Sorted paths in short: files of one folder at the top become the deepest folder that holds them all, with their number.
pub(in crate::rules) fn in_short<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut groups: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for path in paths {
        let top = path.split('/').next().unwrap_or(path);
        groups
            .entry(top)
            .and_modify(|(common, count)| {
                *common = common_folder(common, path);
                *count += 1;
            })
            .or_insert((path, 1));
    }
    let shown: Vec<String> = groups
        .values()
        .map(|(common, count)| match count {
            1 => (*common).to_owned(),
            count => format!("{common} ({count} files)"),
        })
        .collect();
    named(shown.iter().map(String::as_str))
}

/// The folder, with its `/`, that both lie in.
fn common_folder<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let end = one.bytes().take(same).rposition(|byte| byte == b'/').map_or(0, |at| at + 1);
    one.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_for_their_files() {
        let table: [(&[&str], &str); 4] = [
            (&["a.js"], "a.js"),
            (&["dist/a.js", "dist/b/c.js", "x"], "dist/ (2 files) and x"),
            (&["p/a/node_modules/x", "p/a/node_modules/y"], "p/a/node_modules/ (2 files)"),
            (&["dist/a", "dist/ab"], "dist/ (2 files)"),
        ];
        for (paths, expected) in table {
            assert_eq!(in_short(paths.iter().copied()), expected);
        }
    }

    #[test]
    fn folders_of_tests_are_known() {
        for (path, expected) in
            [("tests/a.pem", true), ("a/Fixtures/b.pem", true), ("test.pem", false), ("src/latest/a", false)]
        {
            assert_eq!(is_for_tests(path), expected, "{path}");
        }
    }
}
