//! Proving who we are: `Basic`, and `Bearer` tokens from the service that the registry names.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::challenge::{self, Challenge};
use super::endpoint::is_loopback;
use super::failure::{ANONYMOUS, Subject, detail};
use super::fault::{Fault, Told};
use super::retry::{Patience, may_pass};
use super::transport::{Answer, Outgoing, Payload, Transport};
use super::{Credential, Hide, Login, Secret};
use crate::error::Result;

/// The longest answer of a token service, in bytes.
const MAX_ANSWER: usize = 256 << 10;
/// How long a token lasts whose service does not say so: the specification's value.
const DEFAULT_LIFE: u64 = 60;
/// A token is not used in its last seconds.
const MARGIN: Duration = Duration::from_secs(10);
/// How often a request follows proofs that other requests got, in place of one of its own.
const MAX_OTHERS: u8 = 3;

/// What we can show to one registry. Tokens are kept by scope.
pub(super) struct Proofs {
    login: Login,
    host: String,
    hide: Option<Hide>,
    known: Mutex<Known>,
    /// Whoever holds it gets a new proof; who waits for it finds that.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// The login, once it was looked up.
    credential: Option<Option<Credential>>,
    /// The registry asked for `Basic`.
    basic: bool,
    tokens: HashMap<String, (HeaderValue, Instant)>,
}

/// What one request has done to prove itself.
#[derive(Default)]
pub(super) struct Proving {
    /// The proof it shows now was got for it: a newer one of the same login would be as good.
    fresh: bool,
    /// The store was asked again.
    asked_again: bool,
    /// How often it took up what another request had got.
    others: u8,
}

/// A 401, and the request that it answers.
pub(super) struct Refusal<'a> {
    /// The answer's headers.
    pub(super) headers: &'a HeaderMap,
    pub(super) scope: &'a str,
    /// The proof that was refused, if one was shown.
    pub(super) shown: Option<HeaderValue>,
    pub(super) subject: &'a Subject<'a>,
    /// How long a token service may be asked again after failures that may pass.
    pub(super) budget: Duration,
}

impl Proofs {
    pub(super) fn new(login: Login, host: &str, hide: Option<Hide>) -> Proofs {
        let known = Known { credential: login.first(), ..Known::default() };
        let (known, renewing) = (Mutex::new(known), tokio::sync::Mutex::default());
        Proofs { login, host: host.to_owned(), hide, known, renewing }
    }

    /// Who we are, as far as it is known.
    pub(super) fn user(&self) -> String {
        self.credential().map_or_else(|| ANONYMOUS.to_owned(), |credential| credential.user().to_owned())
    }

    /// The login; the store is asked for it once.
    pub(super) async fn credential_looked_up(&self) -> Result<Option<Credential>> {
        if self.known().credential.is_none() {
            let found = self.look_up().await?;
            self.known().credential = Some(found);
        }
        Ok(self.credential())
    }

    /// The login, as the store has it now. Tokens that an earlier one got go with it.
    pub(super) async fn credential_renewed(&self) -> Result<Option<Credential>> {
        if self.login.is_renewable() {
            let found = self.look_up().await?;
            let mut known = self.known();
            known.credential = Some(found);
            known.tokens.clear();
        }
        Ok(self.credential())
    }

    /// The `Authorization` for a request of `scope`, once the registry has asked for one.
    pub(super) fn header(&self, scope: &str) -> Option<HeaderValue> {
        let known = self.known();
        let token = known.tokens.get(scope).filter(|(_, end)| Instant::now() < *end);
        if let Some((header, _)) = token {
            return Some(header.clone());
        }
        if known.basic { basic(known.credential.as_ref()?.as_ref()?) } else { None }
    }

