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

/// The name of a branch, with `*` and `**` for parts of it; what git refuses in any name is a slip here, too.
pub(super) fn branches(pattern: &str) -> Verdict {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?[\\".contains(c);
    let valid = !pattern.is_empty()
        && pattern.len() <= 255
        && !pattern.contains(odd)
        && !pattern.starts_with(['/', '-'])
        && !pattern.ends_with('/')
        && !pattern.starts_with("refs/");
    ensure(valid, || {
        format!("{} names no branches: write them as \"main\" or \"release/*\"", quoted(pattern))
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

/// The path of a program in an image.
pub(super) fn program_path(path: &str) -> Verdict {
    let is_plain = path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|part| !matches!(part, "" | "." | "..")) && !rest.contains(char::is_control)
    });
    ensure(is_plain, || {
        format!(
            "{} is no path of a program: write it from the image's root on, like \"/usr/bin/su\"",
            quoted(path)
        )
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

/// An absolute path in a container.
pub(super) fn absolute(path: &str) -> Verdict {
    if !path.starts_with('/') {
        return Err(format!("{} is not absolute: it starts with `/`", quoted(path)));
    }
    ensure(!path.split('/').any(|part| part == "..") && !path.contains(char::is_control), || {
        format!("{} must be one line without `..`", quoted(path))
    })
}

/// Permission bits.
pub(super) fn mode(digits: &str) -> Verdict {
    ensure(matches!(digits.len(), 3 | 4) && digits.bytes().all(|b| matches!(b, b'0'..=b'7')), || {
        format!("{} are no permissions: write three or four octal digits, like \"0644\"", quoted(digits))
    })
}

/// A SHA-256 sum in hex.
pub(super) fn sha256(sum: &str) -> Verdict {
    ensure(sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()), || {
        format!("{} is no SHA-256: it has 64 hex digits", quoted(sum))
    })
}

/// The name of a user or group.
pub(super) fn account(name: &str) -> Verdict {
    ensure(
        !name.is_empty() && !name.contains(|c: char| c == ':' || c.is_control() || c.is_whitespace()),
        || format!("{} is no name of a user or group", quoted(name)),
    )
}

/// A user, by name or number, with or without a group.
pub(super) fn user(text: &str) -> Verdict {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    ensure(account(user).is_ok() && group.is_none_or(|group| account(group).is_ok()), || {
        format!(
            "{} is no user: write a name or a number, with a group or without, like \"1000:1000\"",
            quoted(text)
        )
    })
}

/// A folder or file of the repository, where it is mounted, and how.
pub(super) fn bind(text: &str) -> Verdict {
    let mut parts = text.split(':');
    let (source, target, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let Some(target) = target.filter(|_| parts.next().is_none()) else {
        return Err(format!(
            "{} is no mount: write \"./testdata:/data\", or \"./testdata:/data:ro\"",
            quoted(text)
        ));
    };
    if source.is_empty() || source.starts_with('/') {
        return Err("what is mounted lies in the repository: write it relative to this file".to_owned());
    }
    if let Some(mode) = rest.filter(|mode| !matches!(*mode, "ro" | "rw")) {
        return Err(format!("{} is no mode of a mount: write `ro`, `rw` or nothing", quoted(mode)));
    }
    absolute(target)?;
    ensure(!target.trim_matches('/').is_empty(), || "nothing can be mounted at `/`".to_owned())
}

/// A file or folder of a host, where it is mounted, and how.
pub(super) fn host_bind(text: &str) -> Verdict {
    let target = mounted(text, "\"/etc/web:/config\", or \"/etc/web:/config:ro\"")?;
    let source = text.split(':').next().unwrap_or_default();
    absolute(source)?;
    absolute(target)?;
    ensure(!target.trim_matches('/').is_empty(), || "nothing can be mounted at `/`".to_owned())
}

/// A volume of a host, likewise.
pub(super) fn volume(text: &str) -> Verdict {
    let target = mounted(text, "\"data:/data\", or \"data:/data:ro\"")?;
    container(text.split(':').next().unwrap_or_default()).map_err(|_| {
        format!("{} begins with no name of a volume: use letters, digits, `_`, `.` and `-`", quoted(text))
    })?;
    absolute(target)?;
    ensure(!target.trim_matches('/').is_empty(), || "nothing can be mounted at `/`".to_owned())
}

/// Where `SOURCE:TARGET[:MODE]` is mounted.
fn mounted<'a>(text: &'a str, example: &str) -> Result<&'a str, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [_, target] | [_, target, "ro" | "rw"] => Ok(target),
        _ => Err(format!("{} is no mount: write {example}", quoted(text))),
    }
}

/// The name of a container, which leaves room for what stands behind it during a swap.
pub(super) fn container(name: &str) -> Verdict {
    let valid = name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    ensure(valid && name.len() > 1, || {
        format!(
            "{} is no name of a container: begin with a letter or digit, then letters, digits, `_`, `.` and `-`, \
             from 2 to 100 in all",
            quoted(name)
        )
    })
}

/// The name of a service of a swarm, which names of hosts are made of.
pub(super) fn swarm_service(name: &str) -> Verdict {
    let valid = (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    ensure(valid, || {
        format!(
            "{} is no name of a service: letters and digits, and between them `_` and `-`, at most 63 in all",
            quoted(name)
        )
    })
}

/// Options of a temporary file system.
pub(super) fn mount_options(text: &str) -> Verdict {
    ensure(!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()), || {
        format!("{} are no options: write them with commas, like \"size=16m,mode=1777\"", quoted(text))
    })
}

/// The name of a header.
pub(super) fn header(name: &str) -> Verdict {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    ensure(!name.is_empty() && name.bytes().all(is_token), || {
        format!("{} is no name of a header", quoted(name))
    })
}

/// The name of a header that a request may have: some say how it is sent.
pub(super) fn request_header(name: &str) -> Verdict {
    const FRAMING: [&str; 6] =
        ["connection", "content-length", "expect", "te", "transfer-encoding", "upgrade"];
    header(name)?;
    ensure(!FRAMING.contains(&name.to_ascii_lowercase().as_str()), || {
        format!("{} is set by imgbuild alone", quoted(name))
    })
}

/// The value of a request's header.
pub(super) fn header_value(text: &str) -> Verdict {
    ensure(!text.contains(|c: char| c.is_control() && c != '\t'), || "must be one line".to_owned())
}

/// A JSON Pointer (RFC 6901).
pub(super) fn pointer(text: &str) -> Verdict {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    ensure((text.is_empty() || text.starts_with('/')) && escapes, || {
        format!(
            "{} is no JSON Pointer: write \"/key/0\", with `~1` for `/` and `~0` for `~` in a key",
            quoted(text)
        )
    })
}

/// The name by which other containers reach one.
pub(super) fn alias(name: &str) -> Verdict {
    let is_label = !name.starts_with('-')
        && !name.ends_with('-')
        && (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    ensure(is_label && !name.eq_ignore_ascii_case("localhost"), || {
        format!(
            "{} is no name of a host: use letters, digits and `-`, at most 63; not `localhost`",
            quoted(name)
        )
    })
}

/// The name of a variable for a command on this machine.
pub(super) fn host_variable(name: &str) -> Verdict {
    variable(name)?;
    ensure(!name.starts_with("IMGBUILD_TEST_"), || format!("{} is set by imgbuild", quoted(name)))
}

/// The name of a process as the kernel keeps it.
pub(super) fn process(name: &str) -> Verdict {
    if name.is_empty() || name.contains(|c: char| c == '/' || c.is_control()) {
        return Err(format!(
            "{} is no name of a process: write it without a path, like \"nginx\"",
            quoted(name)
        ));
    }
    ensure(name.len() <= 15, || {
        let kept: String = name
            .chars()
            .scan(0, |bytes, c| {
                *bytes += c.len_utf8();
                (*bytes <= 15).then_some(c)
            })
            .collect();
        format!("{} is longer than the 15 bytes that the kernel keeps: write {}", quoted(name), quoted(&kept))
    })
}
