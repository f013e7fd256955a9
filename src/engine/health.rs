//! The HEALTHCHECK of a container, where the engine does not see to it by itself.

use std::time::Duration;

use serde::de::IgnoredAny;

use crate::error::Result;

use super::client::Engine;
use super::containers::short;
use super::wire::escape;

/// The longest that one probe may take: the limit of a HEALTHCHECK is the image's own, and podman holds it.
const PROBE: Duration = Duration::from_secs(600);

impl Engine {
    /// Whether a HEALTHCHECK runs only when asked for: podman leaves its timing to systemd, which a CI job seldom has.
    pub fn leaves_health_to_others(&self) -> bool {
        self.info().podman
    }

    /// Runs the container's HEALTHCHECK once, now, and has the engine note what came of it. A container that does not
    /// run, or has none, is left to whoever looks at it next.
    pub async fn probe_health(&self, id: &str) -> Result<()> {
        let path = format!("/libpod/containers/{}/healthcheck", escape(id));
        match self.wire.with_version("4.0.0").get::<IgnoredAny>(&path, &[], PROBE).await {
            Ok(IgnoredAny) => Ok(()),
            // 404: gone, or no healthcheck; 409: not running; 500 of podman 4: it ended during the probe.
            Err(fault) if matches!(fault.status(), Some(404 | 409 | 500)) => Ok(()),
            Err(fault) => Err(self.told(fault, format!("run the HEALTHCHECK of container {}", short(id)))),
        }
    }
}
