//! The part of `deploy`, `rollback` and `deployments` that is about services of a swarm.

use std::fmt::Write as _;
use std::path::Path;

use super::deployments::{Deployments, short, time};
use super::session::Session;
use crate::config::DeploySettings;
use crate::deploy::{Busy, Deployed, Past, Record, Rollout, Swap, run_before};
use crate::engine::{AuthEntry, Engine, Service};
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::expect::Health;
use crate::image::label::deploy as label;
use crate::image::{Digest, Reference};

/// The rollout of `deploy`; none where it is no service.
pub(super) fn rollout(
    session: &Session,
    engine: &Engine,
    deploy: &DeploySettings,
    auth: Option<AuthEntry>,
    busy: Busy,
) -> Option<Rollout> {
    Some(Rollout {
        engine: engine.clone(),
        deploy: deploy.clone(),
        like: deploy.service?,
        run: session.run.clone(),
        auth,
        events: session.events.clone(),
        busy,
        asked: Default::default(),
    })
}

/// What may fail without any harm, then the update. `image` is what nodes get it by; commands before run in `folder`.
pub(super) async fn deploy(
    session: &Session,
    rollout: &Rollout,
    seen: Option<&Service>,
    swap: &Swap<'_>,
    (image, folder): (&str, &Path),
) -> Result<()> {
    if swap.wanted.image.healthcheck.is_none() {
        let reference = &swap.record.reference;
        if rollout.deploy.ready.health == Health::Required {
            return Err(Error::new(
                Kind::Refused,
                format!("{reference} may not be deployed: `ready` wants a HEALTHCHECK, and it has none"),
            ));
        }
        session.events.warn(format!(
            "{reference} has no HEALTHCHECK: the swarm takes a task for good whose process stays up, whatever it answers"
        ));
    }
    run_before(swap, folder).await?;
    let record = swap.record.clone();
    let before = rollout.run(seen, swap.wanted, record.clone(), image).await?;
    deployed(session, record, before);
    Ok(())
}

/// What the swarm remembers of the service takes the place of what runs.
pub(super) async fn previous(
    session: &Session,
    rollout: &Rollout,
    seen: Option<&Service>,
    by: &str,
) -> Result<()> {
    let seen = seen.ok_or_else(|| none(&rollout.deploy))?;
    let (record, before) = rollout.previous(seen, by, session.now).await?;
    deployed(session, record, Some(before));
    Ok(())
}

fn deployed(session: &Session, record: Record, before: Option<String>) {
    session.events.emit(Event::Deployed {
        name: record.name,
        reference: record.reference,
        digest: record.digest,
        before,
        gap_ms: None,
    });
}

fn none(deploy: &DeploySettings) -> Error {
    Error::new(
        Kind::Refused,
        format!("the swarm has no service {} of the deployment {}", deploy.container, deploy.name),
    )
    .hint("`imgbuild deployments` lists those that it has")
}

/// What ran before, or runs, and is called `wanted`: by its digest, and as it was asked for then.
pub(super) fn named(
    deploy: &DeploySettings,
    seen: Option<&Service>,
    wanted: &str,
) -> Result<(Reference, String)> {
    let all = ran(deploy, seen)?;
    let found = all.iter().find(|past| past.is_called(wanted)).ok_or_else(|| {
        Error::new(Kind::Refused, format!("no {wanted} ran as {}", deploy.name)).hint(format!(
            "`imgbuild rollback {} --list` says what did; `imgbuild deploy` takes any image",
            deploy.name
        ))
    })?;
    let wrong =
        || Error::new(Kind::Refused, format!("{} ran without a digest of a registry", found.reference));
    let reference: Reference = found.reference.parse().map_err(|cause| wrong().because(cause))?;
    let digest: Digest = found.digest.parse().map_err(|cause| wrong().because(cause))?;
    Ok((reference.repository().at(&digest), found.reference.clone()))
}

/// What runs, and what ran before, the last first.
fn ran(deploy: &DeploySettings, seen: Option<&Service>) -> Result<Vec<Past>> {
    let record =
        seen.and_then(|seen| Record::from_labels(&seen.labels)).filter(|record| record.name == deploy.name);
    let record = record.ok_or_else(|| none(deploy))?;
    Ok(std::iter::once(record.past()).chain(record.history).collect())
}

/// Services of the swarm that imgbuild deployed; none where the engine is no manager of one.
pub(super) async fn list(engine: &Engine) -> Result<Vec<Deployed>> {
    if !engine.is_manager().await? {
        return Ok(Vec::new());
    }
    let mut told = Vec::new();
    for service in engine.list_services(&[label::NAME.to_owned()]).await? {
        let Some(record) = Record::from_labels(&service.labels) else { continue };
        let state = match service.state.as_str() {
            "" | "completed" => String::new(),
            state => format!(", {}", state.replace('_', " ")),
        };
        // Those that are about to end still run.
        let tasks = engine.tasks(&service.id).await?;
        let running =
            tasks.iter().filter(|task| task.state == "running" && task.desired == "running").count();
        let status = format!("service, {running} of {} running{state}", service.replicas);
        told.push(Deployed { record, container: service.name, status });
    }
    Ok(told)
}

/// What a service can go back to.
pub(super) async fn history(engine: &Engine, deploy: &DeploySettings) -> Result<Deployments> {
    engine.require_manager().await?;
    let seen = engine.find_service(&deploy.container).await?;
    let all = ran(deploy, seen.as_ref())?;
    let mut text = String::new();
    let mut list = Vec::new();
    for (nth, past) in all.iter().enumerate() {
        let mark = if nth == 0 { "*" } else { " " };
        let _ = writeln!(text, "{mark} {}  {}  {}", short(&past.digest), past.reference, time(past.at));
        list.push(serde_json::json!({
            "digest": past.digest, "reference": past.reference, "at": past.at, "run": past.run, "runs": nth == 0,
        }));
    }
    Ok(Deployments { text, json: serde_json::json!({ "schema": 1, "name": deploy.name, "kept": list }) })
}
