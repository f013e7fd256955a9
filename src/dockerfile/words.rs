//! Words of arguments: split at blanks outside of quotes, quotes and escapes kept for the expansion.

use std::ops::Range;

/// What separates the name and the value of the old form.
pub(super) const BLANKS: [char; 5] = ['\t', '\u{b}', '\u{c}', '\r', ' '];

/// A word as written, and its bytes in the text.
pub(super) type Word = (String, Range<usize>);

/// The words of `text`.
pub(super) fn words(text: &str, escape: char) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = String::new();
    // Where the word has begun, if it has: `""` is a word too.
    let mut begun = None;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => {
                if let Some(start) = begun.take() {
                    words.push((std::mem::take(&mut word), start..at));
                }
            }
            // An escape at the end stands for nothing; elsewhere it keeps the next character from meaning anything.
            q if c == escape && q != Some('\'') => {
                if let Some((_, next)) = chars.next() {
                    begun.get_or_insert(at);
                    word.extend([c, next]);
                }
            }
            q => {
                begun.get_or_insert(at);
                word.push(c);
                if q == Some(c) {
                    quote = None;
                } else if q.is_none() && matches!(c, '\'' | '"') {
                    quote = Some(c);
                }
            }
        }
    }
    if let Some(start) = begun {
        words.push((word, start..text.len()));
    }
    words
}

/// A name and its value in an `ENV`, a `LABEL` or an `ARG`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// As written: quotes and variables are part of it.
    pub name: String,
    /// As written; `None` for an `ARG` without a default.
    pub value: Option<String>,
    /// The bytes of the pair in the arguments.
    pub range: Range<usize>,
    /// Whether this is the old form `ENV name value`, whose value is the rest of the line.
    pub legacy: bool,
}

impl Pair {
    fn split(word: String, range: Range<usize>) -> Pair {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        Pair { name, value, range, legacy: false }
    }
}

/// The `NAME` and `NAME=value` words of an `ARG`.
pub(super) fn declarations(text: &str, escape: char) -> Vec<Pair> {
    words(text, escape).into_iter().map(|(word, range)| Pair::split(word, range)).collect()
}

/// What is wrong with the pairs of an `ENV` or a `LABEL`, and the bytes that are.
pub(super) type Wrong = (String, Range<usize>);

/// The pairs of an `ENV` or a `LABEL`: `a=b c=d`, or the old form `a everything else`.
pub(super) fn assignments(text: &str, escape: char) -> Result<Vec<Pair>, Wrong> {
    let words = words(text, escape);
    let Some((first, range)) = words.first() else { return Ok(Vec::new()) };
    if !first.contains('=') {
        let Some((name, value)) = text.split_once(BLANKS) else {
            return Err((format!("{} has no value", shown(first)), range.clone()));
        };
        let value = Some(value.trim_start_matches(BLANKS).to_owned());
        return Ok(vec![Pair { name: name.to_owned(), value, range: 0..text.len(), legacy: true }]);
    }
    if let Some((_, range)) = words.iter().find(|(word, _)| !word.contains('=')) {
        // The word may be the rest of a value that should be in quotes, and that value a secret.
        let why = "a pair has no =: pairs have the form name=value, and a value with blanks stands in quotes";
        return Err((why.to_owned(), range.clone()));
    }
    Ok(words.into_iter().map(|(word, range)| Pair::split(word, range)).collect())
}

/// A word as a message repeats it, quoted and cut where it is long.
pub(super) fn shown(word: &str) -> String {
    let mut cut: String = word.chars().take(MAX_SHOWN).collect();
    if cut.len() < word.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}

/// The longest piece of a file that a message repeats, in characters.
const MAX_SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_blanks_and_stay() {
        let words =
            |text, escape| -> Vec<String> { words(text, escape).into_iter().map(|(w, _)| w).collect() };
        assert_eq!(words(r#"a="b c" d\ e '' "x"#, '\\'), [r#"a="b c""#, r"d\ e", "''", "\"x"]);
        assert_eq!(words("a\\", '\\'), ["a"]);
        assert_eq!(words("a` b", '`'), ["a` b"]);
    }

    #[test]
    fn words_know_their_bytes() {
        let text = r#"a  "b c"\ d e\"#;
        let found: Vec<_> = words(text, '\\').into_iter().map(|(_, range)| &text[range]).collect();
        assert_eq!(found, ["a", r#""b c"\ d"#, "e\\"]);
    }

    #[test]
    fn pairs_come_in_two_forms() {
        let pairs = |text| -> Vec<(String, Option<String>, bool)> {
            assignments(text, '\\').unwrap().into_iter().map(|p| (p.name, p.value, p.legacy)).collect()
        };
        let pair = |a: &str, b: &str, legacy| (a.to_owned(), Some(b.to_owned()), legacy);
        assert_eq!(pairs("A=1 B='x y'"), [pair("A", "1", false), pair("B", "'x y'", false)]);
        assert_eq!(pairs("A  b c = d"), [pair("A", "b c = d", true)]);
        assert_eq!(assignments("A", '\\').unwrap_err().1, 0..1);
        assert_eq!(assignments("A=1 B", '\\').unwrap_err().1, 4..5);
        let args: Vec<_> =
            declarations("A B=1", '\\').into_iter().map(|p| (p.name, p.value, p.range)).collect();
        assert_eq!(args, [("A".to_owned(), None, 0..1), ("B".to_owned(), Some("1".to_owned()), 2..5)]);
    }
}
