//! Where a registry is reached, and which other addresses are still the same place.

use url::{Host, Url};

use crate::error::{Error, Kind, Result};

/// The address of a registry's API.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// As spelled in references.
    pub(super) host: String,
    base: Url,
}

impl Endpoint {
    /// The endpoint for `host` as spelled in references: plain HTTP on loopback or where `plain` says so, else HTTPS.
    pub(super) fn new(host: &str, plain: bool) -> Result<Endpoint> {
        let invalid = || Error::new(Kind::Config, format!("{host:?} is not the host of a registry"));
        let reached = match host {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        };
        let tls = Url::parse(&format!("https://{reached}/")).map_err(|_| invalid())?;
        let bare = tls.path() == "/"
            && tls.username().is_empty()
            && tls.query().is_none()
            && tls.fragment().is_none();
        if !bare || tls.password().is_some() || reached.ends_with('/') {
            return Err(invalid());
        }
        let base = if plain || is_loopback(&tls) {
            // Parsed again: only then is the default port that of HTTP.
            Url::parse(&format!("http://{reached}/")).map_err(|_| invalid())?
        } else {
            tls
        };
        Ok(Endpoint { host: host.to_owned(), base })
    }

    /// The address of `path`, which begins behind the host.
    pub(super) fn url(&self, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|_| {
            Error::new(Kind::Internal, format!("{path:?} cannot be asked of the registry {}", self.host))
        })
    }

    /// Whether `url` is this registry: same scheme, host and port.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Whether `other` is the same registry.
    pub(super) fn is_same_as(&self, other: &Endpoint) -> bool {
        self.owns(&other.base)
    }

    /// Whether the registry is reached without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.base.scheme() == "http"
    }
}

/// Whether `url` names this machine, where nobody else listens in.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Checks the path of a repository, which becomes part of addresses.
pub(super) fn check_path(path: &str) -> Result<()> {
    let component = |c: &str| {
        !c.is_empty()
            && !c.starts_with('.')
            && c.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    if path.len() <= 255 && path.split('/').all(component) {
        return Ok(());
    }
    Err(Error::new(Kind::Config, format!("{path:?} is not the path of a repository")))
}

/// Checks a tag or a digest, which becomes part of addresses.
pub(super) fn check_reference(reference: &str) -> Result<()> {
    let valid = |b: u8| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b);
    if !reference.is_empty()
        && reference.len() <= 255
        && !reference.starts_with('.')
        && reference.bytes().all(valid)
    {
        return Ok(());
    }
    Err(Error::new(Kind::Config, format!("{reference:?} is neither a tag nor a digest")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(host: &str) -> String {
        Endpoint::new(host, false).unwrap().url("/v2/").unwrap().to_string()
    }

    #[test]
    fn loopback_is_plain_and_the_rest_is_not() {
        assert_eq!(base("docker.io"), "https://registry-1.docker.io/v2/");
        assert_eq!(base("ghcr.io"), "https://ghcr.io/v2/");
        assert_eq!(base("localhost:5000"), "http://localhost:5000/v2/");
        assert_eq!(base("127.8.0.1"), "http://127.8.0.1/v2/");
        assert_eq!(base("[::1]:5000"), "http://[::1]:5000/v2/");
        assert_eq!(base("0.0.0.0:5000"), "https://0.0.0.0:5000/v2/");
        assert_eq!(base("localhost.evil.example"), "https://localhost.evil.example/v2/");
    }

    #[test]
    fn only_a_host_is_a_host() {
        for bad in ["", "a/b", "u@h", "u:p@h", "h?x", "h#x", "h/", "a b", "https://h", "h:99999"] {
            assert!(Endpoint::new(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_cannot_leave_the_api() {
        for bad in ["", "a//b", "../a", "a/../b", "a?b", "a#b", "a/", "/a", "a b", "ä", "a%2fb"] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
        assert!(check_path("library/a_b.c-d").is_ok());
        assert!(check_reference("sha256:00").is_ok());
        for bad in ["", "..", "a/b", "a?b", "a b"] {
            assert!(check_reference(bad).is_err(), "{bad}");
        }
    }
}
