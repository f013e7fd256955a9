//! The images of services that tests need: pulled where the engine does not have them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::registries;
use super::session::Session;
use crate::engine::{Engine, Keeper};
use crate::error::Result;
use crate::expect::TestSpec;
use crate::image::Reference;
use crate::publish::auth_entry;

/// The longest silence of a pull.
const IDLE: Duration = Duration::from_secs(60);

/// Pulls what the engine lacks for `tests`. It stays there, as what `docker run` pulls does: the next run needs it, and
/// another one may be using it by now.
pub(super) async fn fetch(session: &Session, keeper: &Keeper, tests: &[TestSpec]) -> Result<()> {
    let names: BTreeSet<&str> =
        tests.iter().flat_map(|test| &test.services).map(|service| service.image.as_str()).collect();
    for name in names {
        // What is no reference is an id, of an image that nobody can pull: its test says so.
        let Ok(reference) = name.parse::<Reference>() else { continue };
        if keeper.engine().inspect_image(name).await?.is_none() {
            pull(session, keeper.engine(), &reference.or_latest()).await?;
        }
    }
    Ok(())
}

/// Pulls `reference`, with a login where the environment has one.
pub(super) async fn pull(session: &Session, engine: &Engine, reference: &Reference) -> Result<()> {
    session.events.note(format!("pulling {reference}, which the engine does not have"));
    let place = reference.repository();
    let login = registries::store(session)?.for_repository(place.registry(), place.path()).await?;
    let login = login.as_ref().map(auth_entry);
    let which = reference.digest().or(reference.tag().map(|tag| tag.as_str())).unwrap_or("latest");
    engine.pull_image(&place.familiar(), which, login.as_ref(), IDLE, &session.events).await
}
