//! One HTTP request and its whole answer, with limits on time and size.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Proxy, StatusCode, redirect, retry};
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use url::Url;

use super::RegistryOptions;
use super::certs::{self, Trust};
use super::endpoint::Endpoint;
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
            .read_timeout(self.options.idle_timeout)
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

/// The client in `cell`, made where it is empty.
fn kept(cell: &OnceLock<Client>, make: impl FnOnce() -> Result<Client>) -> Result<Client> {
    match cell.get() {
        Some(client) => Ok(client.clone()),
        None => make().map(|client| cell.get_or_init(|| client).clone()),
    }
}

/// TLS that trusts nobody yet.
pub(super) fn without_roots()
-> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Box<dyn std::error::Error + Send + Sync>> {
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(RootCertStore::empty()))
}
