//! Whether we may push, asked before a long build.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue, LOCATION};
use url::Url;

use super::Verdict;
use super::endpoint::check_path;
use super::failure::{ANONYMOUS, detail};
use super::fault::{Fault, Told};
use super::retry::may_pass;
use super::session::{Ask, Content, Session, sent_to};
use super::transport::Answer;
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// How long taking an upload back may take: it expires by itself.
const FAREWELL: Duration = Duration::from_secs(3);
/// What [`try_upload`] sends: the empty blob of the OCI specification, which many repositories hold anyway.
const EMPTY: &[u8] = b"{}";

/// Whether we may push.
#[derive(Debug)]
pub enum PushRight {
    /// An upload was begun.
    Granted,
    /// The registry does not let us, as the error says.
    Denied(Error),
}

/// Begins an upload to the repository at `path` and takes it back. A registry that cannot be asked is an error.
pub(super) async fn may_push(session: &Session, path: &str) -> Result<PushRight> {
    check_path(path)?;
    let begin = begin(session, path)?;
    let mut patience = session.patience();
    let answer = loop {
        match session.once(&begin, session.options().retry_budget).await {
            // The token service says the same as a registry's 403.
            Err(Fault::Told(Told::Denied, error)) => return Ok(PushRight::Denied(error)),
            result => match patience.after(&result, session.was_seen()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break session.settled(&begin, result, patience.tries)?,
            },
        }
    };
    match answer.status.as_u16() {
        200..300 => {}
        401 | 403 => return Ok(PushRight::Denied(denied(session, path, &answer))),
        405 => {
            let message = format!("the registry {} takes no pushes: it is read-only", session.endpoint.host);
            let error = Error::new(Kind::Registry, message);
            return Ok(PushRight::Denied(error.hint("a mirror or pull-through cache is pulled from only")));
        }
        404 => {
            return Err(session
                .refused(&begin, &answer)
                .hint("some registries want the repository to be created first"));
        }
        _ => return Err(session.refused(&begin, &answer)),
    }
    // An upload that stays open is the registry's to expire: nothing here may fail the run.
    if let Some(location) = answer.header(LOCATION.as_str())
        && let Ok(upload) = answer.url.join(location)
        && session.endpoint.owns(&upload)
    {
        let end = Ask::writing(Method::DELETE, upload, path, "end an upload to");
        let _ = tokio::time::timeout(FAREWELL, session.once(&end, Duration::ZERO)).await;
    }
    Ok(PushRight::Granted)
}

/// Uploads two bytes, with each kind of request that a push is made of, and tries nothing again: what stops an engine
/// that pushes in vain stops this too, and says whether it may pass.
pub(super) async fn try_upload(session: &Session, path: &str) -> Verdict {
    match upload(session, path).await {
        Ok(()) => Verdict::Works,
        Err((true, error)) => Verdict::MayPass(error),
        Err((false, error)) => Verdict::Permanent(error),
    }
}

/// The failure, and whether it may pass.
async fn upload(session: &Session, path: &str) -> Result<(), (bool, Error)> {
    let permanent = |error| (false, error);
    check_path(path).map_err(permanent)?;
    let begin = begin(session, path).map_err(permanent)?;
    let location = step(session, &begin).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_RANGE, HeaderValue::from_static("0-1")),
    ];
    let patch = Ask {
        headers: headers.into_iter().collect(),
        content: Content::Bytes(Bytes::from_static(EMPTY)),
        ..Ask::writing(Method::PATCH, location, path, "upload two bytes to")
    };
    let mut location = step(session, &patch).await?;
    location.query_pairs_mut().append_pair("digest", Digest::of(EMPTY).as_str());
    let put = Ask::writing(Method::PUT, location, path, "end the upload of two bytes to");
    step(session, &put).await.map(drop)
}

/// Sends `ask` and tells where the upload goes on.
async fn step(session: &Session, ask: &Ask<'_>) -> Result<Url, (bool, Error)> {
    // The token service, too, is asked once.
    let result = session.once(ask, Duration::ZERO).await;
    let passing = may_pass(&result) || matches!(result, Err(Fault::Told(Told::Passing, _)));
    let answer = session.settled(ask, result, 1).map_err(|error| (passing, error))?;
    if !answer.status.is_success() {
        let owns = session.endpoint.owns(&answer.url);
        let error = match answer.status.as_u16() {
            401 | 403 if owns => denied(session, ask.path, &answer),
            _ => session.refused(ask, &answer),
        };
        return Err((passing, error));
    }
    let location = answer.header(LOCATION.as_str()).unwrap_or_default();
    sent_to(&answer.url, location).map_err(|fault| (false, session.subject(ask).failed(fault, 1)))
}

fn begin<'a>(session: &Session, path: &'a str) -> Result<Ask<'a>> {
    let url = session.endpoint.url(&format!("/v2/{path}/blobs/uploads/"))?;
    Ok(Ask::writing(Method::POST, url, path, "begin an upload to"))
}

fn denied(session: &Session, path: &str, answer: &Answer) -> Error {
    let (host, user) = (&session.endpoint.host, session.user());
    let why = detail(&answer.body).map(|d| format!(" ({d})")).unwrap_or_default();
    let error = Error::new(Kind::Registry, format!("no push permission for {path} on {host} as {user}{why}"));
    let error = error.hint(format!("log in with an account that may push: docker login {host}"));
    if user == ANONYMOUS { error.hint("no login was found for this registry") } else { error }
}
