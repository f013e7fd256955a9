//! Requests of our own over the dialer, for what bollard gets wrong or cannot bound: streams are read chunk by chunk,
//! JSON is decoded leniently, and dropping a call closes its connection at once, which makes the engine cancel.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dialer::{Dialer, Stream};
use super::fault::{Fault, chain};
use super::idle::{Idle, Line, Sent, drive};

/// The body of most requests.
pub(super) type Plain = Full<Bytes>;

/// A list of all images of a busy CI engine is below 5 MB.
const MAX_JSON: usize = 64 << 20;
const MAX_ERROR: usize = 64 << 10;

/// What may stand unescaped in a query value or path segment (RFC 3986 unreserved).
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` escaped for one path segment or query value. A segment of dots only would be resolved away by proxies.
pub(super) fn escape(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

/// The way to one engine, with the API version that every path gets.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    dialer: Dialer,
    /// `/v1.41`, or empty until it is negotiated.
    prefix: String,
    /// Where connections are used again.
    idle: Option<Idle>,
}

impl Wire {
    pub(super) fn new(dialer: Dialer) -> Wire {
        let idle = dialer.is_slow().then(Idle::default);
        Wire { dialer, prefix: String::new(), idle }
    }

    pub(super) fn with_version(&self, version: &str) -> Wire {
        Wire { prefix: format!("/v{version}"), ..self.clone() }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// A request for `path` (which begins with `/` and is already escaped) and these query pairs.
    pub(super) fn request<B>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: B,
    ) -> Result<Request<B>, Fault> {
        let query: Vec<String> =
            query.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        Request::builder()
            .method(method)
            .uri(format!("{}{path}{mark}{}", self.prefix, query.join("&")))
            .header(http::header::HOST, self.dialer.authority())
            .header(http::header::USER_AGENT, concat!("imgbuild/", env!("CARGO_PKG_VERSION")))
            .body(body)
            .map_err(|error| Fault::Garbled(error.to_string()))
    }

    /// Sends a request on a connection that nobody else has, and waits for the head of the answer, whatever its status.
    pub(super) async fn open<B>(&self, request: Request<B>) -> Result<Reply, Fault>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        loop {
            let waiting = match &self.idle {
                Some(idle) => idle.take().await,
                None => None,
            };
            let is_old = waiting.is_some();
            let Line { mut sender, mut connection } = match waiting {
                Some(line) => line,
                None => Box::pin(self.line()).await?,
            };
            let mut answer = Box::pin(sender.try_send_request(request));
            let answered = poll_fn(|cx| {
                // The connection is polled here and not in a task, so that it dies with this future.
                drive(&mut connection, cx);
                answer.as_mut().poll(cx)
            })
            .await;
            drop(answer);
            match answered {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let line = Some(Line { sender, connection });
                    return Ok(Reply {
                        status: head.status,
                        headers: head.headers,
                        body,
                        line,
                        idle: self.idle.clone(),
                    });
                }
                Err(mut error) => match error.take_message() {
                    // It closed in the very moment: nothing of the request was sent.
                    Some(unsent) if is_old => request = unsent,
                    _ => return Err(lost(error.into_error())),
                },
            }
        }
    }

    /// A new connection.
    async fn line(&self) -> Result<Line, Fault> {
        // Boxed, and so is what is sent: handshakes are large, and would lie on the stack of every caller.
        let stream = Box::pin(self.dialer.dial()).await.map_err(Fault::Dial)?;
        let io = TokioIo::new(Patient { stream, deaf: false });
        let (sender, connection) = http1::handshake::<_, Sent>(io).await.map_err(lost)?;
        Ok(Line { sender, connection: Some(Box::pin(connection)) })
    }

    /// As [`open`](Wire::open), with an error status turned into the engine's message.
    pub(super) async fn send<B>(&self, request: Request<B>) -> Result<Reply, Fault>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let reply = Box::pin(self.open(request)).await?;
        if reply.status.is_success() || reply.status == StatusCode::NOT_MODIFIED {
            Ok(reply)
        } else {
            Err(reply.refusal().await)
        }
    }

    /// GET of a JSON value.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        limit: Duration,
    ) -> Result<T, Fault> {
        within(limit, async {
            let mut reply = self.send(self.request(Method::GET, path, query, Plain::default())?).await?;
            let body = reply.collect(MAX_JSON).await?;
            serde_json::from_slice(&body).map_err(|error| Fault::Garbled(error.to_string()))
        })
        .await
    }

    /// A request with a JSON body, whose answer comes as a stream.
    pub(super) async fn post(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: &serde_json::Value,
        headers: &[(&'static str, String)],
    ) -> Result<Reply, Fault> {
        let mut request = self.request(Method::POST, path, query, Plain::from(body.to_string()))?;
        request
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let mut value =
                http::HeaderValue::try_from(value).map_err(|error| Fault::Garbled(error.to_string()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(*name, value);
        }
        self.send(request).await
    }
}

/// Runs `call` for at most `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(Fault::Slow(limit)))
}

