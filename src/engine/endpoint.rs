//! Which engine to talk to: the same answer the docker command gives, then podman's sockets.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

use super::dialer::{Dialer, joined};
use super::docker_context;
use super::ssh::Ssh;
use super::ssh_target::{SshTarget, is_of_a_host, split_port};
use super::tls::{Peer, Tls};

/// Where an engine listens, what said so, and how it is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    address: Address,
    origin: String,
    dialer: Dialer,
}

/// The transports. Plain TCP is never taken in place of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// Plain TCP; the host has no brackets around an IPv6 address.
    Tcp {
        /// Name or address.
        host: String,
        /// Port, 2375 where none was written.
        port: u16,
    },
    /// TLS over TCP, the engine's certificate being verified; the host has no brackets around an IPv6 address.
    Tls {
        /// Name or address.
        host: String,
        /// Port, 2376 where none was written.
        port: u16,
    },
    /// A command on another machine, started through ssh.
    Ssh(SshTarget),
}

/// The port docker's own tools take for plain TCP where none is written.
const PLAIN_PORT: u16 = 2375;
/// The same for TLS.
const TLS_PORT: u16 = 2376;
/// The folder of the files for TLS to a builder.
pub const BUILDER_TLS_DIR: &str = "IMGBUILD_BUILDER_TLS_DIR";
/// The longest address that a message repeats, in characters.
const MAX_SHOWN: usize = 300;

/// What is said about TLS beside an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Security {
    /// Nothing.
    Unsaid,
    /// TLS, with the files in this folder, if one is known.
    Verified(Option<PathBuf>),
    /// TLS with whoever answers. What says so, and what to say in its place.
    Unverified {
        /// A variable or a key.
        by: String,
        /// A hint.
        instead: String,
    },
}

impl Security {
    /// What docker's variables say: each counts with any value that is not empty, as for docker's own client. An address
    /// that `is_https` needs no variable to be verified.
    fn of_variables(env: &Environment, is_https: bool) -> Security {
        let folder = || {
            let named = env.get_os("DOCKER_CERT_PATH").map(PathBuf::from);
            named.or_else(|| docker_context::config_dir(env))
        };
        let is_set = |key: &&str| env.get_os(key).is_some();
        if is_set(&"DOCKER_TLS_VERIFY") || (is_https && !is_set(&"DOCKER_TLS")) {
            return Security::Verified(folder());
        }
        match ["DOCKER_TLS", "DOCKER_CERT_PATH"].into_iter().find(is_set) {
            None => Security::Unsaid,
            // The command ignores DOCKER_CERT_PATH alone, libraries take it for TLS without verification.
            Some(variable) => Security::Unverified {
                by: variable.to_owned(),
                instead: "set DOCKER_TLS_VERIFY=1, with ca.pem in the folder that DOCKER_CERT_PATH names; or unset both for plain TCP on a trusted network".to_owned(),
            },
        }
    }
}

impl Endpoint {
    /// The endpoint written as `unix:///path`, `tcp://host:port`, `https://host:port` or `ssh://user@host`, with no
    /// variables beside it; `origin` is shown in errors (`DOCKER_HOST`).
    pub fn parse(text: &str, origin: impl Into<String>) -> Result<Endpoint> {
        Endpoint::named(text, origin, &Environment::default())
    }

    /// The same, with what docker's variables say about TLS, and with the environment that ssh is given.
    ///
    /// Reads the certificates for TLS: [`Kind::Config`] where one cannot be used.
    pub fn named(text: &str, origin: impl Into<String>, env: &Environment) -> Result<Endpoint> {
        let security = Security::of_variables(env, text.starts_with("https://"));
        Endpoint::secured(text, origin.into(), env, security)
    }

