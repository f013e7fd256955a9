//! URLs that may be printed, put into labels and reports: without user names, passwords and tokens.
//!
//! A strict grammar, on purpose: whatever does not parse as one of the few forms is dropped, since a URL that is
//! read in two ways is how a token gets out.

/// Longer texts are no URLs that anybody wrote.
const LONGEST: usize = 2048;

/// The address of a repository as people open it in a browser, from any form that git accepts for a network remote.
///
/// User names and passwords go, `scp`-like, `ssh://` and `git://` forms become `https://` (without their port, which
/// is another server's), `http://` stays, a trailing `.git`, queries and fragments go. `None` for local paths, other
/// schemes, and everything that does not read the same in every parser, such as an `@` behind the host.
pub fn sanitise_url(raw: &str) -> Option<String> {
    let raw = plain(raw)?;
    let (scheme, authority, path) = match split_scheme(raw) {
        Some((scheme, rest)) => {
            let (authority, tail) = split_authority(rest);
            let path = tail.split(['?', '#']).next().unwrap_or_default();
            if tail.contains('@') {
                return None;
            }
            (scheme, authority, path)
        }
        None => {
            let (authority, path) = split_scp(raw)?;
            ("ssh".to_owned(), authority, path)
        }
    };
    let (host, port) = host_and_port(authority)?;
    let (scheme, port) = match scheme.as_str() {
        "https" | "git+https" => ("https", port.filter(|&port| port != 443)),
        "http" | "git+http" => ("http", port.filter(|&port| port != 80)),
        "ssh" | "git" | "git+ssh" | "ssh+git" => ("https", None),
        _ => return None,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    if path.is_empty() {
        return None;
    }
    Some(join(scheme, &host, port, &format!("/{path}"), b"\"<>`{}|^?#"))
}

/// A page of a CI system, such as that of the build: `http` or `https`, with path, query and fragment, without
/// user name and password. `None` for everything else.
pub fn sanitise_page_url(raw: &str) -> Option<String> {
    let (scheme, rest) = split_scheme(plain(raw)?)?;
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let (authority, tail) = split_authority(rest);
    let (host, port) = host_and_port(authority)?;
    // `https://user:12/34@host/`: a password with a slash in it looks like a host, a port and a path.
    if tail.contains('@') && (authority.contains(['@', ':']) || !host.contains('.')) {
        return None;
    }
    Some(join(&scheme, &host, port, tail, b"\"<>`{}|^"))
}

fn plain(raw: &str) -> Option<&str> {
    let raw = raw.trim();
    let odd = |c: char| c.is_control() || c == '\\';
    (raw.len() <= LONGEST && !raw.contains(odd)).then_some(raw)
}

fn split_scheme(raw: &str) -> Option<(String, &str)> {
    let (scheme, rest) = raw.split_once("://")?;
    let valid =
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    valid.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Authority and the rest, which starts with its `/`, `?` or `#`.
fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// `[user@]host:path`, the form without a scheme.
fn split_scp(raw: &str) -> Option<(&str, &str)> {
    let from =
        raw.find('[').and_then(|open| raw.get(open..)?.find(']').map(|close| open + close)).unwrap_or(0);
    let colon = raw.get(from..)?.find(':')? + from;
    let (authority, path) = (raw.get(..colon)?, raw.get(colon + 1..)?);
    // A path such as `./a:b`, a drive letter, or a URL that lost its scheme and still holds its password.
    let not_scp =
        authority.contains('/') || authority.len() < 2 || path.contains('@') || path.starts_with("//");
    (!not_scp).then_some((authority, path))
}

/// The lower-case host and the port, without whatever stands before the last `@`.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) = rest.split_once(']')?;
            let valid =
                !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b));
            (valid.then(|| format!("[{inner}]"))?, after)
        }
        None => {
            let end = address.find(':').unwrap_or(address.len());
            let (host, after) = address.split_at(end);
            let valid =
                !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            (valid.then(|| host.to_owned())?, after)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    Some((host.to_ascii_lowercase(), port))
}