    /// Gets a proof that answers a 401: `false` where there is nothing (more) to show.
    ///
    /// A proof that had been good before is renewed. One that was got for this very request was refused with the login
    /// behind it: the store is asked once whether it has another.
    pub(super) async fn answer(
        &self,
        refusal: &Refusal<'_>,
        proving: &mut Proving,
        transport: &Transport,
    ) -> Result<bool, Fault> {
        let _turn = self.renewing.lock().await;
        let now = self.header(refusal.scope);
        if now.is_some() && now != refusal.shown && proving.others < MAX_OTHERS {
            proving.others += 1;
            return Ok(true);
        }
        self.credential_looked_up().await.map_err(Fault::told)?;
        let challenges: Vec<Challenge> = refusal
            .headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenge::parse)
            .collect();
        let find = |scheme| challenges.iter().find(|c| c.scheme == scheme);
        if let Some(bearer) = find("bearer") {
            if proving.fresh && !self.ask_again(proving).await? {
                return Ok(false);
            }
            let (token, life) = match self.token(bearer, refusal, transport).await {
                Err(Fault::Told(Told::Denied, _)) if self.ask_again(proving).await? => {
                    self.token(bearer, refusal, transport).await?
                }
                result => result?,
            };
            let header = sensitive(format!("Bearer {}", token.expose())).ok_or_else(|| {
                Fault::told(refusal.subject.fail("the token service gave something that is no token"))
            })?;
            let end = Instant::now() + life.saturating_sub(MARGIN).max(MARGIN);
            self.known().tokens.insert(refusal.scope.to_owned(), (header, end));
            proving.fresh = true;
            return Ok(true);
        }
        if find("basic").is_none() {
            return Ok(false);
        }
        if refusal.shown.is_none() {
            let has = self.credential().as_ref().and_then(basic).is_some() || self.ask_again(proving).await?;
            self.known().basic = has;
            proving.fresh = true;
            return Ok(has && self.header(refusal.scope).is_some());
        }
        let changed = self.ask_again(proving).await?;
        // Good until now, and nothing better to show: once more, in case the registry erred.
        Ok(changed || !std::mem::replace(&mut proving.fresh, true))
    }

    /// Asks the store whether it has another login by now; at most once for each request.
    async fn ask_again(&self, proving: &mut Proving) -> Result<bool, Fault> {
        if !self.login.is_renewable() || std::mem::replace(&mut proving.asked_again, true) {
            return Ok(false);
        }
        let found = self.look_up().await.map_err(Fault::told)?;
        let mut known = self.known();
        if known.credential.as_ref() == Some(&found) {
            return Ok(false);
        }
        known.credential = Some(found);
        known.tokens.clear();
        Ok(true)
    }

    async fn look_up(&self) -> Result<Option<Credential>> {
        let found = self.login.look_up(&self.host).await?;
        for secret in found.iter().flat_map(Credential::secrets) {
            self.hide(&secret);
        }
        Ok(found)
    }

    fn hide(&self, secret: &str) {
        if let Some(hide) = &self.hide {
            hide.tell(secret);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn credential(&self) -> Option<Credential> {
        self.known().credential.clone().flatten()
    }

    /// A token for the refused request's scope, and how long it lasts: the login's own, or one from the service.
    async fn token(
        &self,
        bearer: &Challenge,
        refusal: &Refusal<'_>,
        transport: &Transport,
    ) -> Result<(Secret, Duration), Fault> {
        let credential = self.credential();
        if let Some(own) = credential.as_ref().map(|c| &c.registry_token).filter(|t| !t.is_empty()) {
            return Ok((own.clone(), Duration::from_secs(DEFAULT_LIFE)));
        }
        let subject = refusal.subject;
        let realm = realm(bearer, subject).map_err(Fault::told)?;
        let service = bearer.parameters.get("service").map(String::as_str).unwrap_or_default();
        let place = realm.host_str().unwrap_or_default().to_owned();
        let mut patience = Patience::new(refusal.budget);
        let answer = loop {
            let outgoing = question(realm.clone(), service, refusal.scope, credential.as_ref());
            let result = transport.send(outgoing).await;
            match patience.after(&result, true) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break told(result, &place, subject)?,
            }
        };
        let (token, life) = read(&answer, &place, subject)?;
        self.hide(token.expose());
        Ok((token, life))
    }
}

/// The token service, if its address may see our login: TLS, or loopback where the registry itself is plain.
fn realm(bearer: &Challenge, subject: &Subject<'_>) -> Result<Url> {
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

fn question(mut realm: Url, service: &str, scope: &str, credential: Option<&Credential>) -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut fields = vec![("client_id", "imgbuild"), ("service", service)];
    let identity = credential.map(|c| c.identity_token.expose()).filter(|token| !token.is_empty());
    if let Some(token) = identity {
        fields.extend([("scope", scope), ("grant_type", "refresh_token"), ("refresh_token", token)]);
        fields.retain(|(_, value)| !value.is_empty());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let payload = Payload::Bytes(body.into());
        return Outgoing {
            method: Method::POST,
            url: realm,
            headers,
            payload,
            limit: MAX_ANSWER,
            streams: false,
        };
    }
    // Here, unlike in the form, each repository is a field of its own.
    fields.extend(scope.split(' ').map(|scope| ("scope", scope)));
    fields.retain(|(_, value)| !value.is_empty());
    realm.query_pairs_mut().extend_pairs(fields);
    if let Some(basic) = credential.and_then(basic) {
        headers.insert(AUTHORIZATION, basic);
    }
    let payload = Payload::Nothing;
    Outgoing { method: Method::GET, url: realm, headers, payload, limit: MAX_ANSWER, streams: false }
}