    /// A builder that is none of an engine's: `unix:///path`, `tcp://host:port` or `https://host:port`. `tcp://` is TLS where
    /// `IMGBUILD_BUILDER_TLS_DIR` names the folder of `ca.pem`, `cert.pem` and `key.pem`, as `buildctl --tlsdir` does;
    /// docker's variables are about the engine, and have no say.
    ///
    /// Errors as those of [`named`](Endpoint::named).
    pub fn builder(text: &str, origin: impl Into<String>, env: &Environment) -> Result<Endpoint> {
        let origin = origin.into();
        let folder = env.get_os(BUILDER_TLS_DIR).map(PathBuf::from);
        let security = match folder.is_some() || text.starts_with("https://") {
            true => Security::Verified(folder),
            false => Security::Unsaid,
        };
        let address = Address::parse(text, security != Security::Unsaid)
            .and_then(|address| of_a_builder(text, address))
            .map_err(|error| error_from("builder", &origin, error))?;
        Endpoint::at(address, origin, env, security, Peer::Builder)
    }

    fn secured(text: &str, origin: String, env: &Environment, security: Security) -> Result<Endpoint> {
        let is_secure = security != Security::Unsaid;
        let address =
            Address::parse(text, is_secure).map_err(|error| error_from("engine", &origin, error))?;
        Endpoint::at(address, origin, env, security, Peer::Engine)
    }

    fn at(
        address: Address,
        origin: String,
        env: &Environment,
        security: Security,
        peer: Peer,
    ) -> Result<Endpoint> {
        let dialer = match &address {
            Address::Unix(path) => Dialer::Unix(path.as_path().into()),
            Address::Tcp { host, port } => Dialer::Tcp { host: host.as_str().into(), port: *port },
            Address::Tls { host, port } => {
                let folder = match security {
                    Security::Verified(folder) => folder,
                    Security::Unsaid => None,
                    Security::Unverified { by, instead } => {
                        return Err(Error::new(
                            Kind::Usage,
                            format!("{by} asks for TLS to {address} (from {origin}) without verification, so with whoever answers"),
                        )
                        .hint(instead));
                    }
                };
                let tls = Tls::load(folder.as_deref(), &[], peer)?;
                Dialer::Tls { host: host.as_str().into(), port: *port, tls }
            }
            Address::Ssh(target) => Dialer::Ssh(Ssh::new(target.clone(), env)),
        };
        Ok(Endpoint { address, origin, dialer })
    }

    /// The engine that listens on the socket `path`.
    pub fn unix(path: impl Into<PathBuf>, origin: impl Into<String>) -> Endpoint {
        let path = path.into();
        let dialer = Dialer::Unix(path.as_path().into());
        Endpoint { address: Address::Unix(path), origin: origin.into(), dialer }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What named it: a variable, a docker context or a well-known path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Whether bytes to it cross a network. Sockets and loopback do not, and compressing for them costs time only.
    pub fn is_remote(&self) -> bool {
        self.address.host().is_some_and(|host| !is_loopback(host))
    }

    /// The host under which ports that its containers publish are reached from here.
    pub fn published_host(&self) -> &str {
        self.address.host().filter(|host| !is_loopback(host)).unwrap_or("127.0.0.1")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::Tcp { host, port } => write!(f, "tcp://{}", joined(host, *port)),
            Address::Tls { host, port } => write!(f, "https://{}", joined(host, *port)),
            Address::Ssh(target) => target.fmt(f),
        }
    }
}

impl Address {
    /// The address that `text` is; `tcp://` is TLS where it `is_secure`.
    fn parse(text: &str, is_secure: bool) -> Result<Address> {
        let refused = |why: &str| Error::new(Kind::Usage, format!("{} {why}", shown(text)));
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            refused("has no scheme")
                .hint("write unix:///path/to.sock, tcp://host:port, https://host:port or ssh://user@host")
        })?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Address::Unix(PathBuf::from(rest))),
            "unix" => Err(refused("names no absolute path")),
            "tcp" | "http" | "https" => {
                let (host, port) = tcp(rest).ok_or_else(|| refused("is not an address with a port"))?;
                Ok(match is_secure || scheme == "https" {
                    true => Address::Tls { host, port: port.unwrap_or(TLS_PORT) },
                    false => Address::Tcp { host, port: port.unwrap_or(PLAIN_PORT) },
                })
            }
            "ssh" => SshTarget::parse(rest).map(Address::Ssh).map_err(|why| {
                refused(&format!("leads nowhere: {why}"))
                    .hint("write ssh://user@host:port, or a name of your ssh configuration")
            }),
            "npipe" | "fd" => {
                Err(refused(&format!("cannot be used: engines over {scheme}:// are not supported"))
                    .hint("give a unix:// socket, tcp://, https:// or ssh://"))
            }
            _ => Err(refused("names no transport of an engine")),
        }
    }

    /// The host that is connected to.
    fn host(&self) -> Option<&str> {
        match self {
            Address::Unix(_) => None,
            Address::Tcp { host, .. } | Address::Tls { host, .. } => Some(host),
            Address::Ssh(target) => Some(target.host()),
        }
    }
}

