//! The names that `image.repository` and the prefixes of `[registries]` may be. The full grammar of references is
//! `image::Reference`'s; this one says early, and with the key's name, what can never become one.

use super::settings::Role;

/// What the configured name of an image comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A name without a registry host: it stays on the engine and is never pushed.
    Local(String),
    /// A full name, host and path.
    Registry(String),
    /// Roles are configured, and this one is not among them: there is nowhere to push.
    NoRole(Role),
}

/// What a full name comes to where no roles are configured.
pub(super) fn destination(name: &str) -> Destination {
    if host(name).is_some() {
        Destination::Registry(name.to_owned())
    } else {
        Destination::Local(name.to_owned())
    }
}

/// The registry host that `name` starts with. As in docker, a first component is one only if it has a dot, a colon or
/// a capital letter, or is `localhost`: `acme/api` names no registry.
pub(super) fn host(name: &str) -> Option<&str> {
    let (first, _) = name.split_once('/')?;
    let is_host = first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|byte| byte.is_ascii_uppercase());
    is_host.then_some(first)
}

/// Whether `text` is a registry host and nothing else, in a form that the name of an image can start with.
pub(super) fn is_registry(text: &str) -> bool {
    host(&format!("{text}/x")) == Some(text) && check_host(text).is_ok()
}

/// Joins whole path components.
pub(super) fn join(prefix: &str, name: &str) -> String {
    format!("{prefix}/{name}")
}

/// Why `name` can be no repository, with or without a host; the text fits behind "NAME: ".
pub(super) fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("must not be empty".to_owned());
    }
    // The registry's own limit is 255 for the path.
    if name.len() > 255 {
        return Err("is longer than 255 bytes".to_owned());
    }
    let (registry, path) = match host(name) {
        Some(host) => (Some(host), name.get(host.len().saturating_add(1)..).unwrap_or_default()),
        None => (None, name),
    };
    if let Some(host) = registry {
        check_host(host)?;
    }
    if path.contains('@') {
        return Err("must not have a digest: imgbuild makes what it points to".to_owned());
    }
    if path.contains(':') {
        return Err("must not have a tag: imgbuild makes the tags".to_owned());
    }
    path.split('/').try_for_each(check_component)
}

fn check_host(host: &str) -> Result<(), String> {
    let wrong = || format!("`{}` is no registry host", host.escape_debug());
    let (name, port) = match host.strip_prefix('[') {
        // An IPv6 address in brackets.
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
            let valid = !address.is_empty()
                && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
            if !valid {
                return Err(wrong());
            }
            (
                "localhost",
                if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(wrong)?) },
            )
        }
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let digits =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
    if name.split('.').all(label) && port.is_none_or(digits) { Ok(()) } else { Err(wrong()) }
}

/// `[a-z0-9]+` joined by `.`, `_`, `__` or dashes.
fn check_component(component: &str) -> Result<(), String> {
    let shown = component.escape_debug();
    if component.is_empty() {
        return Err("has an empty path component".to_owned());
    }
    if component.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("`{shown}` has capital letters, which the path of an image cannot have"));
    }
    let mut rest = component;
    loop {
        let word = rest.bytes().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count();
        let after = rest.get(word..).unwrap_or_default();
        let separator = after.bytes().take_while(|b| matches!(b, b'.' | b'_' | b'-')).count();
        let between = after.get(..separator).unwrap_or_default();
        let joins = matches!(between, "." | "_" | "__")
            || (!between.is_empty() && between.bytes().all(|b| b == b'-'));
        match (word, after.is_empty(), joins) {
            (0, ..) | (_, false, false) => return Err(format!("`{shown}` is no path component of an image")),
            (_, true, _) => return Ok(()),
            _ => rest = after.get(separator..).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_has_a_dot_a_port_or_is_localhost() {
        assert_eq!(host("ghcr.io/acme/api"), Some("ghcr.io"));
        assert_eq!(host("localhost/api"), Some("localhost"));
        assert_eq!(host("registry:5000/api"), Some("registry:5000"));
        assert_eq!(host("acme/api"), None);
        assert_eq!(host("api"), None);
        assert_eq!(host("api.v2"), None);
        assert_eq!(destination("acme/api"), Destination::Local("acme/api".to_owned()));
    }

    #[test]
    fn names_that_can_be_repositories() {
        for name in
            ["api", "acme/api", "ghcr.io/acme/api", "127.0.0.1:5000/a__b/c--d.e", "[::1]:5000/api", "a.b-c"]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_cannot() {
        for (name, why) in [
            ("", "must not be empty"),
            ("Api", "`Api` has capital letters, which the path of an image cannot have"),
            ("ghcr.io/acme/api:1.0", "must not have a tag: imgbuild makes the tags"),
            ("ghcr.io/api@sha256:00", "must not have a digest: imgbuild makes what it points to"),
            ("ghcr.io//api", "has an empty path component"),
            ("ghcr.io/", "has an empty path component"),
            ("/api", "has an empty path component"),
            ("ghcr.io/a___b", "`a___b` is no path component of an image"),
            ("ghcr.io/-a", "`-a` is no path component of an image"),
            ("ghcr.io/a.", "`a.` is no path component of an image"),
            ("ghcr.io/ä", "`ä` is no path component of an image"),
            ("ghcr.io:x/api", "`ghcr.io:x` is no registry host"),
            ("ghcr..io/api", "`ghcr..io` is no registry host"),
            ("https://ghcr.io/api", "`https:` is no registry host"),
            ("user:pw@ghcr.io/api", "`user:pw@ghcr.io` is no registry host"),
        ] {
            assert_eq!(check(name), Err(why.to_owned()), "{name}");
        }
        assert!(check(&"a".repeat(256)).is_err());
    }

    #[test]
    fn registries_are_hosts_and_nothing_else() {
        for text in ["registry.lan", "registry:5000", "localhost", "10.0.0.5:5000", "[fd00::1]:5000", "[::1]"]
        {
            assert!(is_registry(text), "{text}");
        }
        for text in [
            "",
            "registry",
            "http://registry.lan",
            "registry.lan/",
            "registry.lan/x",
            "*.lan",
            "10.0.0.0/8",
            "lan:",
            "lan:0",
            "lan:99999",
            "lan:x",
            "me@lan:1",
            " a.b",
            "a..b",
            "[fd00::1",
            "a.b\n",
        ] {
            assert!(!is_registry(text), "{text}");
        }
    }

    #[test]
    fn prefixes_join_by_whole_components() {
        assert_eq!(join("ghcr.io/acme", "api"), "ghcr.io/acme/api");
        assert_eq!(join("ghcr.io/acme", "team/api"), "ghcr.io/acme/team/api");
    }

    proptest! {
        #[test]
        fn any_text_is_judged(name in "\\PC{0,40}") {
            let _ = check(&name);
        }

        #[test]
        fn what_is_accepted_stays_so_behind_a_prefix(name in "[a-z0-9._/-]{1,20}") {
            if check(&name).is_ok() && host(&name).is_none() {
                prop_assert_eq!(check(&join("ghcr.io/acme", &name)), Ok(()));
            }
        }
    }
}
