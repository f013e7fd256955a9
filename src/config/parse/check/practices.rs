//! `[checks]` and `[policy]`.

use super::Checker;
use crate::config::grammar::{self, Verdict};
use crate::config::model::{Checks, Level, PolicyTable};
use crate::config::quote;

/// Entries that a list of a policy may have.
const LONGEST: usize = 200;

impl Checker<'_> {
    pub(super) fn checks(&mut self, at: &str, checks: &Checks) {
        self.keys(&format!("{at}.levels"), checks.levels.as_ref(), grammar::rule);
        self.values(
            &format!("{at}.trusted-registries"),
            checks.trusted_registries.as_ref(),
            grammar::trusted,
        );
        self.keys(&format!("{at}.labels"), checks.labels.as_ref(), grammar::wanted_label);
        if checks.max_layers == Some(0) {
            self.wrong(&format!("{at}.max-layers"), "max-layers: must be at least 1");
        }
        self.values(&format!("{at}.allow-services"), checks.allow_services.as_ref(), grammar::service);
        self.values(&format!("{at}.allow-setuid"), checks.allow_setuid.as_ref(), grammar::program_path);
        self.path(format!("{at}.baseline"), checks.baseline.as_deref());
        for (nth, waiver) in checks.ignore.iter().flatten().enumerate() {
            let at = format!("{at}.ignore[{nth}]");
            for (key, value, why) in [
                ("rule", &waiver.rule, "names no rule: add `rule = \"IMG…\"`"),
                ("reason", &waiver.reason, "gives no reason: add `reason = \"…\"`"),
            ] {
                if value.as_ref().is_none_or(|text| text.trim().is_empty()) {
                    let key = format!("{at}.{key}");
                    let key = if self.spans.contains_key(&key) { &key } else { &at };
                    self.wrong(key, format!("this waiver {why}"));
                }
            }
            let rule = waiver.rule.as_ref().filter(|rule| !rule.trim().is_empty());
            self.value(format!("{at}.rule"), rule, grammar::rule);
            self.value(format!("{at}.path"), waiver.path.as_ref(), grammar::inside);
            if waiver.matching.as_ref().is_some_and(|text| text.trim().is_empty()) {
                self.wrong(&format!("{at}.match"), "match: must not be empty, since every finding would fit");
            }
        }
    }

    pub(super) fn policy(&mut self, policy: &PolicyTable) {
        self.values("policy.require", policy.require.as_ref(), grammar::rule);
        self.keys("policy.levels", policy.levels.as_ref(), grammar::rule);
        for (rule, level) in policy.levels.iter().flatten() {
            if *level == Level::Off {
                let key = format!("policy.levels.{}", quote::key(rule));
                self.wrong(&key, "the least level `off` demands nothing");
            }
        }
        let allow = policy.waivers.as_ref().and_then(|waivers| waivers.allow.as_ref());
        for (key, list, check) in [
            ("policy.lock", policy.lock.as_ref(), grammar::lock as fn(&str) -> Verdict),
            ("policy.waivers.allow", allow, grammar::rules),
        ] {
            // Every key and every waiver is compared with all of it.
            if list.is_some_and(|list| list.len() > LONGEST) {
                self.wrong(key, format!("more than {LONGEST} entries"));
            } else {
                self.values(key, list, check);
            }
        }
    }
}
