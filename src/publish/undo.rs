//! Undoes a publication: every tag points again to what it pointed to before, as the run's report recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::remove::{Removed, remove_tag};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::{Digest, Reference, Tag};
use crate::registry::{Manifest, Registry};

/// A tag out of a report: what it was before the run, and what the run made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedTag {
    /// The tag with its repository.
    pub reference: Reference,
    /// What it resolved to before; `None` where it did not exist.
    pub before: Option<Digest>,
    /// What the run put there; `None` where its end was not seen, so that only [`config`](RecordedTag::config) tells.
    pub after: Option<Digest>,
    /// The config of the run's image.
    pub config: Option<Digest>,
}

/// What is done about one tag.
enum Act {
    /// It is what it was before.
    Nothing,
    /// It gets the manifest that it had before.
    Restore(Manifest),
    /// It did not exist before.
    Remove,
}

struct Step<'a> {
    tag: Tag,
    recorded: &'a RecordedTag,
    /// What it points to now; `None` where it does not exist.
    now: Option<Digest>,
    act: Act,
}

/// Puts every tag back, the last published first. All tags are of the one repository at `path`.
///
/// Refuses before anything is touched where a tag is neither what it was before nor what the run made of it: somebody
/// moved it since. Doing it twice does nothing the second time. A tag that cannot be removed is an error of kind
/// `Registry` that names it, after all others were put back.
pub async fn undo(registry: &Registry, path: &str, tags: &[RecordedTag], events: &Events) -> Result<()> {
    let mut steps = Vec::new();
    let mut moved = Vec::new();
    let mut known = BTreeMap::new();
    for recorded in tags {
        let Some(tag) = recorded.reference.tag().cloned() else { continue };
        let found = registry.manifest(path, tag.as_str()).await?;
        let now = found.as_ref().map(|manifest| manifest.digest.clone());
        if now == recorded.before {
            events.note(format!("{} is what it was before", recorded.reference));
            steps.push(Step { tag, recorded, now, act: Act::Nothing });
        } else if !is_ours(found.as_ref(), recorded) {
            let now = now.map_or_else(|| "gone".to_owned(), |now| now.to_string());
            moved.push(format!("{} is {now}", recorded.reference));
        } else {
            let act = match &recorded.before {
                None => Act::Remove,
                Some(before) => Act::Restore(earlier(registry, path, before, recorded, &mut known).await?),
            };
            steps.push(Step { tag, recorded, now, act });
        }
    }
    if !moved.is_empty() {
        return Err(Error::new(
            Kind::Refused,
            format!("somebody moved what this run had published: {}", moved.join(", ")),
        )
        .hint("nothing was changed; what is there now is not this run's to take back"));
    }
    carry_out(registry, path, steps, events).await
}

/// Whether the tag holds what the run put there.
fn is_ours(found: Option<&Manifest>, recorded: &RecordedTag) -> bool {
    let Some(found) = found else { return false };
    match (&recorded.after, &recorded.config) {
        (Some(after), _) => found.digest == *after,
        (None, Some(config)) => found.config_digest().as_ref() == Some(config),
        (None, None) => false,
    }
}

/// The manifest that a tag had before, which must still be there.
async fn earlier(
    registry: &Registry,
    path: &str,
    before: &Digest,
    recorded: &RecordedTag,
    known: &mut BTreeMap<Digest, Manifest>,
) -> Result<Manifest> {
    if let Some(manifest) = known.get(before) {
        return Ok(manifest.clone());
    }
    let Some(manifest) = registry.manifest(path, before.as_str()).await? else {
        let message = format!(
            "cannot put {} back: the image that it was before, {before}, is no longer in the registry",
            recorded.reference
        );
        return Err(Error::new(Kind::Registry, message).hint("nothing was changed"));
    };
    known.insert(before.clone(), manifest.clone());
    Ok(manifest)
}

async fn carry_out(registry: &Registry, path: &str, steps: Vec<Step<'_>>, events: &Events) -> Result<()> {
    let going: BTreeSet<String> = steps
        .iter()
        .filter(|step| matches!(step.act, Act::Remove))
        .map(|step| step.tag.to_string())
        .collect();
    let mut stay = Vec::new();
    // What is removed goes last: with it may go the image itself, which tags that are restored must have left by then.
    let (removals, restorals): (Vec<_>, Vec<_>) =
        steps.into_iter().rev().partition(|step| matches!(step.act, Act::Remove));
    for Step { tag, recorded, now, act } in restorals.into_iter().chain(removals) {
        let reference = recorded.reference.to_string();
        let before = now.as_ref().map(Digest::to_string);
        if !matches!(act, Act::Nothing) {
            // One that went with an earlier one is gone already.
            let there = registry.head(path, tag.as_str()).await?;
            if there.is_some() && there != now {
                let message = format!("somebody moved {reference} just now: it is left as it is");
                return Err(Error::new(Kind::Refused, message).hint("run again to take back the rest"));
            }
        }
        match (act, now) {
            (Act::Nothing, _) => {}
            (Act::Restore(manifest), now) => {
                events.emit(Event::TagPushing { reference: reference.clone(), before: before.clone() });
                registry.move_tag(path, tag.as_str(), &manifest, now.as_ref()).await?;
                let digest = manifest.digest.to_string();
                back(registry, path, &tag, &manifest, &reference).await?;
                events.emit(Event::TagPublished { reference, digest, before });
            }
            (Act::Remove, Some(digest)) => {
                // One that went with an earlier one is gone already.
                if registry.head(path, tag.as_str()).await?.is_some()
                    && let Removed::Stays(why) =
                        remove_tag(registry, path, tag.as_str(), &digest, &going).await?
                {
                    stay.push(format!("{reference}: {why}"));
                    continue;
                }
                events.emit(Event::TagRemoved { reference, before });
            }
            (Act::Remove, None) => {}
        }
    }
    if stay.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Registry, format!("not every tag could be taken away: {}", stay.join("; ")))
        .hint("every other tag is what it was before; delete these where the registry offers it"))
}

async fn back(
    registry: &Registry,
    path: &str,
    tag: &Tag,
    manifest: &Manifest,
    reference: &str,
) -> Result<()> {
    match registry.manifest(path, tag.as_str()).await? {
        Some(found) if found.digest == manifest.digest => Ok(()),
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), |found| found.digest.to_string());
            Err(Error::new(
                Kind::Refused,
                format!(
                    "{reference} was put back to {}, and is {found} now: somebody moves it",
                    manifest.digest
                ),
            ))
        }
    }
}
