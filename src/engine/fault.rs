//! What can go wrong between us and the engine, told apart as far as callers need, and its texts for people.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::error::{Error, Kind};

use super::endpoint::{Address, Endpoint};
use super::unreachable::Unreachable;

/// The cause behind a failed call.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine answered with an error status.
    Refused {
        /// HTTP status.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// No connection could be opened.
    Dial(io::Error),
    /// The connection broke.
    Lost(String),
    /// The limit of the call passed.
    Slow(Duration),
    /// The answer is not what the API promises.
    Garbled(String),
}

impl Fault {
    /// The status the engine answered with, if it answered with an error.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Fault::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What a connection broke with: there may never have been one, as the transport knows.
    pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> Fault {
        match Unreachable::in_chain(error) {
            Some(reason) => Fault::Dial(reason.clone().into()),
            None => Fault::Lost(chain(error)),
        }
    }

    /// The engine's own words, if it had any.
    pub(super) fn message(&self) -> &str {
        match self {
            Fault::Refused { message, .. } => message,
            _ => "",
        }
    }

    /// The error for people; `what` completes "cannot …".
    pub(super) fn told(self, endpoint: &Endpoint, what: impl fmt::Display) -> Error {
        match self {
            Fault::Dial(error) => undialled(endpoint, error),
            Fault::Refused { status: 400, message } if is_of_a_tls_server(&message) => {
                Error::new(Kind::Engine, format!("cannot {what}: the engine at {endpoint} speaks TLS"))
                    .hint(TLS_HINT)
            }
            Fault::Refused { status, message } if message.trim().is_empty() => {
                Error::new(Kind::Engine, format!("cannot {what}: the engine answered with status {status}"))
            }
            Fault::Refused { message, .. } => with_space_hint(
                Error::new(Kind::Engine, format!("cannot {what}: {}", cap(message.trim()))),
                &message,
            ),
            Fault::Lost(cause) => Error::new(
                Kind::Engine,
                format!("cannot {what}: the engine at {endpoint} was lost: {}", cap(&cause)),
            )
            .hint("see whether it still runs: `docker info`, `journalctl -u docker`"),
            Fault::Slow(limit) => Error::new(
                Kind::Engine,
                format!("cannot {what}: the engine at {endpoint} gave no answer for {}", seconds(limit)),
            )
            .hint(unanswered(endpoint)),
            Fault::Garbled(cause) => {
                let told = Error::new(
                    Kind::Engine,
                    format!(
                        "cannot {what}: the answer of {endpoint} is not one of a container engine: {}",
                        cap(&cause)
                    ),
                );
                match endpoint.address() {
                    Address::Tcp { .. } => told.hint(format!("if it speaks TLS: {TLS_HINT}")),
                    _ => told,
                }
            }
        }
    }
}

/// What to do about an engine that gives no answer.
fn unanswered(endpoint: &Endpoint) -> String {
    match endpoint.address() {
        Address::Ssh(target) => {
            format!("see whether it answers by hand: `ssh -o BatchMode=yes {} docker version`", target.host())
        }
        _ => "an engine that hangs is restarted with `sudo systemctl restart docker`".to_owned(),
    }
}

const TLS_HINT: &str = "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem (~/.docker by default)";

/// What servers of TLS answer to plain HTTP: Go's, and nginx.
fn is_of_a_tls_server(message: &str) -> bool {
    message.contains("HTTP request to an HTTPS server")
        || message.contains("HTTP request was sent to HTTPS port")
}

/// `12 s`, `0.5 s`.
pub(super) fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    if tenths.is_multiple_of(10) {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

/// An engine's message may quote a whole RUN command of megabytes.
pub(super) fn cap(text: &str) -> String {
    const MAX: usize = 2000;
    match text.char_indices().nth(MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} … ({} bytes in all)", text.get(..end).unwrap_or_default(), text.len()),
    }
}

/// A full disk is the engine's most common illness, and its words for it do not say what to do.
pub(super) fn with_space_hint(error: Error, message: &str) -> Error {
    if is_full_disk(message) { error.hint(SPACE_HINT) } else { error }
}

