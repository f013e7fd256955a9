//! Blobs as they are read.

use bytes::{Buf as _, Bytes};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use sha2::{Digest as _, Sha256};

use super::endpoint::check_path;
use super::fault::Fault;
use super::session::{Ask, Session};
use super::stream::ByteStream;
use super::transport::Answer;
use super::{Descriptor, Mismatch};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

fn ask<'a>(session: &Session, method: Method, path: &'a str, digest: &Digest) -> Result<Ask<'a>> {
    check_path(path)?;
    let url = session.endpoint.url(&format!("/v2/{path}/blobs/{digest}"))?;
    Ok(Ask::new(method, url, path, format!("read the blob {digest} of")))
}

/// Whether the repository at `path` holds the blob.
pub(super) async fn has(session: &Session, path: &str, digest: &Digest) -> Result<bool> {
    let ask = Ask { actions: "pull,push", ..ask(session, Method::HEAD, path, digest)? };
    let answer = session.send(&ask).await?;
    match answer.status.as_u16() {
        200..300 => Ok(true),
        404 => Ok(false),
        _ => Err(session.refused(&ask, &answer)),
    }
}

/// The blob's bytes from `offset` on, as they come. Nothing is checked but where they begin.
pub(super) async fn open(
    session: &Session,
    path: &str,
    blob: &Descriptor,
    offset: u64,
) -> Result<ByteStream> {
    let mut ask = Ask { streams: true, ..ask(session, Method::GET, path, &blob.digest)? };
    if offset > 0 {
        let range = HeaderValue::from_str(&format!("bytes={offset}-"));
        ask.headers.extend(range.ok().map(|range| (RANGE, range)));
    }
    let mut answer = session.expect(&ask).await?;
    let skip = match answer.status.as_u16() {
        206 if begins_at(&answer) == Some(offset) => 0,
        206 => {
            return Err(session.subject(&ask).fail("the registry sends another part than was asked for"));
        }
        // The registry ignores ranges.
        _ => offset,
    };
    let pieces = answer.stream.take().unwrap_or_else(|| stream::empty().boxed());
    Ok(skipping(pieces, skip))
}

/// The blob's bytes from `offset` on; from the beginning, they are checked against size and digest, and the stream ends
/// in an error where they differ.
pub(super) async fn read(
    session: &Session,
    path: &str,
    blob: &Descriptor,
    offset: u64,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let stream = open(session, path, blob, offset).await?;
    let cannot = format!("cannot read the blob {} of {}/{path}", blob.digest, session.endpoint.host);
    let check = Check { blob: blob.clone(), offset, read: offset, hasher: Sha256::new(), cannot };
    let checked = stream::unfold(Some((stream, check)), |state| async move {
        let (mut stream, mut check) = state?;
        match stream.next().await {
            Some(Ok(piece)) => match check.pass(&piece) {
                Ok(()) => Some((Ok(piece), Some((stream, check)))),
                Err(error) => Some((Err(error), None)),
            },
            Some(Err(fault)) => Some((Err(check.failed(fault)), None)),
            None => check.end().err().map(|error| (Err(error), None)),
        }
    });
    Ok(checked.boxed())
}

struct Check {
    blob: Descriptor,
    offset: u64,
    read: u64,
    hasher: Sha256,
    /// What messages begin with.
    cannot: String,
}

impl Check {
    fn pass(&mut self, piece: &Bytes) -> Result<()> {
        self.read = self.read.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.read > self.blob.size {
            return Err(
                self.mismatch(Mismatch::new(format!("it is larger than its size says, {}", self.blob.size)))
            );
        }
        self.hasher.update(piece);
        Ok(())
    }

    fn end(&self) -> Result<()> {
        if self.read < self.blob.size {
            let why = format!("it ended after {} of {} bytes", self.read, self.blob.size);
            return Err(self.mismatch(Mismatch::cut_short(why)));
        }
        let digest = Digest::from_hash(self.hasher.clone().finalize().into());
        if self.offset == 0 && digest != self.blob.digest {
            return Err(self.mismatch(Mismatch::new(format!("the bytes received have the digest {digest}"))));
        }
        Ok(())
    }

    fn failed(&self, fault: Fault) -> Error {
        match fault {
            Fault::Broken(_, why) | Fault::Unacceptable(why) => self.fail(&why),
            Fault::Told(_, error) => error,
        }
    }

    fn mismatch(&self, why: Mismatch) -> Error {
        self.fail(&why.to_string()).because(why)
    }

    fn fail(&self, why: &str) -> Error {
        Error::new(Kind::Registry, format!("{}: {why}", self.cannot))
    }
}

/// Where the part in a 206 begins.
fn begins_at(answer: &Answer) -> Option<u64> {
    let text = answer.header(CONTENT_RANGE.as_str())?.trim().strip_prefix("bytes")?;
    text.trim_start().split('-').next()?.parse().ok()
}

/// `stream` without its first `skip` bytes.
fn skipping(stream: ByteStream, skip: u64) -> ByteStream {
    if skip == 0 {
        return stream;
    }
    let rest = stream.scan(skip, |skip, piece| {
        let piece = piece.map(|mut piece| {
            let most = usize::try_from(*skip).unwrap_or(usize::MAX).min(piece.len());
            piece.advance(most);
            *skip = skip.saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
            piece
        });
        std::future::ready(Some(piece))
    });
    rest.boxed()
}
