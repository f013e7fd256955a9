//! Texts of a file inside of a message.

use std::borrow::Cow;

use super::hides_secret;

/// The longest piece of a file that a message repeats, in characters.
const MOST: usize = 80;

/// `text` on one line, cut where it is long; without the login that stands in a URL.
pub(in crate::rules) fn shown(text: &str) -> String {
    let text = without_login(text);
    let mut shown: String =
        text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// A line that a program printed, or its command line, on one line; nothing of it where it may hold a secret.
pub(in crate::rules) fn said(line: &str) -> String {
    /// Characters that are shown, and those that are looked at for secrets.
    const SHOWN: usize = 160;
    const READ: usize = 4_096;
    let line = line.trim();
    let read: String = line.chars().take(READ).collect();
    if hides_secret(&read) {
        return "[a line that may hold a secret is not shown]".to_owned();
    }
    let mut text: String =
        read.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if line.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}

fn without_login(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Cow::Borrowed(text) };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rfind('@') {
        Some(at) => Cow::Owned(format!("{scheme}://…{}", rest.get(at..).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// "a", "a and b", "a, b and c"; a few of many.
pub(in crate::rules) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    const FEW: usize = 8;
    let names: Vec<String> = match names.len() {
        0..=FEW => names.iter().map(|name| shown(name.as_ref())).collect(),
        count => {
            let few = names.iter().take(FEW - 1).map(|name| shown(name.as_ref()));
            few.chain([format!("{} more", count + 1 - FEW)]).collect()
        }
    };
    in_a_row(&names)
}

/// The same of names that a message can take as they are, all of them.
pub(in crate::rules) fn in_a_row(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_shown_without_secrets() {
        assert_eq!(said(" ready\u{1b}[2J on :80\n"), "ready\u{fffd}[2J on :80");
        assert_eq!(said(&"é".repeat(200)).chars().count(), 161);
        for secret in ["DB_PASSWORD=hunter2", "connecting to postgres://app:hunter2@db/x"] {
            assert!(!said(secret).contains("hunter2"), "{secret}");
        }
    }

    #[test]
    fn lists_read_as_sentences_and_stay_short() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c\n"]), "a, b and c\u{fffd}");
        assert_eq!(listed(&["x"; 10]), "x, x, x, x, x, x, x and 3 more");
        assert_eq!(shown("ftp://me:pass@x@host/a@b"), "ftp://…@host/a@b");
        assert_eq!(shown("ftp://host/a@b"), "ftp://host/a@b");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), MOST + 1);
    }
}
