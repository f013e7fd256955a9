//! Logins in addresses: `scheme://user:password@host`, `https://token@host`.

use std::ops::Range;

use super::is_open;

pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    const SIGN: &str = "://";
    let mut start = 0;
    let mut scheme = "";
    for (index, part) in line.split(SIGN).enumerate() {
        let before = std::mem::replace(&mut scheme, part);
        let at = start;
        start += part.len() + SIGN.len();
        let end = part.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(part.len());
        let word = part.get(..end).filter(|_| index > 0).unwrap_or_default();
        let Some((front, _)) = word.rsplit_once('@') else { continue };
        // A variable's default may hold what ends an authority elsewhere.
        let authority = front.find(['/', '?', '#']).map_or(front, |at| front.split_at(at).0);
        let login = if word.get(authority.len()..).is_some_and(|rest| rest.starts_with('@'))
            || has_password(authority)
        {
            front
        } else {
            authority.rsplit_once('@').map_or("", |(login, _)| login)
        };
        if says_secret(before, login) {
            found.push(at..at + login.len());
        }
    }
}

/// Whether what follows the first `:` is no port, so that a `/` behind it belongs to a password.
fn has_password(authority: &str) -> bool {
    let Some((_, port)) = authority.split_once(':') else { return false };
    !authority.contains('@')
        && !port.is_empty()
        && !port.bytes().all(|byte| byte.is_ascii_digit())
        && !is_open(port)
}

fn says_secret(scheme: &str, login: &str) -> bool {
    match login.split_once(':') {
        // `${USER:-x}` has a colon of its own.
        _ if login.is_empty() || is_open(login) => false,
        Some((user, password)) if !user.ends_with('{') && is_open(password) => {
            // A password that is left out makes the name one.
            user.len() >= 20 && !is_open(user) || password.is_empty()
        }
        Some(_) => true,
        None => !(matches!(login, "git" | "hg" | "svn") || scheme.ends_with("ssh")),
    }
}
