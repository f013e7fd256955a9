//! Logins, against what the docker CLI answered (`docker_auth.json`), with its stub of a credential helper.

#![cfg(test)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use imgbuild::environment::Environment;
use imgbuild::registry::{Credential, CredentialStore, hostname};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    helper_stub: String,
    cases: Vec<Case>,
    hostname_normalisation: Vec<Hostname>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    name: String,
    config_json: String,
    docker_auth_config_env: Option<String>,
    lookup: String,
    result: Option<Wanted>,
    error: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Wanted {
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
    serveraddress: String,
}

#[derive(Deserialize)]
struct Hostname {
    input: String,
    host: String,
}

fn shown(credential: Option<Credential>) -> Wanted {
    credential.map_or_else(Wanted::default, |c| Wanted {
        username: c.username,
        password: c.password.expose().to_owned(),
        identitytoken: c.identity_token.expose().to_owned(),
        registrytoken: c.registry_token.expose().to_owned(),
        serveraddress: c.server,
    })
}

impl Wanted {
    /// Docker answers an entry that holds no login with its key alone; here that is anonymous, without a key.
    fn or_anonymous(self) -> Wanted {
        let key_only = Wanted { serveraddress: self.serveraddress.clone(), ..Wanted::default() };
        if self == key_only { Wanted::default() } else { self }
    }
}

#[tokio::test]
async fn logins_are_those_of_docker() {
    let vectors: Vectors = serde_json::from_value(support::vectors::load("docker_auth")).unwrap();
    assert!(!vectors.cases.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let helper = folder.path().join("docker-credential-relok");
    std::fs::write(&helper, &vectors.helper_stub).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let home = folder.path().to_str().unwrap();
    let path = format!("{home}:/usr/bin:/bin");
    let mut wrong = Vec::new();
    let count = vectors.cases.len();
    for case in vectors.cases {
        std::fs::write(folder.path().join("config.json"), &case.config_json).unwrap();
        let mut pairs = vec![("DOCKER_CONFIG", home), ("PATH", path.as_str())];
        pairs.extend(case.docker_auth_config_env.as_deref().map(|text| ("DOCKER_AUTH_CONFIG", text)));
        let got = match CredentialStore::load(&Environment::from_pairs(pairs)) {
            Ok(store) => store.for_registry(&case.lookup).await.map(shown),
            Err(error) => Err(error),
        };
        let wanted = case.result.map(Wanted::or_anonymous);
        let right = match (&got, &case.error) {
            (Err(_), Some(_)) => true,
            (Ok(got), None) => wanted.as_ref() == Some(got),
            _ => false,
        };
        if !right {
            wrong.push(format!("{} {}: {got:?}, not {:?} {:?}", case.id, case.name, wanted, case.error));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), count, wrong.join("\n"));
}

#[test]
fn hosts_are_those_of_docker() {
    let vectors: Vectors = serde_json::from_value(support::vectors::load("docker_auth")).unwrap();
    for row in vectors.hostname_normalisation {
        assert_eq!(hostname(&row.input), row.host, "{:?}", row.input);
    }
}
