//! What would be written, as a value.

use std::path::PathBuf;

use super::super::diff::unified;

/// What a repository lacks.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The root of the repository, absolute and without symbolic links.
    pub root: PathBuf,
    /// What was found, in a line for each thing.
    pub found: Vec<String>,
    /// Files that are not there, by their path below the root with `/`, in the order in which they are written.
    pub files: Vec<(String, String)>,
    /// What is to be added by hand to files that are there.
    pub additions: Vec<Addition>,
    /// What is not taken over, and what to know.
    pub notes: Vec<String>,
}

/// Lines for a file that is there already, and so is not touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The file, by its path below the root.
    pub path: String,
    /// What to add, indented as it has to be.
    pub lines: String,
}

impl Proposal {
    /// The changes as a unified diff, and the additions. Whoever prints it escapes it.
    pub fn text(&self) -> String {
        let mut text: String =
            self.files.iter().map(|(name, content)| unified(name, None, content.as_bytes())).collect();
        for addition in &self.additions {
            let lines: String = addition.lines.lines().map(|line| format!("  {line}\n")).collect();
            text.push_str(&format!(
                "{} is there and stays as it is; add to it:\n{lines}",
                addition.path.escape_debug()
            ));
        }
        text
    }
}
