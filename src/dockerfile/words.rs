//! Words of arguments: split at blanks outside of quotes, quotes and escapes kept for the expansion.

/// The words of `text`.
pub(super) fn words(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // Whether a word has begun: `""` is a word too.
    let mut begun = false;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            None if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            // An escape at the end stands for nothing; elsewhere it keeps the next character from meaning anything.
            q if c == escape && q != Some('\'') => {
                if let Some(next) = chars.next() {
                    begun = true;
                    word.extend([c, next]);
                }
            }
            q => {
                begun = true;
                word.push(c);
                if q == Some(c) {
                    quote = None;
                } else if q.is_none() && matches!(c, '\'' | '"') {
                    quote = Some(c);
                }
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// A name and its value, both as written.
pub(super) type Assignment = (String, Option<String>);

/// The `NAME` and `NAME=value` words of an `ARG`.
pub(super) fn declarations(text: &str, escape: char) -> Vec<Assignment> {
    words(text, escape).into_iter().map(split).collect()
}

/// The pairs of an `ENV` or a `LABEL`: `a=b c=d`, or the old form `a everything else`.
pub(super) fn assignments(text: &str, escape: char) -> Result<Vec<Assignment>, String> {
    let words = words(text, escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    if !first.contains('=') {
        let Some((name, value)) = text.split_once(['\t', '\u{b}', '\u{c}', '\r', ' ']) else {
            return Err(format!("{first:?} has no value"));
        };
        let value = value.trim_start_matches(['\t', '\u{b}', '\u{c}', '\r', ' ']);
        return Ok(vec![(name.to_owned(), Some(value.to_owned()))]);
    }
    if let Some(bare) = words.iter().find(|word| !word.contains('=')) {
        return Err(format!("there is no = in {bare:?}: pairs have the form name=value"));
    }
    Ok(words.into_iter().map(split).collect())
}

fn split(word: String) -> Assignment {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_blanks_and_stay() {
        assert_eq!(words(r#"a="b c" d\ e '' "x"#, '\\'), [r#"a="b c""#, r"d\ e", "''", "\"x"]);
        assert_eq!(words("a\\", '\\'), ["a"]);
        assert_eq!(words("a` b", '`'), ["a` b"]);
    }

    #[test]
    fn pairs_come_in_two_forms() {
        let pair = |a: &str, b: &str| (a.to_owned(), Some(b.to_owned()));
        assert_eq!(assignments("A=1 B='x y'", '\\').unwrap(), [pair("A", "1"), pair("B", "'x y'")]);
        assert_eq!(assignments("A  b c = d", '\\').unwrap(), [pair("A", "b c = d")]);
        assert!(assignments("A", '\\').is_err());
        assert!(assignments("A=1 B", '\\').is_err());
        assert_eq!(declarations("A B=1", '\\'), [("A".to_owned(), None), pair("B", "1")]);
    }
}