/// What to do about a full disk of the engine's.
pub(super) const SPACE_HINT: &str =
    "free space on the engine: `imgbuild clean`, `docker system df`, `docker image prune`";

/// Whether a text tells of a full disk: an engine's, as Go has the words, or a program's in a step, as C has them.
pub(super) fn is_full_disk(text: &str) -> bool {
    text.contains("no space left on device") || text.contains("No space left on device")
}

fn undialled(endpoint: &Endpoint, error: io::Error) -> Error {
    let from = endpoint.origin();
    if let Some(reason) = Unreachable::in_chain(&error) {
        let text = format!("cannot reach the engine at {endpoint} (from {from}): {}", cap(&reason.why));
        return reason.hints.iter().fold(Error::new(Kind::Engine, text), |error, hint| error.hint(hint));
    }
    let unix = matches!(endpoint.address(), Address::Unix(_));
    let start = "start docker (`sudo systemctl start docker`) or podman (`systemctl --user start podman.socket`), or name another engine with DOCKER_HOST";
    let (text, hints): (String, &[&str]) = match error.kind() {
        io::ErrorKind::NotFound if unix => {
            (format!("no engine at {endpoint} (from {from}): there is no such socket"), &[start])
        }
        io::ErrorKind::PermissionDenied => (
            format!("no permission to use the engine at {endpoint} (from {from})"),
            &[
                "join the group that may: `sudo usermod -aG docker \"$USER\"`, then log in again",
                "or run with sudo, or use a rootless engine and name its socket in DOCKER_HOST",
            ],
        ),
        io::ErrorKind::ConnectionRefused if unix => (
            format!("no engine listens at {endpoint} (from {from}): the path exists but nothing answers"),
            &[start],
        ),
        io::ErrorKind::ConnectionRefused => {
            (format!("no engine listens at {endpoint} (from {from})"), &[start])
        }
        _ => (format!("cannot connect to the engine at {endpoint} (from {from})"), &[start]),
    };
    let told = Error::new(Kind::Engine, text).because(error);
    hints.iter().fold(told, |error, hint| error.hint(*hint))
}

impl From<bollard::errors::Error> for Fault {
    fn from(error: bollard::errors::Error) -> Fault {
        use bollard::errors::Error as B;
        match error {
            B::DockerResponseServerError { status_code, message } => {
                Fault::Refused { status: status_code, message }
            }
            B::JsonDataError { message, .. } => Fault::Garbled(message),
            B::JsonSerdeError { err } => Fault::Garbled(err.to_string()),
            other => match io_cause(&other) {
                Some(error) if is_dial(error.kind()) => Fault::Dial(error),
                _ => Fault::broken(&other),
            },
        }
    }
}

fn is_dial(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::ConnectionRefused
    )
}

/// The I/O error at the bottom of a chain, remade since chains lend only.
fn io_cause(error: &(dyn std::error::Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io::Error::new(io.kind(), io.to_string()));
        }
        next = error.source();
    }
    None
}

/// An error and its causes on one line; hyper's own texts leave the cause out.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_stands_in_the_hints() {
        let endpoint = Endpoint::unix("/x.sock", "DOCKER_HOST");
        for (kind, word) in [
            (io::ErrorKind::NotFound, "systemctl"),
            (io::ErrorKind::PermissionDenied, "usermod"),
            (io::ErrorKind::ConnectionRefused, "systemctl"),
        ] {
            let error = Fault::Dial(kind.into()).told(&endpoint, "build");
            assert!(
                error.message().contains("/x.sock") && error.message().contains("DOCKER_HOST"),
                "{error}"
            );
            assert!(error.hints().iter().any(|hint| hint.contains(word)), "{:?}", error.hints());
        }
    }

    #[test]
    fn long_words_of_the_engine_are_cut() {
        let fault = Fault::Refused { status: 500, message: "ä".repeat(100_000) };
        assert!(fault.told(&Endpoint::unix("/x", ""), "build").message().len() < 10_000);
    }

    #[test]
    fn durations() {
        assert_eq!(seconds(Duration::from_millis(5000)), "5 s");
        assert_eq!(seconds(Duration::from_millis(1250)), "1.2 s");
    }
}
