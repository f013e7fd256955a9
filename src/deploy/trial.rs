//! The new image, tried beside what runs before anything is swapped.

use super::decide::Way;
use super::record::Attached;
use super::spec::preflight;
use super::swap::Swap;
use crate::engine::ContainerSpec;
use crate::error::{Error, Kind, Result};
use crate::expect::{Evidence, Misfit};

impl Swap<'_> {
    /// Tries the image beside what runs, without ports of the host and without names, so that one that is broken stops
    /// nothing. Says why where it does not.
    pub async fn preflight(&self) -> Result<()> {
        let old = self.find().await?.current;
        if self.wanted.way() == Way::Beside || old.is_none_or(|old| !old.running) {
            return Ok(());
        }
        if let Err(why) = preflight(self.wanted.deploy) {
            self.events.note(format!("the image is not tried beside what runs: {why}"));
            return Ok(());
        }
        self.judged("pre-flight", self.tried()).await
    }

    async fn tried(&self) -> Result<(Vec<Misfit>, Vec<Evidence>)> {
        let (spec, further) = self.wanted.trial();
        let id = match self.launch(&spec, &further).await? {
            Ok(id) => id,
            Err(misfit) => return Ok((vec![misfit], Vec::new())),
        };
        let gate = self.far(self.gate(self.keeper.run_label()), false);
        let misfits = gate.pass(&id).await?;
        let evidence = match misfits.is_empty() {
            true => Vec::new(),
            false => gate.evidence(&id, &spec, &self.record.reference).await,
        };
        self.keeper.remove(&id).await?;
        Ok((misfits, evidence))
    }

    /// Makes and starts a container that is gone with the run; why the image is to blame where it could not.
    pub(super) async fn launch(
        &self,
        spec: &ContainerSpec,
        further: &[Attached],
    ) -> Result<Result<String, Misfit>> {
        let to_blame = |error: Error| match error.kind() {
            Kind::Tests => Ok(Err(Misfit::new("the container", "started", error.to_string()))),
            _ => Err(error),
        };
        let id = match self.keeper.container(spec.clone()).await {
            Ok(id) => id,
            Err(error) => return to_blame(error),
        };
        for attached in further {
            self.engine().connect_network(&id, &attached.network, &attached.aliases).await?;
        }
        match self.engine().start_container(&id).await {
            Ok(()) => Ok(Ok(id)),
            Err(error) => to_blame(error),
        }
    }
}
