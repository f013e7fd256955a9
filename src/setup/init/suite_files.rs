//! Test files of other tools, which an image's tests can take along.

use super::look::Look;
use crate::suites::{self, Outside};

/// Files of container-structure-test and of goss.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SuiteFiles {
    pub(super) structure_tests: Vec<String>,
    pub(super) goss: Vec<String>,
}

/// Those in the repository that can be read as what they are called; the others become notes.
pub(super) fn find(look: &Look, notes: &mut Vec<String>) -> SuiteFiles {
    let mut found = SuiteFiles::default();
    for path in &look.files {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let Some(stem) = [".yaml", ".yml", ".json"].iter().find_map(|ending| name.strip_suffix(ending))
        else {
            continue;
        };
        let plain = stem.replace(['_', '.'], "-");
        let is_goss = plain == "goss";
        let is_structure = plain.ends_with("structure-test") || plain.ends_with("structure-tests");
        if !is_goss && !is_structure {
            continue;
        }
        let Some(bytes) = look.read(path) else {
            notes.push(format!("{path} is not taken along: it cannot be read, or is larger than 1 MiB"));
            continue;
        };
        let read = match is_goss {
            true => suites::goss(path, &bytes),
            false => {
                // What it names of this machine is not looked at before it runs.
                let outside =
                    Outside { env: &|_| Some(String::new()), file: &|_| Ok(Vec::new()), hide: &|_, _| {} };
                suites::structure_test(path, &bytes, &outside)
            }
        };
        match (read, is_goss) {
            (Ok(_), true) => found.goss.push(path.clone()),
            (Ok(_), false) => found.structure_tests.push(path.clone()),
            (Err(problem), _) => notes.push(format!("{path} is not taken along: line {problem}")),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_known_by_name_and_have_to_be_what_they_are_called() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("tests")).unwrap();
        let structure =
            "schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: x, path: /x, shouldExist: true}\n";
        for (name, text) in [
            ("goss.yaml", "file:\n  /etc/passwd: {exists: true}\n"),
            ("goss_wait.yaml", "port: {}\n"),
            ("tests/container-structure-test.yml", structure),
            ("tests/api_structure_tests.json", "{}"),
            ("tests/goss.json", "{\"dns\": {\"x\": {\"resolvable\": true}}}"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        let mut notes = Vec::new();
        let found = find(&Look::at(&root), &mut notes);
        assert_eq!(found.goss, ["goss.yaml"]);
        assert_eq!(found.structure_tests, ["tests/container-structure-test.yml"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes.iter().any(|note| note.starts_with("tests/goss.json is not taken along: line 1:")));
    }
}
