//! Which proxy stands before a registry: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, read as docker reads them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use url::{Host, Url};

use super::endpoint::is_loopback;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The proxies that the environment names, and what is reached without one. This machine always is.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Arc<Proxy>>,
    https: Option<Arc<Proxy>>,
    except: Vec<Exception>,
}

/// One proxy; its address may hold a login.
struct Proxy {
    variable: &'static str,
    /// `None` where what the variable holds is no address.
    address: Option<Url>,
}

impl fmt::Debug for Proxies {
    /// Without addresses: they may hold logins.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |proxy: &Option<Arc<Proxy>>| proxy.as_ref().map(|proxy| proxy.variable);
        f.debug_struct("Proxies")
            .field("http", &name(&self.http))
            .field("https", &name(&self.https))
            .finish_non_exhaustive()
    }
}

impl Proxies {
    /// Upper-case names count before lower-case ones. `ALL_PROXY` is not read, as docker does not read it.
    pub fn from_environment(environment: &Environment) -> Proxies {
        let proxy = |names: [&'static str; 2]| {
            let (variable, text) =
                names.into_iter().find_map(|name| environment.get_os(name).map(|text| (name, text)))?;
            Some(Arc::new(Proxy { variable, address: text.to_str().and_then(address) }))
        };
        let except = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy"));
        Proxies {
            http: proxy(["HTTP_PROXY", "http_proxy"]),
            https: proxy(["HTTPS_PROXY", "https_proxy"]),
            except: except.unwrap_or_default().split(',').filter_map(Exception::parse).collect(),
        }
    }

    /// The address of the proxy between here and `url`, login included; `None` where there is none.
    ///
    /// Fails with [`Kind::Config`] where the variable holds no address of a proxy: going without would be silent.
    pub(super) fn before(&self, url: &Url) -> Result<Option<&Url>> {
        let Some(proxy) = self.applying(url) else { return Ok(None) };
        let Some(address) = &proxy.address else {
            // What the variable holds may be a login with a slip in it.
            return Err(Error::new(
                Kind::Config,
                format!("{} does not hold the address of a proxy", proxy.variable),
            )
            .hint("http://HOST:PORT or https://HOST:PORT is expected; NO_PROXY makes exceptions"));
        };
        Ok(Some(address))
    }

    /// The name of the variable whose proxy stands between here and `url`.
    pub(super) fn variable(&self, url: &Url) -> Option<&'static str> {
        self.applying(url).map(|proxy| proxy.variable)
    }

    fn applying(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "https" => self.https.as_deref()?,
            "http" => self.http.as_deref()?,
            _ => return None,
        };
        let excepted = is_loopback(url) || self.except.iter().any(|exception| exception.covers(url));
        (!excepted).then_some(proxy)
    }
}

/// `host:port` alone means plain HTTP.
fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    let url = match text.split_once("://") {
        Some(("http" | "https", _)) => Url::parse(text),
        Some(_) => return None,
        None => Url::parse(&format!("http://{text}")),
    };
    url.ok().filter(Url::has_host)
}

/// One entry of `NO_PROXY`.
#[derive(Clone)]
enum Exception {
    /// `*`
    All,
    /// `10.0.0.0/8`
    Network(IpNet),
    /// `10.1.2.3`, `[::1]:5000`
    Address(IpAddr, Option<u16>),
    /// `example.com` (and what is below it), `.example.com` or `*.example.com` (only that), each with a port or without.
    Domain { name: String, itself: bool, port: Option<u16> },
}