/// An address for messages, without what may be a password.
fn shown(text: &str) -> String {
    let cut = |text: &str| text.chars().take(MAX_SHOWN).collect::<String>();
    match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme =
                before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
            format!("{:?}", cut(&format!("{scheme}…@{after}")))
        }
        None => format!("{:?}", cut(text)),
    }
}

/// `host`, `host:port`, `[v6]:port`; a path behind it is refused, as no request would carry it.
fn tcp(rest: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest))?;
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    host.bytes().all(is_of_a_host).then(|| (host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What is no address of a builder's, though one of an engine's.
fn of_a_builder(text: &str, address: Address) -> Result<Address> {
    let refused = |why: &str| Error::new(Kind::Usage, format!("{} {why}", shown(text)));
    match &address {
        Address::Ssh(_) => Err(refused("cannot be used: there is no way to a builder over ssh")
            .hint("forward a socket: `ssh -L /tmp/buildkitd.sock:/run/buildkit/buildkitd.sock HOST`, then unix:///tmp/buildkitd.sock")),
        Address::Tcp { .. } | Address::Tls { .. } => {
            let rest = text.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
            match tcp(rest) {
                // There is no port that everybody takes.
                Some((_, None)) => Err(refused("names no port").hint("write tcp://host:1234")),
                _ => Ok(address),
            }
        }
        Address::Unix(_) => Ok(address),
    }
}

fn error_from(peer: &str, origin: &str, error: Error) -> Error {
    let hints = error.hints().to_vec();
    let named = Error::new(error.kind(), format!("cannot use the {peer} from {origin}: {}", error.message()));
    hints.into_iter().fold(named, Error::hint)
}

/// The engine that `env` leads to: `DOCKER_HOST`, `DOCKER_CONTEXT`, docker's current context, docker's socket, podman's.
///
/// What is named but unusable is an error; only what is absent is passed over.
pub fn endpoint(env: &Environment) -> Result<Endpoint> {
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock"), PathBuf::from("/run/podman/podman.sock")];
    if let Some(runtime) = env.get_os("XDG_RUNTIME_DIR") {
        sockets.insert(1, Path::new(runtime).join("docker.sock"));
        sockets.push(Path::new(runtime).join("podman/podman.sock"));
    }
    locate(env, &sockets)
}

fn locate(env: &Environment, sockets: &[PathBuf]) -> Result<Endpoint> {
    if let Some(host) = env.get("DOCKER_HOST") {
        return Endpoint::named(host, "DOCKER_HOST", env);
    }
    if let Some(found) = docker_context::current(env)? {
        // What the context says of TLS stands before what the variables say.
        let security = match found.security {
            Security::Unsaid => return Endpoint::named(&found.host, found.origin, env),
            said => said,
        };
        return Endpoint::secured(&found.host, found.origin, env, security);
    }
    sockets.iter().find(|path| path.exists()).map(|path| Endpoint::unix(path, "a default socket")).ok_or_else(|| {
        let looked: Vec<String> = sockets.iter().map(|path| path.display().to_string()).collect();
        Error::new(Kind::Engine, format!("no container engine found: none of {} exists", looked.join(", ")))
            .hint("start docker (`sudo systemctl start docker`) or podman (`systemctl --user start podman.socket`)")
            .hint("or name an engine with DOCKER_HOST or a docker context")
    })
}

#[cfg(test)]
mod tests;
