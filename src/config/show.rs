//! The settings of a run as text: what `imgbuild config` prints.

mod written;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::login::has_login;
use super::model::Period;
use super::origin::{Origin, Sourced};
use super::quote;
use super::settings::{Builder, BuilderSettings, Role, Settings, SourceDate, WaiverSpec};

/// One setting.
struct Line {
    /// As in the file.
    key: String,
    value: Value,
    origin: Said,
    /// Whether the file can set it. What it cannot is a comment in the text.
    in_file: bool,
}

enum Said {
    One(String),
    /// Of a list, each has its own.
    Each(Vec<String>),
}

/// The settings as an `imgbuild.toml` that gives the same ones, with the origin of each behind it if `origins`.
///
/// Values of arguments, labels and variables whose name looks like a secret's are left out, and so are URLs with a
/// password. What was not configured and has no fixed default is not listed.
pub fn to_toml(settings: &Settings, origins: bool) -> String {
    let mut out = String::new();
    let mut line =
        |text: &str, origin: Option<&String>| text_line(&mut out, text, origin.filter(|_| origins));
    let (keys, others): (Vec<Line>, Vec<Line>) = lines(settings).into_iter().partition(|line| line.in_file);
    for Line { key, value, origin, in_file } in others.iter().chain(&keys) {
        let start = if *in_file { "" } else { "# " };
        match (value, origin) {
            (Value::Array(list), Said::Each(each)) if !list.is_empty() => {
                line(&format!("{start}{key} = ["), None);
                for (element, origin) in list.iter().zip(each) {
                    line(&format!("{start}  {},", toml_value(element)), Some(origin));
                }
                line(&format!("{start}]"), None);
            }
            (value, Said::One(origin)) => {
                line(&format!("{start}{key} = {}", toml_value(value)), Some(origin))
            }
            (value, Said::Each(_)) => line(&format!("{start}{key} = {}", toml_value(value)), None),
        }
    }
    out
}

/// The settings as one JSON document: `{ "schema": 1, "settings": { KEY: { "value": …, "origin": … } } }`, with the same
/// values left out as in [`to_toml`]. A list of tables has a list of origins.
pub fn to_json(settings: &Settings) -> String {
    let entry = |Line { key, value, origin, .. }: Line| {
        let origin = match origin {
            Said::One(origin) => Value::from(origin),
            Said::Each(each) => Value::from(each),
        };
        (key, json!({ "value": value, "origin": origin }))
    };
    let entries: Map<String, Value> = lines(settings).into_iter().map(entry).collect();
    // `{:#}` prints a value and cannot fail.
    format!("{:#}\n", json!({ "schema": 1, "settings": entries }))
}

fn text_line(out: &mut String, text: &str, origin: Option<&String>) {
    out.push_str(text);
    if let Some(origin) = origin {
        out.push_str("  # ");
        out.extend(origin.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }));
    }
    out.push('\n');
}

fn lines(settings: &Settings) -> Vec<Line> {
    let mut all = Lines { settings, lines: Vec::new() };
    all.collect();
    all.lines
}

struct Lines<'a> {
    settings: &'a Settings,
    lines: Vec<Line>,
}

