//! Proving who we are: `Basic`, and `Bearer` tokens from the service that the registry names.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::challenge::{self, Challenge};
use super::endpoint::is_loopback;
use super::failure::{Subject, detail};
use super::retry::Patience;
use super::transport::{Answer, Fault, Outgoing, Transport};
use super::{Credential, Secret};
use crate::error::{Error, Result};

/// The longest answer of a token service, in bytes.
const MAX_ANSWER: usize = 256 << 10;
/// How long a token lasts whose service does not say so: the specification's value.
const DEFAULT_LIFE: u64 = 60;
/// A token is not used in its last seconds.
const MARGIN: Duration = Duration::from_secs(10);

/// What we can show to one registry. Tokens are kept by scope.
pub(super) struct Proofs {
    credential: Option<Credential>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The registry asked for `Basic`.
    basic: bool,
    tokens: HashMap<String, (HeaderValue, Instant)>,
}

impl Proofs {
    pub(super) fn new(credential: Option<Credential>) -> Proofs {
        Proofs { credential: credential.filter(|c| !c.is_empty()), known: Mutex::default() }
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    /// The `Authorization` for a request of `scope`, once the registry has asked for one.
    pub(super) fn header(&self, scope: &str) -> Option<HeaderValue> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.basic {
            return self.basic();
        }
        known.tokens.get(scope).filter(|(_, end)| Instant::now() < *end).map(|(header, _)| header.clone())
    }

    /// Answers the challenges of a 401: `false` where there is nothing (more) to show.
    pub(super) async fn answer(
        &self,
        headers: &HeaderMap,
        scope: &str,
        subject: &Subject<'_>,
        transport: &Transport,
    ) -> Result<bool> {
        let challenges: Vec<Challenge> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenge::parse)
            .collect();
        let find = |scheme| challenges.iter().find(|c| c.scheme == scheme);
        if let Some(bearer) = find("bearer") {
            let (token, life) = match self.credential.as_ref().map(|c| &c.registry_token) {
                Some(token) if !token.is_empty() => (token.clone(), Duration::from_secs(DEFAULT_LIFE)),
                _ => self.fetch(bearer, scope, subject, transport).await?,
            };
            let header = sensitive(format!("Bearer {}", token.expose()))
                .ok_or_else(|| subject.fail("the token service gave something that is no token"))?;
            let end = Instant::now() + life.saturating_sub(MARGIN).max(MARGIN);
            self.known().tokens.insert(scope.to_owned(), (header, end));
            return Ok(true);
        }
        if find("basic").is_some() && self.basic().is_some() {
            return Ok(!std::mem::replace(&mut self.known().basic, true));
        }
        Ok(false)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn basic(&self) -> Option<HeaderValue> {
        let credential = self.credential.as_ref().filter(|c| !c.password.is_empty())?;
        let pair = format!("{}:{}", credential.username, credential.password.expose());
        sensitive(format!("Basic {}", STANDARD.encode(pair)))
    }

    /// Gets a token for `scope`; how long it lasts comes with it.
    async fn fetch(
        &self,
        bearer: &Challenge,
        scope: &str,
        subject: &Subject<'_>,
        transport: &Transport,
    ) -> Result<(Secret, Duration)> {
        let realm = self.realm(bearer, subject)?;
        let service = bearer.parameters.get("service").map(String::as_str).unwrap_or_default();
        let outgoing = self.question(realm.clone(), service, scope);
        let place = realm.host_str().unwrap_or_default().to_owned();
        let mut patience = Patience::new(transport.options().retry_budget);
        let answer = loop {
            let result = transport.send(outgoing.clone()).await;
            match patience.after(&result) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break result.map_err(|fault| failed(fault, &place, subject))?,
            }
        };
        read(&answer, &place, subject)
    }

    /// The token service, if its address may see our login: TLS, or loopback where the registry itself is plain.
    fn realm(&self, bearer: &Challenge, subject: &Subject<'_>) -> Result<Url> {
        let text = bearer.parameters.get("realm").map(String::as_str).unwrap_or_default();
        let Ok(realm) = Url::parse(text) else {
            return Err(subject.fail("the registry names no token service"));
        };
        let host = realm.host_str().unwrap_or_default();
        let safe = match realm.scheme() {
            "https" => true,
            "http" => subject.endpoint.is_plain() && (is_loopback(&realm) || subject.endpoint.owns(&realm)),
            _ => false,
        };
        if !safe || !realm.username().is_empty() || realm.password().is_some() {
            let why = format!(
                "the registry {} names the token service {}://{host}, which is not reached over TLS: no login is sent there",
                subject.endpoint.host,
                realm.scheme()
            );
            return Err(subject.fail(why));
        }
        Ok(realm)
    }

    fn question(&self, mut realm: Url, service: &str, scope: &str) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut fields = vec![("client_id", "imgbuild"), ("service", service), ("scope", scope)];
        fields.retain(|(_, value)| !value.is_empty());
        let identity = self.credential.as_ref().map(|c| c.identity_token.expose()).filter(|t| !t.is_empty());
        if let Some(token) = identity {
            fields.extend([("grant_type", "refresh_token"), ("refresh_token", token)]);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            return Outgoing {
                method: Method::POST,
                url: realm,
                headers,
                body: Some(body),
                limit: MAX_ANSWER,
            };
        }
        realm.query_pairs_mut().extend_pairs(fields);
        if let Some(basic) = self.basic() {
            headers.insert(AUTHORIZATION, basic);
        }
        Outgoing { method: Method::GET, url: realm, headers, body: None, limit: MAX_ANSWER }
    }
}

