//! Connections that are used again, on ways where a new one is a login on another machine.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http1;

/// The body of any request.
pub(super) type Sent = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What moves a connection's bytes while it is polled; `None` once it is closed.
pub(super) type Driver = Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>;

/// Polls the connection; a finished one is dropped. Its error is told again by whatever waits for the answer.
pub(super) fn drive(connection: &mut Driver, cx: &mut Context<'_>) {
    if let Some(running) = connection
        && running.as_mut().poll(cx).is_ready()
    {
        *connection = None;
    }
}

/// An open connection.
pub(super) struct Line {
    pub(super) sender: http1::SendRequest<Sent>,
    pub(super) connection: Driver,
}

/// Connections that wait for their next request. Nobody polls them: whether they still stand shows when they are taken.
#[derive(Clone, Default)]
pub(super) struct Idle(Arc<Mutex<Vec<Line>>>);

/// More than this are never waited with: each is a process here and one there.
const MAX: usize = 4;

impl Idle {
    /// A connection that still stands.
    pub(super) async fn take(&self) -> Option<Line> {
        loop {
            let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            // The first look is the end of the last request. Then the runtime hears what came meanwhile, so that the
            // second one sees whether the other side has gone.
            poll_fn(|cx| {
                drive(&mut line.connection, cx);
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
            let stands = poll_fn(|cx| {
                drive(&mut line.connection, cx);
                // One that is not done with its last request will not be in a moment, either.
                let is_ready = matches!(line.sender.poll_ready(cx), Poll::Ready(Ok(())));
                Poll::Ready(line.connection.is_some() && is_ready)
            });
            if stands.await {
                return Some(line);
            }
        }
    }

    pub(super) fn put(&self, line: Line) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX {
            lines.push(line);
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Idle")
    }
}
