//! Findings that somebody accepted.

mod inline;
mod pragma;

pub use inline::{Inline, inline_waivers};

use super::Finding;
use super::glob::Glob;
use crate::config::model::Date;

/// Whether `id` names one of the engine's own checks: `StageNameCasing` and the like.
pub(super) fn is_engine_check(id: &str) -> bool {
    pragma::is_buildkit(id)
}

/// Whether `id` is a code of ShellCheck.
pub(super) fn is_shellcheck(id: &str) -> bool {
    id.strip_prefix("SC")
        .is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// An accepted finding, as somebody wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// What they named; may mean no rule at all.
    pub rule: String,
    /// Only in files whose paths match; everywhere where `None`.
    pub path: Option<Glob>,
    /// Only findings on these lines, both included; those of one instruction.
    pub lines: Option<(u32, u32)>,
    /// What stands on those lines, blanks aside, as a hash: on a pull request a waiver does not go with another text.
    pub about: Option<[u8; 16]>,
    /// Only findings whose message or evidence holds this text.
    pub text: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Why. Empty is no reason, and such a waiver does not hold.
    pub reason: String,
    /// Where it stands.
    pub origin: super::Place,
    /// Whose words it is written in.
    pub dialect: Dialect,
}

/// Whose words a waiver is written in: only our own demand a reason and are reported where nothing needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `imgbuild.toml`, `# imgbuild ignore=`.
    Own,
    /// `# hadolint ignore=`.
    Hadolint,
    /// `# check=skip=`.
    BuildKit,
}

impl Waiver {
    /// Whether it is about `finding`.
    pub fn covers(&self, finding: &Finding) -> bool {
        let lines = self.lines.is_none_or(|(from, to)| (from..=to).contains(&finding.place.line));
        let path = self.path.as_ref().is_none_or(|glob| glob.matches(&finding.place.path));
        let text = self.text.as_deref().is_none_or(|text| {
            finding.message.contains(text) || finding.evidence.as_deref().is_some_and(|e| e.contains(text))
        });
        lines && path && text && self.names(finding)
    }

    /// Whether its id means the finding's rule, or just the other tool's finding that it passes on.
    fn names(&self, finding: &Finding) -> bool {
        if self.dialect == Dialect::BuildKit && self.rule.eq_ignore_ascii_case("all") {
            return finding.aliases().into_iter().any(pragma::is_buildkit);
        }
        let own = finding.rule.code.eq_ignore_ascii_case(&self.rule)
            || finding.rule.name.eq_ignore_ascii_case(&self.rule);
        own || finding.aliases().iter().any(|alias| alias.eq_ignore_ascii_case(&self.rule))
    }

    /// What it says and what it is about, wherever it stands.
    pub fn key(&self) -> String {
        let until = self.until.map(|day| day.to_string()).unwrap_or_default();
        let about = match self.about {
            Some(hash) => hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            None => "file".to_owned(),
        };
        format!("{:?} {} {until} {about} {}", self.dialect, self.rule, self.reason)
    }
}
