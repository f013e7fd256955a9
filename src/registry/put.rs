//! Manifests on their way to a registry, and taken away from it.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::Manifest;
use super::fault::Fault;
use super::manifest::{self, DIGEST_HEADER};
use super::retry::may_pass;
use super::session::{Ask, Content, Session};
use super::transport::Answer;
use crate::error::Result;
use crate::image::Digest;

/// How a manifest came to be at the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// The registry's answer did not say that it took the manifest; a look at what it holds did.
    pub settled: bool,
    /// The registry said that it lists the manifest among the referrers of its subject.
    pub subject: bool,
}

/// What became of a wish to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, or never was there.
    Gone,
    /// The registry deletes nothing, or nothing that is named like this: some delete by digest only.
    Unsupported,
    /// It deletes no manifest that has a tag: its tags have to go first.
    HasTags,
}

/// What a reference may hold where a manifest is put again after a failure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before<'a> {
    /// Anything: nobody else's is at stake.
    Anything,
    /// What the caller saw there; `None` where it did not exist. Anything else is somebody's who was faster.
    Seen(Option<&'a Digest>),
}

/// Puts `manifest` under `reference`, a tag or its digest, which holds `before` so far.
pub(super) async fn put(
    session: &Session,
    path: &str,
    reference: &str,
    manifest: &Manifest,
    before: Before<'_>,
) -> Result<Put> {
    let ask = Ask {
        actions: "pull,push",
        accept: "*/*",
        content: Content::Bytes(Bytes::from(manifest.bytes.clone())),
        attempt: format!("put the manifest {reference} into").into(),
        ..manifest::ask(session, Method::PUT, path, reference)?
    };
    let fail = |why: String| session.subject(&ask).fail(why);
    let Ok(media_type) = HeaderValue::from_str(&manifest.media_type) else {
        return Err(fail(format!("its media type {:?} is none", manifest.media_type)));
    };
    let ask = Ask { headers: [(CONTENT_TYPE, media_type)].into_iter().collect(), ..ask };
    let fail = |why: String| session.subject(&ask).fail(why);
    if reference.parse::<Digest>().is_ok_and(|digest| digest != manifest.digest) {
        return Err(fail(format!("its digest is {}", manifest.digest)));
    }
    let mut patience = session.patience();
    loop {
        let result = session.once(&ask, session.options().retry_budget).await;
        if let Ok(answer) = &result
            && answer.status.is_success()
        {
            let claim = answer.header(DIGEST_HEADER).and_then(|text| text.parse::<Digest>().ok());
            if let Some(other) = claim.filter(|digest| *digest != manifest.digest) {
                return Err(fail(format!("the registry made {other} of {}", manifest.digest)));
            }
            return Ok(Put { settled: false, subject: answer.header("oci-subject").is_some() });
        }
        let held = match may_have_landed(&result) {
            true => held(session, path, reference).await,
            false => None,
        };
        match &held {
            Some(held) if *held == manifest.digest => return Ok(Put { settled: true, subject: false }),
            // Somebody put another one meanwhile: to try again would put ours over it.
            Some(other) if matches!(before, Before::Seen(seen) if seen != Some(other)) => {
                return Err(session
                    .subject(&ask)
                    .held(other)
                    .hint("somebody else set it at the same time, and theirs stays"));
            }
            _ => {}
        }
        if let Some(pause) = patience.after(&result, session.was_seen()) {
            tokio::time::sleep(pause).await;
            continue;
        }
        let answer = session.settled(&ask, result, patience.tries)?;
        return Err(match held {
            Some(other) if is_conflict(&answer) && !is_broken(&answer) => session
                .subject(&ask)
                .held(&other)
                .hint("the registry does not let a tag be moved: take another tag, or delete this one first"),
            _ => session.refused(&ask, &answer),
        });
    }
}

/// Whether the registry may hold the manifest although `result` does not say so: an answer was lost, the registry failed
/// behind the write, or it refuses to write again what is there.
fn may_have_landed(result: &Result<Answer, Fault>) -> bool {
    may_pass(result) || result.as_ref().is_ok_and(is_conflict)
}

/// What registries answer where a tag must not move.
fn is_conflict(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 400 | 409 | 412)
}

/// Whether the registry finds fault with the manifest itself, and not with where it goes.
fn is_broken(answer: &Answer) -> bool {
    let codes =
        ["MANIFEST_INVALID", "MANIFEST_BLOB_UNKNOWN", "DIGEST_INVALID", "SIZE_INVALID", "UNSUPPORTED"];
    says(answer, &codes)
}

/// What `reference` holds, by the bytes that are there; asked once. `None` too where that cannot be told.
async fn held(session: &Session, path: &str, reference: &str) -> Option<Digest> {
    let ask = manifest::ask(session, Method::GET, path, reference).ok()?;
    let answer = session.once(&ask, session.options().retry_budget).await.ok()?;
    if !answer.status.is_success() {
        return None;
    }
    manifest::received(session, &ask, reference, answer).ok().map(|manifest| manifest.digest)
}

/// Deletes what `reference`, a tag or a digest, names.
pub(super) async fn delete(session: &Session, path: &str, reference: &str) -> Result<Deleted> {
    let ask = Ask {
        actions: "pull,push,delete",
        attempt: format!("delete the manifest {reference} of").into(),
        ..manifest::ask(session, Method::DELETE, path, reference)?
    };
    let answer = session.send(&ask).await?;
    match answer.status.as_u16() {
        200..300 | 404 => Ok(Deleted::Gone),
        405 | 501 => Ok(Deleted::Unsupported),
        // Distribution 2.8 takes the tag for a digest that is malformed.
        400 if says(&answer, &["UNSUPPORTED", "DIGEST_INVALID"]) => Ok(Deleted::Unsupported),
        409 => Ok(Deleted::HasTags),
        400 if says(&answer, &["GOOGLE_MANIFEST_DANGLING_TAG"]) => Ok(Deleted::HasTags),
        _ => Err(session.refused(&ask, &answer)),
    }
}

/// Whether the answer's first error has one of these codes.
fn says(answer: &Answer, codes: &[&str]) -> bool {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    document.pointer("/errors/0/code").and_then(Value::as_str).is_some_and(|code| codes.contains(&code))
}
