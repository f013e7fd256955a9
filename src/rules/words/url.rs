//! What an address says of what is behind it.

/// Names of branches, and of whatever else moves on.
const MOVING: [&str; 9] =
    ["latest", "master", "main", "head", "trunk", "nightly", "develop", "dev", "current"];

/// Parts of names that have digits in them and are no versions.
const PLATFORMS: [&str; 26] = [
    "x86_64", "x86-64", "amd64", "arm64", "aarch64", "armv6", "armv7", "i386", "i686", "ppc64", "s390x",
    "riscv64", "linux64", "win64", "win32", "x64", "x86", "sha256", "sha512", "md5", "base64", "bz2", "k8s",
    "s3", "utf8", "utf-8",
];

/// Variables that tell a platform, by a part of their names.
const PLATFORM_VARIABLES: [&str; 4] = ["ARCH", "PLATFORM", "TARGETOS", "UNAME"];

/// The ends of the names of keys, checksums and signatures, and of lists of package sources.
const PROOFS: [&str; 18] = [
    ".gpg",
    ".asc",
    ".key",
    ".pub",
    ".pem",
    ".crt",
    ".sig",
    ".sign",
    ".minisig",
    ".sha1",
    ".sha256",
    ".sha256sum",
    ".sha512",
    ".sha512sum",
    ".md5",
    ".list",
    ".repo",
    ".sources",
];

/// Whether `text` is the address of something to download: `http://`, `https://` or `ftp://`, from another machine.
pub(in crate::rules) fn is_remote(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let remote = ["http://", "https://", "ftp://"].iter().find(|scheme| lower.starts_with(**scheme));
    let Some(rest) = remote.and_then(|scheme| text.get(scheme.len()..)) else { return false };
    !["localhost", "127.", "[::1]", "0.0.0.0"].iter().any(|host| rest.starts_with(host))
}

/// The path and the query, without the host.
fn behind_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, path)| path)
}

/// For a message: scheme, host and path, on one line and short; no user, no password, no query.
pub(in crate::rules) fn shown_url(url: &str) -> String {
    const MOST: usize = 80;
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let (scheme, rest) = bare.split_once("://").unwrap_or(("", bare));
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let mut text = String::new();
    if !scheme.is_empty() {
        text.extend([scheme, "://"]);
    }
    text.push_str(host);
    if let Some(path) = path {
        text.extend(["/", path]);
    }
    let cut = text.chars().nth(MOST).is_some();
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut {
        shown.push('…');
    }
    shown
}

/// Whether `name` is that of a branch, or of the newest of something.
pub(in crate::rules) fn is_moving(name: &str) -> bool {
    MOVING.iter().any(|moving| name.eq_ignore_ascii_case(moving))
}

/// Whether what `url` gives changes with time: it names something that moves, or no version at all.
pub(in crate::rules) fn is_unversioned(url: &str) -> bool {
    let path = behind_host(url);
    if has_commit(path) {
        return false;
    }
    let says_latest =
        path.split(['/', '.', '-', '_', '?', '&', '=', '#']).any(|part| part.eq_ignore_ascii_case("latest"));
    says_latest || names_branch(path) || !has_version(path)
}

/// Whether a part of the path is the name of a branch. Behind a version it is a folder: `v1.2/src/main/x`.
fn names_branch(path: &str) -> bool {
    let mut start = 0;
    path.split(['/', '?', '&', '=', '#']).any(|part| {
        let before = path.get(..start).unwrap_or_default();
        start += part.len() + 1;
        is_moving(part) && !has_version_variable(before) && !has_dotted_version(before)
    })
}

/// Whether a version may be in the path: a digit that is none of a platform's, or a variable that is none of a platform's.
fn has_version(path: &str) -> bool {
    let mut rest = path.to_ascii_lowercase();
    for platform in PLATFORMS {
        rest = rest.replace(platform, "");
    }
    rest.contains(|c: char| c.is_ascii_digit()) || path.contains('`') || has_version_variable(path)
}

fn has_version_variable(path: &str) -> bool {
    path.split('$').skip(1).any(|variable| {
        let name = variable.trim_start_matches(['{', '(']);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let name = name.get(..end).unwrap_or_default().to_ascii_uppercase();
        !PLATFORM_VARIABLES.iter().any(|platform| name.contains(platform)) && name != "OS" && name != "DPKG"
    })
}

