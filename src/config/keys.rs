//! The keys of the file by name, for what speaks of keys: policies that take some over, and locks.

/// Every key that holds a value outside of `[policy]`, sorted; of maps and lists, the whole. Profiles have the same.
const KEYS: [&str; 75] = [
    "checks.allow-services",
    "checks.allow-setuid",
    "checks.baseline",
    "checks.fail-on",
    "checks.ignore",
    "checks.labels",
    "checks.levels",
    "checks.max-layers",
    "checks.max-size",
    "checks.read-layers",
    "checks.trusted-registries",
    "deploy",
    "evidence.builders",
    "evidence.classic-signature",
    "evidence.provenance",
    "evidence.require",
    "evidence.sbom",
    "evidence.sources",
    "evidence.tests",
    "evidence.verify-keys",
    "image.build.args",
    "image.build.builder",
    "image.build.cache-from",
    "image.build.cache-to",
    "image.build.context",
    "image.build.contexts",
    "image.build.entitlements",
    "image.build.fetched",
    "image.build.generated",
    "image.build.idle-timeout",
    "image.build.mtime",
    "image.build.network",
    "image.build.no-cache",
    "image.build.pull",
    "image.build.reproducible",
    "image.build.rewrite-timestamp",
    "image.build.secrets",
    "image.build.source-date-epoch",
    "image.build.ssh",
    "image.build.timeout",
    "image.companions",
    "image.context",
    "image.dockerfile",
    "image.goss",
    "image.hardened",
    "image.keep-dev",
    "image.kind",
    "image.labels",
    "image.platform",
    "image.probes",
    "image.read-only",
    "image.repository",
    "image.structure-tests",
    "image.tags",
    "image.target",
    "image.test",
    "image.variant",
    "promote.branches",
    "push.idle-timeout",
    "push.retry-for",
    "push.timeout",
    "registries.insecure",
    "registries.integration",
    "registries.integration.immutable",
    "registries.integration.prefix",
    "registries.release",
    "registries.release.immutable",
    "registries.release.prefix",
    "registries.sandbox",
    "registries.sandbox.immutable",
    "registries.sandbox.prefix",
    "retention.keep",
    "retention.keep-newest",
    "retention.keep-within",
    "retention.pull-requests",
];

/// The keys that are policy: a pull request's own file has no say in them.
pub(super) const POLICY: [&str; 14] = [
    "registries",
    "evidence",
    "promote",
    "retention",
    "checks",
    "deploy",
    "image.build.entitlements",
    "image.build.network",
    "image.build.secrets",
    "image.build.ssh",
    "image.build.contexts",
    "image.build.cache-from",
    "image.build.cache-to",
    "policy",
];

/// The tables and keys that can be locked; the nearest is offered for one that is misspelt.
pub(super) fn lockable() -> Vec<&'static str> {
    let tables = ["checks", "evidence", "image", "image.build", "promote", "push", "registries", "retention"];
    // A role is one value: a prefix without its table is half of it.
    let whole = KEYS.into_iter().filter(|key| key.split('.').count() < 3 || key.starts_with("image."));
    tables.into_iter().chain(whole).collect()
}

/// Whether `path` is `key` or below it, in the file or in a profile.
pub(super) fn is_below(path: &str, key: &str) -> bool {
    without_profile(path)
        .strip_prefix(key)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether `path` is one of `keys` or below it.
pub(super) fn is_below_any<K: AsRef<str>>(path: &str, keys: &[K]) -> bool {
    keys.iter().any(|key| is_below(path, key.as_ref()))
}

fn without_profile(path: &str) -> &str {
    ["profile.ci.", "profile.local."].iter().find_map(|at| path.strip_prefix(at)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::json_schema;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Every leaf below `table`; maps, lists and what refers to no table of ours are leaves.
    fn leaves(schema: &Value, table: &Value, at: &str, found: &mut BTreeSet<String>) {
        for (key, about) in table["properties"].as_object().into_iter().flatten() {
            let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            let reference = about["$ref"].as_str().or_else(|| about["allOf"][0]["$ref"].as_str());
            let name = reference.and_then(|text| text.strip_prefix("#/definitions/"));
            let below = name.map(|name| &schema["definitions"][name]);
            match below.filter(|below| below["properties"].is_object()) {
                Some(below) => leaves(schema, below, &path, found),
                None if name == Some("Role") => {
                    found.extend(["", ".prefix", ".immutable"].map(|part| format!("{path}{part}")));
                }
                None => {
                    found.insert(path);
                }
            }
        }
    }

    #[test]
    fn every_key_of_the_schema_is_listed() {
        let schema: Value = serde_json::from_str(&json_schema()).unwrap();
        let mut found = BTreeSet::new();
        leaves(&schema, &schema, "", &mut found);
        found.retain(|key| {
            !["schema", "extends", "policy", "profile"].contains(&key.split('.').next().unwrap())
        });
        assert_eq!(found.into_iter().collect::<Vec<_>>(), KEYS);
    }

    #[test]
    fn keys_are_compared_by_whole_components() {
        assert!(is_below("checks.fail-on", "checks"));
        assert!(is_below("profile.ci.checks.ignore[0].rule", "checks.ignore"));
        assert!(is_below("registries", "registries"));
        assert!(!is_below("checks.levels", "checks.level") && !is_below("checksum", "checks"));
        assert!(!is_below("checks", "checks.fail-on"));
        assert!(
            lockable().contains(&"registries.release") && !lockable().contains(&"registries.release.prefix")
        );
    }
}
