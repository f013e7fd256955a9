//! How strict the checks are, and what a policy demands of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::keys;
use crate::config::model::{Date, FailOn, LabelType, Level, Size};
use crate::config::origin::Sourced;
use crate::image::Digest;

/// How strict the checks are. What contradicts the policy was an error, as far as rules are named alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {
    /// The least severe finding that stops the run.
    pub fail_on: Sourced<FailOn>,
    /// The level of single rules, by the id that the file has for each; of several ids of one rule, the strongest file's.
    /// The policy's [`least_levels`](EffectivePolicy::least_levels) are not worked in.
    pub levels: BTreeMap<String, Sourced<Level>>,
    /// Where base images may come from: `HOST`, `HOST/PATH`, or `*.DOMAIN` in place of the host. `None` is anywhere.
    pub trusted_registries: Option<Sourced<Vec<String>>>,
    /// Labels that the image must have, by key.
    pub labels: BTreeMap<String, Sourced<LabelType>>,
    /// The largest that the image may be.
    pub max_size: Option<Sourced<Size>>,
    /// The most layers that the image may have; never 0.
    pub max_layers: Option<Sourced<u32>>,
    /// Init systems and process managers that the image may start.
    pub allow_services: Sourced<Vec<String>>,
    /// Programs that may run with the rights of their owner or group.
    pub allow_setuid: Sourced<Vec<String>>,
    /// Whether the layers of the image are read.
    pub read_layers: Sourced<bool>,
    /// Findings that are known.
    pub baseline: Option<Sourced<Baseline>>,
    /// What is accepted, that of the strongest file first. Whether a waiver has run out is for the rules to say: they
    /// know the day.
    pub waivers: Vec<Sourced<WaiverSpec>>,
    /// What those who own the policy demand.
    pub policy: EffectivePolicy,
}

/// A file with findings that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Where it lies: absolute, or relative to the repository's root where there is a revision.
    pub path: PathBuf,
    /// The revision whose content counts, on a pull request: what its own tree has there says nothing.
    pub revision: Option<String>,
}

/// One accepted finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverSpec {
    /// The rule's code, or a name that another tool has for it.
    pub rule: String,
    /// The file or a pattern of files, relative to the repository's root; `None` is every file.
    pub path: Option<String>,
    /// A text that the finding's message or evidence holds; `None` is any.
    pub matching: Option<String>,
    /// The last day on which it holds; `None` is without end.
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
}

/// What the files that are extended, or the one that `IMGBUILD_POLICY` names, demand under `[policy]`.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectivePolicy {
    /// Rules that may not be off or waived, by the ids that the files have, each once.
    pub required: Vec<Sourced<String>>,
    /// The least level of single rules; of several demands the strictest.
    pub least_levels: BTreeMap<String, Sourced<Level>>,
    /// Keys that no stronger file, flag or variable may set.
    pub locks: Vec<Sourced<String>>,
    /// Limits for waivers; those in comments of a Dockerfile have to be counted with the others.
    pub waiver_caps: WaiverCaps,
    /// The files that policy comes from, as messages name them, the strongest first.
    pub sources: Vec<String>,
    /// A digest over every value in force that is policy: registries, secrets, checks and the demands.
    pub digest: Digest,
    /// What was left out, and why, for people.
    pub notes: Vec<String>,
}

/// Limits for waivers: the strictest of what the policies say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WaiverCaps {
    /// The most that may be in force.
    pub max: Option<Sourced<u32>>,
    /// The most days from today on that one may last.
    pub max_days: Option<Sourced<u32>>,
    /// Set where each must say until when it holds.
    pub require_until: Option<Sourced<()>>,
    /// Each is a list of ids, or beginnings with a `*`, one of which has to fit the rule.
    pub allow: Vec<Sourced<Vec<String>>>,
}

impl EffectivePolicy {
    /// The lock that keeps `key` from being set.
    pub fn locking(&self, key: &str) -> Option<&Sourced<String>> {
        self.locks.iter().find(|lock| keys::is_below(key, &lock.value))
    }
}

impl WaiverCaps {
    /// The first list that allows no waiver of the rule with these names.
    pub fn forbidding<N: AsRef<str>>(&self, names: &[N]) -> Option<&Sourced<Vec<String>>> {
        let fits = |pattern: &String| names.iter().any(|name| fits(pattern, name.as_ref()));
        self.allow.iter().find(|list| !list.iter().any(fits))
    }
}

/// Whether `pattern`, an id or the beginning of ids and a `*`, stands for `id`. Case does not count.
pub fn fits(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => id.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_an_id_or_a_beginning() {
        assert!(
            fits("IMG3*", "IMG301") && fits("img3*", "IMG3") && fits("*", "x") && fits("DL3008", "dl3008")
        );
        assert!(!fits("IMG3*", "IMG105") && !fits("DL3008", "DL30081") && !fits("DL30081", "DL3008"));
        assert!(!fits("é*", "e") && !fits("ab*", "aé"));
    }

    #[test]
    fn every_list_has_to_allow_a_rule() {
        let list = |patterns: &[&str]| Sourced::default(patterns.iter().map(|p| (*p).to_owned()).collect());
        let caps =
            WaiverCaps { allow: vec![list(&["IMG3*", "DL1"]), list(&["DL*"])], ..WaiverCaps::default() };
        assert_eq!(caps.forbidding(&["DL1"]), None);
        assert_eq!(caps.forbidding(&["IMG301", "DL2"]), None);
        assert_eq!(caps.forbidding(&["IMG301"]).map(|list| list.value.clone()), Some(vec!["DL*".to_owned()]));
        assert!(WaiverCaps::default().forbidding(&["x"]).is_none());
    }
}
