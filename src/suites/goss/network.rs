//! Ports, addresses and answers.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Position, Url};

use crate::expect::{AddressCheck, HttpCheck, PortCheck, Protocol, What};
use crate::yaml::{Problem, shown};

use super::matchers::Kind;
use super::resource::Resource;

/// How long a port has to open. goss looks once.
const LISTEN: Duration = Duration::from_secs(5);
/// goss' own limits.
const HTTP: Duration = Duration::from_secs(5);
const ADDR: Duration = Duration::from_millis(500);

/// A port of the container.
pub(super) fn port(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let written = resource.target("port")?;
    let (word, number) = written.split_once(':').unwrap_or(("tcp", &written));
    let protocol = match word {
        "tcp" => Protocol::Tcp,
        "tcp6" => Protocol::Tcp6,
        "udp" => Protocol::Udp,
        "udp6" => Protocol::Udp6,
        _ => return Err(resource.problem(format!("{} is none of tcp, tcp6, udp, udp6", shown(word)))),
    };
    let port = port_number(resource, number)?;
    let listening = resource.truth("listening")?;
    let addresses = resource.matcher("ip", Kind::List)?;
    Ok(What::Port(PortCheck {
        protocol,
        port,
        listening,
        everywhere: false,
        // goss asks nothing more of a port that must be closed.
        addresses: addresses.filter(|_| listening),
        within: if listening { LISTEN } else { Duration::ZERO },
    }))
}

fn port_number(resource: &Resource<'_>, written: &str) -> Result<u16, Problem> {
    let number = written.parse().ok().filter(|port| *port > 0);
    number.ok_or_else(|| resource.problem(format!("{} is no port: a number from 1 to 65535", shown(written))))
}

/// An address that is asked from inside the container.
pub(super) fn addr(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let written = resource.target("address")?;
    let (protocol, rest) = written.split_once("://").unwrap_or(("tcp", &written));
    if protocol != "tcp" {
        let why = if protocol == "udp" { ", which alone tells whether somebody is there" } else { "" };
        return Err(resource.problem(format!("imgbuild connects by tcp{why}, not by {}", shown(protocol))));
    }
    let (host, port) = rest.rsplit_once(':').ok_or_else(|| resource.problem("its address lacks a port"))?;
    let port = port_number(resource, port)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if bare.is_empty() || bare.contains(|c: char| c.is_whitespace() || c.is_control() || "[]/".contains(c)) {
        return Err(resource.problem(format!("{} is no host", shown(host))));
    }
    if resource.fields.take("local-address").is_some() {
        return Err(resource.problem("imgbuild cannot choose the `local-address` that it connects from"));
    }
    Ok(What::Address(AddressCheck {
        protocol: protocol.to_owned(),
        host: bare.to_owned(),
        port,
        reachable: resource.demand("reachable", Kind::Truth)?,
        within: resource.timeout(ADDR)?,
    }))
}

/// A request to the container.
pub(super) fn http(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let url = resource.target("url")?;
    let url = own_url(resource, &url)?;
    for unknown in ["ca-file", "cert-file", "key-file", "proxy"] {
        if resource.fields.text(unknown)?.is_some_and(|value| !value.is_empty()) {
            return Err(resource
                .problem(format!("imgbuild asks the container itself, by http: it has no `{unknown}`")));
        }
    }
    // Without TLS nothing is insecure about its certificate.
    resource.fields.boolean("allow-insecure")?;
    let status = resource.demand("status", Kind::Number)?;
    let method = match resource.fields.text("method")? {
        Some(method) if !method.is_empty() => method,
        _ => "GET".to_owned(),
    };
    if !method.bytes().all(token) {
        return Err(resource.problem(format!("{} is no method of HTTP", shown(&method))));
    }
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let headers = headers(resource, &url)?;
    let body = resource.fields.text("request-body")?.filter(|body| !body.is_empty());
    Ok(What::Http(HttpCheck {
        path,
        port: url.port().unwrap_or(80),
        method,
        headers,
        body: body.map(String::into_bytes),
        status: Some(status),
        answer_headers: Vec::new(),
        answer_head: resource.output("headers")?,
        answer_body: resource.output("body")?,
        answer_json: Vec::new(),
        follow_redirects: !resource.fields.boolean("no-follow-redirects")?.unwrap_or(false),
        within: resource.timeout(HTTP)?,
    }))
}

/// A URL, which must be the container's own.
fn own_url(resource: &Resource<'_>, written: &str) -> Result<Url, Problem> {
    let url = Url::parse(written)
        .map_err(|why| resource.problem(format!("{} is no URL: {why}", shown(written))))?;
    match url.scheme() {
        "http" => {}
        "https" => return Err(resource.problem("imgbuild asks by http only, not by https")),
        other => return Err(resource.problem(format!("imgbuild asks by http only, not by {}", shown(other)))),
    }
    let own = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    };
    if !own {
        return Err(resource.problem(
            "imgbuild asks only the container itself: its URL must be that of localhost, 127.0.0.1, 0.0.0.0 or [::1]",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(resource.problem("put the login into `username` and `password`, not into the URL"));
    }
    Ok(url)
}

/// The request's headers, the host of the URL and the login among them.
fn headers(resource: &mut Resource<'_>, url: &Url) -> Result<BTreeMap<String, String>, Problem> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in resource.fields.texts("request-headers")? {
        let Some((name, value)) = line.split_once(": ") else {
            return Err(resource.problem("a request header must be `Name: value`"));
        };
        if name.is_empty()
            || !name.bytes().all(token)
            || value.contains(|c: char| c.is_control() && c != '\t')
        {
            return Err(resource.problem(format!("the request header {} cannot be sent", shown(name))));
        }
        let known = headers.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        let name = known.unwrap_or_else(|| name.to_owned());
        match headers.get_mut(&name) {
            // There is one Host; of others several count as a list.
            Some(_) if name.eq_ignore_ascii_case("host") => {}
            Some(values) => {
                values.push_str(", ");
                values.push_str(value);
            }
            None => drop(headers.insert(name, value.to_owned())),
        }
    }
    if !headers.keys().any(|name| name.eq_ignore_ascii_case("host")) {
        headers.insert("Host".to_owned(), url[Position::BeforeHost..Position::AfterPort].to_owned());
    }
    let username = resource.fields.text("username")?.unwrap_or_default();
    let password = resource.fields.text("password")?.unwrap_or_default();
    if !username.is_empty() || !password.is_empty() {
        headers.retain(|name, _| !name.eq_ignore_ascii_case("authorization"));
        let login = STANDARD.encode(format!("{username}:{password}"));
        headers.insert("Authorization".to_owned(), format!("Basic {login}"));
    }
    Ok(headers)
}

/// Whether a byte can be in a name of HTTP.
const fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}
