//! Uploading a blob: as little as possible, in parts that proxies let through, and on from where it broke.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RANGE};
use url::Url;

use super::endpoint::check_path;
use super::fault::{Fault, Told};
use super::manifest::DIGEST_HEADER;
use super::retry::{Patience, may_pass};
use super::session::{Ask, Content, Session, sent_to};
use super::source::Tap;
use super::transport::Answer;
use super::{BlobSource, Descriptor, blob};
use crate::error::{Error, Result};
use crate::image::Digest;

/// Up to this size, in bytes, a blob goes in one request.
const SMALL: u64 = 1 << 20;
/// The most that one request carries, in bytes: many proxies take no more than 100 MB.
const MAX_PART: u64 = 64 << 20;
/// So much progress, in bytes, makes the failures before it forgotten.
const PROGRESS: u64 = 1 << 20;

/// What it took to have a blob in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Present,
    /// The registry took it from another repository of its own.
    Mounted,
    /// Its bytes were sent.
    Sent,
}

/// Brings the blob that `descriptor` describes into the repository at `path`.
pub(super) async fn push(
    session: &Session,
    path: &str,
    descriptor: &Descriptor,
    source: BlobSource<'_>,
) -> Result<Pushed> {
    if blob::has(session, path, &descriptor.digest).await? {
        return Ok(Pushed::Present);
    }
    let attempt = format!("upload the blob {} to", descriptor.digest);
    let place = Place { session, path, digest: &descriptor.digest, attempt };
    let opened = match &source {
        BlobSource::Registry { registry, path: from }
            if *from != path && registry.session().endpoint.is_same_as(&session.endpoint) =>
        {
            match place.mount(from).await? {
                Mount::Done => return Ok(Pushed::Mounted),
                Mount::Opened(answer) => Some(*answer),
                Mount::Refused => None,
            }
        }
        _ => None,
    };
    let opened = match opened {
        Some(answer) => answer,
        None => place.begin().await?,
    };
    let location = place.location(&opened, None)?;
    let tap = Tap::new(source, descriptor.clone());
    let upload = Upload {
        tap: &tap,
        size: descriptor.size,
        part: part_size(&opened, descriptor.size),
        location,
        offset: 0,
        patience: session.patience(),
        counted: 0,
        place,
    };
    upload.run().await.map(|()| Pushed::Sent)
}

/// What is pushed, and where to.
struct Place<'a> {
    session: &'a Session,
    path: &'a str,
    digest: &'a Digest,
    /// For messages.
    attempt: String,
}

enum Mount {
    Done,
    /// The registry rather opened an upload.
    Opened(Box<Answer>),
    Refused,
}

impl Place<'_> {
    fn ask(&self, method: Method, url: Url) -> Ask<'_> {
        Ask::writing(method, url, self.path, self.attempt.as_str())
    }

    fn uploads(&self) -> Result<Url> {
        self.session.endpoint.url(&format!("/v2/{}/blobs/uploads/", self.path))
    }

    async fn mount(&self, from: &str) -> Result<Mount> {
        check_path(from)?;
        let mut url = self.uploads()?;
        url.query_pairs_mut().append_pair("mount", self.digest.as_str()).append_pair("from", from);
        let ask = Ask { and_from: Some(from), ..self.ask(Method::POST, url) };
        // Whoever may not read there, or asks a registry that knows no mounts, has to send the bytes.
        let result = self.session.once(&ask, self.session.options().retry_budget).await;
        Ok(match result {
            Ok(answer) if answer.status.as_u16() == 201 => Mount::Done,
            Ok(answer) if answer.status.as_u16() == 202 && answer.header("location").is_some() => {
                Mount::Opened(Box::new(answer))
            }
            _ => Mount::Refused,
        })
    }

    async fn begin(&self) -> Result<Answer> {
        self.session.expect(&self.ask(Method::POST, self.uploads()?)).await
    }

    /// Where the upload goes on after `answer`; where it says nothing, as `before`.
    fn location(&self, answer: &Answer, before: Option<&Url>) -> Result<Url> {
        let fail = |fault| {
            let ask = self.ask(Method::POST, answer.url.clone());
            self.session.subject(&ask).failed(fault, 1).hint(
                "where a proxy before the registry ends TLS, it has to pass on X-Forwarded-Proto, \
                 or the registry to answer with relative addresses",
            )
        };
        match (answer.header(LOCATION.as_str()), before) {
            (Some(location), _) => sent_to(&answer.url, location).map_err(fail),
            (None, Some(before)) => Ok(before.clone()),
            (None, None) => Err(fail(Fault::Unacceptable("the registry names no address for it".to_owned()))),
        }
    }
}

