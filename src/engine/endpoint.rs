//! Which engine to talk to: the same answer the docker command gives, then podman's sockets.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

use super::docker_context;

/// Where an engine listens, and what said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    address: Address,
    origin: String,
}

/// The transports that exist now. TLS and ssh are refused while parsing, so that nothing falls back to plain TCP.
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
}

/// The port docker's own tools take for plain TCP where none is written.
const DEFAULT_PORT: u16 = 2375;

impl Endpoint {
    /// The endpoint written as `unix:///path` or `tcp://host:port`; `origin` is shown in errors (`DOCKER_HOST`).
    pub fn parse(text: &str, origin: impl Into<String>) -> Result<Endpoint> {
        let origin = origin.into();
        let address = Address::parse(text).map_err(|error| error_from(&origin, error))?;
        Ok(Endpoint { address, origin })
    }

    /// The engine that listens on the socket `path`.
    pub fn unix(path: impl Into<PathBuf>, origin: impl Into<String>) -> Endpoint {
        Endpoint { address: Address::Unix(path.into()), origin: origin.into() }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What named it: a variable, a docker context or a well-known path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether bytes to it cross a network. Sockets and loopback do not, and compressing for them costs time only.
    pub fn is_remote(&self) -> bool {
        match &self.address {
            Address::Unix(_) => false,
            Address::Tcp { host, .. } => !is_loopback(host),
        }
    }

    /// The host under which ports that its containers publish are reached from here.
    pub fn published_host(&self) -> &str {
        match &self.address {
            Address::Tcp { host, .. } if !is_loopback(host) => host,
            _ => "127.0.0.1",
        }
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
            Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl Address {
    fn parse(text: &str) -> Result<Address> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            Error::new(Kind::Usage, format!("{text:?} has no scheme"))
                .hint("write unix:///path/to.sock or tcp://host:port")
        })?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Address::Unix(PathBuf::from(rest))),
            "unix" => Err(Error::new(Kind::Usage, format!("{text:?} names no absolute path"))),
            "tcp" | "http" => tcp(rest)
                .ok_or_else(|| Error::new(Kind::Usage, format!("{text:?} is not an address with a port"))),
            "ssh" | "https" | "npipe" | "fd" => {
                Err(Error::new(Kind::Usage, format!("engines over {scheme}:// are not supported yet"))
                    .hint("give a unix:// socket or tcp:// address, e.g. through `ssh -L /tmp/e.sock:/var/run/docker.sock`"))
            }
            _ => Err(Error::new(Kind::Usage, format!("{scheme}:// is no transport of an engine"))),
        }
    }
}

/// `host`, `host:port`, `[v6]:port`; a path behind it is refused, as no request would carry it.
fn tcp(rest: &str) -> Option<Address> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    let plain =
        host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'%'));
    let port = match port {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0)?,
        None => DEFAULT_PORT,
    };
    plain.then(|| Address::Tcp { host: host.to_owned(), port })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn error_from(origin: &str, error: Error) -> Error {
    let hints = error.hints().to_vec();
    let named = Error::new(error.kind(), format!("cannot use the engine from {origin}: {}", error.message()));
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
    let tls = ["DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"]
        .into_iter()
        .find(|key| env.get_os(key).is_some());
    if let Some(host) = env.get("DOCKER_HOST") {
        let endpoint = Endpoint::parse(host, "DOCKER_HOST")?;
        return match (&endpoint.address, tls) {
            (Address::Tcp { .. }, Some(variable)) => {
                Err(no_tls(&format!("{variable} asks for TLS to {endpoint}")))
            }
            _ => Ok(endpoint),
        };
    }
    if let Some(found) = docker_context::current(env)? {
        let endpoint = Endpoint::parse(&found.host, &found.origin)?;
        return match &endpoint.address {
            Address::Tcp { .. } if found.tls => {
                Err(no_tls(&format!("{} asks for TLS to {endpoint}", found.origin)))
            }
            _ => Ok(endpoint),
        };
    }
    sockets.iter().find(|path| path.exists()).map(|path| Endpoint::unix(path, "a default socket")).ok_or_else(|| {
        let looked: Vec<String> = sockets.iter().map(|path| path.display().to_string()).collect();
        Error::new(Kind::Engine, format!("no container engine found: none of {} exists", looked.join(", ")))
            .hint("start docker (`sudo systemctl start docker`) or podman (`systemctl --user start podman.socket`)")
            .hint("or name an engine with DOCKER_HOST or a docker context")
    })
}

fn no_tls(what: &str) -> Error {
    Error::new(Kind::Usage, format!("{what}, which is not supported yet"))
        .hint("imgbuild never talks plain TCP where TLS was asked for; use a unix socket, or unset the variable on a trusted network")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("unix:///run/x.sock", "unix:///run/x.sock"),
            ("tcp://10.0.0.1:99", "tcp://10.0.0.1:99"),
            ("tcp://box", "tcp://box:2375"),
            ("tcp://[::1]:1/", "tcp://[::1]:1"),
            ("http://:1234", "tcp://127.0.0.1:1234"),
        ] {
            assert_eq!(Endpoint::parse(text, "a test").unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "box:2375",
            "unix://rel",
            "tcp://a:b",
            "tcp://a:0",
            "tcp://a:99999",
            "tcp://a/b:1",
            "ftp://x",
            "tcp://u@h:1",
            "ssh://x",
            "https://x",
        ] {
            let error = Endpoint::parse(bad, "DOCKER_HOST").unwrap_err();
            assert!(error.kind() == Kind::Usage && error.message().contains("DOCKER_HOST"), "{bad}: {error}");
        }
    }

    #[test]
    fn only_a_network_is_remote() {
        for (text, remote) in
            [("unix:///x", false), ("tcp://127.0.0.9:1", false), ("tcp://[::1]", false), ("tcp://box", true)]
        {
            assert_eq!(Endpoint::parse(text, "").unwrap().is_remote(), remote, "{text}");
        }
    }

    #[test]
    fn docker_host_wins_and_tls_is_never_dropped() {
        let host = ("DOCKER_HOST", "tcp://10.1.1.1:2376");
        assert_eq!(
            locate(&env(&[host, ("DOCKER_CONTEXT", "absent")]), &[]).unwrap().to_string(),
            "tcp://10.1.1.1:2376"
        );
        for variable in ["DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"] {
            let error = locate(&env(&[host, (variable, "1")]), &[]).unwrap_err();
            assert!(error.message().contains(variable) && error.message().contains("not supported yet"));
        }
        // A unix socket is as good with TLS variables around as without.
        assert!(locate(&env(&[("DOCKER_HOST", "unix:///x"), ("DOCKER_TLS_VERIFY", "1")]), &[]).is_ok());
    }

    #[test]
    fn sockets_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let sockets = [dir.path().join("docker.sock"), dir.path().join("podman.sock")];
        let error = locate(&env(&[]), &sockets).unwrap_err();
        assert!(
            error.kind() == Kind::Engine
                && error.message().contains("podman.sock")
                && !error.hints().is_empty()
        );
        std::fs::write(&sockets[1], "").unwrap();
        assert_eq!(locate(&env(&[]), &sockets).unwrap().address(), &Address::Unix(sockets[1].clone()));
        std::fs::write(&sockets[0], "").unwrap();
        assert_eq!(locate(&env(&[]), &sockets).unwrap().address(), &Address::Unix(sockets[0].clone()));
    }
}
