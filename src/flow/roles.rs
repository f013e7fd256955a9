//! Which of the registries with a role a repository is in.

use crate::config::{Role, Settings};
use crate::image::Repository;

/// The role of the registry that `repository` is in: that with the longest prefix of whole path components.
pub(super) fn role(settings: &Settings, repository: &Repository) -> Option<Role> {
    let inside = |role: &Role| {
        Some((prefix(settings, *role)?.len(), *role)).filter(|_| rest(settings, *role, repository).is_some())
    };
    Role::ALL.iter().filter_map(inside).max_by_key(|(length, _)| *length).map(|(_, role)| role)
}

/// What stands behind the prefix of `role` in the repository's name; `None` where it is not in that registry.
pub(super) fn rest(settings: &Settings, role: Role, repository: &Repository) -> Option<String> {
    let prefix = prefix(settings, role)?;
    let name = plain(&repository.to_string());
    // As references spell it.
    let prefix = prefix.parse::<Repository>().map_or_else(|_| prefix.to_owned(), |parsed| parsed.to_string());
    Some(name.strip_prefix(&plain(&prefix))?.strip_prefix('/')?.to_owned())
}

fn prefix(settings: &Settings, role: Role) -> Option<&str> {
    settings.registries.get(role).map(|entry| entry.prefix.value.as_str())
}

/// A name in the one spelling of its host: hosts know no case, and have a port that goes without saying.
fn plain(name: &str) -> String {
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let host = if host == "registry-1.docker.io" { "docker.io" } else { host };
    format!("{host}/{path}")
}
