//! Values that are secrets by their shape, whatever they are called.

/// How well-known tokens begin, what may follow, how much of it at least, and what they are.
const TOKENS: [(&str, Alphabet, usize, &str); 21] = [
    ("AKIA", Alphabet::Upper, 16, "an AWS access key"),
    ("ASIA", Alphabet::Upper, 16, "an AWS access key"),
    ("ghp_", Alphabet::Word, 30, "a GitHub token"),
    ("gho_", Alphabet::Word, 30, "a GitHub token"),
    ("ghu_", Alphabet::Word, 30, "a GitHub token"),
    ("ghs_", Alphabet::Word, 30, "a GitHub token"),
    ("ghr_", Alphabet::Word, 30, "a GitHub token"),
    ("github_pat_", Alphabet::Word, 30, "a GitHub token"),
    ("glpat-", Alphabet::Word, 20, "a GitLab token"),
    ("gldt-", Alphabet::Word, 20, "a GitLab token"),
    ("npm_", Alphabet::Word, 30, "an npm token"),
    ("pypi-", Alphabet::Word, 50, "a PyPI token"),
    ("dckr_pat_", Alphabet::Word, 20, "a Docker Hub token"),
    ("xoxb-", Alphabet::Word, 20, "a Slack token"),
    ("xoxp-", Alphabet::Word, 20, "a Slack token"),
    ("xoxa-", Alphabet::Word, 20, "a Slack token"),
    ("sk_live_", Alphabet::Word, 20, "a Stripe key"),
    ("rk_live_", Alphabet::Word, 20, "a Stripe key"),
    ("AIza", Alphabet::Word, 35, "a Google API key"),
    ("SG.", Alphabet::Word, 40, "a SendGrid key"),
    ("hvs.", Alphabet::Word, 24, "a Vault token"),
];

#[derive(Clone, Copy)]
enum Alphabet {
    /// Capital letters and digits.
    Upper,
    /// Letters, digits, `_`, `-` and `.`.
    Word,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Alphabet::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Alphabet::Word => is_word(byte),
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The first secret in `text` that its shape tells, in words such as "a GitHub token". Takes linear time.
pub(in crate::rules) fn secret_in(text: &str) -> Option<&'static str> {
    if has_private_key(text) {
        return Some("a private key");
    }
    if has_login(text) {
        return Some("a password in an address");
    }
    let words = text.as_bytes().split(|byte| !is_word(*byte));
    words.filter(|word| word.len() >= 20).find_map(|word| {
        TOKENS.iter().find_map(|(start, alphabet, least, what)| {
            let rest = word.strip_prefix(start.as_bytes())?;
            let is_token = rest.len() >= *least && rest.iter().all(|byte| alphabet.has(*byte));
            // What documentation has in a token's place is a row of one character.
            (is_token && rest.iter().any(|byte| Some(byte) != rest.first())).then_some(*what)
        })
    })
}

/// Whether `word` begins as tokens do, long enough or not: enough to keep it to oneself.
pub(in crate::rules) fn begins_as_token(word: &str) -> bool {
    TOKENS.iter().any(|(start, ..)| {
        let Some(rest) = word.strip_prefix(start) else { return false };
        // These two begin ordinary names as well.
        let is_common = matches!(*start, "npm_" | "pypi-");
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || !byte.is_ascii_alphanumeric());
        rest.len() >= 4 && !(is_common && is_plain)
    })
}

/// `-----BEGIN … PRIVATE KEY-----`, with the key behind it.
fn has_private_key(text: &str) -> bool {
    text.split("-----BEGIN ").skip(1).any(|rest| {
        let Some((title, body)) = rest.split_once("-----") else { return false };
        title.len() < 40 && title.ends_with("PRIVATE KEY") && body.len() > 40
    })
}

/// `scheme://user:password@host`, where the password is no variable.
fn has_login(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\''));
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let password = authority.rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
        password.is_some_and(|(_, password)| {
            let is_open = password.starts_with(['$', '<', '{', '%', '*']) || password.contains("${");
            !password.is_empty() && !is_open
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_secrets_are_told_from_the_rest() {
        let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{long}{long}");
        for (text, secret) in [
            (format!("ghp_{long}"), Some("a GitHub token")),
            (format!("curl -H 'Authorization: token ghp_{long}' x"), Some("a GitHub token")),
            (format!("A=AKIA{}", "ABCDEFGH12345678"), Some("an AWS access key")),
            (key, Some("a private key")),
            ("git clone https://me:pw@example.com/x".to_owned(), Some("a password in an address")),
            ("postgres://me:p:w@db/x".to_owned(), Some("a password in an address")),
            ("git clone https://me:$TOKEN@example.com/x".to_owned(), None),
            ("git clone https://me@example.com/x".to_owned(), None),
            ("https://example.com:443/a@b:c@d".to_owned(), None),
            ("https://example.com:443 a@b".to_owned(), None),
            ("ghp_short".to_owned(), None),
            (format!("ghp_{}", "x".repeat(36)), None),
            (format!("notghp_{long}"), None),
            ("-----BEGIN PUBLIC KEY-----\nabc".to_owned(), None),
            ("grep -- '-----BEGIN PRIVATE KEY-----' x".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(secret_in(&text), secret, "{text}");
        }
    }
}
