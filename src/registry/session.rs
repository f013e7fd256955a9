//! Requests to one registry: proofs, redirects and second tries.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use url::Url;

use super::endpoint::Endpoint;
use super::failure::Subject;
use super::fault::{Broken, Fault};
use super::retry::Patience;
use super::source::Tap;
use super::token::{Proofs, Proving, Refusal};
use super::transport::{Answer, Outgoing, Payload, Transport};
use super::{Credential, Login, RegistryOptions};
use crate::error::{Error, Result};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;
/// The longest answer where nothing longer is expected, in bytes.
const MAX_ANSWER: usize = 256 << 10;

/// What a request carries. It can be sent again: after a 401 at least.
pub(super) enum Content<'a> {
    Nothing,
    Bytes(Bytes),
    /// `length` bytes of a blob, from `start` on.
    Part {
        tap: &'a Tap<'a>,
        start: u64,
        length: u64,
    },
}

/// What is asked of the registry.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The repository's path; empty for the registry as a whole.
    pub(super) path: &'a str,
    /// `pull` or `pull,push`; what a token must be good for.
    pub(super) actions: &'static str,
    /// Another repository that a token must be good to pull from.
    pub(super) and_from: Option<&'a str>,
    pub(super) accept: &'static str,
    /// Besides `Accept` and the proof.
    pub(super) headers: HeaderMap,
    pub(super) content: Content<'a>,
    /// How long the answer may be, in bytes.
    pub(super) limit: usize,
    /// Whether the body of a success is left to be read as it comes.
    pub(super) streams: bool,
    /// For messages: `read the manifest 1.2 of`.
    pub(super) attempt: Cow<'a, str>,
}

impl<'a> Ask<'a> {
    /// Asks to read, with short answers.
    pub(super) fn new(method: Method, url: Url, path: &'a str, attempt: impl Into<Cow<'a, str>>) -> Ask<'a> {
        Ask {
            method,
            url,
            path,
            actions: "pull",
            and_from: None,
            accept: "*/*",
            headers: HeaderMap::new(),
            content: Content::Nothing,
            limit: MAX_ANSWER,
            streams: false,
            attempt: attempt.into(),
        }
    }

    /// The same, to write.
    pub(super) fn writing(
        method: Method,
        url: Url,
        path: &'a str,
        attempt: impl Into<Cow<'a, str>>,
    ) -> Ask<'a> {
        Ask { actions: "pull,push", ..Ask::new(method, url, path, attempt) }
    }

    fn scope(&self) -> String {
        match (self.path, self.and_from) {
            ("", _) => String::new(),
            (path, None) => format!("repository:{path}:{}", self.actions),
            (path, Some(from)) => format!("repository:{path}:{} repository:{from}:pull", self.actions),
        }
    }
}

/// One registry and our standing there.
pub(super) struct Session {
    pub(super) endpoint: Endpoint,
    proofs: Proofs,
    transport: Transport,
    /// Whether the registry ever answered.
    seen: AtomicBool,
    /// Whether the registry does not know the question for referrers.
    no_referrers: AtomicBool,
}

impl Session {
    pub(super) fn new(endpoint: Endpoint, login: Login, options: RegistryOptions) -> Session {
        let proofs = Proofs::new(login, &endpoint.host, options.hide.clone());
        let transport = Transport::new(&endpoint, options);
        let (seen, no_referrers) = (AtomicBool::new(false), AtomicBool::new(false));
        Session { endpoint, proofs, transport, seen, no_referrers }
    }

    /// The login, asked for anew.
    pub(super) async fn renewed_credential(&self) -> Result<Option<Credential>> {
        self.proofs.credential_renewed().await
    }

    /// Who we are there.
    pub(super) fn user(&self) -> String {
        self.proofs.user()
    }

    pub(super) async fn credential(&self) -> Result<Option<Credential>> {
        self.proofs.credential_looked_up().await
    }

    pub(super) fn options(&self) -> &RegistryOptions {
        self.transport.options()
    }

