//! Why a request came to nothing.

use std::error::Error as _;

use crate::error::Error;

/// The longest cause that a message repeats, in characters: a certificate may list a hundred names.
const MAX_CAUSE: usize = 200;

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection, and its innermost cause.
    Broken(Broken, String),
    /// The answer, or what was asked for, is not acceptable: trying again changes nothing.
    Unacceptable(String),
    /// In words already; it was tried again where that made sense.
    Told(Told, Error),
}

/// What stands behind an error that is in words already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Our login is not good for it.
    Denied,
    /// It may pass.
    Passing,
    /// Trying again changes nothing.
    Final,
}

impl Fault {
    /// What trying again does not change.
    pub(super) fn told(error: Error) -> Fault {
        Fault::Told(Told::Final, error)
    }

    /// Nothing moved for too long.
    pub(super) fn timeout(what: &str) -> Fault {
        Fault::Broken(Broken::Timeout, what.to_owned())
    }
}

/// The fault behind an error of the HTTP library.
pub(super) fn broken(error: reqwest::Error) -> Fault {
    Fault::Broken(Broken::of(&error), root_cause(&error))
}

/// What became of a request that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nobody listens.
    Refused,
    /// The name is unknown.
    Name,
    /// The peer's certificate is not trusted, or it does not speak TLS.
    Tls,
    /// Nothing came, or nothing was taken, for too long.
    Timeout,
    /// The connection came about and broke.
    Lost,
}

impl Broken {
    /// Whether to try again: a lost connection and a restarting registry may be back in a moment.
    pub(super) fn may_pass(self) -> bool {
        matches!(self, Broken::Lost | Broken::Refused | Broken::Timeout)
    }

    pub(super) fn of(error: &reqwest::Error) -> Broken {
        if error.is_timeout() {
            return Broken::Timeout;
        }
        let mut cause = error.source();
        while let Some(next) = cause {
            if let Some(broken) = Broken::of_cause(next) {
                return broken;
            }
            cause = next.source();
        }
        Broken::Lost
    }

    fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Broken> {
        if cause.is::<rustls::Error>() {
            return Some(Broken::Tls);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::ConnectionRefused => Some(Broken::Refused),
                std::io::ErrorKind::TimedOut => Some(Broken::Timeout),
                // An error wrapped by an I/O error is skipped by its `source`.
                _ => Broken::of_cause(io.get_ref()?),
            };
        }
        cause.to_string().starts_with("dns error").then_some(Broken::Name)
    }
}

/// The innermost cause: the outer ones repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = next.to_string();
        cause = next.source();
    }
    text.chars().take(MAX_CAUSE).collect()
}
