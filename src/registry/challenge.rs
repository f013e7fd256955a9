//! `WWW-Authenticate`: what a registry wants to see.

use std::collections::BTreeMap;

/// More challenges than a registry sends.
const MAX_CHALLENGES: usize = 16;

/// One scheme and its parameters, names lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Lower-cased: `basic`, `bearer`.
    pub(super) scheme: String,
    pub(super) parameters: BTreeMap<String, String>,
}

/// The challenges of one header's value. What cannot be read ends the list.
pub(super) fn parse(value: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() && challenges.len() < MAX_CHALLENGES {
        let (word, tail) = token(rest);
        if word.is_empty() {
            break;
        }
        let after = tail.trim_start_matches([' ', '\t']);
        match (after.strip_prefix('='), challenges.last_mut()) {
            (Some(text), Some(challenge)) => {
                let Some((text, tail)) = parameter(text.trim_start_matches([' ', '\t'])) else { break };
                challenge.parameters.insert(word.to_ascii_lowercase(), text);
                rest = tail;
            }
            (Some(_), None) => break,
            (None, _) => {
                challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: BTreeMap::new() });
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

fn token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""))
}

/// A value, quoted or not, and what follows it.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get<'a>(challenge: &'a Challenge, name: &str) -> Option<&'a str> {
        challenge.parameters.get(name).map(String::as_str)
    }

    #[test]
    fn values_may_be_quoted_and_hold_commas() {
        let all = parse(
            r#"Bearer realm="https://a/token",service="r.io", scope="repository:x:pull,push", x="a\"b""#,
        );
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].scheme, "bearer");
        assert_eq!(get(&all[0], "realm"), Some("https://a/token"));
        assert_eq!(get(&all[0], "scope"), Some("repository:x:pull,push"));
        assert_eq!(get(&all[0], "x"), Some("a\"b"));
    }

    #[test]
    fn a_header_may_hold_several() {
        let all = parse("BASIC Realm=simple, Bearer realm=\"https://a\" , Negotiate");
        let schemes: Vec<_> = all.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["basic", "bearer", "negotiate"]);
        assert_eq!(get(&all[0], "realm"), Some("simple"));
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for text in ["", "=", "\"", ",,,", "realm=x", "Bearer realm=\"open"] {
            assert!(parse(text).iter().all(|c| c.parameters.is_empty()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[a-zA-Z=\", \\\\ä:/]{0,60}") {
            parse(&text);
        }
    }
}
