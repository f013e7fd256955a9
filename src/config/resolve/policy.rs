//! `[policy]` of the files that have a say in it: what it demands, and what breaks it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::checks::lower;
use super::layers::Asked;
use super::{Layers, RuleNames};
use crate::config::document::Document;
use crate::config::keys::{self, POLICY};
use crate::config::model::{Date, Level, PolicyTable};
use crate::config::origin::{Origin, Sourced};
use crate::config::quote;
use crate::config::settings::{
    Checks, EffectivePolicy, EvidenceSettings, PromoteSettings, Registries, Role, WaiverCaps, WaiverSpec,
};
use crate::image::Digest;

/// The demands of all files, before anything is held to them.
pub(super) fn demands(document: Option<&Document>) -> EffectivePolicy {
    let mut policy = EffectivePolicy {
        required: Vec::new(),
        least_levels: BTreeMap::new(),
        locks: Vec::new(),
        waiver_caps: WaiverCaps::default(),
        sources: Vec::new(),
        digest: Digest::of(b""),
        notes: Vec::new(),
    };
    for document in document.into_iter().flat_map(Document::chain) {
        if says_policy(document) {
            policy.sources.push(document.name().to_owned());
        }
        let Some(table) = &document.model.policy else { continue };
        if document.is_in_force() {
            add(&mut policy, document, table);
        } else if document.scope == Default::default() {
            let place = document.place("policy").exact();
            policy.notes.push(format!(
                "{place}: [policy] binds nobody here, only files that extend this one and runs whose IMGBUILD_POLICY \
                 names it"
            ));
        }
    }
    policy
}

fn says_policy(document: &Document) -> bool {
    let counts = |path: &String| {
        keys::is_below_any(path, &POLICY)
            && document.scope.allows(path)
            && (document.binds || !keys::is_below(path, "policy"))
    };
    document.places.keys().any(counts)
}

fn add(policy: &mut EffectivePolicy, document: &Document, table: &PolicyTable) {
    let origin = |key: &str| Origin::File(document.place(key));
    let mut known: BTreeSet<String> = policy.required.iter().map(|rule| rule.value.clone()).collect();
    for (nth, rule) in table.require.iter().flatten().enumerate() {
        // The first to demand a rule is named.
        if known.insert(rule.clone()) {
            policy.required.push(Sourced::new(rule.clone(), origin(&format!("policy.require[{nth}]"))));
        }
    }
    for (rule, level) in table.levels.iter().flatten() {
        let demand = Sourced::new(*level, origin(&format!("policy.levels.{}", quote::key(rule))));
        let stronger = policy.least_levels.get(rule).is_some_and(|known| known.value >= *level);
        if !stronger {
            policy.least_levels.insert(rule.clone(), demand);
        }
    }
    for (key, nth) in document.locks() {
        policy.locks.push(Sourced::new(key.to_owned(), origin(&format!("policy.lock[{nth}]"))));
    }
    let Some(limits) = &table.waivers else { return };
    let caps = &mut policy.waiver_caps;
    for (cap, limit, key) in
        [(&mut caps.max, limits.max, "max"), (&mut caps.max_days, limits.max_days, "max-days")]
    {
        if let Some(limit) = limit.filter(|limit| cap.as_ref().is_none_or(|known| known.value > *limit)) {
            *cap = Some(Sourced::new(limit, origin(&format!("policy.waivers.{key}"))));
        }
    }
    if limits.require_until == Some(true) && caps.require_until.is_none() {
        caps.require_until = Some(Sourced::new((), origin("policy.waivers.require-until")));
    }
    if let Some(allow) = &limits.allow {
        caps.allow.push(Sourced::new(allow.clone(), origin("policy.waivers.allow")));
    }
}

/// Notes each key that a file sets though one below it locks that key. Flags and variables are held to the locks where
/// they are asked.
pub(super) fn hold_to_locks(asked: &mut Asked<'_>, document: Option<&Document>) {
    let chain: Vec<&Document> = document.into_iter().flat_map(Document::chain).collect();
    for (below, locker) in chain.iter().enumerate() {
        for (lock, nth) in locker.locks() {
            let by = locker.place(&format!("policy.lock[{nth}]"));
            for document in chain.iter().take(below) {
                let mut table: Option<&str> = None;
                for (path, place) in &document.places {
                    let inside = table.is_some_and(|table| {
                        path.strip_prefix(table).is_some_and(|rest| rest.starts_with(['.', '[']))
                    });
                    let offends =
                        keys::is_below(path, lock) && !keys::is_below_any(path, &document.scope.forgiven);
                    // Of a table, its header is enough.
                    if offends && !inside {
                        asked.problem(format!("{}: {}", place.exact(), locked(path, &by.exact())));
                        table = Some(path);
                    }
                }
            }
        }
    }
}

