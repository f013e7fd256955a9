//! A start without a network, which names what it would have asked for.

use std::time::Duration;

use tokio::sync::watch;

use super::rig::{Rig, Up};
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::OfflineSeen;
use crate::smoke::look::DnsSink;

/// How long names are listened for at least, from the start of the container: an interpreter takes a moment before it
/// downloads. And how long after it came up.
const LISTEN: Duration = Duration::from_millis(1500);
const AFTER: Duration = Duration::from_millis(300);

/// Starts the container where no network is but a resolver that knows no name. It may take twice as long as with one.
pub(super) async fn observe(rig: &Rig<'_>, up: watch::Receiver<Up>) -> Result<Fact<OfflineSeen>> {
    let rig = rig.unreachable();
    let sink = match DnsSink::start(rig.keeper()).await? {
        Fact::Known(sink) => sink,
        Fact::Missing(why) => return Ok(Fact::Missing(why)),
    };
    let mut spec = rig.container();
    spec.network = Some(sink.network_mode());
    spec.publish.clear();
    spec.aliases.clear();
    // npm asks for its own updates otherwise.
    spec.env.entry("NO_UPDATE_NOTIFIER".to_owned()).or_insert_with(|| "1".to_owned());
    let launch = rig.launch_as_quickly(spec, up.clone()).await?;
    // With nothing to compare it with, only the names tell something.
    let came_up_before = up.borrow().is_some_and(|first| first.is_some());
    if launch.container.is_some() {
        // What is up may only be about to ask.
        tokio::time::sleep(LISTEN.saturating_sub(launch.took).max(AFTER)).await;
    }
    let names = sink.names().await?;
    if !came_up_before && names.is_empty() {
        rig.remove(&launch.id).await?;
        return Ok(Fact::Missing("its container does not come up with a network, either".to_owned()));
    }
    let seen = OfflineSeen {
        came_up: launch.did_its_work(),
        why: launch.why(),
        names,
        names_unknown: None,
        log: launch.start.log.clone(),
    };
    rig.remove(&launch.id).await?;
    Ok(Fact::Known(seen))
}
