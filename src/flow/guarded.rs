//! Reading what a registry hands out, for a verdict: it ends in time, and bytes that are others are no bad connection.

use super::session::Session;
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::registry::Mismatch;

/// What `work` comes to, within `push.timeout` and with [`refused`]; `what` names it in messages: `verify ghcr.io/acme/api`.
///
/// Single requests have limits of their own, but a layer may come a byte at a time for ever.
pub(super) async fn read<T>(
    session: &Session,
    settings: &Settings,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    session.stop.check()?;
    let limit = &settings.push_limits.timeout;
    // Boxed: the state of all that reads would lie on the stack of every caller.
    match tokio::time::timeout(limit.value, Box::pin(work)).await {
        Ok(done) => done.map_err(refused),
        Err(_) => {
            let seconds = limit.value.as_secs_f32();
            let why =
                format!("cannot {what}: it was not done within {seconds} s, push.timeout ({})", limit.origin);
            Err(Error::new(Kind::Registry, why)
                .hint("the registry hands out its bytes too slowly: try again, or give it longer, [push] timeout = \"2h\""))
        }
    }
}

/// The same error, but a refusal where a registry handed out, whole, other bytes than those of the digest: somebody
/// changed them, and trying again changes nothing.
pub(super) fn refused(error: Error) -> Error {
    match Mismatch::of(&error) {
        Some(mismatch) if !mismatch.is_cut_short() => {
            let hints = error.hints().iter().cloned();
            hints.fold(Error::new(Kind::Refused, error.to_string()), Error::hint).hint(
                "these bytes are not what was signed and tested: do not use them, and ask whoever runs the registry",
            )
        }
        _ => error,
    }
}
