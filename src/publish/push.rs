//! The order of publishing: the unique tag first, then versions, then moving tags, `latest` last; each is read back
//! before the next one is touched.

use std::time::Duration;

use super::readback::{self, Expected};
use crate::engine::{AuthEntry, Keeper, Record};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::{Digest, Reference};
use crate::plan::{Plan, PlannedTag, Promise};
use crate::registry::Registry;
use crate::smoke::VerifiedImage;

/// The longest silence of a push. A stalled upload otherwise hangs for ever, without a message.
const PUSH_IDLE: Duration = Duration::from_secs(60);
/// The longest push of one tag.
const PUSH_TOTAL: Duration = Duration::from_secs(60 * 60);
/// How often a push is tried that fails in a way that passes.
const TRIES: u32 = 3;
/// Before the second try; the third waits twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// What was published, and what each tag was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The digest of the manifest, computed over the bytes that the registry returned.
    pub digest: Digest,
    /// The digest of the config: the identity of what was tested, and of what every tag was found to hold.
    pub config_digest: Digest,
    /// The tags, in the order they were published.
    pub tags: Vec<PublishedTag>,
}

/// One tag that was pushed, read back and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTag {
    /// The full reference.
    pub reference: String,
    /// What it resolved to before; `None` where it did not exist.
    pub before: Option<Digest>,
}

/// The ways to engine and registry.
#[derive(Debug)]
pub struct Channel<'a> {
    /// Notes every tag before it moves.
    pub keeper: &'a Keeper,
    /// The registry that is asked what it holds.
    pub registry: &'a Registry,
    /// The login that the engine pushes with.
    pub auth: Option<&'a AuthEntry>,
    /// Told of every tag.
    pub events: &'a Events,
}

/// Publishes the plan's tags on the image that was tested.
///
/// Whatever the error, every tag that moved was told as an event and noted in the journal before it did. Errors are
/// of kind `Registry`, or `Refused` where a tag holds other content.
pub async fn publish(image: &VerifiedImage, plan: &Plan, channel: &Channel<'_>) -> Result<Published> {
    let engine = channel.keeper.engine();
    let tested = engine.require_image(image.id().as_str()).await?;
    let mut expected = Expected::of(tested);
    let mut tags = Vec::new();
    for planned in &plan.tags {
        let tag = one(image, plan, planned, channel, &mut expected)
            .await
            .map_err(|error| named(error, plan, &tags))?;
        tags.push(tag);
    }
    match (expected.manifest, expected.config) {
        (Some(digest), Some(config_digest)) => Ok(Published { digest, config_digest, tags }),
        _ => Err(Error::new(Kind::Internal, "the plan names no tag")),
    }
}

/// Sets the plan's tags on the engine, for a run that does not push. Gives their references.
pub async fn tag_on_engine(image: &VerifiedImage, plan: &Plan, keeper: &Keeper) -> Result<Vec<Reference>> {
    let mut references = Vec::new();
    for planned in &plan.tags {
        let reference = plan.reference(planned);
        set_on_engine(image, plan, planned, keeper).await?;
        references.push(reference);
    }
    Ok(references)
}

async fn set_on_engine(
    image: &VerifiedImage,
    plan: &Plan,
    planned: &PlannedTag,
    keeper: &Keeper,
) -> Result<()> {
    let engine = keeper.engine();
    let reference = plan.reference(planned).familiar();
    let before = engine.inspect_image(&reference).await?.map(|image| image.id);
    keeper.note(Record::TagOnEngine { reference, before })?;
    engine.tag_image(image.id().as_str(), &plan.repository.familiar(), planned.tag.as_str()).await
}

async fn one(
    image: &VerifiedImage,
    plan: &Plan,
    planned: &PlannedTag,
    channel: &Channel<'_>,
    expected: &mut Expected,
) -> Result<PublishedTag> {
    let reference = plan.reference(planned).to_string();
    let found = channel.registry.manifest(plan.repository.path(), planned.tag.as_str()).await?;
    let before = found.as_ref().map(|manifest| manifest.digest.clone());
    let published = |digest: &Digest| {
        channel.events.emit(Event::TagPublished {
            reference: reference.clone(),
            digest: digest.to_string(),
            before: before.as_ref().map(Digest::to_string),
        });
        PublishedTag { reference: reference.clone(), before: before.clone() }
    };
    if let Some(manifest) = &found {
        match expected.judge(channel.keeper.engine(), manifest, &reference).await {
            Ok(()) => {
                channel.events.note(format!("{reference} is there already, with this very image"));
                return Ok(published(expected.manifest.get_or_insert_with(|| manifest.digest.clone())));
            }
            // Only a comparison that was made says anything about the tag.
            Err(error) if error.kind() != Kind::Refused => return Err(error),
            // Somebody was faster since the plan was made.
            Err(error) if planned.promise.is_fixed() => return Err(error),
            // It may be newer than ours by now: the plan judged what was there before the build.
            Err(_) if before != planned.now => {
                return Err(moved_meanwhile(planned, &manifest.digest, &reference));
            }
            Err(_) => {}
        }
    }
    channel.keeper.note(Record::TagMoving {
        reference: reference.clone(),
        before: before.as_ref().map(Digest::to_string),
        digest: expected.manifest.as_ref().map(Digest::to_string),
    })?;
    channel.events.emit(Event::TagPushing {
        reference: reference.clone(),
        before: before.as_ref().map(Digest::to_string),
    });
    set_on_engine(image, plan, planned, channel.keeper).await?;
    push(plan, planned, channel, expected, &reference).await?;
    let digest = read_back(plan, planned, channel, expected, &reference).await?;
    channel.keeper.note(Record::TagMoved { reference: reference.clone(), digest: digest.to_string() })?;
    expected.manifest = Some(digest.clone());
    Ok(published(&digest))
}