/// One upload under way.
struct Upload<'a> {
    place: Place<'a>,
    tap: &'a Tap<'a>,
    size: u64,
    /// How much one request carries at most.
    part: u64,
    location: Url,
    /// How much the registry has, as it says.
    offset: u64,
    patience: Patience,
    /// The offset at which failures were last forgotten.
    counted: u64,
}

/// What a request showed.
enum Step {
    /// The registry has the whole blob.
    Done,
    /// It has more than before.
    Further,
    /// It failed.
    Failed(Box<Result<Answer, Fault>>),
}

impl Step {
    fn failed(result: Result<Answer, Fault>) -> Step {
        Step::Failed(Box::new(result))
    }
}

impl Upload<'_> {
    async fn run(mut self) -> Result<()> {
        loop {
            let result = match self.step().await? {
                Step::Done => return Ok(()),
                Step::Further => {
                    if self.offset >= self.counted.saturating_add(PROGRESS) {
                        self.counted = self.offset;
                        self.patience.renew();
                    }
                    continue;
                }
                Step::Failed(result) => *result,
            };
            let seen = self.place.session.was_seen();
            // An upload that the registry lost, or a source that ended early, is an outage like any other.
            let (lost, ours) = (is_lost(&result), matches!(&result, Err(Fault::Told(Told::Passing, _))));
            let pause = match lost || ours {
                true => self.patience.once_more(),
                false => self.patience.after(&result, seen),
            };
            let Some(pause) = pause else { return Err(self.failed(result)) };
            tokio::time::sleep(pause).await;
            // A small blob that could not be read was not sent either.
            if !ours || self.size > SMALL {
                self.find_out(lost).await?;
            }
        }
    }

    /// Sends the next part, or ends the upload.
    async fn step(&mut self) -> Result<Step> {
        if self.size <= SMALL {
            let bytes = match self.tap.whole().await {
                Ok(bytes) => bytes,
                Err(fault) => return Ok(Step::failed(Err(fault))),
            };
            return self.commit(bytes).await;
        }
        if self.offset == self.size {
            return self.commit(Bytes::new()).await;
        }
        let (start, length) = (self.offset, self.part.min(self.size - self.offset));
        let end = start + length;
        let mut headers = octets();
        let range = HeaderValue::from_str(&format!("{start}-{}", end - 1));
        headers.extend(range.ok().map(|range| (CONTENT_RANGE, range)));
        let content = Content::Part { tap: self.tap, start, length };
        let ask = Ask { headers, content, ..self.place.ask(Method::PATCH, self.location.clone()) };
        let result = self.place.session.once(&ask, self.place.session.options().retry_budget).await;
        if let Some(fault) = self.tap.take_fault() {
            return Ok(Step::failed(Err(fault)));
        }
        match result {
            Ok(answer) if answer.status.is_success() => {
                self.location = self.place.location(&answer, Some(&self.location))?;
                // Fewer than were sent are as good, as long as there are more than before.
                let has = held(&answer).unwrap_or(end);
                if has > end || has <= start {
                    let why =
                        format!("the registry says it has {has} bytes after {start} to {end} were sent");
                    return Err(self.fail(&why));
                }
                self.offset = has;
                Ok(Step::Further)
            }
            result => Ok(Step::failed(result)),
        }
    }

    /// Ends the upload with its last bytes.
    async fn commit(&self, bytes: Bytes) -> Result<Step> {
        let mut url = self.location.clone();
        url.query_pairs_mut().append_pair("digest", self.place.digest.as_str());
        let content = Content::Bytes(bytes);
        let ask = Ask { headers: octets(), content, ..self.place.ask(Method::PUT, url) };
        let session = self.place.session;
        let result = session.once(&ask, session.options().retry_budget).await;
        match &result {
            Ok(answer) if answer.status.is_success() => {
                let claim = answer.header(DIGEST_HEADER).and_then(|text| text.parse::<Digest>().ok());
                match claim.filter(|claim| claim != self.place.digest) {
                    Some(other) => Err(self.fail(&format!("the registry made {other} of it"))),
                    None => Ok(Step::Done),
                }
            }
            // The answer may be lost and the blob not; a commit that is sent again finds no upload any more.
            unclear if may_pass(unclear) || is_lost(unclear) => {
                match blob::has(session, self.place.path, self.place.digest).await {
                    Ok(true) => Ok(Step::Done),
                    _ => Ok(Step::failed(result)),
                }
            }
            _ => Ok(Step::failed(result)),
        }
    }

    /// Asks how much the registry has of the upload, and begins a new one where it cannot tell.
    async fn find_out(&mut self, lost: bool) -> Result<()> {
        if self.size > SMALL && !lost {
            let ask = self.place.ask(Method::GET, self.location.clone());
            let answer = self.place.session.send(&ask).await?;
            if answer.status.is_success()
                && let Some(has) = held(&answer).filter(|has| *has <= self.tap.passed())
            {
                self.location = self.place.location(&answer, Some(&self.location))?;
                self.offset = has;
                return Ok(());
            }
        }
        let answer = self.place.begin().await?;
        self.location = self.place.location(&answer, None)?;
        self.part = part_size(&answer, self.size);
        self.offset = 0;
        Ok(())
    }

    fn fail(&self, why: &str) -> Error {
        let ask = self.place.ask(Method::PATCH, self.location.clone());
        self.place.session.subject(&ask).fail(why)
    }

    fn failed(&self, result: Result<Answer, Fault>) -> Error {
        let ask = self.place.ask(Method::PATCH, self.location.clone());
        match self.place.session.settled(&ask, result, self.patience.tries) {
            Ok(answer) => self.place.session.refused(&ask, &answer),
            Err(error) => error,
        }
    }
}

