//! One HTTP request and its whole answer, with limits on time and size.

use std::sync::{Arc, OnceLock};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode, redirect, retry};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::RegistryOptions;
use super::retry::{Broken, root_cause};
use crate::error::{Error, Kind, Result};

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
    /// How long the answer's body may be, in bytes.
    pub(super) limit: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Where it came from, behind redirects.
    pub(super) url: Url,
    /// How often the request was sent.
    pub(super) tries: u32,
}

impl Answer {
    /// The value of a header, where it is plain text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection, and its innermost cause.
    Broken(Broken, String),
    /// The answer, or what was asked for, is not acceptable: trying again changes nothing.
    Unacceptable(String),
    /// Ours.
    Internal(Error),
}

/// Connections to one registry and what it names. Made with the first request: the roots of TLS take 40 ms to load, and
/// a plain registry needs none.
pub(super) struct Transport {
    plain: OnceLock<Client>,
    tls: OnceLock<Client>,
    options: RegistryOptions,
}

impl Transport {
    pub(super) fn new(options: RegistryOptions) -> Transport {
        Transport { plain: OnceLock::new(), tls: OnceLock::new(), options }
    }

    pub(super) fn options(&self) -> &RegistryOptions {
        &self.options
    }

    /// Sends once, follows nothing.
    pub(super) async fn send(&self, outgoing: Outgoing) -> Result<Answer, Fault> {
        match tokio::time::timeout(self.options.request_timeout, self.send_and_read(outgoing)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::Broken(Broken::Timeout, "no whole answer in time".to_owned())),
        }
    }

    async fn send_and_read(&self, outgoing: Outgoing) -> Result<Answer, Fault> {
        let client = self.client(&outgoing.url).map_err(Fault::Internal)?;
        let mut request = client.request(outgoing.method, outgoing.url.clone()).headers(outgoing.headers);
        if let Some(body) = outgoing.body {
            request = request.body(body);
        }
        let broken = |error: reqwest::Error| Fault::Broken(Broken::of(&error), root_cause(&error));
        let too_large = || Fault::Unacceptable(format!("the answer is larger than {} bytes", outgoing.limit));
        let mut response = request.send().await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len().saturating_add(chunk.len()) > outgoing.limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body, url: outgoing.url, tries: 1 })
    }

    fn client(&self, url: &Url) -> Result<&Client> {
        let tls = url.scheme() == "https";
        let cell = if tls { &self.tls } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.build(tls).map_err(|error| {
            Error::new(Kind::Registry, "cannot set up HTTPS").because(error).hint(
                "the system's CA certificates are needed (Debian: the package ca-certificates), or SSL_CERT_FILE",
            )
        })?;
        Ok(cell.get_or_init(|| client))
    }

    fn build(&self, tls: bool) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        // Fails where another part of the process was first, which is as good.
        let _ = ring::default_provider().install_default();
        let builder = Client::builder()
            .user_agent(concat!("imgbuild/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.idle_timeout)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy();
        if tls {
            let builder = match &self.options.https_proxy {
                Some(proxy) => {
                    let except = self.options.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
                    builder.proxy(reqwest::Proxy::https(proxy.expose())?.no_proxy(except))
                }
                None => builder,
            };
            return Ok(builder.build()?);
        }
        let provider =
            CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
        let no_roots = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Ok(builder.tls_backend_preconfigured(no_roots).build()?)
    }
}
