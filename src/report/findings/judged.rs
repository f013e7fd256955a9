//! What a run judged, kept for the formats that are made of more than the run report holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{PolicyRef, Results};
use crate::report::RunReport;
use crate::rules::Judgement;

/// What a run judged last. Texts are raw: whoever writes what is made of them masks it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// The findings.
    pub judgement: Judgement,
    /// The bytes of the files that were judged, by the path that findings name.
    pub texts: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Judged {
    /// Makes something of the results, whose scorecard and policy are those of `report`.
    pub(in crate::report) fn with<T>(&self, report: &RunReport, make: impl FnOnce(&Results<'_>) -> T) -> T {
        let sources = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
        let policy = report.policy.as_ref();
        make(&Results {
            judgement: &self.judgement,
            scorecard: &report.scorecard,
            sources: &sources,
            folder: Path::new(&report.folder),
            files: self.texts.len(),
            version: &report.tool_version,
            policy: policy.map(|p| PolicyRef { digest: p.digest.as_str(), sources: &p.sources }),
        })
    }
}
