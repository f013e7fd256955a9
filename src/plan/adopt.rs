//! A release that is run again adopts the image that it made the first time: one version never has two images, and what
//! was interrupted is completed.

use semver::Version;

use super::inputs::Inputs;
use super::labels;
use super::model::{Adoption, Promise};
use super::request::Wanted;
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, Tag, label};
use crate::registry::StoredImage;

/// How many unique tags of one commit are looked at: more runs than that of one release tell nothing new.
const MOST: usize = 8;

/// What was found.
pub(super) struct Found {
    pub(super) image: Adoption,
    /// The image's own unique tag.
    pub(super) unique: Option<Tag>,
}

/// The unique tags of this ref and commit among those `listed`, the oldest first.
pub(super) fn candidates(prefix: &str, listed: &[String]) -> Vec<String> {
    let second = |tag: &str| tag.strip_prefix(prefix)?.parse::<u64>().ok();
    let mut found: Vec<(u64, &String)> = listed.iter().filter_map(|tag| Some((second(tag)?, tag))).collect();
    found.sort_unstable();
    found.into_iter().take(MOST).map(|(_, tag)| tag.clone()).collect()
}

/// The image of this very release that the registry has, if any. A version whose image is of something else is refused:
/// it never changes its content.
pub(super) fn find(
    inputs: &Inputs<'_>,
    wanted: &[Wanted],
    prefix: &str,
    released: Option<&Version>,
) -> Result<Option<Found>> {
    let (Some(registry), Some(released)) = (inputs.registry, released) else { return Ok(None) };
    let unique: Vec<(String, &Digest)> = candidates(prefix, &registry.all_tags)
        .into_iter()
        .filter_map(|tag| registry.tags.get(&tag).map(|digest| (tag, digest)))
        .collect();
    let unique_of = |digest: &Digest| {
        let found = unique.iter().find(|(_, known)| *known == digest);
        found.and_then(|(tag, _)| tag.parse().ok())
    };
    let mut version: Option<(&Tag, &Digest)> = None;
    for wanted in wanted.iter().filter(|wanted| wanted.promise == Promise::Version) {
        let Some(digest) = registry.tags.get(wanted.tag.as_str()) else { continue };
        let differences = match registry.images.get(digest) {
            Some(image) => differences(inputs, image, released),
            None => vec!["it is no single image".to_owned()],
        };
        if !differences.is_empty() {
            return Err(taken(inputs, &wanted.tag, digest, &differences));
        }
        match version {
            Some((first, known)) if known != digest => {
                return Err(at_odds(inputs, (first, known), (&wanted.tag, digest)));
            }
            _ => version = version.or(Some((&wanted.tag, digest))),
        }
    }
    if let Some((tag, digest)) = version {
        let image = Adoption { digest: digest.clone(), found: tag.clone() };
        return Ok(Some(Found { image, unique: unique_of(digest) }));
    }
    // The run that made it was cut off before the version's own tag.
    let sets_versions = wanted.iter().any(|wanted| wanted.promise == Promise::Version);
    let ours = |digest: &Digest| {
        let image = registry.images.get(digest);
        image.is_some_and(|image| differences(inputs, image, released).is_empty())
    };
    let first = unique.iter().find(|(_, digest)| sets_versions && ours(digest));
    Ok(first.and_then(|(tag, digest)| {
        let tag: Tag = tag.parse().ok()?;
        let image = Adoption { digest: (*digest).clone(), found: tag.clone() };
        Some(Found { image, unique: Some(tag) })
    }))
}

/// In what `image` is not what this run would build, as far as its labels tell.
fn differences(inputs: &Inputs<'_>, image: &StoredImage, released: &Version) -> Vec<String> {
    let version = released.to_string();
    let asked = labels::asked(inputs);
    let said = [
        ("its commit", label::oci::REVISION, inputs.revision.commit.as_str()),
        ("its version", label::oci::VERSION, version.as_str()),
        ("its tree", label::GIT_TREE, inputs.source.tree.as_str()),
        ("its clean state", label::GIT_CLEAN, "true"),
        ("its context", label::CONTEXT_DIGEST, inputs.context_digest.as_str()),
        ("its Dockerfile", label::DOCKERFILE_DIGEST, inputs.dockerfile_digest.as_str()),
        ("its variant, stage, platform, arguments or labels", label::BUILD_DIGEST, asked.as_str()),
    ];
    let mut differences: Vec<String> = said
        .into_iter()
        .filter_map(|(what, key, ours)| match image.label(key) {
            Some(theirs) if theirs == ours => None,
            Some(theirs) => Some(format!("{what} is {}, not {}", shown(theirs), shown(ours))),
            None => Some(format!("{what} is not told")),
        })
        .collect();
    if image.label(label::DEV).is_some_and(|dev| dev == "true") {
        differences.push("it is a development image".to_owned());
    }
    if let Some(platform) = inputs.settings.platform.as_ref() {
        let theirs = format!("{}/{}", image.os, image.architecture);
        let ours = platform.value.to_ascii_lowercase();
        if ours != theirs && !ours.starts_with(&format!("{theirs}/")) {
            differences.push(format!("its platform is {}, not {ours}", shown(&theirs)));
        }
    }
    differences
}

/// A value of a label, short and on one line: it is anybody's text.
fn shown(value: &str) -> String {
    let bare = value.strip_prefix("sha256:").unwrap_or(value);
    let is_id = bare.len() >= 40 && bare.bytes().all(|b| b.is_ascii_hexdigit());
    bare.chars().take(if is_id { 12 } else { 40 }).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn taken(inputs: &Inputs<'_>, tag: &Tag, now: &Digest, differences: &[String]) -> Error {
    let repository = &inputs.destination.repository;
    Error::new(
        Kind::Refused,
        format!(
            "{repository}:{tag} exists already with other content, and a version never changes its content: {} ({now})",
            differences.join("; ")
        ),
    )
    .hint("release a new version: set a new git tag, and run for that")
    .hint(format!("`imgbuild tags {repository}` lists what is there"))
}

fn at_odds(inputs: &Inputs<'_>, first: (&Tag, &Digest), second: (&Tag, &Digest)) -> Error {
    let repository = &inputs.destination.repository;
    Error::new(
        Kind::Refused,
        format!(
            "{repository} has two images of this release: {} is {}, and {} is {}",
            first.0, first.1, second.0, second.1
        ),
    )
    .hint("decide which one is the release, and take the other tag away in the registry")
}
