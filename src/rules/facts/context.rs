//! The build context as it will be sent, and what git says of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContextEntry, ContextFiles, CopiedSource, Sign};
use crate::rules::{Fact, Place};

/// How many paths a message names.
const NAMED: usize = 10;

/// One context. Paths are relative to its root, with `/`; bytes that are no UTF-8 are replaced.
#[derive(Debug, Clone)]
pub struct ContextFacts {
    /// The context's folder as findings name it, `.` for where the command runs.
    pub root: String,
    /// Every file that will be sent, sorted by path; folders are not among them.
    pub entries: ContextFiles,
    /// What files hold that nobody else should have, by path; see [`signs`](super::signs).
    pub signs: BTreeMap<String, Vec<Sign>>,
    /// The Dockerfile's path.
    pub dockerfile: String,
    /// The ignore file that was used.
    pub ignore_file: Option<String>,
    /// The patterns of the ignore file that engines read differently: line and lowercase fragment.
    pub ambiguities: Vec<(u32, String)>,
    /// What the ignore file makes of this tree and other engines do not.
    pub ignore_warnings: Vec<String>,
    /// Whether a `.git` lies in the context's folder, be it sent or not.
    pub has_repository: bool,
    /// What `COPY` and `ADD` of the Dockerfile take from the context.
    pub copies: Vec<CopiedSource>,
    /// The scripts that a container starts with, as far as the context ships them: path and text.
    pub scripts: BTreeMap<String, String>,
    /// What git says.
    pub git: Fact<GitFacts>,
}

/// What git says of a context's files. Paths are relative to the context's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// Files that the commit does not have and git does not ignore.
    pub untracked: BTreeSet<String>,
    /// Files that git ignores.
    pub ignored: BTreeSet<String>,
    /// Of those two, the files that `[image.build] generated` declares.
    pub generated: BTreeSet<String>,
    /// Whether the Dockerfile is in the commit as it is.
    pub dockerfile_committed: bool,
    /// The same of the configuration; `None` where there is none.
    pub config_committed: Option<bool>,
    /// The configuration as findings name it.
    pub config: Option<String>,
}

impl ContextFacts {
    /// The files whose paths `wanted` takes, in their order; none that is sent for the engine alone.
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = ContextEntry<'_>> {
        self.entries.iter().filter(move |entry| !entry.forced && wanted(entry.path))
    }

    /// The place of a file of the context.
    pub fn place(&self, path: &str) -> Place {
        Place::file(self.shown(path))
    }

    /// The place of the ignore file, or of the one that should be there.
    pub fn ignore_place(&self) -> Place {
        self.place(self.ignore_file.as_deref().unwrap_or(".dockerignore"))
    }

    fn shown(&self, path: &str) -> String {
        if self.root == "." || self.root.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.root)
        }
    }
}

/// `a, b and 311 more` of sorted paths.
pub fn named<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut paths = paths.into_iter();
    let first: Vec<&str> = paths.by_ref().take(NAMED).collect();
    let more = paths.count();
    match (first.split_last(), more) {
        (_, 1..) => format!("{} and {more} more", first.join(", ")),
        (Some((last, [])), 0) => (*last).to_owned(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (None, 0) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(named([]), "");
        assert_eq!(named(["a"]), "a");
        assert_eq!(named(["a", "b", "c"]), "a, b and c");
        let many = vec!["x"; 321];
        assert!(named(many).ends_with("x, x and 311 more"));
    }
}
