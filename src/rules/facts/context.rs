//! The build context as it will be sent, and what git says of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::Fact;

/// One context. Paths are relative to its root, with `/`; bytes that are no UTF-8 are replaced.
#[derive(Debug, Clone)]
pub struct ContextFacts {
    /// The context's folder as findings name it: relative to the repository's root, `.` for that itself.
    pub root: String,
    /// Every file that will be sent, sorted by path; folders are not among them.
    pub entries: Vec<ContextEntry>,
    /// The first bytes of those files whose names say that they may hold a secret, by path.
    pub heads: BTreeMap<String, Vec<u8>>,
    /// The Dockerfile's path.
    pub dockerfile: String,
    /// The ignore file that was used.
    pub ignore_file: Option<String>,
    /// The text of that file.
    pub ignore_text: Option<Vec<u8>>,
    /// The pieces of the ignore file that engines read differently, as the matcher tells them.
    pub ignore_warnings: Vec<String>,
    /// What `COPY` and `ADD` of the target name, which no file of the context answers to: instruction's line, source.
    pub git: Fact<GitFacts>,
}

/// A file of the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextEntry {
    /// From the context's root.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Whether it is a symbolic link.
    pub is_link: bool,
    /// Whether the ignore file leaves it out and it is sent for the engine alone: no `COPY` sees it.
    pub forced: bool,
}

/// What git says of a context's files. Paths are relative to the context's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// Files that git neither tracks nor ignores.
    pub untracked: BTreeSet<String>,
    /// Files that git ignores.
    pub ignored: BTreeSet<String>,
    /// Of those two, the files that `[image.build] generated` declares.
    pub generated: BTreeSet<String>,
    /// Whether the Dockerfile is in the commit as it is.
    pub dockerfile_committed: bool,
    /// The same of `imgbuild.toml`; `None` where there is none.
    pub config_committed: Option<bool>,
    /// The configuration's path, relative to the repository's root.
    pub config: Option<String>,
}
