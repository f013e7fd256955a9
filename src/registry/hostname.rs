//! How docker spells registries: in its configuration, and on the wire.

/// The key under which docker keeps the login for Docker Hub.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The key that docker looks `host` up by.
pub(super) fn docker_key(host: &str) -> &str {
    if matches!(host, "docker.io" | "index.docker.io") { HUB_KEY } else { host }
}

/// The host in a key of docker's configuration, which may be a URL or a host with a path: docker's own rule, oddities
/// included (checked against its answers).
pub fn hostname(key: &str) -> String {
    let Some((scheme, rest)) = key.split_once("://") else { return before_slash(key).to_owned() };
    match host_and_port(scheme, rest) {
        Some((host, port)) if !host.is_empty() => join(host, port),
        Some(_) => before_slash(key).to_owned(),
        None => before_slash(rest).to_owned(),
    }
}

fn before_slash(text: &str) -> &str {
    text.split('/').next().unwrap_or_default()
}

/// Host (without brackets) and port of a URL; `None` where Go would not parse it.
fn host_and_port<'a>(scheme: &str, rest: &'a str) -> Option<(&'a str, &'a str)> {
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !valid || rest.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if let Some(bracketed) = host.strip_prefix('[') {
        let (inner, port) = bracketed.split_once(']')?;
        return match port.strip_prefix(':') {
            Some(port) if is_port(port) => Some((inner, port)),
            None if port.is_empty() => Some((inner, "")),
            _ => None,
        };
    }
    match host.rsplit_once(':') {
        Some((host, port)) if is_port(port) => Some((host, port)),
        Some(_) => None,
        None => Some((host, "")),
    }
}

fn join(host: &str, port: &str) -> String {
    match (port, host.contains(':')) {
        ("", _) => host.to_owned(),
        (port, true) => format!("[{host}]:{port}"),
        (port, false) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_hosts_stay(host in "[a-z0-9.-]{1,20}(:[0-9]{1,5})?", path in "(/[a-z]{0,5}){0,2}") {
            prop_assert_eq!(hostname(&format!("{host}{path}")), host.clone());
            prop_assert_eq!(hostname(&format!("https://{host}{path}")), host);
        }

        #[test]
        fn nothing_makes_it_panic(key in "[a-z:/@\\[\\]?# 0-9]{0,30}") {
            hostname(&key);
        }
    }
}
