//! Requests to one registry: proofs, redirects and second tries.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use url::Url;

use super::Credential;
use super::RegistryOptions;
use super::endpoint::Endpoint;
use super::failure::{ANONYMOUS, Subject};
use super::retry::{Broken, Patience};
use super::token::Proofs;
use super::transport::{Answer, Fault, Outgoing, Transport};
use crate::error::{Error, Result};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// What is asked of the registry.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The repository's path; empty for the registry as a whole.
    pub(super) path: &'a str,
    /// `pull` or `pull,push`; what a token must be good for.
    pub(super) actions: &'static str,
    pub(super) accept: &'static str,
    /// How long the answer may be, in bytes.
    pub(super) limit: usize,
    /// For messages: `read the manifest 1.2 of`.
    pub(super) attempt: String,
}

/// One registry and our standing there.
pub(super) struct Session {
    pub(super) endpoint: Endpoint,
    proofs: Proofs,
    transport: Transport,
}

impl Session {
    pub(super) fn new(
        endpoint: Endpoint,
        credential: Option<Credential>,
        options: RegistryOptions,
    ) -> Session {
        let transport = Transport::new(&endpoint, options);
        Session { endpoint, proofs: Proofs::new(credential), transport }
    }

    /// Who we are there.
    pub(super) fn user(&self) -> &str {
        self.proofs.credential().map_or(ANONYMOUS, Credential::user)
    }

    /// What messages about `ask` name.
    pub(super) fn subject<'a>(&'a self, ask: &Ask<'a>) -> Subject<'a> {
        Subject {
            endpoint: &self.endpoint,
            path: ask.path,
            attempt: ask.attempt.clone(),
            user: self.user(),
            proxied: self.transport.options().proxies.variable(&ask.url).is_some(),
        }
    }

    /// Sends `ask`, with a proof where one is wanted, and again where the failure may pass. Any status is an answer.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        let subject = self.subject(ask);
        let scope = if ask.path.is_empty() {
            String::new()
        } else {
            format!("repository:{}:{}", ask.path, ask.actions)
        };
        let mut patience = Patience::new(self.transport.options().retry_budget);
        let mut challenged = false;
        loop {
            let result = self.follow(ask, &scope).await;
            if let Ok(answer) = &result
                && answer.status.as_u16() == 401
                && self.endpoint.owns(&answer.url)
                && !std::mem::replace(&mut challenged, true)
                && self.proofs.answer(&answer.headers, &scope, &subject, &self.transport).await?
            {
                continue;
            }
            match patience.after(&result) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => {
                    return result
                        .map(|answer| Answer { tries: patience.tries, ..answer })
                        .map_err(|fault| failed(fault, &subject, patience.tries));
                }
            }
        }
    }

    /// The same, where only success will do.
    pub(super) async fn expect(&self, ask: &Ask<'_>) -> Result<Answer> {
        let answer = self.send(ask).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(self.refused(ask, &answer)) }
    }

    /// The error for an answer that is no success.
    pub(super) fn refused(&self, ask: &Ask<'_>, answer: &Answer) -> Error {
        self.subject(ask).refused(answer)
    }

    /// Sends once and follows redirects of what only reads; the proof goes to the registry alone.
    async fn follow(&self, ask: &Ask<'_>, scope: &str) -> Result<Answer, Fault> {
        let mut url = ask.url.clone();
        let reads = matches!(ask.method, Method::GET | Method::HEAD);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(ask.accept));
            if self.endpoint.owns(&url)
                && let Some(proof) = self.proofs.header(scope)
            {
                headers.insert(AUTHORIZATION, proof);
            }
            let outgoing = Outgoing {
                method: ask.method.clone(),
                url: url.clone(),
                headers,
                body: None,
                limit: ask.limit,
            };
            let answer = self.transport.send(outgoing).await.map_err(|fault| match fault {
                // Said of the place that failed, which is not the registry.
                Fault::Broken(_, cause) if !self.endpoint.owns(&url) => {
                    let place = url.host_str().unwrap_or_default();
                    Fault::Broken(Broken::Lost, format!("{place}, where the registry redirects to: {cause}"))
                }
                fault => fault,
            })?;
            match answer.header(LOCATION.as_str()) {
                Some(location) if reads && answer.status.is_redirection() => {
                    url = redirected(&url, location)?
                }
                _ => return Ok(answer),
            }
        }
        Err(Fault::Unacceptable(format!("more than {MAX_REDIRECTS} redirects")))
    }
}

/// Where a redirect leads, if it may: never from TLS to plain HTTP, and not with a login inside the address.
fn redirected(from: &Url, location: &str) -> Result<Url, Fault> {
    let Ok(to) = from.join(location) else {
        return Err(Fault::Unacceptable("the registry redirects to something that is no address".to_owned()));
    };
    let host = to.host_str().unwrap_or_default();
    let schemes = matches!((from.scheme(), to.scheme()), (_, "https") | ("http", "http"));
    if !schemes {
        let why = format!("the registry redirects to {}://{host}, away from TLS: not followed", to.scheme());
        return Err(Fault::Unacceptable(why));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(Fault::Unacceptable(format!(
            "the registry redirects to {host} with a login inside the address"
        )));
    }
    Ok(to)
}

fn failed(fault: Fault, subject: &Subject<'_>, tries: u32) -> Error {
    match fault {
        Fault::Broken(broken, cause) => subject.broken(broken, &cause, tries),
        Fault::Unacceptable(why) => subject.fail(why),
        Fault::Internal(error) => error,
    }
}
