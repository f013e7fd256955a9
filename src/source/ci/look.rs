//! Reading single facts out of the environment and the event, each with its origin.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::environment::Environment;
use crate::source::RefName;
use crate::source::url::{sanitise_page_url, sanitise_url};

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Fact<T> {
    pub(super) value: T,
    pub(super) origin: String,
}

impl<T> Fact<T> {
    /// What a system always does, and says nowhere.
    pub(super) fn fixed(value: T, system: &str) -> Fact<T> {
        Fact { value, origin: format!("default:{system}") }
    }

    /// The same origin with what `convert` makes of the value, if anything.
    pub(super) fn and_then<U>(self, convert: impl FnOnce(T) -> Option<U>) -> Option<Fact<U>> {
        Some(Fact { value: convert(self.value)?, origin: self.origin })
    }
}

impl Fact<&str> {
    /// The same as owned text.
    pub(super) fn owned(self) -> Fact<String> {
        Fact { value: self.value.to_owned(), origin: self.origin }
    }
}

impl<'a> Fact<&'a str> {
    /// The same as bytes.
    pub(super) fn bytes(&self) -> Fact<&'a [u8]> {
        Fact { value: self.value.as_bytes(), origin: self.origin.clone() }
    }
}

impl Fact<&[u8]> {
    /// The same as a name, whole.
    pub(super) fn name(&self) -> Fact<RefName> {
        Fact { value: RefName::from_bytes(self.value), origin: self.origin.clone() }
    }
}

impl Fact<u32> {
    /// A count from 0 as one from 1.
    pub(super) fn one_more(self) -> Fact<u32> {
        Fact { value: self.value.saturating_add(1), origin: self.origin }
    }
}

/// All that detection may look at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) env: &'a Environment,
    pub(super) event: Option<&'a Value>,
}

impl<'a> Look<'a> {
    /// A variable that is set, not empty and UTF-8.
    pub(super) fn var(&self, key: &str) -> Option<Fact<&'a str>> {
        self.env.get(key).map(|value| Fact { value, origin: origin(key) })
    }

    /// The first of several variables.
    pub(super) fn first(&self, keys: &[&str]) -> Option<Fact<&'a str>> {
        keys.iter().find_map(|key| self.var(key))
    }

    /// A variable's raw bytes.
    pub(super) fn raw(&self, key: &str) -> Option<Fact<&'a [u8]>> {
        self.env.get_os(key).map(|value| Fact { value: value.as_bytes(), origin: origin(key) })
    }

    /// A variable that names a branch or tag.
    pub(super) fn name(&self, key: &str) -> Option<Fact<RefName>> {
        self.raw(key)?.and_then(|name| Some(RefName::from_bytes(name)))
    }

    /// A variable as owned text.
    pub(super) fn text(&self, key: &str) -> Option<Fact<String>> {
        self.var(key)?.and_then(|text| Some(text.to_owned()))
    }

    /// A variable that holds a count.
    pub(super) fn count(&self, key: &str) -> Option<Fact<u32>> {
        self.var(key)?.and_then(|text| text.parse().ok())
    }

    /// A variable that holds a path.
    pub(super) fn path(&self, key: &str) -> Option<Fact<PathBuf>> {
        self.env.get_os(key).map(|value| Fact { value: PathBuf::from(value), origin: origin(key) })
    }

    /// A variable that holds a commit id.
    pub(super) fn commit(&self, key: &str) -> Option<Fact<String>> {
        self.var(key)?.and_then(commit_id)
    }

    /// A variable that holds the number of a pull request.
    pub(super) fn pr(&self, key: &str) -> Option<Fact<String>> {
        self.var(key)?.and_then(pr_number)
    }

    /// A variable that holds a repository's address.
    pub(super) fn repository_url(&self, key: &str) -> Option<Fact<String>> {
        self.var(key)?.and_then(sanitise_url)
    }

    /// A variable that holds the address of a page.
    pub(super) fn page_url(&self, key: &str) -> Option<Fact<String>> {
        self.var(key)?.and_then(sanitise_page_url)
    }

    /// A non-empty text or a number of the event, by a path such as `pull_request.head.sha`.
    pub(super) fn event(&self, path: &str) -> Option<Fact<String>> {
        let value = match self.event_value(path)? {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(Fact { value, origin: format!("event:{path}") })
    }

    /// A property of TeamCity's that is not empty.
    pub(super) fn property(&self, key: &str) -> Option<Fact<&'a str>> {
        let value = self.event?.get(key)?.as_str().filter(|value| !value.is_empty())?;
        Some(Fact { value, origin: format!("property:{key}") })
    }

    /// TeamCity's properties, by name.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let all = self.event.and_then(Value::as_object).into_iter().flatten();
        all.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// Anything in the event; `null` counts as there.
    pub(super) fn event_value(&self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.event?, |value, key| value.get(key))
    }
}

fn origin(key: &str) -> String {
    let kind = if key.starts_with("IMGBUILD_") { "override" } else { "env" };
    format!("{kind}:{key}")
}

/// A full commit id in lower case: 40 or 64 hex digits. Buildkite and others say `HEAD`, which is nothing.
pub(super) fn commit_id(text: &str) -> Option<String> {
    let valid = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    // GitLab and hooks write zeros for "no commit".
    (valid && text.bytes().any(|b| b != b'0')).then(|| text.to_ascii_lowercase())
}

/// `text` as one segment of a path or a query's value: all but unreserved characters are percent-encoded.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `owner/name` of a repository's address without user name, query and `.git`.
pub(super) fn path_of_url(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    (!path.is_empty()).then(|| path.to_owned())
}

/// The number of a pull request. Whatever else is in it becomes `-`: a strange number is still a pull request, and
/// the text goes into a tag.
pub(super) fn pr_number(text: &str) -> Option<String> {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    let none = text.is_empty() || text.eq_ignore_ascii_case("false");
    (!none).then(|| text.chars().take(64).map(keep).collect())
}