pub(super) fn lost(error: hyper::Error) -> Fault {
    // A parse error means that something else than an HTTP server listens there.
    if error.is_parse() { Fault::Garbled(chain(&error)) } else { Fault::broken(&error) }
}

/// An answer whose body is still to come. Dropping it closes the connection.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    body: Incoming,
    /// Its sender, too: without it hyper would take the connection for one nobody wants.
    line: Option<Line>,
    /// Where the connection goes once the body ended.
    idle: Option<Idle>,
}

impl Reply {
    /// An answer whose connection somebody else drives.
    pub(super) fn driven(response: http::Response<Incoming>) -> Reply {
        let (head, body) = response.into_parts();
        Reply { status: head.status, headers: head.headers, body, line: None, idle: None }
    }

    /// The next bytes; `None` where the engine ended the body properly.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let Reply { body, line, .. } = self;
            let frame = poll_fn(|cx| {
                if let Some(Line { connection, .. }) = line {
                    drive(connection, cx);
                }
                Pin::new(&mut *body).poll_frame(cx)
            })
            .await;
            match frame {
                None => {
                    if let (Some(idle), Some(line)) = (&self.idle, self.line.take()) {
                        idle.put(line);
                    }
                    return Ok(None);
                }
                Some(Err(error)) => return Err(lost(error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body, at most `max` bytes of it.
    pub(super) async fn collect(&mut self, max: usize) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len().saturating_add(chunk.len()) > max {
                return Err(Fault::Garbled(format!("an answer of more than {max} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    /// The error that this answer tells: `{"message": …}`, or the text itself.
    pub(super) async fn refusal(mut self) -> Fault {
        let mut text = Vec::new();
        // A body cut short still says more than none.
        while let Ok(Some(chunk)) = self.chunk().await {
            let room = MAX_ERROR.saturating_sub(text.len()).min(chunk.len());
            text.extend_from_slice(chunk.get(..room).unwrap_or_default());
            if text.len() >= MAX_ERROR {
                break;
            }
        }
        #[derive(serde::Deserialize)]
        struct Said {
            message: String,
        }
        let message = match serde_json::from_slice::<Said>(&text) {
            Ok(said) => said.message,
            Err(_) => String::from_utf8_lossy(&text).trim().to_owned(),
        };
        Fault::Refused { status: self.status.as_u16(), message }
    }
}

/// A connection on which a failed write is not the end: an engine that refuses a build answers while we still send and
/// then stops reading. Hyper would drop the answer for the broken pipe (1.12, `poll_loop`), so the bytes go nowhere
/// instead and reading decides: an answer, or an end that is told as a loss.
struct Patient {
    stream: Stream,
    deaf: bool,
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Ready(Err(_)) => {
                self.deaf = true;
                Poll::Ready(Ok(bytes.len()))
            }
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deaf { Poll::Ready(Ok(())) } else { Pin::new(&mut self.stream).poll_flush(cx) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deaf { Poll::Ready(Ok(())) } else { Pin::new(&mut self.stream).poll_shutdown(cx) }
    }
}
