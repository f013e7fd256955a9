//! The image under the target: what the engine or its registry say of it before the build.

use std::collections::BTreeMap;
use std::time::Duration;

use super::registries::Registries;
use super::session::Session;
use crate::engine::Engine;
use crate::error::Result;
use crate::image::{Reference, label};
use crate::plan::BaseImage;
use crate::registry::RegistryOptions;

/// The longest wait for a connection to the base's registry.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a look beforehand may be tried again: the build itself asks, too.
const BUDGET: Duration = Duration::from_secs(2);

/// Reads the base's labels and digest from the engine, which is what the build will use, or from its registry where
/// the engine does not have it or is told to pull. What cannot be read is left out: the build itself will say.
pub(super) async fn read(
    session: &Session,
    reference: &str,
    engine: Option<&Engine>,
    registries: &Registries,
    pull: bool,
) -> BaseImage {
    let mut base = BaseImage { reference: reference.to_owned(), ..BaseImage::default() };
    let Ok(parsed) = reference.parse::<Reference>() else { return base };
    let parsed = parsed.or_latest();
    if let (Some(engine), false) = (engine, pull)
        && let Ok(Some(image)) = engine.inspect_image(reference).await
    {
        let prefix = format!("{}@", parsed.repository().familiar());
        base.digest =
            image.repo_digests.iter().find_map(|digest| digest.strip_prefix(&prefix)).map(str::to_owned);
        base.labels = image.labels;
        return base;
    }
    if let Ok(Some((digest, labels))) = from_registry(session, registries, &parsed).await {
        base.digest = Some(digest);
        base.labels = labels;
    }
    base
}

async fn from_registry(
    session: &Session,
    registries: &Registries,
    reference: &Reference,
) -> Result<Option<(String, BTreeMap<String, String>)>> {
    let path = reference.repository().path();
    // This is a look beforehand; where the registry cannot be reached, the build is to say so and not to wait.
    let options =
        RegistryOptions { connect_timeout: CONNECT, retry_budget: BUDGET, ..registries.options().clone() };
    let registry = registries.open_with(session, reference.repository(), options)?;
    let name = reference.digest().or(reference.tag().map(|tag| tag.as_str())).unwrap_or("latest");
    let Some(manifest) = registry.manifest(path, name).await? else { return Ok(None) };
    let digest = manifest.digest.to_string();
    // An index has no labels of its own; those of the platform's image show after the build.
    if manifest.is_index() {
        return Ok(Some((digest, BTreeMap::new())));
    }
    let config = registry.config(path, &manifest).await?;
    let labels = config.pointer("/config/Labels").and_then(serde_json::Value::as_object);
    let labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    Ok(Some((digest, labels.collect())))
}

/// The OCI keys that the image has and the plan did not set: its base leaked them.
pub(super) fn leaked<'a>(
    has: &'a BTreeMap<String, String>,
    planned: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a str> {
    let ours = label::oci::ALL.into_iter();
    ours.filter(|key| has.get(*key).is_some_and(|value| !value.is_empty()) && !planned.contains_key(*key))
}
