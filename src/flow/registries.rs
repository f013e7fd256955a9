//! Registries and the logins for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::session::Session;
use crate::config::{self, Settings};
use crate::engine::{AuthEntry, EngineInfo};
use crate::error::{Error, Result};
use crate::image::{Reference, Repository};
use crate::publish::auth_entry;
use crate::registry::{
    CredentialStore, Hide, Login, PushRight, Registry, RegistryOptions, RegistryState, read_state,
};

/// The logins that the environment offers. Each is hidden from every output before anybody can show it.
pub(super) fn store(session: &Session) -> Result<CredentialStore> {
    Ok(CredentialStore::load(&session.environment)?.hiding(hide(session)))
}

pub(super) fn hide(session: &Session) -> Hide {
    let masker = session.masker.clone();
    Hide::new(move |secret| masker.add(secret))
}

/// What opens registries: the logins, and what is known of hosts.
#[derive(Debug, Clone)]
pub(super) struct Registries {
    pub(super) store: Arc<CredentialStore>,
    options: RegistryOptions,
    /// Knows which hosts the configuration declares insecure.
    declared: config::Registries,
    /// Knows which hosts the engine does.
    engine: Option<EngineInfo>,
}

impl Registries {
    pub(super) fn new(
        session: &Session,
        settings: &Settings,
        store: CredentialStore,
        engine: Option<&EngineInfo>,
    ) -> Registries {
        let options = RegistryOptions::from_environment(&session.environment);
        Registries {
            store: Arc::new(store),
            options: RegistryOptions {
                hide: Some(hide(session)),
                retry_budget: settings.push_limits.retry_for.value,
                idle_timeout: settings.push_limits.idle_timeout.value,
                ..options
            },
            declared: settings.registries.clone(),
            engine: engine.cloned(),
        }
    }

    /// The client for the registry of `repository`. Nothing is sent yet.
    pub(super) fn open(&self, session: &Session, repository: &Repository) -> Result<Registry> {
        self.open_with(session, repository, self.options.clone())
    }

    /// The same for one that is given no login, and is spoken to over TLS whatever is declared.
    pub(super) fn open_anonymously(&self, repository: &Repository) -> Result<Registry> {
        let options = RegistryOptions { plain_http: false, ..self.options.clone() };
        Registry::new(repository.registry(), Login::anonymous(), options)
    }

    /// The same with other limits.
    pub(super) fn open_with(
        &self,
        session: &Session,
        repository: &Repository,
        options: RegistryOptions,
    ) -> Result<Registry> {
        let host = repository.registry();
        let declared = self.declared.is_insecure(host);
        let by_engine = || self.engine.as_ref().is_some_and(|engine| engine.declares_insecure(host));
        let plain_http = declared || by_engine();
        if plain_http && !repository.is_loopback() {
            let who = if declared { "the configuration" } else { "the engine" };
            session.events.note(format!("{host} is spoken to without TLS: {who} declares it insecure"));
        }
        let login = Login::of(Arc::clone(&self.store), repository.path());
        Registry::new(host, login, RegistryOptions { plain_http, ..options })
    }

    pub(super) fn options(&self) -> &RegistryOptions {
        &self.options
    }
}

/// A registry that was reached and lets us push, with what it holds.
pub(super) struct Asked {
    pub(super) registry: Registry,
    pub(super) login: Option<AuthEntry>,
    pub(super) state: RegistryState,
}

/// What came of asking.
pub(super) enum Answer {
    Yes(Box<Asked>),
    /// We may not push.
    Denied(Error),
}

/// Asks before the build what would fail after it: whether the registry is there, whether this run may push, and
/// what the tags point to now. `wanted` chooses from all tags that there are those that matter.
pub(super) async fn ask(
    session: &Session,
    registries: &Registries,
    repository: &Repository,
    wanted: impl FnOnce(&[String]) -> Result<Vec<String>>,
) -> Result<Answer> {
    let registry = registries.open(session, repository)?;
    let path = repository.path();
    if let PushRight::Denied(error) = registry.may_push(path).await? {
        return Ok(Answer::Denied(error));
    }
    let all_tags = registry.tags(path).await?;
    let wanted = wanted(&all_tags)?;
    let state = read_state(&registry, path, all_tags, &wanted).await?;
    let login = registry.login().await?.as_ref().map(auth_entry);
    Ok(Answer::Yes(Box::new(Asked { registry, login, state })))
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
