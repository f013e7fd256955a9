//! The image under the target: what the engine or its registry say of it before the build.

use std::collections::BTreeMap;
use std::time::Duration;

use super::registries::Registries;
use super::session::Session;
use crate::engine::Engine;
use crate::error::Result;
use crate::image::{Reference, label};
use crate::plan::BaseImage;
use crate::registry::{self, RegistryOptions};

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
    platform: Option<&str>,
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
        base.platform = Some(format!("{}/{}", image.os, image.arch));
        if platform.is_none_or(|asked| is_for(asked, &image.os, &image.arch)) {
            return base;
        }
        // The registry may have it for the one that is asked for.
    }
    if let Ok(Some(known)) = from_registry(session, registries, &parsed).await {
        (base.digest, base.labels, base.platform) = (Some(known.digest), known.labels, known.platform);
    }
    base
}

/// What a registry says of an image.
struct Known {
    digest: String,
    labels: BTreeMap<String, String>,
    platform: Option<String>,
}

async fn from_registry(
    session: &Session,
    registries: &Registries,
    reference: &Reference,
) -> Result<Option<Known>> {
    let path = reference.repository().path();
    // This is a look beforehand; where the registry cannot be reached, the build is to say so and not to wait.
    let options =
        RegistryOptions { connect_timeout: CONNECT, retry_budget: BUDGET, ..registries.options().clone() };
    let opened = registries.open_with(session, reference.repository(), options)?;
    let name = reference.digest().or(reference.tag().map(|tag| tag.as_str())).unwrap_or("latest");
    let Some(manifest) = opened.manifest(path, name).await? else { return Ok(None) };
    let digest = manifest.digest.to_string();
    // An index has no labels of its own; those of the platform's image show after the build.
    if manifest.is_index() {
        return Ok(Some(Known { digest, labels: BTreeMap::new(), platform: None }));
    }
    let config = opened.config(path, &manifest).await?;
    let labels = config.pointer("/config/Labels").and_then(serde_json::Value::as_object);
    let labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    Ok(Some(Known { digest, labels: labels.collect(), platform: registry::platform(&config) }))
}

/// Whether `asked`, as `--platform` has it, is `os` and `arch`. Nobody but BuildKit compares variants.
pub(super) fn is_for(asked: &str, os: &str, arch: &str) -> bool {
    let mut parts = asked.split('/');
    let (asked_os, asked_arch) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let asked_arch = match asked_arch {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "i386" => "386",
        other => other,
    };
    asked_os.eq_ignore_ascii_case(os) && (asked_arch.is_empty() || asked_arch.eq_ignore_ascii_case(arch))
}

/// The OCI keys that the image has and the plan did not set: its base leaked them.
pub(super) fn leaked<'a>(
    has: &'a BTreeMap<String, String>,
    planned: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a str> {
    let ours = label::oci::ALL.into_iter();
    ours.filter(|key| has.get(*key).is_some_and(|value| !value.is_empty()) && !planned.contains_key(*key))
}
