//! Whether we may push, asked before a long build.

use reqwest::Method;
use reqwest::header::LOCATION;

use super::endpoint::check_path;
use super::failure::{ANONYMOUS, detail};
use super::session::{Ask, Session};
use super::transport::Answer;
use crate::error::{Error, Kind, Result};

/// The longest answer to these requests, in bytes.
const MAX_ANSWER: usize = 256 << 10;

/// Begins an upload to the repository at `path` and takes it back.
pub(super) async fn may_push(session: &Session, path: &str) -> Result<()> {
    check_path(path)?;
    let ask = |method, url| Ask {
        method,
        url,
        path,
        actions: "pull,push",
        accept: "*/*",
        limit: MAX_ANSWER,
        attempt: "begin an upload to".to_owned(),
    };
    let begin = ask(Method::POST, session.endpoint.url(&format!("/v2/{path}/blobs/uploads/"))?);
    let answer = session.send(&begin).await?;
    match answer.status.as_u16() {
        200..300 => {}
        401 | 403 => return Err(denied(session, path, &answer)),
        405 => {
            let message = format!("the registry {} takes no pushes: it is read-only", session.endpoint.host);
            return Err(Error::new(Kind::Registry, message)
                .hint("a mirror or pull-through cache is pulled from only"));
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
        let _ = session.send(&ask(Method::DELETE, upload)).await;
    }
    Ok(())
}

fn denied(session: &Session, path: &str, answer: &Answer) -> Error {
    let (host, user) = (&session.endpoint.host, session.user());
    let why = detail(&answer.body).map(|d| format!(" ({d})")).unwrap_or_default();
    let error = Error::new(Kind::Registry, format!("no push permission for {path} on {host} as {user}{why}"));
    let error = error.hint(format!("log in with an account that may push: docker login {host}"));
    if user == ANONYMOUS { error.hint("no login was found for this registry") } else { error }
}