impl Lines<'_> {
    fn push(&mut self, key: impl Into<String>, value: impl Into<Value>, origin: &Origin) {
        let origin = Said::One(origin.to_string());
        self.lines.push(Line { key: key.into(), value: value.into(), origin, in_file: true });
    }

    /// A list of tables, or of what else has an origin each.
    fn tables(&mut self, key: &str, tables: impl Iterator<Item = (Value, Origin)>) {
        let (list, origins): (Vec<Value>, Vec<String>) =
            tables.map(|(value, origin)| (value, origin.to_string())).unzip();
        self.lines.push(Line {
            key: key.to_owned(),
            value: list.into(),
            origin: Said::Each(origins),
            in_file: true,
        });
    }

    fn outside(&mut self, key: &str, value: impl Into<Value>, origin: &Origin) {
        self.push(key, value, origin);
        self.not_in_file();
    }

    fn not_in_file(&mut self) {
        if let Some(line) = self.lines.last_mut() {
            line.in_file = false;
        }
    }

    fn sourced<T: Clone + Into<Value>>(&mut self, key: impl Into<String>, value: &Sourced<T>) {
        self.push(key, value.value.clone(), &value.origin);
    }

    fn optional(&mut self, key: &str, value: Option<&Sourced<String>>) {
        if let Some(value) = value {
            self.sourced(key, value);
        }
    }

    fn path(&mut self, key: &str, path: Option<&Sourced<PathBuf>>) {
        if let Some(path) = path {
            self.push(key, path_text(path, &self.settings.config_dir), &path.origin);
        }
    }

    fn named(&mut self, key: &str, name: &str, value: &Sourced<String>) {
        self.push(format!("{key}.{}", quote::key(name)), presentable(name, value), &value.origin);
    }

    fn collect(&mut self) {
        let settings = self.settings;
        self.outside("profile", settings.profile.as_str(), &settings.profile.origin);
        self.outside("push", settings.push.as_str(), &settings.push.origin);
        if let Some(report) = &settings.report {
            self.outside("report", report.to_string_lossy().into_owned(), &report.origin);
        }
        if let Some(junit) = &settings.junit {
            self.outside("junit", junit.to_string_lossy().into_owned(), &junit.origin);
        }
        if let Some(folder) = &settings.report_dir {
            self.outside("report-dir", folder.to_string_lossy().into_owned(), &folder.origin);
        }
        self.optional("image.repository", settings.repository.as_ref());
        self.path("image.context", Some(&settings.context));
        self.path("image.dockerfile", settings.dockerfile.as_ref());
        self.optional("image.target", settings.target.as_ref());
        self.optional("image.platform", settings.platform.as_ref());
        self.optional("image.variant", settings.variant.as_ref());
        if let Some(kind) = &settings.kind {
            self.push("image.kind", kind.as_str(), &kind.origin);
        }
        if let Some(probes) = &settings.probes {
            self.push("image.probes", probes.as_str(), &probes.origin);
        }
        self.sourced("image.read-only", &settings.read_only);
        self.sourced("image.hardened", &settings.hardened);
        self.sourced("image.companions", &settings.companions);
        self.sourced("image.keep-dev", &settings.keep_dev);
        for (key, files) in
            [("image.structure-tests", &settings.structure_tests), ("image.goss", &settings.goss)]
        {
            let text =
                |path: &Sourced<PathBuf>| (path_text(path, &settings.config_dir).into(), path.origin.clone());
            self.tables(key, files.iter().map(text));
        }
        let tags = settings.tags.iter().map(|tag| (tag.to_string().into(), tag.origin.clone()));
        self.tables("image.tags", tags);
        for (key, value) in &settings.labels {
            self.named("image.labels", key, value);
        }
        for (name, value) in &settings.build_args {
            self.named("image.build.args", name, value);
        }
        self.optional("image.build.network", settings.network.as_ref());
        self.builder(&settings.builder);
        self.sourced("image.build.pull", &settings.pull);
        self.sourced("image.build.no-cache", &settings.no_cache);
        self.sourced("image.build.reproducible", &settings.reproducible);
        self.sourced("image.build.generated", &settings.generated);
        self.push("image.build.timeout", period(settings.timeout.value), &settings.timeout.origin);
        self.push(
            "image.build.idle-timeout",
            period(settings.idle_timeout.value),
            &settings.idle_timeout.origin,
        );
        self.tables("image.test", settings.tests.iter().map(|one| (written::test(one), one.origin.clone())));
        for role in Role::ALL {
            if let Some(entry) = settings.registries.get(role) {
                let key = format!("registries.{}", role.as_str());
                self.sourced(format!("{key}.prefix"), &entry.prefix);
                self.sourced(format!("{key}.immutable"), &entry.immutable);
            }
        }
        let insecure =
            settings.registries.insecure.iter().map(|host| (host.value.clone().into(), host.origin.clone()));
        self.tables("registries.insecure", insecure);
        self.evidence();
        self.sourced("promote.branches", &settings.promote.branches);
        let limits = &settings.push_limits;
        for (key, limit) in [
            ("push.retry-for", &limits.retry_for),
            ("push.idle-timeout", &limits.idle_timeout),
            ("push.timeout", &limits.timeout),
        ] {
            self.push(key, period(limit.value), &limit.origin);
        }
        for deploy in settings.deploys.values() {
            self.push(
                format!("deploy.{}", quote::key(&deploy.name)),
                written::deploy(&deploy.written),
                &deploy.origin,
            );
        }
        let retention = &settings.retention;
        self.sourced("retention.keep-newest", &retention.keep_newest);
        for (key, age) in [
            ("retention.keep-within", &retention.keep_within),
            ("retention.pull-requests", &retention.pull_requests),
        ] {
            self.push(key, age.to_string(), &age.origin);
        }
        self.sourced("retention.keep", &retention.keep);
        self.checks();
        self.policy();
    }

    fn checks(&mut self) {
        let checks = &self.settings.checks;
        self.push("checks.fail-on", checks.fail_on.as_str(), &checks.fail_on.origin);
        for (rule, level) in &checks.levels {
            self.push(format!("checks.levels.{}", quote::key(rule)), level.as_str(), &level.origin);
        }
        if let Some(trusted) = &checks.trusted_registries {
            self.sourced("checks.trusted-registries", trusted);
        }
        for (key, kind) in &checks.labels {
            self.push(format!("checks.labels.{}", quote::key(key)), kind.as_str(), &kind.origin);
        }
        if let Some(size) = &checks.max_size {
            self.push("checks.max-size", size.to_string(), &size.origin);
        }
        if let Some(most) = &checks.max_layers {
            self.sourced("checks.max-layers", most);
        }
        self.sourced("checks.allow-services", &checks.allow_services);
        self.sourced("checks.allow-setuid", &checks.allow_setuid);
        self.sourced("checks.read-layers", &checks.read_layers);
        if let Some(baseline) = &checks.baseline {
            let text = path_text(&baseline.path, &self.settings.config_dir);
            self.push("checks.baseline", text, &baseline.origin);
        }
        let waivers = checks.waivers.iter().map(|entry| (waiver(entry), entry.origin.clone()));
        self.tables("checks.ignore", waivers);
    }

    fn evidence(&mut self) {
        let evidence = &self.settings.evidence;
        self.sourced("evidence.provenance", &evidence.provenance);
        self.sourced("evidence.tests", &evidence.tests);
        self.sourced("evidence.sbom", &evidence.sbom);
        self.sourced("evidence.classic-signature", &evidence.classic_signature);
        let keys = evidence.verify_keys.iter().map(|key| (key.value.clone().into(), key.origin.clone()));
        self.tables("evidence.verify-keys", keys);
        let require: Vec<&str> = evidence.require.iter().map(|kind| kind.as_str()).collect();
        self.push("evidence.require", require, &evidence.require.origin);
        for (key, list) in
            [("evidence.sources", &evidence.sources), ("evidence.builders", &evidence.builders)]
        {
            if let Some(list) = list {
                self.sourced(key, list);
            }
        }
        if let Some(key) = &evidence.sign_key {
            self.outside("sign-key", key.to_string(), &key.origin);
        }
    }

    fn builder(&mut self, settings: &BuilderSettings) {
        self.push("image.build.builder", without_login(settings.builder.as_str()), &settings.builder.origin);
        if let Builder::At(_) = settings.builder.value {
            self.not_in_file();
        }
        self.push("image.build.context", settings.context.as_str(), &settings.context.origin);
        let fetched = settings.fetched.iter().map(|one| (one.as_str().into(), one.origin.clone()));
        self.tables("image.build.fetched", fetched);
        self.push("image.build.mtime", settings.mtime.as_str(), &settings.mtime.origin);
        let date = &settings.source_date;
        let text: Value = match date.value {
            SourceDate::None => "none".into(),
            SourceDate::Commit => "commit".into(),
            SourceDate::At(seconds) => seconds.into(),
        };
        self.push("image.build.source-date-epoch", text, &date.origin);
        self.sourced("image.build.rewrite-timestamp", &settings.rewrite_timestamp);
        let entitlements = settings.entitlements.iter();
        self.tables(
            "image.build.entitlements",
            entitlements.map(|one| (one.value.clone().into(), one.origin.clone())),
        );
        for (key, list) in [("image.build.secrets", &settings.secrets), ("image.build.ssh", &settings.agents)]
        {
            self.tables(key, list.iter().map(|one| (one.id.clone().into(), one.origin.clone())));
        }
        for (name, value) in &settings.contexts {
            self.named("image.build.contexts", name, value);
        }
        let caches =
            [("image.build.cache-from", &settings.cache_from), ("image.build.cache-to", &settings.cache_to)];
        for (key, list) in caches {
            self.tables(key, list.iter().map(|one| (one.to_string().into(), one.origin.clone())));
        }
    }

    /// What binds this run; a file that says the same would bind others.
    fn policy(&mut self) {
        let policy = &self.settings.checks.policy;
        for (key, list) in [("policy.require", &policy.required), ("policy.lock", &policy.locks)] {
            if !list.is_empty() {
                self.tables(key, list.iter().map(|entry| (entry.value.clone().into(), entry.origin.clone())));
                self.not_in_file();
            }
        }
        for (rule, level) in &policy.least_levels {
            self.outside(&format!("policy.levels.{}", quote::key(rule)), level.as_str(), &level.origin);
        }
        let caps = &policy.waiver_caps;
        for (key, cap) in [("policy.waivers.max", &caps.max), ("policy.waivers.max-days", &caps.max_days)] {
            if let Some(cap) = cap {
                self.outside(key, cap.value, &cap.origin);
            }
        }
        if let Some(required) = &caps.require_until {
            self.outside("policy.waivers.require-until", true, &required.origin);
        }
        if let [list] = caps.allow.as_slice() {
            self.outside("policy.waivers.allow", list.value.clone(), &list.origin);
        } else if !caps.allow.is_empty() {
            // Each list has to allow a rule.
            let lists = caps.allow.iter().map(|list| (list.value.clone().into(), list.origin.clone()));
            self.tables("policy.waivers.allow", lists);
            self.not_in_file();
        }
        let sources = policy.sources.join(", ");
        let origin = if sources.is_empty() { Origin::Default.to_string() } else { sources };
        self.lines.push(Line {
            key: "policy.digest".to_owned(),
            value: policy.digest.as_str().into(),
            origin: Said::One(origin),
            in_file: false,
        });
    }
}