fn read(answer: &Answer, place: &str, subject: &Subject<'_>) -> Result<(Secret, Duration)> {
    let status = answer.status;
    let said = detail(&answer.body);
    if matches!(status.as_u16(), 400 | 401 | 403) {
        let said = said.map_or_else(|| status.as_u16().to_string(), |s| format!("{s}, {}", status.as_u16()));
        return Err(subject.denied(Some(&format!("the token service {place} says: {said}"))));
    }
    if !status.is_success() {
        return Err(subject.fail(format!("the token service {place} answered {}", status.as_u16())));
    }
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let field = |name| document.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let Some(token) = field("token").or(field("access_token")) else {
        return Err(subject.fail(format!("the token service {place} gave no token")));
    };
    let life = document.get("expires_in").and_then(Value::as_u64).unwrap_or(DEFAULT_LIFE);
    // A day is more than a run takes, and less than what an Instant may overflow at.
    Ok((Secret::new(token), Duration::from_secs(life.min(86_400))))
}

fn failed(fault: Fault, place: &str, subject: &Subject<'_>) -> Error {
    match fault {
        Fault::Broken(_, cause) => {
            subject.fail(format!("the token service {place} cannot be reached: {cause}"))
        }
        Fault::Unacceptable(why) => subject.fail(format!("the token service {place}: {why}")),
        Fault::Internal(error) => error,
    }
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::super::RegistryOptions;
    use super::super::endpoint::Endpoint;
    use super::*;

    /// Whether a registry on `host` may name `realm` as its token service.
    fn may_name(host: &str, realm: &str) -> bool {
        let endpoint = Endpoint::new(host, false).unwrap();
        let subject =
            Subject { endpoint: &endpoint, path: "x", attempt: "try".to_owned(), user: "u", proxied: false };
        let parameters = [("realm".to_owned(), realm.to_owned())].into();
        Proofs::new(None).realm(&Challenge { scheme: "bearer".to_owned(), parameters }, &subject).is_ok()
    }

    #[test]
    fn a_registry_behind_tls_may_not_point_at_this_machine() {
        assert!(may_name("r.example", "https://auth.example/token"));
        assert!(!may_name("r.example", "http://127.0.0.1:8080/token"));
        assert!(!may_name("r.example", "http://auth.example/token"));
        assert!(may_name("localhost:5000", "http://127.0.0.1:5001/token"));
        assert!(!may_name("localhost:5000", "http://auth.example/token"));
        assert!(!may_name("r.example", "https://u:p@auth.example/token"));
    }

    #[tokio::test]
    async fn challenges_that_nothing_answers() {
        let endpoint = Endpoint::new("r.example", false).unwrap();
        let subject =
            Subject { endpoint: &endpoint, path: "x", attempt: "try".to_owned(), user: "u", proxied: false };
        let transport = Transport::new(&endpoint, RegistryOptions::default());
        let mut headers = HeaderMap::new();
        let proofs = Proofs::new(None);
        assert!(!proofs.answer(&headers, "s", &subject, &transport).await.unwrap());
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=x"));
        assert!(!proofs.answer(&headers, "s", &subject, &transport).await.unwrap());
        let proofs = Proofs::new(Some(Credential::password("r.example", "u", "p", "test")));
        assert!(proofs.answer(&headers, "s", &subject, &transport).await.unwrap());
        assert_eq!(proofs.header("s"), Some(HeaderValue::from_static("Basic dTpw")));
        assert!(!format!("{:?}", proofs.header("s")).contains("dTpw"));
        // Shown already: a second 401 is a denial.
        assert!(!proofs.answer(&headers, "s", &subject, &transport).await.unwrap());
    }
}
