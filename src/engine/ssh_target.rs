//! Where `ssh://[user@]host[:port][/path/to/socket]` leads, and the arguments that take ssh there.

use crate::shell;
use std::fmt;

use percent_encoding::percent_decode_str;

/// An account on another machine, and the engine's socket there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    user: Option<String>,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: Option<u16>,
    socket: Option<String>,
}

impl SshTarget {
    /// Reads what stands behind `ssh://`. The error is a fragment that says what is wrong, without repeating a password.
    pub(super) fn parse(rest: &str) -> Result<SshTarget, &'static str> {
        if rest.contains(['?', '#']) {
            return Err("it has a query or a fragment");
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let user = user.map(user_name).transpose()?;
        let (host, port) = split_port(place).ok_or("its host or port is none")?;
        // What begins with a dash would be an option of ssh's, or of a program that its configuration names.
        if host.is_empty() || host.starts_with('-') || !host.bytes().all(is_of_a_host) {
            return Err("its host is none");
        }
        let socket = match path.trim_matches('/') {
            "" => None,
            _ => Some(socket_path(path)?),
        };
        // A URL writes the `%` before a zone as `%25`.
        Ok(SshTarget { user, host: host.replace("%25", "%"), port, socket })
    }

    /// The host as ssh is told it, which may be a name that only ssh's configuration knows.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What `ssh` is started with. The remote command is what docker's own client runs.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = OPTIONS.iter().copied().map(str::to_owned).collect();
        if let Some(user) = &self.user {
            arguments.extend(["-l".to_owned(), user.clone()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        arguments.extend(["--".to_owned(), self.host.clone(), "docker".to_owned()]);
        if let Some(socket) = &self.socket {
            // A shell over there reads it.
            arguments.push(shell::word(&format!("--host=unix://{socket}")));
        }
        arguments.extend(["system".to_owned(), "dial-stdio".to_owned()]);
        arguments
    }
}

/// What every connection is told.
///
/// Nothing is ever asked: a run opens many connections, so that it would ask many times, and ssh is kept out of the
/// terminal's foreground, where Ctrl-C would end the very connections that the clean-up needs. A master that the user
/// started is used; none is started, as it would end with its first connection and take the others with it.
const OPTIONS: [&str; 7] = ["-o", "ConnectTimeout=30", "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-T"];

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(super) fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    match port {
        None => Some((host, None)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).map(|port| (host, Some(port)))
        }
        Some(_) => None,
    }
}

/// Whether `byte` may stand in a host's name or address: none of them means anything to a shell or a URL.
pub(super) fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%')
}

fn user_name(text: &str) -> Result<String, &'static str> {
    if text.contains(':') {
        return Err("it holds a password, which ssh takes from nobody: use a key");
    }
    let user = percent_decode_str(text).decode_utf8().map_err(|_| "its user is none")?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '@' | '\\');
    match user.is_empty() || user.starts_with('-') || !user.chars().all(plain) {
        true => Err("its user is none"),
        false => Ok(user.into_owned()),
    }
}

fn socket_path(path: &str) -> Result<String, &'static str> {
    let path = percent_decode_str(path).decode_utf8().map_err(|_| "its path is none")?;
    match path.chars().any(char::is_control) {
        true => Err("its path is none"),
        false => Ok(path.into_owned()),
    }
}

impl fmt::Display for SshTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(rest: &str) -> String {
        let all = SshTarget::parse(rest).unwrap().arguments();
        let own = all.strip_prefix(&OPTIONS.map(str::to_owned)).unwrap();
        own.join("|")
    }

    #[test]
    fn what_ssh_is_started_with() {
        for (rest, expected) in [
            ("box", "--|box|docker|system|dial-stdio"),
            ("box/", "--|box|docker|system|dial-stdio"),
            ("ada@box:2222", "-l|ada|-p|2222|--|box|docker|system|dial-stdio"),
            ("a%40corp@box", "-l|a@corp|--|box|docker|system|dial-stdio"),
            ("a@corp@box", "-l|a@corp|--|box|docker|system|dial-stdio"),
            ("[::1]:22", "-p|22|--|::1|docker|system|dial-stdio"),
            ("[fe80::1%25eth0]", "--|fe80::1%eth0|docker|system|dial-stdio"),
            ("box/run/x.sock", "--|box|docker|--host=unix:///run/x.sock|system|dial-stdio"),
            ("box/a%20b;c'd", r"--|box|docker|'--host=unix:///a b;c'\''d'|system|dial-stdio"),
            ("box/$(id)", "--|box|docker|'--host=unix:///$(id)'|system|dial-stdio"),
        ] {
            assert_eq!(arguments(rest), expected, "{rest}");
        }
        for option in ["BatchMode=yes", "ConnectTimeout=30", "ControlMaster=no"] {
            assert!(OPTIONS.contains(&option));
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused_and_no_password_repeated() {
        for rest in [
            "",
            "/",
            "@",
            "ada@",
            "@box",
            "-oProxyCommand=id",
            "ada@-x",
            "-x@box",
            "%2dx@box",
            "box:",
            "box:0",
            "box:+1",
            "box:65536",
            "box:x",
            "[::1",
            "[::1]2",
            "box?x",
            "box#x",
            "b ox",
            "b$x",
            "b;x",
            "b'x",
            "b\nx",
            "a;b@box",
            "a%0ab@box",
            "a b@box",
            "%ff@box",
            "box/a%0ab",
            "box/%ff",
            "box/\u{1b}",
            "bö",
        ] {
            assert!(SshTarget::parse(rest).is_err(), "{rest:?}");
        }
        let password = SshTarget::parse("ada:hunter2@box").unwrap_err();
        assert!(password.contains("password") && !password.contains("hunter2"));
    }

    #[test]
    fn shown_as_it_is_written() {
        for text in ["ssh://box", "ssh://ada@box:2222/run/x.sock", "ssh://[::1]:22"] {
            assert_eq!(SshTarget::parse(text.strip_prefix("ssh://").unwrap()).unwrap().to_string(), text);
        }
    }
}
