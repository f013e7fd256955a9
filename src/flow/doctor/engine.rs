//! The engine: whether it is there, what it speaks, and whether it has room.

use super::EACH;
use crate::engine::{self, BuildKit, Endpoint, Engine, EngineInfo};
use crate::error::{Error, Kind, Result};
use crate::flow::session::Session;
use crate::report::{Check, Health};

const SUBJECT: &str = "engine";
/// A builder, or why there is none.
type Found = std::result::Result<BuildKit, String>;
/// Less free space than this is worth a word, in bytes.
const LITTLE: u64 = 5 << 30;

/// The checks, and the engine.
pub(super) async fn look(session: &Session) -> (Vec<Check>, Option<Engine>) {
    let endpoint = match engine::endpoint(&session.environment) {
        Ok(endpoint) => endpoint,
        Err(error) => return (vec![Check::failed(SUBJECT, "connection", &error)], None),
    };
    match Engine::connect(&endpoint).await {
        Ok(engine) => {
            let connection = Check::new(
                SUBJECT,
                "connection",
                Health::Ok,
                format!("{endpoint} (from {})", endpoint.origin()),
            );
            let mut checks = vec![connection];
            let buildkit = BuildKit::find(&engine).await;
            checks.extend(told(engine.info(), &buildkit));
            (checks, Some(engine))
        }
        Err(error) => (vec![Check::failed(SUBJECT, "connection", &error)], None),
    }
}

/// The check of an engine that gives no answer in time.
pub(super) fn hangs(session: &Session) -> Check {
    let place =
        engine::endpoint(&session.environment).map(|endpoint| endpoint.to_string()).unwrap_or_default();
    let text = format!("the engine at {place} gave no answer for {} s", EACH.as_secs());
    let error = Error::new(Kind::Engine, text);
    Check::failed(
        SUBJECT,
        "connection",
        &error.hint("an engine that hangs is restarted with `sudo systemctl restart docker`"),
    )
}

fn told(info: &EngineInfo, buildkit: &Result<Found>) -> Vec<Check> {
    let product = if info.podman { "podman" } else { "docker" };
    let kind = if info.rootless { ", rootless" } else { "" };
    let version = format!("{product} {}, API {}{kind}", info.version, info.api_version);
    let store = if info.containerd_store { "containerd" } else { "graph driver" };
    let driver = if info.driver.is_empty() { String::new() } else { format!(" ({})", info.driver) };
    vec![
        Check::new(SUBJECT, "version", Health::Ok, version),
        builder(buildkit),
        Check::new(SUBJECT, "store", Health::Ok, format!("{store}{driver}")),
        Check::new(SUBJECT, "platform", Health::Ok, format!("{}/{}", info.os, info.arch)),
        space(info),
    ]
}

/// What builds where the settings name no other builder.
fn builder(found: &Result<Found>) -> Check {
    let ok = |text: String| Check::new(SUBJECT, "builder", Health::Ok, text);
    match found {
        Ok(Ok(builder)) if builder.version().is_empty() => {
            ok("BuildKit, of a version that it does not tell".to_owned())
        }
        Ok(Ok(builder)) => ok(format!("BuildKit {}", builder.version())),
        Ok(Err(why)) => ok(format!("the classic builder, since there is no BuildKit: {why}")),
        Err(error) => Check::failed(SUBJECT, "builder", error),
    }
}

/// The builder that the settings name by its address.
pub(super) async fn elsewhere(engine: &Engine, endpoint: &Endpoint) -> Check {
    match BuildKit::at(engine, endpoint).await {
        Ok(builder) => {
            let text = format!("BuildKit {} at {endpoint} (from {})", builder.version(), endpoint.origin());
            Check::new(SUBJECT, "builder", Health::Ok, text)
        }
        Err(error) => Check::failed(SUBJECT, "builder", &error),
    }
}

/// What the engine's file system has left: no call of the API tells it.
fn space(info: &EngineInfo) -> Check {
    let check = |health, text: String| Check::new(SUBJECT, "disk space", health, text);
    if info.remote {
        return check(Health::NotChecked, "the engine is on another machine".to_owned());
    }
    let root = info.root.display();
    match rustix::fs::statvfs(&info.root) {
        Ok(told) => {
            let free = told.f_bavail.saturating_mul(told.f_frsize);
            let text = format!("{}.{} GiB free at {root}", free >> 30, ((free % (1 << 30)) * 10) >> 30);
            match free < LITTLE {
                true => check(Health::Warning, text)
                    .remedy("free space: `imgbuild clean`, `docker system df`, `docker image prune`"),
                false => check(Health::Ok, text),
            }
        }
        Err(cause) => check(Health::NotChecked, format!("{root} cannot be looked at from here: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::engine::EngineInfo;

    fn check(info: &EngineInfo, name: &str) -> Check {
        told(info, &Ok(Err("it tells of none".to_owned())))
            .into_iter()
            .find(|check| check.name == name)
            .unwrap()
    }

    #[test]
    fn space_is_told_where_it_can_be_seen() {
        let here = EngineInfo { root: PathBuf::from("/"), ..EngineInfo::sample() };
        assert!(check(&here, "disk space").text.contains("GiB free at /"));
        let elsewhere = EngineInfo { root: PathBuf::from("/no/such/folder"), ..here.clone() };
        assert_eq!(check(&elsewhere, "disk space").health, Health::NotChecked);
        let remote = EngineInfo { remote: true, ..here };
        assert_eq!(check(&remote, "disk space").text, "the engine is on another machine");
    }

    #[test]
    fn what_it_is_stands_in_one_line() {
        let info =
            EngineInfo { rootless: true, podman: true, version: "4.3.1".to_owned(), ..EngineInfo::sample() };
        assert_eq!(check(&info, "version").text, "podman 4.3.1, API 1.41, rootless");
        assert!(check(&info, "builder").text.contains("no BuildKit: it tells of none"));
    }
}
