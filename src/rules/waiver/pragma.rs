//! The words of a waiver in a comment.

use super::Dialect;
use crate::config::model::Date;

/// More rules than anybody waives at once.
const MOST_RULES: usize = 100;

/// What a comment says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pragma {
    /// Nothing about waivers.
    None,
    /// It begins like a waiver of ours, and is none: why.
    Malformed(String),
    /// Findings are accepted.
    Ignore {
        /// Whose words these are.
        dialect: Dialect,
        /// Ids as written, at least one.
        rules: Vec<String>,
        /// Empty where none is given.
        reason: String,
        /// The last day.
        until: Option<Date>,
        /// Whether it is about the whole file.
        whole_file: bool,
    },
}

/// The options of `# check=`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CheckOptions {
    pub(super) skip: Vec<String>,
    pub(super) error: bool,
}

/// Reads the text behind `#`.
pub(super) fn read(text: &str) -> Pragma {
    let text = text.trim();
    let Some((tool, rest)) = text.split_once(char::is_whitespace) else { return Pragma::None };
    match tool {
        "imgbuild" => own(rest.trim_start()),
        "hadolint" => hadolint(rest.trim_start()),
        _ => Pragma::None,
    }
}

/// `ignore=A,B reason="…" until=2027-01-01`, and `ignore-file=` for the whole file.
fn own(text: &str) -> Pragma {
    // A remark that happens to begin with the name of this program is no waiver.
    if !["ignore", "reason=", "until="].iter().any(|word| text.starts_with(word)) {
        return Pragma::None;
    }
    let malformed = |why: &str| Pragma::Malformed(why.to_owned());
    let mut rules = Vec::new();
    let (mut reason, mut until, mut whole_file) = (String::new(), None, false);
    let mut rest = text;
    while !rest.is_empty() {
        let Some((key, tail)) = rest.split_once('=') else {
            return malformed("every word of a waiver has the form key=value");
        };
        let Some((value, tail)) = value(tail) else { return malformed("a quote is not closed") };
        rest = tail.trim_start();
        match key.trim() {
            "ignore" | "ignore-file" => {
                whole_file = key.trim() == "ignore-file";
                rules.extend(ids(&value));
            }
            "reason" => reason = value,
            "until" => match Date::read(&value) {
                Some(day) => until = Some(day),
                None => return malformed("until= takes a day such as 2027-01-01"),
            },
            _ => return malformed("a waiver knows ignore=, ignore-file=, reason= and until="),
        }
    }
    if rules.is_empty() {
        return malformed("ignore= names no rule");
    }
    let dialect = Dialect::Own;
    Pragma::Ignore { dialect, rules, reason: reason.trim().to_owned(), until, whole_file }
}

/// `ignore=A,B`, `global ignore=A`, `stage ignore=A`; anything else is not about waivers.
fn hadolint(text: &str) -> Pragma {
    let (whole_file, rest) = match text.strip_prefix("global") {
        Some(rest) if rest.starts_with(char::is_whitespace) => (true, rest.trim_start()),
        _ => (false, text),
    };
    let Some(list) = rest.strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('=')) else {
        return Pragma::None;
    };
    let rules: Vec<String> = ids(list).collect();
    if rules.is_empty() {
        return Pragma::None;
    }
    let reason = "a comment in the file says so".to_owned();
    Pragma::Ignore { dialect: Dialect::Hadolint, rules, reason, until: None, whole_file }
}

/// `skip=A,B;error=true;experimental=C`.
pub(super) fn check_options(text: &str) -> CheckOptions {
    let mut options = CheckOptions::default();
    for part in text.split(';') {
        match part.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("skip", list)) => options.skip.extend(ids(list)),
            Some(("error", value)) => {
                options.error = matches!(value, "true" | "1" | "t" | "T" | "TRUE" | "True")
            }
            _ => {}
        }
    }
    options
}

/// Whether `id` names one of the engine's own checks: letters alone, each word with a capital.
pub(super) fn is_buildkit(id: &str) -> bool {
    let mut letters = id.chars();
    letters.next().is_some_and(|c| c.is_ascii_uppercase())
        && id.chars().all(|c| c.is_ascii_alphabetic())
        && id.chars().any(|c| c.is_ascii_lowercase())
}

fn ids(list: &str) -> impl Iterator<Item = String> {
    let is_id = |word: &str| {
        !word.is_empty()
            && word.len() <= 64
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let words = list.split(',').map(str::trim);
    // What follows the last id is somebody's remark.
    let words = words.map(|word| word.split(char::is_whitespace).next().unwrap_or_default());
    words.filter(move |word| is_id(word)).take(MOST_RULES).map(str::to_owned)
}

/// A bare or quoted value, and what follows it; `None` where its quote is not closed.
fn value(text: &str) -> Option<(String, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            let (inside, tail) = rest.split_once(quote)?;
            return Some((inside.to_owned(), tail));
        }
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, tail) = text.split_at(end);
    Some((word.to_owned(), tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(dialect: Dialect, rules: &[&str], reason: &str, whole_file: bool) -> Pragma {
        let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Pragma::Ignore { dialect, rules, reason: reason.to_owned(), until: None, whole_file }
    }

    #[test]
    fn our_own_words() {
        let own = |rules: &[&str], reason: &str| ignore(Dialect::Own, rules, reason, false);
        assert_eq!(read(r#"imgbuild ignore=IMG105,DL3008 reason="a b""#), own(&["IMG105", "DL3008"], "a b"));
        assert_eq!(read("imgbuild ignore=IMG105"), own(&["IMG105"], ""));
        assert_eq!(
            read("imgbuild ignore-file=IMG105 reason=x"),
            ignore(Dialect::Own, &["IMG105"], "x", true)
        );
        assert_eq!(read("imgbuild builds this"), Pragma::None);
        for wrong in [
            "imgbuild ignore IMG105",
            "imgbuild ignore=",
            "imgbuild ignore=A until=soon",
            "imgbuild ignore=A reason=\"x",
            "imgbuild ignore=A foo=1",
        ] {
            assert!(matches!(read(wrong), Pragma::Malformed(_)), "{wrong}");
        }
        let Pragma::Ignore { until, .. } = read("imgbuild until=2027-01-31 ignore=A reason='x'") else {
            panic!()
        };
        assert_eq!(until.map(|day| day.to_string()), Some("2027-01-31".to_owned()));
    }

    #[test]
    fn the_words_of_others() {
        let reason = "a comment in the file says so";
        let other = |rules: &[&str], all| ignore(Dialect::Hadolint, rules, reason, all);
        assert_eq!(read("hadolint ignore=DL3008,SC2046"), other(&["DL3008", "SC2046"], false));
        assert_eq!(read("hadolint ignore = DL3008 , DL3009 because"), other(&["DL3008", "DL3009"], false));
        assert_eq!(read("hadolint global ignore=DL3008"), other(&["DL3008"], true));
        assert_eq!(read("hadolint shell=/bin/bash"), Pragma::None);
        assert_eq!(read("anything"), Pragma::None);
        let options = check_options("skip=JSONArgsRecommended,StageNameCasing;error=true");
        assert_eq!(
            options,
            CheckOptions {
                skip: vec!["JSONArgsRecommended".to_owned(), "StageNameCasing".to_owned()],
                error: true
            }
        );
    }

    #[test]
    fn names_of_the_engines_checks() {
        assert!(is_buildkit("JSONArgsRecommended") && is_buildkit("UndefinedVar"));
        assert!(!is_buildkit("DL3008") && !is_buildkit("CIS-DI-0001"));
    }
}