/// Whether the registry knows the upload no more, or has another part of it than we think.
fn is_lost(result: &Result<Answer, Fault>) -> bool {
    result.as_ref().is_ok_and(|answer| matches!(answer.status.as_u16(), 404 | 416))
}

/// How many bytes of an upload the registry has, where it says so. `0-0` is what registries say of none, too.
fn held(answer: &Answer) -> Option<u64> {
    let text = answer.header(RANGE.as_str())?.trim();
    let (first, last) = text.strip_prefix("bytes=").unwrap_or(text).split_once('-')?;
    let last: u64 = last.parse().ok()?;
    match (first.parse::<u64>().ok()?, last) {
        (0, 0) => Some(0),
        (0, last) => last.checked_add(1),
        _ => None,
    }
}

/// How much one request carries at most: a registry may want more than we would send.
fn part_size(answer: &Answer, size: u64) -> u64 {
    let least = answer.header("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
    MAX_PART.max(least.unwrap_or(0)).min(size)
}

fn octets() -> HeaderMap {
    [(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn answer(name: &'static str, value: &'static str) -> Answer {
        let mut answer = Answer::empty(StatusCode::NO_CONTENT);
        answer.headers.insert(name, HeaderValue::from_static(value));
        answer
    }

    #[test]
    fn what_the_registry_has_is_read() {
        for (text, has) in [
            ("0-0", Some(0)),
            ("0-1", Some(2)),
            ("bytes=0-9", Some(10)),
            ("5-9", None),
            ("0-", None),
            ("-1", None),
            ("0--1", None),
            ("0-18446744073709551615", None),
            ("nonsense", None),
        ] {
            assert_eq!(held(&answer("range", text)), has, "{text}");
        }
        assert_eq!(held(&answer("x", "0-1")), None);
    }

    #[test]
    fn parts_are_as_large_as_proxies_and_the_registry_let_them() {
        let gib = 1 << 30;
        assert_eq!(part_size(&answer("x", ""), gib), MAX_PART);
        assert_eq!(part_size(&answer("x", ""), 5), 5);
        assert_eq!(part_size(&answer("oci-chunk-min-length", "5"), gib), MAX_PART);
        assert_eq!(part_size(&answer("oci-chunk-min-length", "100000000"), gib), 100_000_000);
        assert_eq!(part_size(&answer("oci-chunk-min-length", "18446744073709551615"), gib), gib);
        assert_eq!(part_size(&answer("oci-chunk-min-length", "-1"), gib), MAX_PART);
    }
}
