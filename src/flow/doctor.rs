//! `imgbuild doctor`: looks at everything that a run depends on, side by side, and changes nothing. What hangs is given up
//! after a few seconds, and the rest is told all the same.

mod ci;
mod configuration;
mod credentials;
mod engine;
mod git;
mod hooks;
mod registries;

use std::time::Duration;

use tokio::time::timeout;

use super::session::Session;
use super::signals::Signals;
use super::{builder, gather};
use crate::config::Settings;
use crate::engine::{Engine, EngineInfo};
use crate::error::{Error, Kind, Result};
use crate::report::{Check, Checkup, Health};

/// How long anything may take. What has to wait for something else has what is left of [`ALL`].
const EACH: Duration = Duration::from_secs(5);
/// How long the whole of it may take.
const ALL: Duration = Duration::from_secs(9);

/// Looks. An error is only that the look was broken off.
pub async fn doctor(session: &Session) -> Result<Checkup> {
    let mut signals = Signals::listen()?;
    let looked = signals.until_first(&session.events, &session.stop, async { Ok(look(session).await) }).await;
    // A git command that was given up ends by this.
    session.stop.set();
    looked
}

async fn look(session: &Session) -> Checkup {
    let ci = gather::ci_context(session);
    let source = timeout(EACH, gather::source(session, &ci));
    let engine = timeout(EACH, engine::look(session));
    let hooks = timeout(EACH, hooks::look(session, &ci));
    let began = tokio::time::Instant::now();
    // The rest needs what git and the engine say, and goes without where they say nothing.
    let (source, (mut engine_checks, engine), hooks) = tokio::join!(
        source,
        async { engine.await.unwrap_or_else(|_| (vec![engine::hangs(session)], None)) },
        hooks
    );
    let state = source.as_ref().ok().and_then(|source| source.as_ref().ok());
    let left = ALL.saturating_sub(began.elapsed());
    let (configured, settings) = match timeout(left, configuration::look(session, &ci, state)).await {
        Ok(configured) => configured,
        Err(_) => (vec![slow("config", "file", left)], None),
    };
    let left = ALL.saturating_sub(began.elapsed());
    let steering = match settings.as_ref().filter(|settings| settings.builder.is_of_commit()).zip(state) {
        Some((settings, source)) => timeout(left, git::steering(session, &ci, settings, source)).await.ok(),
        None => None,
    };
    let mut checks = git::checks(&ci, &source, steering.as_ref());
    checks.extend(ci::checks(&ci));
    checks.extend(configured);
    let source = source.ok().and_then(Result::ok);
    let engine_info = engine.as_ref().map(|engine| engine.info().clone());
    if let (Some(settings), Some(engine)) = (&settings, &engine) {
        let left = ALL.saturating_sub(began.elapsed());
        if let Some(check) = elsewhere(session, settings, engine, left).await {
            // In place of the engine's own.
            engine_checks.retain(|check| check.name != "builder");
            engine_checks.push(check);
        }
    }
    if let (Some(settings), Some(info)) = (&settings, &engine_info) {
        engine_checks.extend(platform(settings, info));
    }
    checks.extend(engine_checks);
    let (credentials, store) = credentials::look(session);
    let left = ALL.saturating_sub(began.elapsed());
    let asked =
        registries::Asked { ci: &ci, source: source.as_deref(), engine: engine_info.as_ref(), store, left };
    match &settings {
        Some(settings) => checks.extend(registries::look(session, settings, asked).await),
        None => {
            checks.push(Check::new("registry", "access", Health::NotChecked, "the settings cannot be read"))
        }
    }
    checks.extend(credentials);
    checks.extend(hooks.unwrap_or_else(|_| vec![slow("hooks", "pre-push", EACH)]));
    for check in &mut checks {
        check.text = session.masker.text(&check.text);
        for remedy in &mut check.remedies {
            *remedy = session.masker.text(&*remedy);
        }
    }
    Checkup { checks }
}

/// What takes too long to be waited for, and breaks no run by that.
fn slow(subject: &'static str, name: &'static str, limit: Duration) -> Check {
    Check::new(subject, name, Health::NotChecked, format!("no answer within {} s", limit.as_secs()))
}

/// The builder that the settings name by its address, if they do.
async fn elsewhere(session: &Session, settings: &Settings, engine: &Engine, left: Duration) -> Option<Check> {
    let endpoint = match builder::address(session, settings) {
        Ok(endpoint) => endpoint?,
        Err(error) => return Some(Check::failed("engine", "builder", &error)),
    };
    let looked = timeout(left.min(EACH), engine::elsewhere(engine, &endpoint)).await;
    Some(looked.unwrap_or_else(|_| {
        let text = format!("the builder at {endpoint} (from {}) gives no answer", endpoint.origin());
        Check::failed("engine", "builder", &Error::new(Kind::Engine, text))
    }))
}

/// Whether the engine runs what is built.
fn platform(settings: &Settings, info: &EngineInfo) -> Option<Check> {
    let wanted = settings.platform.as_ref()?;
    let own = format!("{}/{}", info.os, info.arch);
    // What comes behind is a variant of the architecture.
    let is_own = wanted.value.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (!is_own).then(|| {
        let text = format!("the image is for {}, the engine is {own}: it needs emulation", wanted.value);
        Check::new("engine", "emulation", Health::Warning, text)
            .remedy("docker run --privileged --rm tonistiigi/binfmt --install all")
    })
}
