//! What went wrong, in words for the one who has to act.

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::endpoint::Endpoint;
use super::fault::{Broken, Fault};
use super::transport::Answer;
use crate::error::{Error, Kind};
use crate::image::Digest;

/// The longest text of a registry that a message repeats, in characters.
const MAX_DETAIL: usize = 200;

/// Whom and what a request was about; every message names it.
#[derive(Debug, Clone)]
pub(super) struct Subject<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The repository's path; empty for the registry as a whole.
    pub(super) path: &'a str,
    /// What was tried, as it goes before the place: `read the manifest 1.2 of`.
    pub(super) attempt: String,
    /// Who we are there: a user, or `anonymous`.
    pub(super) user: String,
    /// The variable that names the proxy in between, where there is one.
    pub(super) proxied: Option<&'static str>,
}

impl Subject<'_> {
    fn place(&self) -> String {
        match self.path {
            "" => self.endpoint.host.clone(),
            path => format!("{}/{path}", self.endpoint.host),
        }
    }

    /// `cannot read the tags of HOST/PATH`.
    pub(super) fn cannot(&self) -> String {
        format!("cannot {} {}", self.attempt, self.place())
    }

    /// Any failure that has no better words.
    pub(super) fn fail(&self, why: impl std::fmt::Display) -> Error {
        Error::new(Kind::Registry, format!("{}: {why}", self.cannot()))
    }

    /// Something else is there, and stays.
    pub(super) fn held(&self, other: &Digest) -> Error {
        Error::new(Kind::Refused, format!("{}: it holds {other}", self.cannot()))
    }

    /// What became of a request that was sent `tries` times.
    pub(super) fn failed(&self, fault: Fault, tries: u32) -> Error {
        match fault {
            Fault::Broken(broken, cause) => self.broken(broken, &cause, tries),
            Fault::Unacceptable(why) => self.fail(why),
            Fault::Told(_, error) => error,
        }
    }

    /// No answer came.
    fn broken(&self, broken: Broken, cause: &str, tries: u32) -> Error {
        let (host, times) = (&self.endpoint.host, times(tries));
        match broken {
            Broken::Refused => Error::new(
                Kind::Registry,
                format!("the registry {host} is not reachable: connection refused{times}; {}", self.cannot()),
            )
            .hint(match self.proxied {
                Some(variable) => {
                    format!("{variable} is set: is the proxy running? NO_PROXY makes exceptions")
                }
                None => "is it running, and is the port right?".to_owned(),
            }),
            Broken::Name => {
                Error::new(Kind::Registry, format!("the registry {host} is not reachable: {cause}"))
                    .hint("the name cannot be resolved: check it, and the network")
            }
            Broken::Tls => {
                let error =
                    Error::new(Kind::Registry, format!("no trusted TLS with the registry {host}: {cause}"));
                if cause.contains("InvalidContentType") {
                    return error.hint("something answers there without TLS: is the port right?");
                }
                if cause.contains("CaUsedAsEndEntity") {
                    return error.hint(
                        "its certificate is that of a CA (openssl req -x509 makes one): \
                         let that CA sign one for the registry",
                    );
                }
                error
                    .hint(format!(
                        "put the CA that signed its certificate into /etc/docker/certs.d/{host}/ca.crt: imgbuild and \
                         the engine both read it there (your own: ~/.config/docker/certs.d/{host}/ca.crt, for \
                         imgbuild alone)"
                    ))
                    .hint(
                        "or into the system's store (Debian: /usr/local/share/ca-certificates and \
                         update-ca-certificates), or name its file in SSL_CERT_FILE",
                    )
            }
            Broken::Timeout => self
                .fail(format!("the registry did not answer in time{times} ({cause})"))
                .hint("it is overloaded or cut off: try again"),
            Broken::Lost => self
                .fail(format!("the connection broke{times} ({cause})"))
                .hint("the registry, or something before it, hangs up: its log says why"),
        }
    }

    /// An answer came that is no success.
    pub(super) fn refused(&self, answer: &Answer) -> Error {
        let host = &self.endpoint.host;
        let detail = detail(&answer.body);
        let times = times(answer.tries);
        let said = |text: &str| match &detail {
            Some(detail) => format!("{text} ({detail})"),
            None => text.to_owned(),
        };
        if !self.endpoint.owns(&answer.url) {
            let place = answer.url.host_str().unwrap_or_default();
            let status = answer.status.as_u16();
            return self
                .fail(said(&format!("{place}, where the registry {host} sends us, answered {status}{times}")))
                .hint(format!(
                    "no login of ours goes to {place}: the registry has to sign the address it names"
                ));
        }
        match answer.status {
            StatusCode::PAYLOAD_TOO_LARGE => self
                .fail(said("the registry answered 413: that is too large for it"))
                .hint("a proxy before the registry may limit the size of a request: raise that limit"),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.denied(detail.as_deref()),
            StatusCode::TOO_MANY_REQUESTS => self
                .fail(said(&format!("the registry limits our rate{times}")))
                .hint(format!("a login raises the limit of many registries: docker login {host}")),
            status if status.is_server_error() => self
                .fail(said(&format!("the registry answered {}{times}", status.as_u16())))
                .hint("the fault is the registry's: its log says more; try again later"),
            status if status.is_redirection() => {
                let place = answer.header("location").and_then(|to| answer.url.join(to).ok());
                let place = place.as_ref().and_then(Url::host_str).unwrap_or("nowhere").to_owned();
                self.fail(said(&format!("the registry answered {} and sends us to {place}", status.as_u16())))
                    .hint(
                        "what is written is not sent after a redirect: name the registry where it really is",
                    )
            }
            status => self.fail(said(&format!("the registry answered {}{times}", status.as_u16()))),
        }
    }

    /// We are not allowed to.
    pub(super) fn denied(&self, detail: Option<&str>) -> Error {
        let host = &self.endpoint.host;
        let why = detail.map(|d| format!(" ({d})")).unwrap_or_default();
        let error = Error::new(Kind::Registry, format!("{} as {}: denied{why}", self.cannot(), self.user));
        if self.user == ANONYMOUS {
            error.hint(format!("log in: docker login {host}"))
        } else {
            error.hint(format!(
                "{} is not allowed to, or the login is no longer valid: docker login {host}",
                self.user
            ))
        }
    }
}

fn times(tries: u32) -> String {
    if tries > 1 { format!(", tried {tries} times") } else { String::new() }
}

/// The user of messages where there is no login.
pub(super) const ANONYMOUS: &str = "anonymous";

/// The first error that the body tells in the form of the distribution specification (or of a token service).
pub(super) fn detail(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parts = match document.pointer("/errors/0") {
        Some(first) => [text(first, "code"), text(first, "message")],
        None => [text(&document, "error"), text(&document, "details")],
    };
    let joined = parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(": ");
    let clean: String =
        joined.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_DETAIL).collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_short_and_plain() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no\nway\u001b[1m"}]}"#;
        assert_eq!(detail(body).as_deref(), Some("DENIED: no way [1m"));
        assert_eq!(detail(br#"{"error":"invalid_grant"}"#).as_deref(), Some("invalid_grant"));
        assert_eq!(detail(b"<html>"), None);
        assert_eq!(detail(br#"{"errors":[]}"#), None);
        let long = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "x".repeat(10_000));
        assert_eq!(detail(long.as_bytes()).unwrap().len(), MAX_DETAIL);
    }
}
