//! A start without a network, which names what it would have asked for.

use std::time::Duration;

use tokio::sync::watch;

use super::rig::Rig;
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::OfflineSeen;
use crate::smoke::look::DnsSink;

/// Starts the container where no network is but a resolver that knows no name. It may take twice as long as with one.
pub(super) async fn observe(
    rig: &Rig<'_>,
    up: watch::Receiver<Option<Option<Duration>>>,
) -> Result<Fact<OfflineSeen>> {
    let sink = match DnsSink::start(rig.keeper).await? {
        Fact::Known(sink) => Some(sink),
        Fact::Missing(why) => {
            return Ok(Fact::Missing(why));
        }
    };
    let mut spec = rig.container();
    spec.network = sink.as_ref().map(DnsSink::network_mode);
    spec.publish.clear();
    spec.aliases.clear();
    let launch = rig.launch_as_quickly(spec, up).await?;
    let names = match &sink {
        Some(sink) => sink.names().await?,
        None => Vec::new(),
    };
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
