//! Keys and strings as TOML writes them, with nothing in them that a terminal would act on.

use std::fmt::Write as _;

/// A key: bare where TOML allows it, else in quotes.
pub(crate) fn key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { key.to_owned() } else { string(key) }
}

/// A basic string. What is no visible character is escaped.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\'' => out.push(c),
            c if c.escape_debug().len() == 1 => out.push(c),
            c => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(name in "(?s).*", text in "(?s).*") {
            let line = format!("{} = {}", key(&name), string(&text));
            prop_assert!(!line.contains(|c: char| c.is_control()));
            let table: toml::Table = line.parse().unwrap();
            prop_assert_eq!(table.get(&name).and_then(|value| value.as_str()), Some(text.as_str()));
        }
    }
}
