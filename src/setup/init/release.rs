//! Where this imgbuild itself is published: its action and its image.

use super::template::is_plain;

/// The address of the project's repository, as Cargo.toml has it; empty where it has none.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
/// Stands where nobody knows the address, and can never be one: owners on GitHub have no dots in their names, and the domain
/// `invalid` belongs to nobody (RFC 2606). So a pipeline that was not filled in fails, and runs no stranger's code.
pub(super) const UNKNOWN: &str = "fill-in.invalid";
/// The action whose address nobody knows.
pub(super) const UNKNOWN_ACTION: &str =
    "fill-in.invalid/imgbuild@COMMIT # FILL IN: the action of imgbuild, by the commit of a release";
/// The image whose address nobody knows.
pub(super) const UNKNOWN_IMAGE: &str = "fill-in.invalid/imgbuild:VERSION # FILL IN: the image of imgbuild";
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
    fn what_is_to_be_filled_in_is_nobodys_address() {
        for text in [UNKNOWN_ACTION, UNKNOWN_IMAGE] {
            let owner = text.split('/').next().unwrap();
            assert!(owner == UNKNOWN && owner.ends_with(".invalid") && owner.contains('.'), "{text}");
        }
    }

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