/// Why `key` cannot be set; the text fits behind who set it.
pub(super) fn locked(key: &str, by: &str) -> String {
    format!("`{key}` is locked by the policy {by}: take it out")
}

/// Holds levels and waivers to the demands. What the base branch of a pull request got wrong is left out with a note,
/// since no pull request could mend it otherwise; all else is an error.
pub(super) fn hold_to_demands(asked: &mut Asked<'_>, layers: &Layers<'_>, checks: &mut Checks) {
    let names = layers.rule_names;
    let required =
        by_name(checks.policy.required.iter().map(|rule| (rule.value.as_str(), &rule.origin)), names);
    let least = checks.policy.least_levels.iter().map(|(rule, level)| (rule.as_str(), level));
    let least = by_name(least, names);
    let mut offences = Offences { asked, notes: Vec::new() };
    checks.levels.retain(|rule, level| {
        let names = lower(names(rule));
        let why = if level.value == Level::Off
            && let Some(by) = find(&required, &names)
        {
            format!("`{rule}` may not be off: the policy {} requires it", by.exact())
        } else if let Some(least) = find(&least, &names).filter(|least| least.value > level.value) {
            let (word, by) = (least.value.as_str(), least.origin.exact());
            format!("`{rule}` may not be below `{word}`, as the policy {by} demands")
        } else {
            return true;
        };
        offences.add(&level.origin, &why);
        false
    });
    let caps = &checks.policy.waiver_caps;
    let today = Date::of_moment(layers.now);
    let mut kept: u32 = 0;
    checks.waivers.retain(|waiver| {
        let Sourced { value: spec, origin } = waiver;
        let names = names(&spec.rule);
        let why = refusal(spec, &names, find(&required, &lower(names.clone())).copied(), caps, today)
            .or_else(|| {
                let max = caps.max.as_ref().filter(|max| kept >= max.value)?;
                Some(format!("one waiver too many: the policy {} allows {}", max.origin.exact(), max.value))
            });
        match why {
            Some(why) => {
                offences.add(origin, &why);
                false
            }
            None => {
                kept = kept.saturating_add(1);
                true
            }
        }
    });
    checks.policy.notes.append(&mut offences.notes);
}

/// What breaks the policy.
struct Offences<'o, 'a> {
    asked: &'o mut Asked<'a>,
    notes: Vec<String>,
}

impl Offences<'_, '_> {
    fn add(&mut self, origin: &Origin, why: &str) {
        if self.asked.is_of_base(origin) {
            self.notes.push(format!("{}: {why}; it is left out", origin.exact()));
        } else {
            self.asked.offence(origin, why);
        }
    }
}

/// Demands by every name of their rule.
fn by_name<'d, T>(demands: impl Iterator<Item = (&'d str, T)>, names: RuleNames) -> BTreeMap<String, T>
where
    T: Copy,
{
    let mut all = BTreeMap::new();
    for (rule, demand) in demands {
        for name in lower(names(rule)) {
            all.entry(name).or_insert(demand);
        }
    }
    all
}

fn find<'d, T>(demands: &'d BTreeMap<String, T>, names: &BTreeSet<String>) -> Option<&'d T> {
    names.iter().find_map(|name| demands.get(name))
}

/// Why there may be no such waiver.
fn refusal(
    waiver: &WaiverSpec,
    names: &[String],
    required: Option<&Origin>,
    caps: &WaiverCaps,
    today: Option<Date>,
) -> Option<String> {
    let rule = &waiver.rule;
    if let Some(by) = required {
        return Some(format!("`{rule}` may not be waived: the policy {} requires it", by.exact()));
    }
    if let Some(list) = caps.forbidding(names) {
        let (by, allowed) = (list.origin.exact(), list.value.join(", "));
        let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed };
        return Some(format!("`{rule}` may not be waived: the policy {by} allows it for {allowed}"));
    }
    match (waiver.until, &caps.require_until, &caps.max_days) {
        (None, Some(by), _) => Some(format!(
            "this waiver does not say until when it holds, as the policy {} demands: add `until = YYYY-MM-DD`",
            by.origin.exact()
        )),
        (None, None, Some(days)) => Some(format!(
            "this waiver holds for ever, and the policy {} allows {} days: add `until = YYYY-MM-DD`",
            days.origin.exact(),
            days.value
        )),
        (Some(until), _, Some(days)) if runs_for(today, until) > i64::from(days.value) => Some(format!(
            "this waiver holds until {until}, and the policy {} allows {} days from today on",
            days.origin.exact(),
            days.value
        )),
        _ => None,
    }
}

