//! Words without their quotes.

/// `word` without its quotes and escapes; variables stay as they are written.
pub(in crate::rules) fn unquoted(word: &str, escape: char) -> String {
    let mut text = String::with_capacity(word.len());
    let mut quote = None;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, _) if c == escape => text.extend(chars.next()),
            // Between double quotes an escape means something in front of these only.
            (Some('"'), _)
                if c == escape
                    && chars.peek().is_some_and(|next| matches!(next, '"' | '$') || *next == escape) =>
            {
                text.extend(chars.next());
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_go_and_variables_stay() {
        for (word, text) in [
            ("a", "a"),
            ("\"a b\"", "a b"),
            ("a'$b'c", "a$bc"),
            ("\"${x}\\\"\\n\"", "${x}\"\\n"),
            ("a\\ b", "a b"),
            ("'\\'", "\\"),
            ("\"open", "open"),
            ("a\\", "a"),
        ] {
            assert_eq!(unquoted(word, '\\'), text, "{word}");
        }
        assert_eq!(unquoted("c:\\x`\"", '`'), "c:\\x\"");
    }
}
