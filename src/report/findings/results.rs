//! What every format is made of.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::report::from_root;
use crate::rules::{Excuse, Finding, Judgement, Level, Score};

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
    /// Where the command ran, from the root of the repository: the files that findings name begin there.
    pub folder: &'a Path,
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
    /// The file on which platforms show a finding, from the root of the repository. What is wrong with an image is shown on
    /// its Dockerfile, where just one was judged: no repository has a file of the image's name.
    pub(super) fn file(&self, finding: &Finding) -> String {
        match (finding.rule.is_of_image(), self.dockerfile()) {
            (true, None) => finding.place.path.clone(),
            (true, Some(path)) => from_root(self.folder, path),
            (false, _) => from_root(self.folder, &finding.place.path),
        }
    }

    /// What is wrong, for those who are shown [`file`](Self::file): with the image that it is about, where that is another.
    pub(super) fn message(&self, finding: &Finding) -> String {
        match finding.rule.is_of_image() && self.dockerfile().is_some() {
            true => format!("{}: {}", finding.place.path, finding.message),
            false => finding.message.clone(),
        }
    }

    fn dockerfile(&self) -> Option<&str> {
        let mut files = self.sources.keys();
        files.next().copied().filter(|path| files.next().is_none() && *path != "-")
    }

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
