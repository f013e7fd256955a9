//! What refers to a manifest: signatures, SBOMs, test results. The registry lists it, or a tag does.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::endpoint::check_path;
use super::failure::detail;
use super::manifest::{self, MAX_MANIFEST, OCI_INDEX};
use super::put::{self, Before, Put};
use super::session::{Ask, Session};
use super::{Descriptor, Manifest, pages};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// More than anybody attaches to one image.
const MAX_REFERRERS: usize = 10_000;
/// How large the pages of the list may be together, in bytes: its entries have annotations, which are held in memory.
const MAX_LISTED: usize = 16 << 20;
/// How many manifests are put beside each other.
const AT_ONCE: usize = 4;

/// The tag that lists the referrers of `digest` where the registry does not.
fn fallback_tag(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}

/// Everything that refers to the manifest `digest` of the repository at `path`.
pub(super) async fn list(session: &Session, path: &str, digest: &Digest) -> Result<Vec<Descriptor>> {
    if let Some(listed) = ask_api(session, path, digest).await? {
        return Ok(listed);
    }
    // A tag of that name that holds something else lists nothing.
    match manifest::get(session, path, &fallback_tag(digest)).await? {
        Some(index) => index.children(),
        None => Ok(Vec::new()),
    }
}

/// What the registry lists; `None` where it has no such list.
async fn ask_api(session: &Session, path: &str, digest: &Digest) -> Result<Option<Vec<Descriptor>>> {
    check_path(path)?;
    if session.lacks_referrers() {
        return Ok(None);
    }
    let (mut listed, mut seen, mut bytes) = (Vec::new(), BTreeSet::new(), 0_usize);
    let mut next = Some(session.endpoint.url(&format!("/v2/{path}/referrers/{digest}"))?);
    while let Some(url) = next {
        let ask = Ask {
            accept: OCI_INDEX,
            limit: MAX_MANIFEST,
            ..Ask::new(Method::GET, url.clone(), path, format!("list what refers to {digest} in"))
        };
        let fail = |why: &str| session.subject(&ask).fail(why);
        // Nothing of a list that was cut off is used: what is missing may be what counts.
        let too_much = |why: &str| {
            let error = Error::new(Kind::Refused, fail(why).message());
            error.hint("somebody who may push there attached it: delete what is not yours, and run again")
        };
        let first = seen.is_empty();
        if seen.len() >= MAX_REFERRERS {
            return Err(too_much("the list has no end"));
        }
        if !seen.insert(url.to_string()) {
            return Err(fail("the registry's pages lead in a circle"));
        }
        let answer = session.send(&ask).await?;
        match answer.status.as_u16() {
            200..300 => {}
            404 | 400 | 405 | 501 if first => {
                // A registry that knows the question answers in the form of the specification.
                if detail(&answer.body).is_none() {
                    session.note_no_referrers();
                }
                return Ok(None);
            }
            _ => return Err(session.refused(&ask, &answer)),
        }
        bytes = bytes.saturating_add(answer.body.len());
        if bytes > MAX_LISTED {
            return Err(too_much(&format!("the list is larger than {MAX_LISTED} bytes, and is not read on")));
        }
        next = pages::next(session, &ask, &answer)?;
        let media_type = answer.header("content-type").unwrap_or_default().to_owned();
        let index = Manifest::new(answer.body, &media_type).ok().filter(Manifest::is_index);
        let Some(index) = index else {
            // Some answer every question with a page for people.
            return if first { Ok(None) } else { Err(fail("a page of the list is no index")) };
        };
        listed.extend(index.children().map_err(|error| fail(error.message()))?);
        if listed.len() > MAX_REFERRERS {
            return Err(too_much(&format!("there are more than {MAX_REFERRERS}")));
        }
    }
    Ok(Some(listed))
}

/// Puts `manifests`, each of which refers to another one, and sees to it that they are found from there.
///
/// They are put beside each other. The list under a subject's tag is read and written as a whole, so that what the registry
/// does not list itself goes into it by one write, in the order that was given.
pub(super) async fn add(session: &Session, path: &str, manifests: &[Manifest]) -> Result<()> {
    let mut subjects = Vec::new();
    for manifest in manifests {
        let nothing = || format!("the manifest {} refers to nothing", manifest.digest);
        let subject = manifest.subject()?.ok_or_else(|| Error::new(Kind::Internal, nothing()))?;
        subjects.push(subject.digest);
    }
    let puts = manifests
        .iter()
        .map(|manifest| put::put(session, path, manifest.digest.as_str(), manifest, Before::Anything));
    let puts: Vec<Put> = stream::iter(puts).buffered(AT_ONCE).try_collect().await?;
    // An answer that was lost cannot have said whether the registry lists it.
    let mut lists = BTreeMap::new();
    let mut unlisted: Vec<(&Digest, Vec<Descriptor>)> = Vec::new();
    for ((manifest, subject), put) in manifests.iter().zip(&subjects).zip(puts) {
        if put.settled && !lists.contains_key(subject) {
            lists.insert(subject, ask_api(session, path, subject).await?.is_some());
        }
        if put.subject || (put.settled && lists.get(subject) == Some(&true)) {
            continue;
        }
        let referrer = manifest.descriptor()?;
        match unlisted.iter_mut().find(|(known, _)| *known == subject) {
            Some((_, referrers)) => referrers.push(referrer),
            None => unlisted.push((subject, vec![referrer])),
        }
    }
    for (subject, referrers) in unlisted {
        note_in_tag(session, path, subject, &referrers).await?;
    }
    Ok(())
}

/// Adds `referrers` to the list under the tag. Others may do so at the same moment, so it is looked at after each write
/// and written again where their write undid ours.
async fn note_in_tag(
    session: &Session,
    path: &str,
    subject: &Digest,
    referrers: &[Descriptor],
) -> Result<()> {
    let tag = fallback_tag(subject);
    let mut patience = session.patience();
    let mut written = false;
    loop {
        let found = manifest::get(session, path, &tag).await?;
        let fail = |why: &str| -> Result<()> {
            let ask = manifest::ask(session, Method::PUT, path, &tag)?;
            Err(session.subject(&ask).fail(why))
        };
        let mut document = match found {
            None => json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}),
            Some(index) if index.is_index() => serde_json::from_slice(&index.bytes).unwrap_or_default(),
            Some(_) => return fail("the tag is to list referrers, and holds something else"),
        };
        let Some(entries) = document.get_mut("manifests").and_then(Value::as_array_mut) else {
            return fail("the list under the tag is malformed");
        };
        let is_listed = |digest: &Digest| {
            let named = |entry: &Value| entry.get("digest").and_then(Value::as_str) == Some(digest.as_str());
            entries.iter().any(named)
        };
        let lacking = referrers.iter().filter(|referrer| !is_listed(&referrer.digest));
        let lacking: Vec<Value> = lacking.map(Descriptor::to_json).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        if written {
            let tries = patience.tries;
            let Some(pause) = patience.once_more() else {
                return fail(&format!("others write it at the same time, tried {tries} times"));
            };
            // What was read is old behind the pause.
            written = false;
            tokio::time::sleep(pause).await;
            continue;
        }
        entries.extend(lacking);
        let index = Manifest::new(document.to_string().into_bytes(), OCI_INDEX)?;
        put::put(session, path, &tag, &index, Before::Anything).await?;
        written = true;
    }
}
