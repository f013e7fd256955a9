//! A release that the registry has already: its image is pulled by digest, to be tested as one that was built.

use std::time::Duration;

use super::prepare::Prepared;
use super::session::Session;
use super::supervise::missing;
use crate::engine::{Keeper, PulledImage};
use crate::error::{Error, Kind, Result};
use crate::image::label;
use crate::plan::Adoption;

/// The longest silence of a pull.
const IDLE: Duration = Duration::from_secs(60);

/// Pulls the image. It is gone from the engine after the run, unless the engine had it.
pub(super) async fn pull(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    adoption: &Adoption,
) -> Result<PulledImage> {
    let repository = &prepared.plan.repository;
    let registry = prepared.registry.as_ref().ok_or_else(|| missing("the registry"))?;
    let name = format!("{}@{}", repository.familiar(), adoption.digest);
    session.events.note(format!(
        "{repository}:{} is this release already: {name} is tested again, and nothing is built",
        adoption.found
    ));
    let engine = keeper.engine();
    if engine.inspect_image(&name).await?.is_none() {
        // The engine calls it by its manifest or by its config, as its store is.
        let manifest = registry.manifest(repository.path(), adoption.digest.as_str()).await?;
        let config = manifest.and_then(|manifest| manifest.config_digest());
        let ids: Vec<_> = [Some(&adoption.digest), config.as_ref()].into_iter().flatten().collect();
        keeper.will_pull(&name, &ids)?;
    }
    let login = prepared.push_login.as_ref();
    let pulled = engine.pull_digest(repository, &adoption.digest, login, IDLE, &session.events).await?;
    // The registry's word was taken for the plan; this is the image itself.
    let image = engine.require_image(pulled.id().as_str()).await?;
    let says = |key: &str, value: &str| image.labels.get(key).is_some_and(|said| said == value);
    if says(label::oci::REVISION, &prepared.plan.revision)
        && says(label::CONTEXT_DIGEST, prepared.plan.context_digest.as_str())
        && !says(label::DEV, "true")
    {
        return Ok(pulled);
    }
    Err(Error::new(Kind::Refused, format!("{name} is not what its registry said of it"))
        .hint("its labels name another commit or context: look at the registry, and at what is in between"))
}