fn basic(credential: &Credential) -> Option<HeaderValue> {
    if credential.password.is_empty() {
        return None;
    }
    let pair = format!("{}:{}", credential.username, credential.password.expose());
    sensitive(format!("Basic {}", STANDARD.encode(pair)))
}

fn read(answer: &Answer, place: &str, subject: &Subject<'_>) -> Result<(Secret, Duration), Fault> {
    let status = answer.status;
    let said = detail(&answer.body);
    if matches!(status.as_u16(), 400 | 401 | 403) {
        let said = said.map_or_else(|| status.as_u16().to_string(), |s| format!("{s}, {}", status.as_u16()));
        let error = subject.denied(Some(&format!("the token service {place} says: {said}")));
        return Err(Fault::Told(Told::Denied, error));
    }
    let fail = |why: &str| Fault::told(subject.fail(format!("the token service {place} {why}")));
    if !status.is_success() {
        return Err(fail(&format!("answered {}", status.as_u16())));
    }
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let field = |name| document.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let Some(token) = field("token").or(field("access_token")) else {
        return Err(fail("gave no token"));
    };
    let life = document.get("expires_in").and_then(Value::as_u64).unwrap_or(DEFAULT_LIFE);
    // A day is more than a run takes, and less than what an Instant may overflow at.
    Ok((Secret::new(token), Duration::from_secs(life.min(86_400))))
}

/// The service's answer, unless it says that the service does not work.
fn told(result: Result<Answer, Fault>, place: &str, subject: &Subject<'_>) -> Result<Answer, Fault> {
    let passing = may_pass(&result);
    let error = match result {
        Ok(answer) if !passing => return Ok(answer),
        Ok(answer) => subject.fail(format!("the token service {place} answered {}", answer.status.as_u16())),
        Err(Fault::Broken(_, cause)) => {
            subject.fail(format!("the token service {place} cannot be reached: {cause}"))
        }
        Err(Fault::Unacceptable(why)) => subject.fail(format!("the token service {place}: {why}")),
        Err(told) => return Err(told),
    };
    Err(Fault::Told(if passing { Told::Passing } else { Told::Final }, error))
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
    fn may_name(host: &str, address: &str) -> bool {
        let endpoint = Endpoint::new(host, false).unwrap();
        let subject = Subject {
            endpoint: &endpoint,
            path: "x",
            attempt: "try".to_owned(),
            user: "u".to_owned(),
            proxied: None,
        };
        let parameters = [("realm".to_owned(), address.to_owned())].into();
        realm(&Challenge { scheme: "bearer".to_owned(), parameters }, &subject).is_ok()
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

    /// Answers a 401 with these headers to a request that showed `shown`.
    async fn answer(
        proofs: &Proofs,
        headers: &HeaderMap,
        shown: Option<HeaderValue>,
        proving: &mut Proving,
    ) -> bool {
        let endpoint = Endpoint::new("r.example", false).unwrap();
        let (attempt, user) = ("try".to_owned(), "u".to_owned());
        let subject = Subject { endpoint: &endpoint, path: "x", attempt, user, proxied: None };
        let transport = Transport::new(&endpoint, RegistryOptions::default());
        let refusal =
            Refusal { headers, scope: "s", shown, subject: &subject, budget: Duration::from_secs(1) };
        proofs.answer(&refusal, proving, &transport).await.unwrap()
    }

    #[tokio::test]
    async fn challenges_that_nothing_answers() {
        let proofs = |login: Login| Proofs::new(login, "r.example", None);
        let mut headers = HeaderMap::new();
        let nobody = proofs(Login::anonymous());
        assert!(!answer(&nobody, &headers, None, &mut Proving::default()).await);
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=x"));
        assert!(!answer(&nobody, &headers, None, &mut Proving::default()).await);
        let somebody = proofs(Login::known(Credential::password("r.example", "u", "p", "test")));
        let mut proving = Proving::default();
        assert!(answer(&somebody, &headers, None, &mut proving).await);
        let shown = somebody.header("s");
        assert_eq!(shown, Some(HeaderValue::from_static("Basic dTpw")));
        assert!(!format!("{shown:?}").contains("dTpw"));
        // Shown for this very request: a second 401 is a denial.
        assert!(!answer(&somebody, &headers, shown.clone(), &mut proving).await);
        // A later request shows once more what had been good, and then not again.
        let mut later = Proving::default();
        assert!(answer(&somebody, &headers, shown.clone(), &mut later).await);
        assert!(!answer(&somebody, &headers, shown, &mut later).await);
    }
}