async fn read_back(
    plan: &Plan,
    planned: &PlannedTag,
    channel: &Channel<'_>,
    expected: &mut Expected,
    reference: &str,
) -> Result<Digest> {
    let (path, tag) = (plan.repository.path(), planned.tag.as_str());
    readback::read(channel.keeper.engine(), channel.registry, path, tag, expected, reference).await
}

/// Pushes through the engine, and makes up for what the engine does not retry. A push whose answer was lost is
/// settled by asking the registry.
async fn push(
    plan: &Plan,
    planned: &PlannedTag,
    channel: &Channel<'_>,
    expected: &mut Expected,
    reference: &str,
) -> Result<()> {
    let (repository, tag) = (plan.repository.familiar(), planned.tag.as_str());
    let engine = channel.keeper.engine();
    for attempt in 1.. {
        let outcome =
            engine.push_image(&repository, tag, channel.auth, PUSH_IDLE, PUSH_TOTAL, channel.events).await;
        let Err(error) = outcome else { break };
        if error.kind() != Kind::Registry {
            return Err(error);
        }
        let landed = read_back(plan, planned, channel, expected, reference).await;
        if landed.is_ok() {
            channel
                .events
                .note(format!("the engine reported a failed push of {reference}, and the registry has it"));
            break;
        }
        if attempt >= TRIES || !passes(&error) {
            return Err(error);
        }
        channel.events.note(format!("trying to push {reference} again: {error}"));
        tokio::time::sleep(PAUSE * attempt).await;
    }
    Ok(())
}

/// Whether a failed push may go through in a moment. The engine gives no code, only words.
fn passes(error: &Error) -> bool {
    let text = error.to_string().to_ascii_lowercase();
    let permanent =
        ["denied", "unauthorized", "forbidden", "digest", "invalid", "not found", "unknown", "immutable"];
    !permanent.iter().any(|word| text.contains(word))
}

fn moved_meanwhile(planned: &PlannedTag, found: &Digest, reference: &str) -> Error {
    let was = planned.now.as_ref().map_or_else(|| "nothing".to_owned(), Digest::to_string);
    Error::new(
        Kind::Refused,
        format!(
            "{reference} was moved by somebody else while this run built: it was {was}, and is {found} now"
        ),
    )
    .hint("run again: what is there now may be newer than this image, and a new plan takes it into account")
}

/// Names the tags that were published before the failure, and what a new run would do about the rest.
fn named(error: Error, plan: &Plan, tags: &[PublishedTag]) -> Error {
    if tags.is_empty() {
        return error.hint("no tag was moved before this one");
    }
    let moved: Vec<&str> = tags.iter().map(|tag| tag.reference.as_str()).collect();
    let error = error.hint(format!("published before the failure: {}", moved.join(", ")));
    let (done, rest) = plan.tags.split_at(tags.len().min(plan.tags.len()));
    if !done.iter().any(|planned| planned.promise == Promise::Version) {
        return error.hint("running again completes the rest, on an image of its own");
    }
    let rest: Vec<&str> = rest.iter().map(|planned| planned.tag.as_str()).collect();
    error.hint(format!(
        "the version is published, and a new run for it is refused; by hand, the rest ({}) can follow that image",
        rest.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_permanent_is_not_tried_again() {
        for (text, again) in [
            ("received unexpected HTTP status: 500 Internal Server Error", true),
            ("unexpected EOF", true),
            ("dial tcp 127.0.0.1:5000: connect: connection refused", true),
            ("toomanyrequests: slow down", true),
            ("denied: requested access to the resource is denied", false),
            ("unauthorized: authentication required", false),
            ("digest invalid: provided digest did not match uploaded content", false),
        ] {
            assert_eq!(passes(&Error::new(Kind::Registry, text)), again, "{text}");
        }
    }
}
