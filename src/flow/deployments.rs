//! `imgbuild deployments` and `imgbuild rollback --list`: what runs on a host, and what it could go back to.

use std::fmt::Write as _;

use super::deploy::{chosen, on_host};
use super::session::Session;
use super::{clock, deploy_service, gather, hosts};
use crate::config::Flags;
use crate::deploy::{self, Deployed};
use crate::error::Result;
use crate::image::Digest;

/// A list of deployments, or of what one can go back to.
#[derive(Debug)]
pub struct Deployments {
    /// For people, with a final newline. Names in it come from the engine: whoever prints it escapes it.
    pub text: String,
    /// The same for programs.
    pub json: serde_json::Value,
}

/// Every deployment on the host.
pub async fn deployments(session: &Session, host: Option<&str>) -> Result<Deployments> {
    let engine = hosts::connect(session, host).await?;
    let all = deploy::deployments(&engine).await?;
    let services = deploy_service::list(&engine).await?;
    let mut text = String::new();
    for Deployed { container, status, record } in all.iter().chain(&services) {
        let _ = writeln!(
            text,
            "{}  {container}  {status}  {} ({})  {} by {}",
            record.name,
            record.reference,
            short(&record.digest),
            time(record.at),
            record.by
        );
    }
    if all.is_empty() && services.is_empty() {
        text.push_str("nothing is deployed here\n");
    }
    let json = |one: &Deployed, service: bool| {
        serde_json::json!({
            "name": one.record.name, "service": service, "container": one.container, "status": one.status,
            "reference": one.record.reference, "digest": one.record.digest, "run": one.record.run,
            "by": one.record.by, "at": one.record.at, "ports": one.record.spec.ports, "history": one.record.history,
        })
    };
    let list = all.iter().map(|one| json(one, false)).chain(services.iter().map(|one| json(one, true)));
    let list: Vec<_> = list.collect();
    Ok(Deployments { text, json: serde_json::json!({ "schema": 1, "deployments": list }) })
}

/// The images that the host has kept of the deployment `name`.
pub async fn rollback_list(
    session: &Session,
    flags: &Flags,
    name: &str,
    host: Option<&str>,
) -> Result<Deployments> {
    let (settings, _) = gather::settings_for_registries(session, flags, None).await?;
    let deploy = chosen(&settings, name)?;
    let engine = hosts::connect(session, host).await?;
    if deploy.service.is_some() {
        return deploy_service::history(&engine, &deploy).await;
    }
    let (current, kept) = on_host(&engine, &deploy.name, &deploy.container).await?;
    let mut text = String::new();
    for kept in &kept {
        let mark = if kept.past.digest == current { "*" } else { " " };
        let (digest, past) = (short(&kept.past.digest), &kept.past);
        let _ = writeln!(text, "{mark} {digest}  {}  {}", past.reference, time(past.at));
    }
    if kept.is_empty() {
        text.push_str("the host has kept no image of it\n");
    }
    let list: Vec<_> = kept
        .iter()
        .map(|kept| {
            serde_json::json!({
                "digest": kept.past.digest, "reference": kept.past.reference, "at": kept.past.at,
                "run": kept.past.run, "image": kept.name, "runs": kept.past.digest == current,
            })
        })
        .collect();
    Ok(Deployments { text, json: serde_json::json!({ "schema": 1, "name": name, "kept": list }) })
}

pub(super) fn short(digest: &str) -> String {
    digest.parse::<Digest>().map_or_else(|_| digest.to_owned(), |digest| digest.short().to_owned())
}

pub(super) fn time(at: i64) -> String {
    if at == 0 {
        return "at an unknown time".to_owned();
    }
    clock::rfc3339(at)
}
