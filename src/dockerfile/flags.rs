//! The `--name=value` words between a keyword and its arguments.

use std::ops::Range;

/// Name, value, and where the word stands in the line.
pub(super) type Written = (String, Option<String>, Range<usize>);

/// The flags at the start of `line`, and how many bytes they take. A lone `--` ends them.
///
/// Quotes go, and a backslash takes the next byte as it is, whatever the file's escape character: BuildKit's rule.
pub(super) fn flags(line: &[u8]) -> (Vec<Written>, usize) {
    let mut flags = Vec::new();
    let mut rest = line;
    loop {
        // Only ASCII blanks stand before a flag: behind a no-break space there is none.
        while let [b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ', tail @ ..] = rest {
            rest = tail;
        }
        let start = line.len() - rest.len();
        if !rest.starts_with(b"--") {
            return (flags, start);
        }
        let (word, tail) = word(rest);
        rest = tail;
        let end = line.len() - rest.len();
        if word == b"--" {
            return (flags, end);
        }
        let word = String::from_utf8_lossy(&word);
        let word = word.strip_prefix("--").unwrap_or(&word);
        flags.push(match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned()), start..end),
            None => (word.to_owned(), None, start..end),
        });
    }
}

/// The word at the start of `line`, unquoted, and what follows it.
fn word(line: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    let mut quote = None;
    let mut rest = line;
    loop {
        rest = match rest {
            [] | [b'\\'] => return (word, &[]),
            [b'\\', c, tail @ ..] => {
                word.push(*c);
                tail
            }
            [c, tail @ ..] if quote == Some(*c) => {
                quote = None;
                tail
            }
            [c @ (b'"' | b'\''), tail @ ..] if quote.is_none() => {
                quote = Some(*c);
                tail
            }
            [c, ..] if quote.is_none() && (c.is_ascii_whitespace() || *c == 0x0b) => return (word, rest),
            [c, tail @ ..] => {
                word.push(*c);
                tail
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Vec<(String, Option<String>)>, &str) {
        let (flags, taken) = flags(line.as_bytes());
        (flags.into_iter().map(|(name, value, _)| (name, value)).collect(), line[taken..].trim_start())
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        let (flags, rest) = read("--mount=type=bind,\"source=a b\" --link  cp --x /y");
        assert_eq!(
            flags,
            [("mount".to_owned(), Some("type=bind,source=a b".to_owned())), ("link".to_owned(), None)]
        );
        assert_eq!(rest, "cp --x /y");
        assert_eq!(read("-- --x").1, "--x");
        assert_eq!(read("\u{a0}--x").0, []);
        assert_eq!(read("-x"), (vec![], "-x"));
        assert_eq!(read("--a\\ b='ä' c"), (vec![("a b".to_owned(), Some("ä".to_owned()))], "c"));
        assert_eq!(read("--unclosed=\"x"), (vec![("unclosed".to_owned(), Some("x".to_owned()))], ""));
    }
}
