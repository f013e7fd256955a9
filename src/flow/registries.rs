//! Registries and the logins for them.

use std::collections::{BTreeMap, BTreeSet};

use super::session::Session;
use crate::engine::AuthEntry;
use crate::error::Result;
use crate::image::{Reference, Repository};
use crate::registry::{
    Credential, CredentialStore, Hide, Registry, RegistryOptions, RegistryState, Secret, read_state,
};

/// A registry that was reached, lets us push, and told what it holds.
pub(super) struct Asked {
    pub(super) registry: Registry,
    pub(super) login: Option<AuthEntry>,
    pub(super) state: RegistryState,
}

/// Asks before the build what would fail after it: whether the registry is there, whether this run may push, and
/// what the tags point to now.
pub(super) async fn ask(
    session: &Session,
    repository: &Repository,
    store: &CredentialStore,
    tags: &[String],
) -> Result<Asked> {
    let credential = store.for_repository(repository.registry(), repository.path()).await?;
    let login = credential.as_ref().map(auth_entry);
    let options = RegistryOptions::from_environment(&session.environment);
    let registry = Registry::new(repository.registry(), credential, options)?;
    registry.ping().await?;
    registry.may_push(repository.path()).await?;
    let state = read_state(&registry, repository.path(), tags).await?;
    Ok(Asked { registry, login, state })
}

/// Where `images` come from: host and path of each.
pub(super) fn of_images(images: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let parsed = images.iter().filter_map(|image| image.parse::<Reference>().ok());
    let place = |repository: &Repository| (repository.registry().to_owned(), repository.path().to_owned());
    parsed.map(|reference| place(reference.repository())).collect()
}

/// The logins for `repositories`, by the key that the engine knows each registry by. It takes one for each registry:
/// that of the first repository that has one. Where there is none, the engine goes without.
pub(super) async fn logins(
    store: &CredentialStore,
    repositories: &BTreeSet<(String, String)>,
) -> Result<BTreeMap<String, AuthEntry>> {
    let mut logins = BTreeMap::new();
    for (host, path) in repositories {
        if let Some(credential) = store.for_repository(host, path).await? {
            logins.entry(credential.server.clone()).or_insert_with(|| auth_entry(&credential));
        }
    }
    Ok(logins)
}

/// All logins that this run may use, each hidden from every output before anybody can show it.
pub(super) fn store(session: &Session) -> Result<CredentialStore> {
    let masker = session.masker.clone();
    Ok(CredentialStore::load(&session.environment)?.hiding(Hide::new(move |secret| masker.add(secret))))
}

/// A login in the engine's form.
pub(super) fn auth_entry(credential: &Credential) -> AuthEntry {
    let some = |secret: &Secret| (!secret.is_empty()).then(|| secret.expose().to_owned());
    AuthEntry {
        username: credential.username.clone(),
        password: credential.password.expose().to_owned(),
        identity_token: some(&credential.identity_token),
        registry_token: some(&credential.registry_token),
        server: credential.server.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_gets_every_proof() {
        let credential = Credential {
            registry_token: Secret::new("r"),
            ..Credential::password("r.example", "u", "p", "test")
        };
        let entry = auth_entry(&credential);
        assert_eq!((entry.username.as_str(), entry.password.as_str()), ("u", "p"));
        assert_eq!((entry.identity_token, entry.registry_token.as_deref()), (None, Some("r")));
    }
}
