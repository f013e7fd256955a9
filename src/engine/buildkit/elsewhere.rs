//! What goes wrong with a builder that is none of the engine's, for people.

use std::io;

use tonic::{Code, Status};

use crate::engine::endpoint::{Address, Endpoint};
use crate::engine::fault::{Fault, cap, chain, seconds};
use crate::engine::unreachable::Unreachable;
use crate::error::{Error, Kind};

const START: &str = "see that buildkitd runs and listens there (`--addr`), or build with --builder buildkit";
const TLS: &str =
    "if it speaks TLS, name the folder of ca.pem, cert.pem and key.pem in IMGBUILD_BUILDER_TLS_DIR";

/// The error behind a failed call; `what` completes "cannot …".
pub(super) fn told(endpoint: &Endpoint, fault: Fault, what: &str) -> Error {
    match fault {
        Fault::Dial(error) => undialled(endpoint, error),
        Fault::Slow(limit) => engine(format!(
            "cannot {what}: the builder at {endpoint} (from {}) gave no answer for {}",
            endpoint.origin(),
            seconds(limit)
        ))
        .hint(START),
        Fault::Lost(cause) | Fault::Garbled(cause) | Fault::Refused { message: cause, .. } => {
            engine(format!("cannot {what}: the builder at {endpoint} was lost: {}", cap(&cause))).hint(START)
        }
    }
}

/// The error where it went away in the middle of a build; `place` is where that was, as ` at step 2/5 …`.
pub(super) fn lost(endpoint: &Endpoint, place: &str, cause: &str) -> Error {
    engine(format!("the builder at {endpoint} was lost in the middle of the build{place}: {}", cap(cause)))
        .hint("see whether buildkitd still runs there, and what it logged")
}

/// What answers is none, or does not want us.
pub(super) fn no_buildkit(endpoint: &Endpoint, status: &Status) -> Error {
    let from = endpoint.origin();
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => {
            engine(format!("the builder at {endpoint} (from {from}) refuses us: {}", cap(status.message())))
        }
        Code::Unimplemented => {
            engine(format!("what listens at {endpoint} (from {from}) speaks gRPC, and is no BuildKit"))
        }
        _ => {
            // What broke lies behind the status.
            let why = chain(status);
            let told = engine(format!(
                "what listens at {endpoint} (from {from}) does not answer as BuildKit does: {}",
                cap(&why)
            ));
            let told = match endpoint.address() {
                Address::Tcp { .. } => told.hint(TLS),
                _ if why.contains("client certificate") => told.hint(
                    "put cert.pem and key.pem into the folder that IMGBUILD_BUILDER_TLS_DIR names, signed by the CA of \
                     its --tlscacert",
                ),
                _ => told,
            };
            told.hint(
                "an engine is named with DOCKER_HOST, and has a BuildKit of its own: --builder buildkit",
            )
        }
    }
}

/// It is one that cannot build.
pub(super) fn without_worker(endpoint: &Endpoint) -> Error {
    engine(format!("the builder at {endpoint} (from {}) has no worker", endpoint.origin()))
        .hint("see what buildkitd logged when it started")
}

fn undialled(endpoint: &Endpoint, error: io::Error) -> Error {
    let from = endpoint.origin();
    if let Some(reason) = Unreachable::in_chain(&error) {
        let text = format!("cannot reach the builder at {endpoint} (from {from}): {}", cap(&reason.why));
        return reason.hints.iter().fold(engine(text), |error, hint| error.hint(hint));
    }
    let unix = matches!(endpoint.address(), Address::Unix(_));
    let text = match error.kind() {
        io::ErrorKind::NotFound if unix => {
            return engine(format!("no builder at {endpoint} (from {from}): there is no such socket"))
                .hint(START);
        }
        io::ErrorKind::PermissionDenied => {
            format!("no permission to use the builder at {endpoint} (from {from})")
        }
        io::ErrorKind::ConnectionRefused => format!("no builder listens at {endpoint} (from {from})"),
        _ => format!("cannot connect to the builder at {endpoint} (from {from})"),
    };
    engine(text).because(error).hint(START)
}

fn engine(text: String) -> Error {
    Error::new(Kind::Engine, text)
}
