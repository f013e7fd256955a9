//! Where the image of a repository goes, guessed by where the repository itself is.

use crate::image::Repository;

/// Hosts of repositories that keep images as well, and where.
const REGISTRIES: [(&str, &str); 4] = [
    ("github.com", "ghcr.io"),
    ("gitlab.com", "registry.gitlab.com"),
    ("codeberg.org", "codeberg.org"),
    ("gitea.com", "gitea.com"),
];

/// The host of a remote and the path on it.
pub(super) fn host_and_path(remote: &str) -> Option<(&str, &str)> {
    remote.split_once("://")?.1.split_once('/')
}

/// The repository for the image; the address has no user name and no password in it.
pub(super) fn guess(remote: &str) -> Option<String> {
    let (host, path) = host_and_path(remote)?;
    let registry = REGISTRIES.iter().find(|(known, _)| *known == host)?.1;
    valid(&format!("{registry}/{}", path.to_ascii_lowercase()))
}

/// `name`, where it is one with a registry, a path and no tag.
pub(super) fn valid(name: &str) -> Option<String> {
    let (host, _) = name.split_once('/')?;
    let repository: Repository = name.parse().ok()?;
    (repository.registry() == host).then(|| name.to_owned())
}

/// The repository of a reference, where that has a registry.
pub(super) fn of_reference(reference: &str) -> Option<String> {
    let name = reference.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        // A port has a path behind it.
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    valid(name)
}

/// What the program of a repository is called: of a-z, 0-9 and `-`.
pub(super) fn program_name(remote: Option<&str>, folder: &str) -> String {
    let last = remote.and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let mut name = String::new();
    for c in last.filter(|name| !name.is_empty()).unwrap_or(folder).chars().take(100) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_by_the_host_of_the_remote() {
        for (remote, image) in [
            ("https://github.com/Acme/Hello", Some("ghcr.io/acme/hello")),
            ("https://gitlab.com/group/sub/app", Some("registry.gitlab.com/group/sub/app")),
            ("https://codeberg.org/a/b", Some("codeberg.org/a/b")),
            ("https://git.example.com/a/b", None),
            ("https://github.com/a/-b", None),
            ("https://github.com/a/b%20c", None),
            ("", None),
        ] {
            assert_eq!(guess(remote).as_deref(), image, "{remote}");
        }
    }

    #[test]
    fn references_have_a_repository_where_they_have_a_registry() {
        for (reference, repository) in [
            ("ghcr.io/acme/api:1.2", Some("ghcr.io/acme/api")),
            ("localhost:5000/api", Some("localhost:5000/api")),
            ("acme/api:latest", None),
            ("api", None),
            ("ghcr.io/Acme/api", None),
            ("ghcr.io/acme/api@sha256:00", Some("ghcr.io/acme/api")),
        ] {
            assert_eq!(of_reference(reference).as_deref(), repository, "{reference}");
        }
    }

    #[test]
    fn any_repository_has_a_program_name() {
        for (remote, folder, name) in [
            (Some("https://x/acme/My_API.v2"), "f", "my-api-v2"),
            (None, "Hello World", "hello-world"),
            (None, "--", "app"),
            (Some("https://x/"), "$(id)", "x"),
        ] {
            assert_eq!(program_name(remote, folder), name);
        }
    }
}
