//! The one upload: the engine pushes the image by its unique tag, and this makes up for what the engine does not retry,
//! and ends what it retries in vain.

use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::channel::{Channel, PublishedTag};
use super::readback::{self, Expected};
use super::{auth_entry, named, remove};
use crate::engine::{AuthEntry, PushLimits, Record};
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::image::Digest;
use crate::plan::{Plan, PlannedTag};
use crate::registry::{Manifest, Verdict};
use crate::smoke::VerifiedImage;

/// How often a push is begun anew since the registry takes uploads again. After that the engine goes on by itself: what
/// stops it is about one layer, and only the engine's own end tells what it was.
const RESTARTS: u32 = 2;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Uploads the image under its unique tag and reads it back. Gives the manifest as the registry has it.
pub(super) async fn upload(
    image: &VerifiedImage,
    plan: &Plan,
    planned: &PlannedTag,
    channel: &Channel<'_>,
    expected: &mut Expected,
) -> Result<(PublishedTag, Manifest)> {
    let reference = plan.reference(planned).to_string();
    let (path, tag) = (plan.repository.path(), planned.tag.as_str());
    let engine = channel.keeper.engine();
    if let Some(manifest) = channel.registry.manifest(path, tag).await? {
        expected.judge(engine, &manifest, &reference).await?;
        let before = Some(manifest.digest.clone());
        let way = channel.way(&plan.repository);
        return Ok((way.published(&reference, &manifest.digest, before), manifest));
    }
    named::claim(image, plan, planned, channel.keeper).await?;
    channel.keeper.note(Record::TagMoving { reference: reference.clone(), before: None, digest: None })?;
    channel.events.emit(Event::TagPushing { reference: reference.clone(), before: None });
    let pushing = Pushing { plan, planned, channel, reference: &reference };
    let claimed = pushing.push(expected).await?;
    let manifest = readback::read(channel.registry, path, tag, &reference).await?;
    if let Err(error) = expected.judge(engine, &manifest, &reference).await {
        return Err(pushing.take_back(error, &manifest, claimed.as_ref()).await);
    }
    channel
        .keeper
        .note(Record::TagMoved { reference: reference.clone(), digest: manifest.digest.to_string() })?;
    Ok((channel.way(&plan.repository).published(&reference, &manifest.digest, None), manifest))
}

/// How one push through the engine ended.
enum Ended {
    /// The engine calls it done; the digest is what it says that it pushed.
    Done(Option<Digest>),
    /// The engine gave up.
    Failed(Error),
    /// The engine goes on in vain.
    Hopeless(Error),
    /// The engine waits, and there is nothing to wait for any more.
    Passed,
}

struct Pushing<'a> {
    plan: &'a Plan,
    planned: &'a PlannedTag,
    channel: &'a Channel<'a>,
    reference: &'a str,
}