    /// The patience with one more request.
    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.options().retry_budget)
    }

    /// Whether the registry ever answered.
    pub(super) fn was_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    /// Whether the registry showed that it lists no referrers.
    pub(super) fn lacks_referrers(&self) -> bool {
        self.no_referrers.load(Ordering::Relaxed)
    }

    /// Notes that it does not, so that it is asked once only.
    pub(super) fn note_no_referrers(&self) {
        self.no_referrers.store(true, Ordering::Relaxed);
    }

    /// What messages about `ask` name.
    pub(super) fn subject<'a>(&'a self, ask: &Ask<'a>) -> Subject<'a> {
        Subject {
            endpoint: &self.endpoint,
            path: ask.path,
            attempt: ask.attempt.clone().into_owned(),
            user: self.user(),
            proxied: self.options().proxies.variable(&ask.url),
        }
    }

    /// Sends `ask`, with a proof where one is wanted, and again where the failure may pass. Any status is an answer.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        let mut patience = self.patience();
        loop {
            let result = self.once(ask, self.options().retry_budget).await;
            match patience.after(&result, self.was_seen()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return self.settled(ask, result, patience.tries),
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

    /// What became of `ask`, which was sent `tries` times.
    pub(super) fn settled(&self, ask: &Ask<'_>, result: Result<Answer, Fault>, tries: u32) -> Result<Answer> {
        match result {
            Ok(answer) => Ok(Answer { tries, ..answer }),
            Err(fault) => Err(self.subject(ask).failed(fault, tries)),
        }
    }

    /// Sends `ask` once, and again only to prove who we are; `budget` is the patience with a token service.
    pub(super) async fn once(&self, ask: &Ask<'_>, budget: Duration) -> Result<Answer, Fault> {
        let scope = ask.scope();
        let mut proving = Proving::default();
        loop {
            let shown = self.proofs.header(&scope);
            let answer = self.follow(ask, shown.as_ref()).await?;
            self.seen.store(true, Ordering::Relaxed);
            if answer.status.as_u16() != 401 || !self.endpoint.owns(&answer.url) {
                return Ok(answer);
            }
            let subject = self.subject(ask);
            let (headers, subject) = (&answer.headers, &subject);
            let refusal = Refusal { headers, scope: &scope, shown, subject, budget };
            if !self.proofs.answer(&refusal, &mut proving, &self.transport).await? {
                return Ok(answer);
            }
        }
    }

    /// Sends once and follows redirects of what only reads; the proof goes to the registry alone.
    async fn follow(&self, ask: &Ask<'_>, proof: Option<&HeaderValue>) -> Result<Answer, Fault> {
        let mut url = ask.url.clone();
        let reads = matches!(ask.method, Method::GET | Method::HEAD);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = ask.headers.clone();
            headers.insert(ACCEPT, HeaderValue::from_static(ask.accept));
            if let Some(proof) = proof.filter(|_| self.endpoint.owns(&url)) {
                headers.insert(AUTHORIZATION, proof.clone());
            }
            let payload = match &ask.content {
                Content::Nothing => Payload::Nothing,
                Content::Bytes(bytes) => Payload::Bytes(bytes.clone()),
                Content::Part { tap, start, length } => {
                    let stream = tap.part(*start, *length).await?;
                    Payload::Stream { length: *length, stream, pulse: tap.pulse() }
                }
            };
            let outgoing = Outgoing {
                method: ask.method.clone(),
                url: url.clone(),
                headers,
                payload,
                limit: ask.limit,
                streams: ask.streams,
            };
            let answer = self.transport.send(outgoing).await.map_err(|fault| match fault {
                // Said of the place that failed, which is not the registry.
                Fault::Broken(broken, cause) if !self.endpoint.owns(&url) => {
                    let place = url.host_str().unwrap_or_default();
                    let why = format!("{place}, where the registry sends us: {cause}");
                    if broken.may_pass() {
                        Fault::Broken(Broken::Lost, why)
                    } else {
                        Fault::Unacceptable(why)
                    }
                }
                fault => fault,
            })?;
            match answer.header(LOCATION.as_str()) {
                Some(location) if reads && answer.status.is_redirection() => url = sent_to(&url, location)?,
                _ => return Ok(answer),
            }
        }
        Err(Fault::Unacceptable(format!("more than {MAX_REDIRECTS} redirects")))
    }
}

/// Where a redirect or a `Location` leads, if it may: never from TLS to plain HTTP, and not with a login inside the
/// address.
pub(super) fn sent_to(from: &Url, location: &str) -> Result<Url, Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_away_from_tls() {
        let from: Url = "https://r.example/v2/x".parse().unwrap();
        assert_eq!(sent_to(&from, "/a?b=c").unwrap().as_str(), "https://r.example/a?b=c");
        assert_eq!(sent_to(&from, "https://s.example/a").unwrap().as_str(), "https://s.example/a");
        for bad in ["http://r.example/", "http://s.example/", "//u:p@s.example/", "file:///etc", "https://["]
        {
            assert!(sent_to(&from, bad).is_err(), "{bad}");
        }
        let plain: Url = "http://127.0.0.1:5000/v2/x".parse().unwrap();
        assert!(sent_to(&plain, "http://127.0.0.2/").is_ok());
    }
}
