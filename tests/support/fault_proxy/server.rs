//! The HTTP side: requests in, through or not, answers out.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue, LOCATION, RETRY_AFTER,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::{Fault, Seen, State};

type Body = Either<Incoming, Full<Bytes>>;
type Upstream = Client<HttpConnector, Incoming>;
type Outcome = Result<Response<Body>, Cut>;

/// Serves both addresses, own one first, until the other end of `ended` goes.
pub(super) fn run(listeners: [TcpListener; 2], state: &Arc<State>, ended: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let client = Client::builder(TokioExecutor::new()).build_http();
        for (listener, host) in listeners.into_iter().zip([&state.own, &state.elsewhere]) {
            let listener = tokio::net::TcpListener::from_std(listener).expect("listener");
            let service = Service { state: Arc::clone(state), client: client.clone(), host: host.clone() };
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(service.clone().serve(stream));
                }
            });
        }
        let _ = ended.await;
    });
    runtime.shutdown_background();
}

/// One of the addresses.
#[derive(Clone)]
struct Service {
    state: Arc<State>,
    client: Upstream,
    host: String,
}

impl Service {
    async fn serve(self, stream: TcpStream) {
        let reset = Arc::new(AtomicBool::new(false));
        let line = TokioIo::new(Line { stream, reset: Arc::clone(&reset) });
        let service = service_fn(|request| {
            let (service, reset) = (self.clone(), Arc::clone(&reset));
            async move { service.log(request, &reset).await }
        });
        // The client may leave whenever it likes.
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(line, service).await;
    }

    async fn log(self, request: Request<Incoming>, reset: &AtomicBool) -> Outcome {
        let place = self.state.came(Seen {
            host: self.host.clone(),
            method: request.method().to_string(),
            path: request.uri().to_string(),
            authorized: request.headers().contains_key(AUTHORIZATION),
            status: None,
        });
        let outcome = self.answer(request, reset).await;
        if let Ok(response) = &outcome {
            self.state.answered(place, response.status().as_u16());
        }
        outcome
    }

    async fn answer(&self, request: Request<Incoming>, reset: &AtomicBool) -> Outcome {
        if self.host == self.state.elsewhere {
            let there = self.state.lock().there;
            return match there {
                Some(status) => refuse(request, status).await,
                None => self.pass_on(request).await,
            };
        }
        let login = self.state.lock().login.clone();
        if login.is_some_and(|login| request.headers().get(AUTHORIZATION).is_none_or(|it| *it != login)) {
            return refuse(request, 401).await;
        }
        let path = request.uri().path().to_owned();
        match self.state.strikes(request.method().as_str(), &path) {
            None => self.pass_on(request).await,
            Some(fault) => self.fail(fault, request, reset).await,
        }
    }

    async fn fail(&self, fault: Fault, mut request: Request<Incoming>, reset: &AtomicBool) -> Outcome {
        match fault {
            Fault::Nothing => self.pass_on(request).await,
            Fault::Status(status) => refuse(request, status).await,
            Fault::DigestInvalid => {
                let code = "DIGEST_INVALID";
                reply(request, 400, code, "provided digest did not match uploaded content").await
            }
            Fault::Busy { seconds, as_date } => {
                let after = if as_date { date_in(seconds) } else { seconds.to_string() };
                let mut response = refuse(request, 429).await?;
                response.headers_mut().insert(RETRY_AFTER, after.parse().expect("header"));
                Ok(response)
            }
            Fault::Reset => {
                let _ = request.body_mut().frame().await;
                reset.store(true, Ordering::SeqCst);
                Err(Cut)
            }
            Fault::Lost => {
                let response = self.pass_on(request).await?;
                let _ = response.into_body().collect().await;
                Err(Cut)
            }
            Fault::Stall => std::future::pending().await,
            Fault::Late(by) => {
                let response = self.pass_on(request).await;
                tokio::time::sleep(by).await;
                response
            }
            // What is no upload has no `Location` that says where to go on: it is sent away whole.
            Fault::Elsewhere(_) if request.method() != Method::POST => {
                let target = format!("http://{}{}", self.state.elsewhere, request.uri());
                let mut response = reply(request, 307, "UNKNOWN", "it is elsewhere").await?;
                response.headers_mut().insert(LOCATION, target.parse().expect("header"));
                Ok(response)
            }
            Fault::Elsewhere(_) => {
                let mut response = self.pass_on(request).await?;
                relocate(&mut response, &self.host, &self.state.elsewhere);
                Ok(response)
            }
            Fault::Hold(gate) => {
                let mut opened = gate.0.subscribe();
                let passes = opened.wait_for(Option::is_some).await.ok().and_then(|open| *open);
                if passes == Some(true) { self.pass_on(request).await } else { Err(Cut) }
            }
            Fault::Together(barrier) => {
                barrier.wait().await;
                let response = self.pass_on(request).await;
                barrier.wait().await;
                response
            }
        }
    }

    /// Streams the request to the registry and its answer back.
    async fn pass_on(&self, request: Request<Incoming>) -> Outcome {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("http://{}{path}", self.state.upstream).parse().map_err(|_| Cut)?;
        parts.version = Version::HTTP_11;
        for header in [HOST, AUTHORIZATION, CONNECTION, TRANSFER_ENCODING, EXPECT] {
            parts.headers.remove(header);
        }
        let answer = self.client.request(Request::from_parts(parts, body)).await.map_err(|_| Cut)?;
        let mut response = answer.map(Either::Left);
        for header in [CONNECTION, TRANSFER_ENCODING] {
            response.headers_mut().remove(header);
        }
        relocate(&mut response, &self.state.upstream, &self.host);
        Ok(response)
    }
}

/// Turns a `Location` on the host `from` into the same one on `to`.
fn relocate(response: &mut Response<Body>, from: &str, to: &str) {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(uri) = location.and_then(|text| text.parse::<Uri>().ok()) else { return };
    // A relative one names no host: the client stays where it is, unless it is sent away.
    if uri.authority().is_some_and(|host| host != from) {
        return;
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let location = format!("http://{to}{path}");
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(location).expect("header"));
}

/// Reads the request to its end, and refuses it as the registry would.
async fn refuse(request: Request<Incoming>, status: u16) -> Outcome {
    let (code, message) = match status {
        401 => ("UNAUTHORIZED", "authentication required"),
        403 => ("DENIED", "requested access to the resource is denied"),
        429 => ("TOOMANYREQUESTS", "slow down"),
        _ => ("UNKNOWN", "out of order"),
    };
    let mut response = reply(request, status, code, message).await?;
    if status == 401 {
        let challenge = HeaderValue::from_static("Basic realm=\"faults\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    Ok(response)
}

async fn reply(request: Request<Incoming>, status: u16, code: &str, message: &str) -> Outcome {
    let mut body = request.into_body();
    // An answer in the middle of a body would be lost when the connection closes with bytes unread.
    while let Some(Ok(_)) = body.frame().await {}
    let text = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
    let mut response = Response::new(Either::Right(Full::new(Bytes::from(text))));
    *response.status_mut() = status.try_into().expect("status");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// So many seconds from now, as a header says it; rounded up, since it tells whole seconds.
fn date_in(seconds: u32) -> String {
    let then = SystemTime::now() + Duration::from_secs(u64::from(seconds));
    let then = jiff::Timestamp::try_from(then).expect("time");
    let whole = jiff::Timestamp::from_second(then.as_second() + 1).expect("time");
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&whole).expect("date")
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

/// A connection that can end with a reset.
struct Line {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
