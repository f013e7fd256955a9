//! One HTTP request and its answer, with limits on time and size.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Body, Client, Method, Proxy, Response, StatusCode, redirect, retry};
use rustls::crypto::ring;
use url::Url;

use super::RegistryOptions;
use super::certs::{self, Trust, without_roots};
use super::endpoint::Endpoint;
use super::fault::{Fault, broken};
use super::stream::{ByteStream, Pulse};
use crate::error::{Error, Kind, Result};

/// What a request carries.
pub(super) enum Payload {
    Nothing,
    Bytes(Bytes),
    /// Exactly `length` bytes; whoever makes the stream tells `pulse` how it flows.
    Stream {
        length: u64,
        stream: ByteStream,
        pulse: Arc<Pulse>,
    },
}

/// What is sent.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    /// How long the answer's body may be, in bytes.
    pub(super) limit: usize,
    /// Whether the body of a success is left to be read as it comes.
    pub(super) streams: bool,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Where it came from, behind redirects.
    pub(super) url: Url,
    /// How often the request was sent.
    pub(super) tries: u32,
    /// The body of a success that was asked for as a stream.
    pub(super) stream: Option<ByteStream>,
}

impl Answer {
    /// The value of a header, where it is plain text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Connections to one registry and what it names. Made with the first request: the roots of TLS take 40 ms to load, and
/// a plain registry needs none.
pub(super) struct Transport {
    endpoint: Endpoint,
    plain: OnceLock<Client>,
    /// Trusts the system's roots and no more, as nearly every host wants it.
    tls: OnceLock<Client>,
    /// By host, which one that was made with the host's own certificates.
    special: Mutex<BTreeMap<String, Client>>,
    options: RegistryOptions,
}

impl Transport {
    pub(super) fn new(endpoint: &Endpoint, options: RegistryOptions) -> Transport {
        Transport {
            endpoint: endpoint.clone(),
            plain: OnceLock::new(),
            tls: OnceLock::new(),
            special: Mutex::default(),
            options,
        }
    }

    pub(super) fn options(&self) -> &RegistryOptions {
        &self.options
    }

    /// Sends once, follows nothing. A body that is streamed, either way, may take as long as it keeps moving.
    pub(super) async fn send(&self, outgoing: Outgoing) -> Result<Answer, Fault> {
        let moves = outgoing.streams || matches!(outgoing.payload, Payload::Stream { .. });
        let sent = self.send_and_read(outgoing);
        if moves {
            return sent.await;
        }
        match tokio::time::timeout(self.options.request_timeout, sent).await {
            Ok(result) => result,
            Err(_) => Err(Fault::timeout("no whole answer in time")),
        }
    }

    async fn send_and_read(&self, outgoing: Outgoing) -> Result<Answer, Fault> {
        let Outgoing { method, url, headers, payload, limit, streams } = outgoing;
        let client = self.client(&url).map_err(Fault::told)?;
        let changes = !matches!(method, Method::GET | Method::HEAD | Method::DELETE);
        let mut request = client.request(method, url.clone()).headers(headers);
        let mut pulse = Arc::new(Pulse::new());
        match payload {
            // Some servers want to be told that nothing comes.
            Payload::Nothing if changes => request = request.header(CONTENT_LENGTH, HeaderValue::from(0)),
            Payload::Nothing => {}
            Payload::Bytes(bytes) => request = request.body(bytes),
            Payload::Stream { length, stream, pulse: its } => {
                pulse = its;
                let stream = stream.map(|piece| piece.map_err(|_| std::io::Error::other("the source broke")));
                request = request.header(CONTENT_LENGTH, HeaderValue::from(length));
                request = request.body(Body::wrap_stream(stream));
            }
        }
        let idle = self.options.idle_timeout;
        pulse.gave();
        let mut response = tokio::select! {
            response = request.send() => response.map_err(broken)?,
            () = pulse.quiet(idle) => return Err(Fault::timeout("nothing came, and nothing was taken")),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = |body, stream| Answer { status, headers, body, url, tries: 1, stream };
        if streams && status.is_success() {
            return Ok(answer(Vec::new(), Some(pieces(response, idle))));
        }
        let mut body = Vec::new();
        while let Some(chunk) = piece(&mut response, idle).await? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(Fault::Unacceptable(format!("the answer is larger than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer(body, None))
    }

    /// The client for `url`: certificates belong to hosts.
    fn client(&self, url: &Url) -> Result<Client> {
        let proxy_wants_tls =
            self.options.proxies.before(url)?.is_some_and(|proxy| proxy.scheme() == "https");
        if url.scheme() == "http" && !proxy_wants_tls {
            return kept(&self.plain, || self.build(None));
        }
        let host = self.spelled(url);
        let mut special = self.special.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = special.get(&host) {
            return Ok(client.clone());
        }
        let trust = certs::trust(&self.options.certs, &self.endpoint.host, &host)?;
        let client = if trust.is_empty() {
            kept(&self.tls, || self.build(Some(trust)))?
        } else {
            self.build(Some(trust))?
        };
        special.insert(host, client.clone());
        Ok(client)
    }

    /// The host of `url` as a reference would spell it.
    fn spelled(&self, url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        match url.port() {
            _ if self.endpoint.owns(url) => self.endpoint.host.clone(),
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// A client that trusts the system's roots and what `trust` adds; without it, one that speaks plain HTTP alone.
    fn build(&self, trust: Option<Trust>) -> Result<Client> {
        let fail = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(Kind::Registry, "cannot set up HTTPS").because(error).hint(
                "the system's CA certificates are needed (Debian: the package ca-certificates), or SSL_CERT_FILE",
            )
        };
        // Fails where another part of the process was first, which is as good.
        let _ = ring::default_provider().install_default();
        let proxies = self.options.proxies.clone();
        let builder = Client::builder()
            .user_agent(concat!("imgbuild/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.options.connect_timeout)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            // Addresses that are none were refused before.
            .proxy(Proxy::custom(move |url| proxies.before(url).ok().flatten().cloned()));
        let builder = match trust {
            Some(Trust { roots, identity }) => {
                let builder = builder.tls_certs_merge(roots);
                match identity {
                    Some(identity) => builder.identity(identity),
                    None => builder,
                }
            }
            None => builder.tls_backend_preconfigured(without_roots().map_err(fail)?.with_no_client_auth()),
        };
        builder.build().map_err(|error| fail(error.into()))
    }
}

async fn piece(response: &mut Response, idle: std::time::Duration) -> Result<Option<Bytes>, Fault> {
    match tokio::time::timeout(idle, response.chunk()).await {
        Ok(piece) => piece.map_err(broken),
        Err(_) => Err(Fault::timeout("the answer stands still")),
    }
}

fn pieces(response: Response, idle: std::time::Duration) -> ByteStream {
    let pieces = stream::try_unfold(response, move |mut response| async move {
        Ok(piece(&mut response, idle).await?.map(|bytes| (bytes, response)))
    });
    pieces.boxed()
}

/// The client in `cell`, made where it is empty.
fn kept(cell: &OnceLock<Client>, make: impl FnOnce() -> Result<Client>) -> Result<Client> {
    match cell.get() {
        Some(client) => Ok(client.clone()),
        None => make().map(|client| cell.get_or_init(|| client).clone()),
    }
}

#[cfg(test)]
impl Answer {
    /// An answer for tests of what is made of it.
    pub(super) fn empty(status: StatusCode) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
            url: Url::parse("http://127.0.0.1/").unwrap(),
            tries: 1,
            stream: None,
        }
    }
}