impl Exception {
    /// `None` where the entry says nothing.
    fn parse(entry: &str) -> Option<Exception> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Exception::All);
        }
        if let Ok(network) = entry.parse() {
            return Some(Exception::Network(network));
        }
        if let Ok(address) = entry.trim_matches(['[', ']']).parse() {
            return Some(Exception::Address(address, None));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Some(Exception::Address(address, port));
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let name = host.strip_prefix('.').unwrap_or(host).to_owned();
        (!name.is_empty()).then(|| Exception::Domain { itself: name == host, name, port })
    }

    fn covers(&self, url: &Url) -> bool {
        let same_port = |port: &Option<u16>| port.is_none() || *port == url.port_or_known_default();
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip).to_canonical()),
            _ => None,
        };
        match self {
            Exception::All => true,
            Exception::Network(network) => ip.is_some_and(|ip| network.contains(&ip)),
            Exception::Address(address, port) => ip == Some(address.to_canonical()) && same_port(port),
            Exception::Domain { name, itself, port } => {
                let below = |host: &str| {
                    host.strip_suffix(name.as_str()).is_some_and(|rest| match rest {
                        "" => *itself,
                        rest => rest.ends_with('.'),
                    })
                };
                url.domain().is_some_and(below) && same_port(port)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::from_environment(&Environment::from_pairs(pairs.iter().copied()))
    }

    fn before(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.before(&url.parse().unwrap()).unwrap().map(Url::to_string)
    }

    #[test]
    fn each_scheme_has_its_own_and_upper_case_counts_first() {
        let both = [
            ("HTTPS_PROXY", "http://up:1"),
            ("https_proxy", "http://low:1"),
            ("http_proxy", "plain:2"),
            ("ALL_PROXY", "http://all:3"),
        ];
        let found = proxies(&both);
        assert_eq!(before(&found, "https://r.example/").as_deref(), Some("http://up:1/"));
        assert_eq!(before(&found, "http://r.example/").as_deref(), Some("http://plain:2/"));
        assert_eq!(found.variable(&"http://r.example".parse().unwrap()), Some("http_proxy"));
        assert_eq!(before(&proxies(&both[3..]), "https://r.example/"), None);
    }

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        let found = proxies(&[("HTTPS_PROXY", "p:1"), ("HTTP_PROXY", "p:1")]);
        for here in
            ["http://localhost:5000/", "http://127.8.0.1/", "https://[::1]:5000/", "http://LOCALHOST/"]
        {
            assert_eq!(before(&found, here), None, "{here}");
        }
        assert!(before(&found, "https://localhost.example/").is_some());
    }

    #[test]
    fn exceptions_are_those_of_docker() {
        for (except, url, direct) in [
            ("r.example", "https://r.example/", true),
            ("r.example", "https://a.r.example/", true),
            ("r.example", "https://other-r.example/", false),
            (".r.example", "https://r.example/", false),
            (".r.example", "https://a.r.example/", true),
            ("*.r.example", "https://a.r.example/", true),
            ("a, R.Example ,b", "https://r.example/", true),
            ("r.example:5000", "https://r.example:5000/", true),
            ("r.example:5000", "https://r.example/", false),
            ("r.example:443", "https://r.example/", true),
            ("192.0.2.0/24", "https://192.0.2.7:5000/", true),
            ("192.0.2.0/24", "https://192.0.3.7/", false),
            ("192.0.2.7", "https://192.0.2.7:5000/", true),
            ("192.0.2.7:1", "https://192.0.2.7:5000/", false),
            ("192.0.2.7", "https://[::ffff:192.0.2.7]/", true),
            ("2001:db8::1", "https://[2001:db8::1]:5000/", true),
            ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000/", true),
            ("2001:db8::/32", "https://[2001:db8::1]/", true),
            ("*", "https://r.example/", true),
            ("*", "https://192.0.2.7/", true),
            (",,:,.,r.example:port", "https://r.example/", false),
        ] {
            let found = proxies(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", except)]);
            assert_eq!(before(&found, url).is_none(), direct, "NO_PROXY={except} {url}");
        }
    }

    #[test]
    fn a_login_is_never_shown() {
        let url = "https://r.example/".parse().unwrap();
        let found = proxies(&[("HTTPS_PROXY", "http://u:s3cr3t@p:1")]);
        assert_eq!(found.before(&url).unwrap().unwrap().password(), Some("s3cr3t"));
        assert!(!format!("{found:?}").contains("s3cr3t"), "{found:?}");
        for bad in ["http://u:s3cr3t@:1", "socks5://u:s3cr3t@p:1", "http://u:s3cr3t@p:port", "s3cr3t@"] {
            let error = proxies(&[("HTTPS_PROXY", bad)]).before(&url).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(error.kind() == Kind::Config && text.contains("HTTPS_PROXY"), "{text}");
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }
}