/// A path as the file would have it: relative to its folder where it lies below.
fn path_text(path: &Path, config_dir: &Path) -> String {
    let relative = path.strip_prefix(config_dir).unwrap_or(path);
    if relative.as_os_str().is_empty() { ".".to_owned() } else { relative.to_string_lossy().into_owned() }
}

fn period(duration: Duration) -> Value {
    Period::try_from(duration).map_or(Value::Null, |period| Value::from(period.to_string()))
}

/// A value that may be shown. Over-cautious on purpose: this ends in public logs.
fn presentable(name: &str, value: &str) -> String {
    const SECRET: [&str; 7] = ["TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "PRIVATE", "KEY"];
    let name = name.to_uppercase();
    if has_login(value) || SECRET.iter().any(|word| name.contains(word)) {
        "<hidden>".to_owned()
    } else {
        value.to_owned()
    }
}

/// An address without what may be a login, however it is written: nobody has looked yet whether it is an address.
fn without_login(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://").filter(|(scheme, _)| *scheme != "unix") else {
        return address.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}"),
        None => address.to_owned(),
    }
}

/// Without what is `None`.
fn object(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    pairs.into_iter().filter_map(|(key, value)| value.map(|value| (key.to_owned(), value))).collect()
}

fn waiver(waiver: &WaiverSpec) -> Value {
    object([
        ("rule", Some(waiver.rule.clone().into())),
        ("path", waiver.path.clone().map(Value::from)),
        ("match", waiver.matching.clone().map(Value::from)),
        ("until", waiver.until.map(|date| date.to_string().into())),
        ("reason", Some(waiver.reason.clone().into())),
    ])
}

/// A value as TOML, on one line: lists and tables inline.
fn toml_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote::string(text),
        Value::Array(list) => format!("[{}]", list.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pair = |(key, value): (&String, &Value)| match value {
                // A waiver's date, which JSON has as text.
                Value::String(date) if key == "until" && is_date(date) => format!("{key} = {date}"),
                value => format!("{} = {}", quote::key(key), toml_value(value)),
            };
            format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests;
