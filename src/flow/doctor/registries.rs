//! Registries: whether they answer, as whom, and whether a run may push. Nothing is pushed: an upload is begun and taken
//! back.

use super::EACH;
use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::config::Settings;
use crate::engine::EngineInfo;
use crate::error::{Error, Kind, Result};
use crate::flow::prepare::owns_registry;
use crate::flow::registries::Registries;
use crate::flow::session::Session;
use crate::image::Repository;
use crate::plan::{self, Command};
use crate::registry::{CredentialStore, PushRight, RegistryOptions};
use crate::report::{Check, Health};
use crate::source::{CiContext, SourceState};

const SUBJECT: &str = "registry";
/// What one answer may take: less than all of them together.
const ANSWER: Duration = Duration::from_secs(3);

/// What was found out before.
pub(super) struct Asked<'a> {
    pub(super) ci: &'a CiContext,
    pub(super) source: Option<&'a SourceState>,
    pub(super) engine: Option<&'a EngineInfo>,
    /// `None` where docker's configuration cannot be read, which is told elsewhere.
    pub(super) store: Option<CredentialStore>,
    /// How long the rest may take.
    pub(super) left: Duration,
}

pub(super) async fn look(session: &Session, settings: &Settings, asked: Asked<'_>) -> Vec<Check> {
    let repositories = match repositories(session, settings, &asked) {
        Ok(repositories) => repositories,
        Err(error) => return vec![Check::failed(SUBJECT, "repository", &error)],
    };
    if repositories.is_empty() {
        let text = "no registry is named: the image stays on the engine";
        return vec![
            Check::new(SUBJECT, "access", Health::NotChecked, text)
                .remedy("set image.repository in imgbuild.toml to registry/name, such as ghcr.io/acme/api"),
        ];
    }
    let Some(mut store) = asked.store else {
        return vec![Check::new(SUBJECT, "access", Health::NotChecked, "the logins cannot be read")];
    };
    if let (Some(first), true) = (repositories.first(), owns_registry(settings, asked.ci)) {
        store = store.publishing_to(first.registry());
    }
    let registries = Registries::new(session, settings, store, asked.engine);
    let never = asked.ci.why_never();
    let each = repositories.iter().map(|repository| async {
        let mut checks = Vec::new();
        let looked = timeout(asked.left, one(session, &registries, repository, never, &mut checks)).await;
        if looked.is_err() {
            let text = format!("{} gave no answer for {} s", repository.registry(), asked.left.as_secs());
            // What little time the engine or git left is no fault of the registry's.
            if asked.left < EACH {
                let text = format!("{text}, which is what the others had left of the time");
                checks.push(Check::new(SUBJECT, "access", Health::NotChecked, text));
                return checks;
            }
            let error =
                Error::new(Kind::Registry, text).hint("see whether a proxy or a firewall stands in between");
            checks.push(Check::failed(SUBJECT, "access", &error));
        }
        checks
    });
    join_all(each).await.into_iter().flatten().collect()
}

/// Where images of this repository go: those of `ci` and, where roles tell them apart, those of `build`.
fn repositories(session: &Session, settings: &Settings, asked: &Asked<'_>) -> Result<BTreeSet<Repository>> {
    let root = asked.source.map_or(session.directory.as_path(), |source| source.root.as_path());
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let remote_url = asked.source.and_then(|source| source.remote_url.as_deref());
    let of = |command| {
        plan::registry(&plan::Request { command, settings, ci: asked.ci, remote_url, folder: &folder })
    };
    Ok(of(Command::Ci)?.into_iter().chain(of(Command::Build)?).collect())
}

/// Looks at one, and notes what was seen as it is seen: what comes too late does not take along what came.
async fn one(
    session: &Session,
    registries: &Registries,
    repository: &Repository,
    never: Option<&str>,
    checks: &mut Vec<Check>,
) {
    let options = RegistryOptions {
        connect_timeout: ANSWER,
        request_timeout: ANSWER,
        retry_budget: Duration::ZERO,
        ..registries.options().clone()
    };
    let (host, path) = (repository.registry(), repository.path());
    match registries.store.for_repository(host, path).await {
        Ok(Some(login)) => {
            let text = format!("{host}/{path}: as {}, from {}", login.user(), login.origin);
            checks.push(Check::new(SUBJECT, "login", Health::Ok, text));
        }
        Ok(None) => {
            let text = format!("{host}/{path}: none was found, so anonymous");
            let check = Check::new(SUBJECT, "login", Health::Warning, text);
            checks.push(match repository.is_loopback() {
                true => Check { health: Health::Ok, ..check },
                false => check.remedy(format!("docker login {host}")),
            });
        }
        Err(error) => checks.push(Check::failed(SUBJECT, "login", &error)),
    }
    let registry = match registries.open_with(session, repository, options) {
        Ok(registry) => registry,
        Err(error) => return checks.push(Check::failed(SUBJECT, "access", &error)),
    };
    if let Err(error) = registry.ping().await {
        return checks.push(Check::failed(SUBJECT, "access", &error));
    }
    checks.push(Check::new(SUBJECT, "access", Health::Ok, format!("{host} answers")));
    if let Some(why) = never {
        return checks.push(Check::new(
            SUBJECT,
            "push",
            Health::NotChecked,
            format!("this run never pushes: {why}"),
        ));
    }
    checks.push(match registry.may_push(path).await {
        Ok(PushRight::Granted) => {
            Check::new(SUBJECT, "push", Health::Ok, format!("{host}/{path} takes uploads"))
        }
        Ok(PushRight::Denied(error)) | Err(error) => Check::failed(SUBJECT, "push", &error),
    });
}
