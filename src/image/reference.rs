//! Repositories and references, normalised as the docker CLI does (the grammar of distribution/reference).

use std::fmt;
use std::str::FromStr;

use super::{Digest, Tag};

const DEFAULT_REGISTRY: &str = "docker.io";
const LEGACY_DEFAULT_REGISTRY: &str = "index.docker.io";
const OFFICIAL_PREFIX: &str = "library/";
/// The longest a repository's path may be, in bytes.
const MAX_PATH: usize = 255;

/// A repository: where an image lives, without tag or digest. Always normalised: `x` is `docker.io/library/x`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

/// A repository with a tag, a digest, both or neither.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<String>,
}

/// The text is not a reference, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidReference {
    text: String,
    why: &'static str,
}

impl fmt::Display for InvalidReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a valid image reference: {}", self.text, self.why)
    }
}

impl std::error::Error for InvalidReference {}

impl Repository {
    /// The registry as written in references: `docker.io`, `ghcr.io`, `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path inside the registry: `library/x`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The repository as people write it: without `docker.io/` and `library/`.
    pub fn familiar(&self) -> String {
        if self.registry != DEFAULT_REGISTRY {
            return self.to_string();
        }
        match self.path.strip_prefix(OFFICIAL_PREFIX) {
            Some(name) if !name.contains('/') => name.to_owned(),
            _ => self.path.clone(),
        }
    }

    /// This repository with `tag`.
    pub fn tag(&self, tag: &Tag) -> Reference {
        Reference { repository: self.clone(), tag: Some(tag.clone()), digest: None }
    }

    /// This repository at `digest`.
    pub fn at(&self, digest: &Digest) -> Reference {
        Reference { repository: self.clone(), tag: None, digest: Some(digest.to_string()) }
    }

    /// Whether it is one of those that `pattern` means: a registry (`ghcr.io`), a registry with the beginning of a path
    /// (`ghcr.io/acme`), or `*.` and a domain.
    pub fn is_of(&self, pattern: &str) -> bool {
        let (host, path) = pattern.split_once('/').unwrap_or((pattern, ""));
        let is_host = match host.strip_prefix("*.") {
            Some(domain) => self.registry.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => self.registry == host,
        };
        let below = self.path.strip_prefix(path.trim_end_matches('/'));
        is_host && below.is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the registry is on this machine, where plain HTTP is the rule and nobody else reads.
    pub fn is_loopback(&self) -> bool {
        let host = match self.registry.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => self.registry.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Repository {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let reference: Reference = text.parse()?;
        if reference.tag.is_some() || reference.digest.is_some() {
            let why = "a repository is named here, without a tag or digest";
            return Err(InvalidReference { text: text.to_owned(), why });
        }
        Ok(reference.repository)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.registry.is_empty() {
            write!(f, "{}/", self.registry)?;
        }
        f.write_str(&self.path)
    }
}

impl Reference {
    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, as far as one was written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest as written; sha256, sha384 or sha512.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The reference as people write it.
    pub fn familiar(&self) -> String {
        format!("{}{}", self.repository.familiar(), self.suffix())
    }

    /// This reference, with `latest` where it has neither tag nor digest.
    #[must_use]
    pub fn or_latest(mut self) -> Reference {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = "latest".parse().ok();
        }
        self
    }

    fn suffix(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        tag + &digest
    }
}

impl fmt::Display for Reference {
    /// The canonical form: registry, path, tag, digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.repository, self.suffix())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|why| InvalidReference { text: text.to_owned(), why })
    }
}