/// Puts a URL together; of `tail`, what is not ASCII, not visible or in `escaped` is percent-encoded.
fn join(scheme: &str, host: &str, port: Option<u16>, tail: &str, escaped: &[u8]) -> String {
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let mut url = format!("{scheme}://{host}{port}");
    for byte in tail.bytes() {
        match byte {
            b'!'..=b'~' if !escaped.contains(&byte) => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_remote_becomes_the_page() {
        for (raw, url) in [
            ("https://github.com/octocat/hello.git", "https://github.com/octocat/hello"),
            ("https://u:tok@host/r.git", "https://host/r"),
            (
                "https://gitlab-ci-token:s3cr3t@gitlab.example.com/group/sub/app.git",
                "https://gitlab.example.com/group/sub/app",
            ),
            (
                "https://fabrikam@dev.azure.com/fabrikam/My%20Project/_git/app",
                "https://dev.azure.com/fabrikam/My%20Project/_git/app",
            ),
            ("https://user%40corp:p%2Fw@host:8443/r/", "https://host:8443/r"),
            ("https://a@b@host/r", "https://host/r"),
            ("http://bitbucket.org/team/app", "http://bitbucket.org/team/app"),
            ("http://gitea:3000/a/b.git", "http://gitea:3000/a/b"),
            ("HTTPS://Host.EXAMPLE:443/A/b", "https://host.example/A/b"),
            ("git@github.com:acme/app.git", "https://github.com/acme/app"),
            ("github.com:acme/app", "https://github.com/acme/app"),
            ("git@[::1]:acme/app.git", "https://[::1]/acme/app"),
            ("git@host:/srv/git/app.git", "https://host/srv/git/app"),
            ("ssh://git@host:2222/acme/app.git", "https://host/acme/app"),
            ("git+ssh://git@host/acme/app", "https://host/acme/app"),
            ("git://host:9418/acme/app.git", "https://host/acme/app"),
            ("https://host/r.git?private_token=abc#x", "https://host/r"),
            ("https://host/My Project/ä\"", "https://host/My%20Project/%C3%A4%22"),
            ("host:a?b#c", "https://host/a%3Fb%23c"),
            (" https://host/r\n", "https://host/r"),
        ] {
            assert_eq!(sanitise_url(raw).as_deref(), Some(url), "{raw}");
        }
    }

    #[test]
    fn what_is_no_network_remote_is_nothing() {
        for raw in [
            "",
            "/srv/git/app.git",
            "../app",
            "./a:b",
            "C:\\app",
            "C:/app",
            "file:///srv/app",
            "https://",
            "https://host",
            "https://host/",
            "https:///r",
            "https://user:pa/ss@host/r.git",
            "https://user:12/ss@host/r.git",
            "https://user:12?x@host/r",
            "user:tok@host/r",
            "user:tok@host:r",
            "https:user:tok@host/r",
            "javascript://x/y",
            "https://ho\u{1b}st/r",
            "https://host:port/r",
            "https://host:99999/r",
            "https://hö.example/r",
            "host:",
            "://h/r",
        ] {
            assert_eq!(sanitise_url(raw), None, "{raw:?}");
        }
        assert_eq!(sanitise_url(&format!("https://host/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn pages_keep_what_a_browser_needs() {
        for (raw, url) in [
            ("https://u:p@ci.example.com/job/app/153/", Some("https://ci.example.com/job/app/153/")),
            ("https://ci.example.com/job/a@b/1/", Some("https://ci.example.com/job/a@b/1/")),
            ("http://ci:8080/x?id=1#/y z", Some("http://ci:8080/x?id=1#/y%20z")),
            ("https://user:12/34@host/", None),
            ("ftp://host/x", None),
            ("host/x", None),
        ] {
            assert_eq!(sanitise_page_url(raw).as_deref(), url, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn userinfo_never_gets_out(
            scheme in "(https?://|ssh://|git://|git\\+ssh://|HTTPS://||//|https:)",
            user in "[a-z]{0,4}",
            secret in "[!-~]{0,6}S3CRET[!-~]{0,6}",
            rest in "(:[0-9]{1,4})?[:/][a-z/?#.@:]{0,12}",
        ) {
            let raw = format!("{scheme}{user}:{secret}@host.example{rest}");
            for url in [sanitise_url(&raw), sanitise_page_url(&raw)].into_iter().flatten() {
                prop_assert!(!url.contains("S3CRET"), "{raw} -> {url}");
            }
        }

        #[test]
        fn any_text_is_a_clean_url_or_nothing(raw in "\\PC{0,60}|[ -~]{0,60}|https?://[ -~]{0,40}") {
            for url in [sanitise_url(&raw), sanitise_page_url(&raw)].into_iter().flatten() {
                let rest = url.split_once("://").unwrap().1;
                let authority = rest.split(['/', '?', '#']).next().unwrap();
                prop_assert!(!authority.contains('@'), "{raw} -> {url}");
                prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{raw} -> {url}");
            }
            if let Some(url) = sanitise_url(&raw) {
                prop_assert!(!url.contains('@'), "{raw} -> {url}");
                prop_assert!(sanitise_url(&url).is_some(), "{raw} -> {url}");
            }
        }
    }
}