impl Pushing<'_> {
    /// Pushes until it is done, is hopeless, or patience ends. Gives what the engine says that it pushed.
    async fn push(&self, expected: &mut Expected) -> Result<Option<Digest>> {
        let Channel { limits, events, .. } = self.channel;
        let mut auth = self.channel.auth.cloned();
        let mut renewed = false;
        let mut restarts = 0;
        let mut patience = Patience::new(limits.retry_for);
        loop {
            match self.once(auth.as_ref(), restarts < RESTARTS, &mut patience).await {
                Ended::Done(claimed) => return Ok(claimed),
                Ended::Hopeless(error) => return Err(self.told(error, patience.tries)),
                Ended::Passed => {
                    restarts += 1;
                    events.note(format!("the registry takes uploads again: pushing {} anew", self.reference));
                }
                Ended::Failed(error) if error.kind() != Kind::Registry => return Err(error),
                Ended::Failed(error) => {
                    if self.landed(expected).await {
                        let text = format!(
                            "the engine reported a failed push of {}, and the registry has it",
                            self.reference
                        );
                        events.note(text);
                        return Ok(None);
                    }
                    let said = self.said(&error);
                    if is_login(&said) && !std::mem::replace(&mut renewed, true) {
                        let login = self.channel.registry.renew_login().await?;
                        auth = login.as_ref().map(auth_entry).or(auth);
                        events
                            .note(format!("pushing {} again with the login asked for anew", self.reference));
                        continue;
                    }
                    let Some(pause) = patience.after_failure().filter(|_| passes(&said)) else {
                        return Err(self.told(error, patience.tries));
                    };
                    events.note(format!("trying to push {} again: {error}", self.reference));
                    tokio::time::sleep(pause).await;
                }
            }
            patience.tries += 1;
        }
    }

    /// One push. While the engine waits to try a layer again, the registry is asked whether that is of any use.
    async fn once(&self, auth: Option<&AuthEntry>, may_restart: bool, patience: &mut Patience) -> Ended {
        let Channel { keeper, limits, events, .. } = self.channel;
        let retrying = Notify::new();
        let limits = PushLimits { idle: limits.idle_timeout, total: limits.timeout };
        let (repository, tag) = (self.plan.repository.familiar(), self.planned.tag.as_str());
        let push = keeper.engine().push_image(&repository, tag, auth, limits, &retrying, events);
        // Dropping the push ends it on the engine.
        tokio::select! {
            outcome = push => match outcome {
                Ok(outcome) => Ended::Done(outcome.claimed),
                Err(error) => Ended::Failed(error),
            },
            ended = self.watch(&retrying, may_restart, patience) => ended,
        }
    }

    /// Waits until the engine retries, then learns by an upload of two bytes what it does not tell: what stops it.
    async fn watch(&self, retrying: &Notify, may_restart: bool, patience: &mut Patience) -> Ended {
        retrying.notified().await;
        loop {
            match self.channel.registry.try_upload(self.plan.repository.path()).await {
                Verdict::Permanent(error) => return Ended::Hopeless(error),
                Verdict::Works if may_restart => return Ended::Passed,
                Verdict::Works => return std::future::pending().await,
                Verdict::MayPass(error) => match patience.after_failure() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Ended::Hopeless(error),
                },
            }
            patience.tries += 1;
        }
    }

    /// Whether the registry has the image under the tag, whatever the engine says.
    async fn landed(&self, expected: &mut Expected) -> bool {
        let (path, tag) = (self.plan.repository.path(), self.planned.tag.as_str());
        let engine = self.channel.keeper.engine();
        match readback::read(self.channel.registry, path, tag, self.reference).await {
            Ok(manifest) => expected.judge(engine, &manifest, self.reference).await.is_ok(),
            Err(_) => false,
        }
    }

    /// What the engine said went wrong, in lower case, without the tag: a branch may be called anything.
    fn said(&self, error: &Error) -> String {
        let name = format!("{}:{}", self.plan.repository.familiar(), self.planned.tag);
        error.to_string().replace(&name, "").replace(self.reference, "").to_ascii_lowercase()
    }

    /// Whether the engine's name is by now that of what the registry holds, so that it was this push which put it there.
    /// Engines with containerd's store do not always say what they pushed.
    async fn names(&self, found: &Manifest) -> bool {
        let name = self.plan.reference(self.planned).familiar();
        let image = self.channel.keeper.engine().inspect_image(&name).await;
        let id = image.ok().flatten().map(|image| image.id);
        id.is_some_and(|id| {
            id == found.digest.as_str() || found.config_digest().is_some_and(|config| id == config.as_str())
        })
    }

    /// The error of a push, with the tag, and how often it was tried.
    fn told(&self, error: Error, tries: u32) -> Error {
        let tried = if tries > 1 { format!(" (tried {tries} times)") } else { String::new() };
        let cannot = format!("cannot push {}: ", self.reference);
        // The engine's own errors begin so.
        let text = error.to_string();
        let message = format!("{cannot}{}{tried}", text.strip_prefix(&cannot).unwrap_or(&text));
        error.hints().iter().fold(Error::new(error.kind(), message), |told, hint| told.hint(hint))
    }

    /// Takes the tag away where this run has put it on something that was not tested. What another run put there is
    /// that run's.
    async fn take_back(&self, error: Error, found: &Manifest, claimed: Option<&Digest>) -> Error {
        if error.kind() != Kind::Refused || !(claimed == Some(&found.digest) || self.names(found).await) {
            return error;
        }
        let (path, tag) = (self.plan.repository.path(), &self.planned.tag);
        let only = [tag.to_string()].into();
        match remove::remove_tag(self.channel.registry, path, tag.as_str(), &found.digest, &only).await {
            Ok(remove::Removed::Gone) => {
                self.channel.events.emit(Event::TagRemoved {
                    reference: self.reference.to_owned(),
                    before: Some(found.digest.to_string()),
                });
                error.hint("the tag was taken back: it is not there any more")
            }
            Ok(remove::Removed::Stays(why)) => error.hint(format!("the tag could not be taken back: {why}")),
            Err(failed) => error.hint(format!("the tag could not be taken back: {failed}")),
        }
    }
}

/// What is left of the patience with failures, which begins with the first one.
struct Patience {
    budget: Duration,
    until: Option<Instant>,
    pause: Duration,
    tries: u32,
}

impl Patience {
    fn new(budget: Duration) -> Patience {
        Patience { budget, until: None, pause: PAUSE, tries: 1 }
    }

    /// The pause before the next try; `None` where patience has ended.
    fn after_failure(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + self.budget);
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        (now + pause <= until).then_some(pause)
    }
}

/// Whether a failed push may go through in a moment. The engine gives no code, only words.
fn passes(said: &str) -> bool {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    // A rate limit that comes as a page for people is "invalid" to the engine.
    says(&["toomanyrequests", "429"])
        || !says(&[
            "denied",
            "unauthorized",
            "forbidden",
            "digest",
            "invalid",
            "not found",
            "unknown",
            "immutable",
        ])
}

/// Whether the registry did not take the login, which may have run out during the upload.
fn is_login(said: &str) -> bool {
    ["unauthorized", "authentication required", "no basic auth"].iter().any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_permanent_is_not_tried_again() {
        for (text, again) in [
            ("received unexpected http status: 500 internal server error", true),
            ("unexpected eof", true),
            ("error parsing http 429 response body: invalid character '<'", true),
            ("dial tcp 127.0.0.1:5000: connect: connection refused", true),
            ("toomanyrequests: slow down", true),
            ("denied: requested access to the resource is denied", false),
            ("unauthorized: authentication required", false),
            ("digest invalid: provided digest did not match uploaded content", false),
        ] {
            assert_eq!(passes(text), again, "{text}");
        }
    }

    #[test]
    fn patience_begins_with_the_first_failure_and_ends() {
        let mut patience = Patience::new(Duration::from_secs(60));
        assert_eq!(patience.after_failure(), Some(PAUSE));
        assert_eq!(patience.after_failure(), Some(PAUSE * 2));
        let mut none = Patience::new(Duration::ZERO);
        assert_eq!(none.after_failure(), None);
    }
}
