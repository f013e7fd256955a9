//! How a build is described elsewhere, as far as `imgbuild.toml` can say it; the rest is told by name.

use std::collections::BTreeMap;

use super::registry;
use super::value::Value;
use crate::rules;

/// The most things that one note names.
const NAMED: usize = 50;

/// A description of a build, taken from another tool's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// The file, and what of it, for people.
    pub(super) source: String,
    pub(super) context: Option<String>,
    /// Relative to the context.
    pub(super) dockerfile: Option<String>,
    pub(super) target: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) network: Option<String>,
    pub(super) args: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) repository: Option<String>,
    pub(super) pull: bool,
    pub(super) no_cache: bool,
    /// What is not taken over, each by its name and with the reason.
    pub(super) left: Vec<String>,
}

impl Description {
    /// The description that `attributes` come to.
    pub(super) fn new(source: String, attributes: &[(String, Value)]) -> Description {
        let mut description = Description { source, ..Description::default() };
        for (key, value) in attributes {
            description.take(key, value);
        }
        description
    }

    pub(super) fn leave(&mut self, what: impl Into<String>) {
        self.left.push(what.into());
    }

    /// What is not taken over, in one line; `None` where that is nothing.
    pub(super) fn note(&self) -> Option<String> {
        let more = match self.left.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let named: Vec<&str> = self.left.iter().take(NAMED).map(String::as_str).collect();
        (!named.is_empty()).then(|| format!("{}: not taken over: {}{more}", self.source, named.join(", ")))
    }

    fn take(&mut self, key: &str, value: &Value) {
        if *value == Value::Nothing {
            return;
        }
        let open = || format!("{key} (no plain value)");
        match key {
            "context" | "dockerfile" | "target" | "network" => match value.text() {
                None => self.leave(open()),
                Some("default") if key == "network" => {}
                Some(text) => {
                    let text = Some(text.to_owned());
                    match key {
                        "context" => self.context = text,
                        "dockerfile" => self.dockerfile = text,
                        "target" => self.target = text,
                        _ => self.network = text,
                    }
                }
            },
            "platform" | "platforms" => self.take_platforms(key, value),
            "pull" | "no-cache" | "no_cache" => match value.text() {
                Some("true") if key == "pull" => self.pull = true,
                Some("true") => self.no_cache = true,
                Some("false") => {}
                _ => self.leave(open()),
            },
            "tags" | "image" => self.take_repository(key, value),
            "args" => self.take_args(value),
            "labels" => self.take_labels(value),
            // Words for people.
            "name" | "description" => {}
            key => self.leave(key),
        }
    }

    fn take_platforms(&mut self, key: &str, value: &Value) {
        match value.items() {
            Some([]) => {}
            Some([one]) => match one.text().filter(|text| is_platform(text)) {
                Some(text) => self.platform = Some(text.to_owned()),
                None => self.leave(format!("{key} (no plain value)")),
            },
            Some(several) => {
                self.leave(format!("{key} ({}: a run builds for one, --platform says which)", several.len()));
            }
            None => self.leave(format!("{key} (no plain value)")),
        }
    }

    fn take_repository(&mut self, key: &str, value: &Value) {
        let items = value.items().unwrap_or_default();
        let found = items.iter().filter_map(Value::text).find_map(registry::of_reference);
        let is_open = value == &Value::Open || items.contains(&Value::Open);
        match (found, is_open) {
            (Some(repository), false) => {
                self.repository = Some(repository);
                if key == "tags" {
                    self.leave("tags (imgbuild makes them, image.tags adds further ones)");
                }
            }
            (Some(repository), true) => {
                self.repository = Some(repository);
                self.leave(format!("{key} (not all are plain values)"));
            }
            (None, true) => self.leave(format!("{key} (no plain value)")),
            // A name that stays on this machine says nothing about where images go.
            (None, false) => self.leave(format!("{key} (no registry is named)")),
        }
    }

    fn take_args(&mut self, value: &Value) {
        for (name, value) in self.pairs("args", value) {
            match value {
                Value::Text(text) if rules::holds_secret(&name, &text) => {
                    self.leave(format!(
                        "args.{name} (it may be a secret, and arguments end in the image's history)"
                    ));
                }
                Value::Text(text) => drop(self.args.insert(name, text)),
                Value::Nothing => {
                    self.leave(format!("args.{name} (it has no value there: --build-arg sets it)"))
                }
                _ => self.leave(format!("args.{name} (no plain value)")),
            }
        }
    }

    fn take_labels(&mut self, value: &Value) {
        for (name, value) in self.pairs("labels", value) {
            let is_key = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-".contains(&c);
            let is_usual = name.bytes().all(is_key) && name.starts_with(|c: char| c.is_ascii_lowercase());
            match value {
                Value::Text(text) if is_usual && !name.starts_with("dev.imgbuild") => {
                    self.labels.insert(name, text);
                }
                Value::Text(_) => self.leave(format!("labels.{name} (no key of a label that imgbuild sets)")),
                _ => self.leave(format!("labels.{name} (no plain value)")),
            }
        }
    }

    /// A map, or compose's list of `NAME=VALUE`.
    fn pairs(&mut self, key: &str, value: &Value) -> Vec<(String, Value)> {
        match value {
            Value::Map(pairs) => pairs.clone(),
            Value::List(items) => {
                let mut pairs = Vec::new();
                for item in items {
                    match item.text().map(|text| (text, text.split_once('='))) {
                        Some((_, Some((name, value)))) => {
                            pairs.push((name.to_owned(), Value::Text(value.to_owned())));
                        }
                        Some((name, None)) => pairs.push((name.to_owned(), Value::Nothing)),
                        None => self.leave(format!("an entry of {key} (no plain value)")),
                    }
                }
                pairs
            }
            _ => {
                self.leave(format!("{key} (no plain value)"));
                Vec::new()
            }
        }
    }
}

fn is_platform(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (2..=3).contains(&parts.len()) && parts.iter().all(word)
}
