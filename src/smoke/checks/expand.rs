//! Variables in words, as Go's `os.Expand` fills them in, which container-structure-test uses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::engine::Image;
use crate::expect::TestSpec;
use crate::smoke::scene::Bench;

/// `text` with `$NAME` and `${NAME}` filled in; what is not set is empty. `$` before anything that is no name stays.
///
/// A name is a run of letters, digits and `_`, or one of the shell's special characters. A brace that is not closed, or
/// that holds no name, is dropped with the `$`.
pub(super) fn expand(text: &str, get: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, taken) = name(after);
        match name {
            Some(name) => out.push_str(&get(name).unwrap_or_default()),
            None if taken == 0 => out.push('$'),
            None => {}
        }
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Variables as the engine lists them: `NAME=value`.
pub(super) fn split(env: &[String]) -> BTreeMap<String, String> {
    let pair = |pair: &String| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    env.iter().filter_map(pair).collect()
}

/// The variables of a container of the test.
pub(super) fn variables(bench: &Bench<'_>) -> BTreeMap<String, String> {
    let mut env = split(&bench.image.env);
    env.extend(bench.test.container.env.clone());
    env
}

/// `test` with the variables of its containers filled in from those of the image, where it wants them to be.
pub(in crate::smoke) fn filled<'t>(test: &'t TestSpec, image: &Image) -> Cow<'t, TestSpec> {
    if !test.container.expand {
        return Cow::Borrowed(test);
    }
    let known = split(&image.env);
    let mut test = test.clone();
    for value in test.container.env.values_mut() {
        *value = expand(value, |name| known.get(name).cloned());
    }
    Cow::Owned(test)
}

/// The name at the start of `text`, which follows a `$`, and how many bytes it takes with its braces.
fn name(text: &str) -> (Option<&str>, usize) {
    let is_special = |c: char| "*#$@!?-".contains(c) || c.is_ascii_digit();
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let Some(inner) = text.strip_prefix('{') else {
        return match text.chars().next() {
            Some(first) if is_special(first) => (text.get(..1), 1),
            _ => {
                let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
                (text.get(..end).filter(|name| !name.is_empty()), end)
            }
        };
    };
    match inner.find('}') {
        // `${}` is bad syntax, of which nothing stays.
        Some(0) => (None, 2),
        Some(end) => (inner.get(..end), end + 2),
        None => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_does() {
        let get = |name: &str| match name {
            "HOME" => Some("/root".to_owned()),
            "H_1" => Some("(H_1)".to_owned()),
            "*" => Some("all".to_owned()),
            "1" => Some("one".to_owned()),
            _ => None,
        };
        for (text, expanded) in [
            ("", ""),
            ("$HOME", "/root"),
            ("${HOME}/x", "/root/x"),
            ("$HOMEx", ""),
            ("${H_1}$H_1.", "(H_1)(H_1)."),
            ("$*a$1b$12", "allaonebone2"),
            ("a $ b", "a $ b"),
            ("a$", "a$"),
            ("$.", "$."),
            ("${}x", "x"),
            ("${HOME", "HOME"),
            ("ä$HOMEä", "ä/rootä"),
        ] {
            assert_eq!(expand(text, get), expanded, "{text}");
        }
    }
}