/// The days from `today` to `until`; none where the calendar does not tell.
fn runs_for(today: Option<Date>, until: Date) -> i64 {
    today.and_then(|today| today.days_until(until)).unwrap_or_default()
}

/// A digest over every value in force that is policy, wherever each was written.
pub(super) fn digest(
    layers: &Layers<'_>,
    registries: &Registries,
    (promote, evidence): (&PromoteSettings, &EvidenceSettings),
    checks: &Checks,
    (secrets, ssh, entitlements): (Option<&[String]>, Option<&[String]>, BTreeSet<String>),
) -> Digest {
    let role = |role: Role| {
        let entry = registries.get(role);
        entry.map(|entry| json!({ "prefix": entry.prefix.value, "immutable": entry.immutable.value }))
    };
    let mut insecure: Vec<String> =
        registries.insecure.iter().map(|host| host.value.to_ascii_lowercase()).collect();
    insecure.sort();
    let words = |levels: &BTreeMap<String, Sourced<Level>>| -> BTreeMap<String, &'static str> {
        levels.iter().map(|(rule, level)| (rule.clone(), level.as_str())).collect()
    };
    // Two clones of one repository have one policy.
    let baseline = checks.baseline.as_ref().map(|baseline| {
        let path = baseline.path.strip_prefix(layers.root).unwrap_or(&baseline.path);
        path.to_string_lossy().into_owned()
    });
    let waiver = |waiver: &Sourced<WaiverSpec>| {
        json!({
            "rule": waiver.rule, "path": waiver.path, "match": waiver.matching,
            "until": waiver.until.map(|until| until.to_string()), "reason": waiver.reason,
        })
    };
    let policy = &checks.policy;
    let caps = &policy.waiver_caps;
    let sorted = |list: &[Sourced<String>]| -> BTreeSet<String> {
        list.iter().map(|item| item.value.clone()).collect()
    };
    let value = json!({
        "registries": {
            "sandbox": role(Role::Sandbox), "integration": role(Role::Integration), "release": role(Role::Release),
            "insecure": insecure,
        },
        "promote": { "branches": promote.branches.iter().collect::<BTreeSet<_>>() },
        "evidence": {
            "keys": sorted(&evidence.verify_keys),
            "require": evidence.require.iter().map(|kind| kind.as_str()).collect::<BTreeSet<_>>(),
            "sources": evidence.sources.as_ref().map(|list| list.iter().collect::<BTreeSet<_>>()),
            "builders": evidence.builders.as_ref().map(|list| list.iter().collect::<BTreeSet<_>>()),
        },
        "secrets": secrets.unwrap_or_default(),
        "ssh": ssh.unwrap_or_default(),
        "entitlements": entitlements,
        "checks": {
            "fail-on": checks.fail_on.as_str(),
            "levels": words(&checks.levels),
            "trusted-registries": checks.trusted_registries.as_ref().map(|list| &list.value),
            "labels": checks.labels.iter().map(|(key, kind)| (key.clone(), kind.as_str())).collect::<BTreeMap<_, _>>(),
            "max-size": checks.max_size.as_ref().map(|size| size.bytes()),
            "max-layers": checks.max_layers.as_ref().map(|most| most.value),
            "allow-services": checks.allow_services.value,
            "allow-setuid": checks.allow_setuid.value,
            "read-layers": checks.read_layers.value,
            "baseline": baseline,
            "ignore": checks.waivers.iter().map(waiver).collect::<Vec<Value>>(),
        },
        "policy": {
            "require": sorted(&policy.required),
            "levels": words(&policy.least_levels),
            "lock": sorted(&policy.locks),
            "waivers": {
                "max": caps.max.as_ref().map(|max| max.value),
                "max-days": caps.max_days.as_ref().map(|days| days.value),
                "require-until": caps.require_until.is_some(),
                "allow": caps.allow.iter().map(|list| &list.value).collect::<Vec<_>>(),
            },
        },
    });
    // The keys of a map are sorted, and there is no white space: one value has one text.
    Digest::of(value.to_string().as_bytes())
}

#[cfg(test)]
mod tests;
