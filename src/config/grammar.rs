//! What single values may look like, wherever they come from: file, variable or flag. Each function says why not, in
//! words that fit behind the value's name and a colon.

use crate::image::TagTemplate;

/// The outcome of a check.
pub(super) type Verdict = Result<(), String>;

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}

fn is_word(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The value in a message.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    format!("`{cut}`")
}

/// `os/architecture[/variant]`.
pub(super) fn platform(text: &str) -> Verdict {
    if text.contains(',') {
        return Err("names several platforms, and this version builds for one".to_owned());
    }
    let parts: Vec<&str> = text.split('/').collect();
    ensure(matches!(parts.len(), 2 | 3) && parts.iter().all(|part| is_word(part)), || {
        format!("{} is no platform: write os/architecture, like \"linux/amd64\"", quoted(text))
    })
}

/// A stage's name, or its number.
pub(super) fn target(text: &str) -> Verdict {
    ensure(is_word(text), || format!("{} is no name of a stage", quoted(text)))
}

/// What follows a dash in a tag.
pub(super) fn variant(text: &str) -> Verdict {
    if text.eq_ignore_ascii_case("latest") {
        return Err("`latest` is a tag of its own".to_owned());
    }
    ensure(is_word(text) && text.len() <= 64, || {
        format!(
            "{} cannot be a part of a tag: use letters, digits, `_`, `.` and `-`, at most 64",
            quoted(text)
        )
    })
}

/// A further tag.
pub(super) fn tag(text: &str) -> Verdict {
    text.parse::<TagTemplate>().map(drop).map_err(|why| why.to_string())
}

/// A network's name; another container's network is not one.
pub(super) fn network(text: &str) -> Verdict {
    ensure(is_word(text), || {
        format!("{} is no name of a network: write \"none\", \"host\" or a name", quoted(text))
    })
}

/// The name of a build argument.
pub(super) fn argument(name: &str) -> Verdict {
    let valid = !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    ensure(valid, || format!("{} is no name of an argument: use letters, digits and `_`", quoted(name)))
}

/// The name of an environment variable; wider than an argument's, as programs take odd ones.
pub(super) fn variable(name: &str) -> Verdict {
    let valid = !name.is_empty() && !name.contains(|c: char| c == '=' || c.is_control() || c.is_whitespace());
    ensure(valid, || format!("{} is no name of a variable", quoted(name)))
}

/// The id of a build secret.
pub(super) fn secret(id: &str) -> Verdict {
    ensure(is_word(id), || {
        format!("{} is no id of a secret: use letters, digits, `_`, `.` and `-`", quoted(id))
    })
}

/// A label's key. The owner labels say what `clean` may remove, and the rest of `dev.imgbuild.` is evidence.
pub(super) fn label(key: &str) -> Verdict {
    if key.starts_with("dev.imgbuild.") {
        return Err("labels that start with `dev.imgbuild.` are set by imgbuild alone".to_owned());
    }
    ensure(!key.is_empty() && !key.contains(|c: char| c.is_control() || c.is_whitespace()), || {
        format!("{} is no key of a label", quoted(key))
    })
}

/// A path that stays below the folder it is relative to, or a pattern of such paths.
pub(super) fn inside(path: &str) -> Verdict {
    if path.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if path.starts_with('/') {
        return Err("must be relative".to_owned());
    }
    ensure(!path.split('/').any(|part| part == ".."), || "must not lead out with `..`".to_owned())
}

/// What follows the host in a request.
pub(super) fn request_path(path: &str) -> Verdict {
    ensure(path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()), || {
        format!(
            "{} is no path of a request: it starts with `/` and has visible ASCII only, the rest as %XX",
            quoted(path)
        )
    })
}

/// The host of a registry, with or without a port.
pub(super) fn registry(host: &str) -> Verdict {
    ensure(super::repository::is_registry(host), || {
        format!(
            "{} is no registry host: write it as in the names of images, like \"registry.lan:5000\"",
            quoted(host)
        )
    })
}

/// The prefix of a role.
pub(super) fn prefix(prefix: &str) -> Verdict {
    super::repository::check(prefix)?;
    ensure(super::repository::host(prefix).is_some(), || {
        format!("{} names no registry: write host and path, like \"ghcr.io/acme\"", quoted(prefix))
    })
}

/// The id of a rule, ours or another tool's. Whether there is such a rule is not for the file's reader to know.
pub(super) fn rule(id: &str) -> Verdict {
    let valid = is_word(id) && !id.contains('.') && id.len() <= 100;
    ensure(valid, || format!("{} is no id of a rule: use letters, digits, `-` and `_`", quoted(id)))
}

/// The id of a rule, or its beginning and a `*`.
pub(super) fn rules(pattern: &str) -> Verdict {
    match pattern.strip_suffix('*') {
        Some("") => Ok(()),
        Some(beginning) => rule(beginning),
        None => rule(pattern),
    }
    .map_err(|_| {
        format!("{} names no rules: write an id, or its beginning and `*`, like \"IMG3*\"", quoted(pattern))
    })
}

/// The key of a label that an image must have.
pub(super) fn wanted_label(key: &str) -> Verdict {
    ensure(!key.is_empty() && !key.contains(|c: char| c.is_control() || c.is_whitespace()), || {
        format!("{} is no key of a label", quoted(key))
    })
}

/// A registry, `*.` and the domain of several, or either with the beginning of a path.
pub(super) fn trusted(text: &str) -> Verdict {
    let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let path_fits = || path.is_none_or(|path| super::repository::check(&format!("localhost/{path}")).is_ok());
    ensure(super::repository::is_registry(host) && path_fits(), || {
        format!(
            "{} is no registry: write a host, a host and a path, or `*.` and a domain, like \"ghcr.io/acme\"",
            quoted(text)
        )
    })
}

/// The name of a program.
pub(super) fn service(name: &str) -> Verdict {
    ensure(is_word(name), || {
        format!("{} is no name of a program: write it without a path, like \"supervisord\"", quoted(name))
    })
}

/// A key that a policy locks.
pub(super) fn lock(key: &str) -> Verdict {
    let known = super::keys::lockable();
    if known.contains(&key) {
        return Ok(());
    }
    let meant = super::parse::nearest(key, &known);
    let help = meant.map_or_else(
        || "write a key or a table as it is in the file, like \"checks.fail-on\"".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(format!("{} is no key that can be locked: {help}", quoted(key)))
}
