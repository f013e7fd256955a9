//! Which repository a URI of provenance names: policy compares it, so that it has to mean one place alone.

/// Longer texts are no addresses that anybody wrote.
const LONGEST: usize = 2048;

/// The repository that `uri` names, without `git+` before it: `https://user@host/path@revision` is `https://host/path`, and
/// git's form without a scheme, `user@host:path`, is `ssh://host/path`. Scheme and host are in lower case.
///
/// `None` for what is read in two ways: where a host could be taken for a path or the other way about, and where steps
/// upwards lead to another path than the one that is written.
pub(super) fn read(uri: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if uri.len() > LONGEST || uri.contains(odd) {
        return None;
    }
    let (scheme, authority, tail) = match uri.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            (scheme.to_ascii_lowercase(), authority, tail.to_owned())
        }
        None => {
            let (authority, path) = uri.split_once(':').filter(|(authority, _)| !authority.contains('/'))?;
            ("ssh".to_owned(), authority, format!("/{}", path.trim_start_matches('/')))
        }
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let is_plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !is_plain(&scheme, "+-.") || !is_plain(&host, "-_.:[]") {
        return None;
    }
    let tail = tail.split('#').next().unwrap_or_default();
    let tail = tail.get(..revision(tail).unwrap_or(tail.len())).unwrap_or_default();
    let path = tail.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let steps = path.replace("%2e", ".");
    let climbs = steps.split('/').any(|part| part == "." || part == "..");
    let is_hidden = ["%2f", "%5c", "%25"].iter().any(|code| path.contains(code));
    (!climbs && !is_hidden).then(|| format!("{scheme}://{host}{tail}"))
}

/// Where the revision begins, with its `@`. One that begins a part of the path is of a name, such as `@team`.
fn revision(tail: &str) -> Option<usize> {
    let mut before = '/';
    for (at, c) in tail.char_indices() {
        if c == '@' && before != '/' {
            return Some(at);
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_told_without_user_and_revision() {
        for (uri, wanted) in [
            ("https://host/r", "https://host/r"),
            ("https://host/r@refs/heads/main", "https://host/r"),
            ("https://host/r@refs/heads/a@b", "https://host/r"),
            ("https://host/r.git#refs/heads/main", "https://host/r.git"),
            ("https://host/@team/r@v1", "https://host/@team/r"),
            ("https://user:pass@host/r@v1", "https://host/r"),
            ("https://user:p@ss@host:8443/r", "https://host:8443/r"),
            ("ssh://git@host/acme/r.git", "ssh://host/acme/r.git"),
            ("ssh://git@host/acme/r.git@v1", "ssh://host/acme/r.git"),
            ("git@host:acme/r.git", "ssh://host/acme/r.git"),
            ("git@host:acme/r.git@v1", "ssh://host/acme/r.git"),
            ("HTTPS://GitHub.com/Acme/R", "https://github.com/Acme/R"),
            ("https://[::1]:3000/r@v1", "https://[::1]:3000/r"),
            ("https://host/?p=r.git@v1", "https://host/?p=r.git"),
        ] {
            assert_eq!(read(uri).as_deref(), Some(wanted), "{uri}");
        }
    }

    #[test]
    fn nobody_passes_for_another_host_or_path() {
        // Who wants to be https://github.com/acme/….
        for uri in [
            "https://github.com@evil.example/acme/r",
            "https://github.com:x@evil.example/acme/r",
            "https://evil.example/https://github.com/acme/r",
            "https://evil.example?@github.com/acme/r",
            "https://evil.example#@github.com/acme/r",
            "https://evil.example\\@github.com/acme/r",
            "https://evil.example /@github.com/acme/r",
            "https://evil.example%2f@github.com%2facme/r",
            "https://github.com/acme/../evil/r",
            "https://github.com/acme/%2E%2e/evil/r",
            "https://github.com/acme/%2e.%2Fevil/r",
            "https://github.com/acme/..%5cevil/r",
            "https://github.com/acme/%252e%252e/evil/r",
            "https:///github.com/acme/r",
            "github.com/acme/r",
            "https://github.com\t/acme/r",
        ] {
            let read = read(uri);
            assert!(
                read.as_ref().is_none_or(|to| !to.starts_with("https://github.com/acme/")),
                "{uri}: {read:?}"
            );
        }
        // What is no host decides nothing.
        assert_eq!(read("https://user@/r"), None);
        assert_eq!(read(&format!("https://host/{}", "x".repeat(LONGEST))), None);
    }
}
