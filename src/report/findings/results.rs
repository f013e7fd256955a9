//! What every format is made of.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::rules::{Excuse, Judgement, Level, Score};

/// What a check came to.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    /// The findings.
    pub judgement: &'a Judgement,
    /// How the practices stand.
    pub scorecard: &'a [Score],
    /// The bytes of the files that findings are in, by the path that the findings name; a file that is missing is shown
    /// without its text.
    pub sources: &'a BTreeMap<&'a str, &'a [u8]>,
    /// How many files were judged, those without findings too.
    pub files: usize,
    /// The version of this program.
    pub version: &'a str,
    /// The policy in force, where there is one.
    pub policy: Option<PolicyRef<'a>>,
}

/// What names a policy.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PolicyRef<'a> {
    /// The digest of the effective policy.
    pub digest: &'a str,
    /// The files and artifacts that it came from.
    pub sources: &'a [String],
}

/// How many findings there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) infos: usize,
    pub(super) waived: usize,
    pub(super) baseline: usize,
    pub(super) fixable: usize,
    pub(super) files: usize,
}

impl Results<'_> {
    pub(super) fn summary(&self) -> Summary {
        let judgement = self.judgement;
        let excused = |wanted: fn(&Excuse) -> bool| {
            judgement.findings.iter().filter(|f| f.excused.as_ref().is_some_and(wanted)).count()
        };
        Summary {
            errors: judgement.count(Level::Error),
            warnings: judgement.count(Level::Warning),
            infos: judgement.count(Level::Info),
            waived: excused(|excuse| matches!(excuse, Excuse::Waived { .. })),
            baseline: excused(|excuse| matches!(excuse, Excuse::Baseline)),
            fixable: judgement.standing().filter(|finding| finding.fix.is_some()).count(),
            files: self.files,
        }
    }
}

/// A path as platforms compare it with the names of the repository's files.
pub(super) fn repository_path(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}
