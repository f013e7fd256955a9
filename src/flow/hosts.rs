//! The host of a deployment, and who deploys.

use super::gather;
use super::session::Session;
use crate::engine::{Endpoint, Engine};
use crate::error::Result;
use crate::source::CiContext;

/// Connects to the engine that `--host` names, or to that of the environment.
pub(super) async fn connect(session: &Session, host: Option<&str>) -> Result<Engine> {
    match host {
        Some(host) => Engine::connect(&Endpoint::named(host, "--host", &session.environment)?).await,
        None => gather::connect(session).await,
    }
}

/// Who runs this, for a lock and for labels: the CI's job, or `user@host`.
pub(super) fn who(session: &Session, ci: &CiContext) -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let names = ["USER", "LOGNAME"];
    let user = names.iter().find_map(|name| session.environment.get(name)).map(str::to_owned);
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let who = match &ci.build_url {
        Some(url) => url.clone(),
        None => format!("{user}@{machine}"),
    };
    who.chars().filter(|c| !c.is_control()).take(300).collect()
}
