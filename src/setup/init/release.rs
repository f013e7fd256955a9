//! Where this imgbuild itself is published: its action and its image.

use super::template::is_plain;

/// The address of the project's repository, as Cargo.toml has it; empty where it has none.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The project on GitHub as `owner/name`.
pub(super) fn project() -> Option<&'static str> {
    project_of(REPOSITORY)
}

fn project_of(repository: &str) -> Option<&str> {
    let path = repository.strip_prefix("https://github.com/")?.trim_end_matches('/');
    (is_plain(path) && path.split('/').count() == 2).then_some(path)
}

/// The action of this version by its tag, whose commit nobody knows when it is built.
pub(super) fn action(project: &str) -> String {
    format!("{project}@v{VERSION}")
}

/// The image of this version.
pub(super) fn image(project: &str) -> String {
    format!("ghcr.io/{}:{VERSION}", project.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_an_owner_and_a_name() {
        assert_eq!(project_of("https://github.com/acme/imgbuild/"), Some("acme/imgbuild"));
        for other in
            ["", "https://example.com/acme/imgbuild", "https://github.com/acme", "https://github.com/a/b/c"]
        {
            assert_eq!(project_of(other), None, "{other}");
        }
        assert_eq!(image("Acme/imgbuild"), format!("ghcr.io/acme/imgbuild:{VERSION}"));
        assert_eq!(action("acme/imgbuild"), format!("acme/imgbuild@v{VERSION}"));
    }
}