fn parse(text: &str) -> Result<Reference, &'static str> {
    if text.len() == 64 && text.bytes().all(is_lower_hex) {
        return Err("64 hex digits are an image id, not a name");
    }
    let (registry, rest) = split_registry(text);
    if rest.split(':').next().is_some_and(|path| path.chars().any(char::is_uppercase)) {
        return Err("the repository name must be lowercase");
    }
    let whole = format!("{registry}/{rest}");
    let (named, digest) = match whole.split_once('@') {
        Some((named, digest)) => (named, Some(parse_digest(digest)?)),
        None => (whole.as_str(), None),
    };
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[last..].split_once(':') {
        Some((end, tag)) => {
            let tag = tag.parse().map_err(|_| "the tag is invalid")?;
            (&named[..last + end.len()], Some(tag))
        }
        None => (named, None),
    };
    // The grammar's registry is optional, so a first component that is no host name may still be a path's.
    let (registry, path) = match name.split_once('/') {
        Some((registry, path)) if is_registry(registry) && is_path(path) => (registry, path),
        _ if is_path(name) => ("", name),
        _ => return Err("the name is invalid"),
    };
    if path.len() > MAX_PATH {
        return Err("the repository name is longer than 255 characters");
    }
    let repository = Repository { registry: registry.to_owned(), path: path.to_owned() };
    Ok(Reference { repository, tag, digest })
}

/// Splits like the docker CLI: the first component is a registry if it can be no user name of the default one.
fn split_registry(text: &str) -> (&str, String) {
    let (registry, path) = match text.split_once('/') {
        None => return (DEFAULT_REGISTRY, format!("{OFFICIAL_PREFIX}{text}")),
        Some((LEGACY_DEFAULT_REGISTRY, path)) => (DEFAULT_REGISTRY, path),
        Some((first, path))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.chars().any(char::is_uppercase) =>
        {
            (first, path)
        }
        Some(_) => (DEFAULT_REGISTRY, text),
    };
    if registry == DEFAULT_REGISTRY && !path.contains('/') {
        return (registry, format!("{OFFICIAL_PREFIX}{path}"));
    }
    (registry, path.to_owned())
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, "")) => (v6, None),
        Some((v6, rest)) => match rest.strip_prefix(':') {
            Some(port) => (v6, Some(port)),
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let host_fits = if text.starts_with('[') {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
    } else {
        host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    host_fits && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

/// Lowercase letters and digits, joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().last()) else { return false };
    alphanumeric(first)
        && alphanumeric(last)
        && text.bytes().all(|b| alphanumeric(b) || b"._-".contains(&b))
        && text
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
}

fn parse_digest(text: &str) -> Result<String, &'static str> {
    let length = match text.split_once(':') {
        Some(("sha256", _)) => 64,
        Some(("sha384", _)) => 96,
        Some(("sha512", _)) => 128,
        _ => return Err("the digest's algorithm is not supported"),
    };
    let hex = text.split_once(':').map(|(_, hex)| hex).unwrap_or_default();
    if hex.len() == length && hex.bytes().all(is_lower_hex) {
        Ok(text.to_owned())
    } else {
        Err("the digest is invalid")
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_registries() {
        for (text, loopback) in [
            ("localhost:5000/x", true),
            ("127.0.0.9/x", true),
            ("[::1]:5000/x", true),
            ("example.com/x", false),
            ("x", false),
            ("127.0.0.1.example.com/x", false),
        ] {
            assert_eq!(text.parse::<Repository>().unwrap().is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn a_repository_has_no_tag() {
        assert!("x:1".parse::<Repository>().is_err());
        assert!("localhost:5000/x".parse::<Repository>().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn what_parses_prints_to_what_parses_the_same(text in "[a-zA-Z0-9._:/@\\[\\]-]{0,40}") {
            if let Ok(reference) = text.parse::<Reference>() && !reference.repository.registry.is_empty() {
                let again: Reference = reference.to_string().parse().unwrap();
                proptest::prop_assert_eq!(&again, &reference);
                let familiar: Reference = reference.familiar().parse().unwrap();
                proptest::prop_assert_eq!(familiar, reference);
            }
        }

        #[test]
        fn never_panics(text in proptest::prelude::any::<String>()) {
            let _ = text.parse::<Reference>();
            let _ = text.parse::<Tag>();
        }
    }
}
