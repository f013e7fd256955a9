//! The logins that podman, buildah and skopeo keep: `containers-auth.json(5)`.

use std::path::PathBuf;
use std::time::Duration;

use super::docker_config::DockerConfig;
use super::hostname::{docker_key, hostname};
use super::{Credential, files, helper};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// Docker Hub, as podman spells it.
const HUB: &str = "docker.io";

/// The login for the repository at `path` on `host`, from the first of podman's files that has one.
///
/// Fails with [`Kind::Config`] where one of them is not valid, or where `REGISTRY_AUTH_FILE` names none.
pub(super) async fn login(
    environment: &Environment,
    host: &str,
    path: &str,
    timeout: Duration,
) -> Result<Option<Credential>> {
    let key = docker_key(host);
    let host = if is_hub(host) { HUB } else { host };
    for file in auth_files(environment)? {
        let origin = file.display().to_string();
        let Some(text) = files::read("podman's logins", &file)? else { continue };
        let config = DockerConfig::parse(&text).map_err(|why| {
            Error::new(Kind::Config, format!("cannot read podman's logins {origin}"))
                .because(why)
                .hint("podman login writes a valid file; REGISTRY_AUTH_FILE names another")
        })?;
        let found = match config.own_helper(host) {
            Some(suffix) => helper::ask(suffix, host, environment, timeout).await?,
            None => entry(&config, host, path).and_then(|entry| config.exact(&entry, &origin)),
        };
        if let Some(found) = found {
            // The engine knows the registry by docker's key, and has no logins for parts of one.
            return Ok(Some(Credential { server: key.to_owned(), ..found }));
        }
    }
    Ok(None)
}

/// The files in the order they are asked. `REGISTRY_AUTH_FILE` stands for all others.
fn auth_files(environment: &Environment) -> Result<Vec<PathBuf>> {
    if let Some(named) = environment.get_os("REGISTRY_AUTH_FILE").map(PathBuf::from) {
        if !named.exists() {
            let message = format!("REGISTRY_AUTH_FILE names {}, which does not exist", named.display());
            return Err(
                Error::new(Kind::Config, message).hint("podman login writes it, or unset the variable")
            );
        }
        return Ok(vec![named]);
    }
    let runtime = environment.get_os("XDG_RUNTIME_DIR").map_or_else(
        // Where podman writes without a session: as root, in a CI's container.
        || PathBuf::from(format!("/run/containers/{}", rustix::process::getuid().as_raw())),
        |folder| PathBuf::from(folder).join("containers"),
    );
    let config = environment.config_home().map(|folder| folder.join("containers"));
    Ok([Some(runtime), config].into_iter().flatten().map(|folder| folder.join("auth.json")).collect())
}

/// The key of the entry for `host/path`: the longest that is a prefix in whole components, else one that spells the
/// host as a URL.
fn entry(config: &DockerConfig, host: &str, path: &str) -> Option<String> {
    let full = if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") };
    let mut prefix = full.as_str();
    loop {
        if config.has(prefix) {
            return Some(prefix.to_owned());
        }
        if prefix.len() <= host.len() {
            break;
        }
        prefix = prefix.rsplit_once('/')?.0;
    }
    let same = |key: &&str| {
        let spelled = hostname(key);
        key.contains("://") && (spelled == host || (host == HUB && is_hub(&spelled)))
    };
    config.keys().find(same).map(str::to_owned)
}

fn is_hub(host: &str) -> bool {
    matches!(host, HUB | "index.docker.io" | "registry-1.docker.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(auths: &[&str], host: &str, path: &str) -> Option<String> {
        let auths = auths.iter().map(|key| ((*key).to_owned(), serde_json::json!({"auth": "dTpw"})));
        let file = serde_json::json!({"auths": auths.collect::<serde_json::Map<_, _>>()});
        entry(&DockerConfig::parse(file.to_string().as_bytes()).unwrap(), host, path)
    }

    #[test]
    fn the_longest_prefix_of_whole_components_wins() {
        let auths = ["r.io", "r.io/a", "r.io/a/b", "r.io:5000"];
        let choose = |path| chosen(&auths, "r.io", path).unwrap();
        assert_eq!(choose("a/b/c"), "r.io/a/b");
        assert_eq!(choose("a/b"), "r.io/a/b");
        assert_eq!(choose("a/bc"), "r.io/a");
        assert_eq!(choose("ab"), "r.io");
        assert_eq!(choose(""), "r.io");
        assert_eq!(chosen(&auths, "r.io:5000", "a/b").as_deref(), Some("r.io:5000"));
        assert_eq!(chosen(&["r.io/a"], "r.io", ""), None);
        assert_eq!(chosen(&["r.io/a"], "r.io", "b"), None);
        assert_eq!(chosen(&["r.io/a"], "r", "io/a"), None);
    }

    #[test]
    fn urls_and_docker_hub_are_found_by_their_host() {
        assert_eq!(chosen(&["https://r.io/v1/"], "r.io", "a").as_deref(), Some("https://r.io/v1/"));
        for hub in ["docker.io", "docker.io/library", "https://index.docker.io/v1/"] {
            assert_eq!(chosen(&[hub], "docker.io", "library/alpine").as_deref(), Some(hub));
        }
        assert_eq!(chosen(&["https://docker.io.evil.example/"], "docker.io", "a"), None);
    }

    #[test]
    fn a_file_that_is_named_stands_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let paths = |pairs: &[(&str, &str)]| {
            let found = auth_files(&Environment::from_pairs(pairs.iter().copied()));
            found.map(|paths| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
        };
        let both = paths(&[("XDG_RUNTIME_DIR", "/run/user/1"), ("XDG_CONFIG_HOME", "/c"), ("HOME", home)]);
        assert_eq!(both.unwrap(), ["/run/user/1/containers/auth.json", "/c/containers/auth.json"]);
        let neither = paths(&[("HOME", "/h")]).unwrap();
        assert!(neither[0].starts_with("/run/containers/"), "{neither:?}");
        assert_eq!(neither[1], "/h/.config/containers/auth.json");
        let named = format!("{home}/mine.json");
        let missing = paths(&[("REGISTRY_AUTH_FILE", &named)]).unwrap_err();
        assert!(missing.kind() == Kind::Config && missing.to_string().contains(&named), "{missing}");
        std::fs::write(&named, "{}").unwrap();
        assert_eq!(
            paths(&[("REGISTRY_AUTH_FILE", &named), ("HOME", "/h")]).unwrap(),
            std::slice::from_ref(&named)
        );
    }
}
