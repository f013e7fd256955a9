//! The images that a Dockerfile starts from, asked of their registries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::registries::Registries;
use super::session::Session;
use crate::error::Result;
use crate::image::Reference;
use crate::registry::{Manifest, Registry, RegistryOptions, platform};
use crate::rules::Fact;
use crate::rules::facts::{BaseFact, BaseFacts, BaseState};

/// How many registries are asked at a time.
const AT_ONCE: usize = 8;

/// How long all answers may take together: a look at a Dockerfile is to be quick.
const OVERALL: Duration = Duration::from_secs(5);

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// How long one question may be tried again.
const BUDGET: Duration = Duration::from_secs(1);

/// What the registries say of `references`, which a Dockerfile starts from when it is built for `platform`. What no
/// registry answered in time is missing, with the reason.
pub(super) async fn base_facts(
    session: &Session,
    registries: &Registries,
    references: &BTreeSet<String>,
    platform: Option<&str>,
) -> Fact<BaseFacts> {
    let until = Instant::now() + OVERALL;
    let asked = references.iter().map(|reference| async move {
        let answer = timeout_at(until, one(session, registries, reference));
        let late = |_| Err(format!("the registry of {reference} did not answer in time"));
        (reference.clone(), answer.await.unwrap_or_else(late))
    });
    let answers: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let mut images = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (reference, answer) in answers {
        let fact = match answer {
            Ok(fact) => Fact::Known(fact),
            Err(why) => {
                missing.insert(why.clone());
                Fact::Missing(why)
            }
        };
        images.insert(reference, fact);
    }
    let is_known = |fact: &Fact<BaseFact>| matches!(fact, Fact::Known(_));
    if !missing.is_empty() && !images.values().any(is_known) {
        return Fact::Missing(missing.into_iter().collect::<Vec<_>>().join("; "));
    }
    for why in missing {
        session.events.note(format!("a base image was not looked up: {why}"));
    }
    Fact::Known(BaseFacts { images, platform: platform.map(str::to_owned) })
}

async fn one(
    session: &Session,
    registries: &Registries,
    reference: &str,
) -> std::result::Result<BaseFact, String> {
    let parsed: Reference =
        reference.parse().map_err(|cause| format!("{reference:?} is no name of an image: {cause}"))?;
    ask(session, registries, &parsed.or_latest()).await.map_err(|error| error.to_string())
}

async fn ask(session: &Session, registries: &Registries, reference: &Reference) -> Result<BaseFact> {
    let options =
        RegistryOptions { connect_timeout: CONNECT, retry_budget: BUDGET, ..registries.options().clone() };
    let registry = registries.open_with(session, reference.repository(), options)?;
    let path = reference.repository().path();
    let tag = reference.tag().map_or("latest", |tag| tag.as_str());
    let Some(manifest) = registry.manifest(path, reference.digest().unwrap_or(tag)).await? else {
        return Ok(BaseFact { state: BaseState::Absent, tag_moved_to: None });
    };
    let tag_moved_to = match (reference.digest(), reference.tag()) {
        (Some(pinned), Some(_)) => moved(&registry, path, tag, pinned).await?,
        _ => None,
    };
    let platforms = platforms(&registry, path, &manifest).await?;
    let state = BaseState::Present { digest: manifest.digest.to_string(), platforms };
    Ok(BaseFact { state, tag_moved_to })
}

/// What the tag of a reference with a digest means now, where that is another image. The digest may be that of one
/// platform of what the tag means.
async fn moved(registry: &Registry, path: &str, tag: &str, pinned: &str) -> Result<Option<String>> {
    if registry.head(path, tag).await?.is_none_or(|digest| digest.as_str() == pinned) {
        return Ok(None);
    }
    let Some(now) = registry.manifest(path, tag).await? else { return Ok(None) };
    let is_child = now.children()?.iter().any(|child| child.digest.as_str() == pinned);
    Ok((!is_child && now.digest.as_str() != pinned).then(|| now.digest.to_string()))
}

/// The platforms that an image is for, an index's as they are listed there.
async fn platforms(registry: &Registry, path: &str, manifest: &Manifest) -> Result<Vec<String>> {
    if manifest.is_index() {
        return manifest.platforms();
    }
    let config = registry.config(path, manifest).await?;
    Ok(platform(&config).into_iter().collect())
}