/// Whether something like `1.2` is in it.
fn has_dotted_version(path: &str) -> bool {
    path.as_bytes().windows(3).any(|three| match three {
        [a, b'.', c] => a.is_ascii_digit() && c.is_ascii_digit(),
        _ => false,
    })
}

/// Whether a git commit is in it, in full.
pub(in crate::rules) fn has_commit(path: &str) -> bool {
    path.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| matches!(part.len(), 40 | 64) && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether it is a key, a checksum, a signature or a list of package sources: what other things are checked with.
pub(in crate::rules) fn is_proof(url: &str) -> bool {
    let bare = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/').to_ascii_lowercase();
    let name = bare.rsplit('/').next().unwrap_or(&bare);
    let words = || name.split(['-', '_', '.']);
    PROOFS.iter().any(|end| name.ends_with(end))
        || words().any(|word| matches!(word, "gpg" | "key" | "keys" | "gpgkey" | "keyring"))
        || ["shasum", "checksum", "sha256sum", "sha512sum", "md5sum"].iter().any(|part| name.contains(part))
}

/// Whether `ADD` would clone it as a git repository.
pub(in crate::rules) fn is_git(source: &str) -> bool {
    let bare = source.split(['#', '?']).next().unwrap_or(source);
    source.starts_with("git@")
        || source.starts_with("git://")
        || source.starts_with("ssh://")
        || (is_remote(source) && bare.ends_with(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_versions_or_not() {
        for (url, unversioned) in [
            ("https://example.com/a-1.2.tar.gz", false),
            ("https://example.com/a-${VERSION}.tgz", false),
            ("https://example.com/$(cat version)/a", false),
            ("https://example.com/`cat version`/a", false),
            ("https://example.com/v2/a", false),
            ("https://raw.githubusercontent.com/a/b/0123456789abcdef0123456789abcdef01234567/main/x", false),
            ("https://example.com", true),
            ("https://example.com/install.sh", true),
            ("https://example.com/a-linux-amd64", true),
            ("https://example.com/a-${TARGETOS}-${TARGETARCH}", true),
            ("https://example.com/a-$(dpkg --print-architecture)", true),
            ("https://example.com/releases/latest/download/a-1.tgz", true),
            ("https://example.com/a-latest.tar.gz", true),
            ("https://raw.githubusercontent.com/a/b2/master/x3.sh", true),
            ("https://example.com/maintain/a-1.2", false),
            ("https://raw.githubusercontent.com/a/b/v${B_VERSION}/src/main/x", false),
            ("https://raw.githubusercontent.com/a/b/1.2/src/main/x", false),
            ("https://raw.githubusercontent.com/a/b/main/src/$X", true),
        ] {
            assert_eq!(is_unversioned(url), unversioned, "{url}");
        }
    }

    #[test]
    fn keys_and_checksums_are_told_from_the_rest() {
        for (url, proof) in [
            ("https://example.com/gpg", true),
            ("https://example.com/apt-key.gpg?x=1", true),
            ("https://example.com/a.tar.gz.sha256", true),
            ("https://example.com/SHASUMS256.txt", true),
            ("https://example.com/SHASUM.txt", true),
            ("https://example.com/keyboard.tgz", false),
            ("https://example.com/key/a.tgz", false),
        ] {
            assert_eq!(is_proof(url), proof, "{url}");
        }
    }

    #[test]
    fn only_what_comes_from_elsewhere_is_remote() {
        for (text, remote) in [
            ("https://example.com", true),
            ("HTTP://example.com/a", true),
            ("ftp://example.com/a", true),
            ("http://localhost:80/a", false),
            ("http://127.0.0.1/a", false),
            ("file:///a", false),
            ("a", false),
            ("é", false),
        ] {
            assert_eq!(is_remote(text), remote, "{text}");
        }
        assert!(is_git("https://example.com/a.git#v1") && is_git("git@example.com:a/b"));
        assert!(!is_git("https://example.com/a.git/b") && !is_git("./a.git"));
    }

    #[test]
    fn users_and_queries_are_not_shown() {
        assert_eq!(shown_url("https://me:pw@example.com/a?token=x#y"), "https://example.com/a");
        assert_eq!(shown_url("git@example.com:a/b"), "example.com:a/b");
        assert_eq!(shown_url(&"é".repeat(100)).chars().count(), 81);
    }
}
