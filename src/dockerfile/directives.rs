//! The `# key=value` lines above everything else in the file.

use super::lines::{Line, trim_end, trim_start};
use super::{Directive, Directives, Problem};

/// Reads directives until the first line that is none.
#[derive(Default)]
pub(super) struct DirectiveReader {
    done: bool,
    seen: Vec<String>,
    pub(super) directives: Directives,
}

impl DirectiveReader {
    /// Takes one of the file's lines, from the first on; whether it is a directive, perhaps a wrong one.
    pub(super) fn line(&mut self, line: Line<'_>, problems: &mut Vec<Problem>) -> bool {
        if self.done {
            return false;
        }
        let Some((key, value)) = key_and_value(line.text) else {
            self.done = true;
            return false;
        };
        let key = key.to_ascii_lowercase();
        if !matches!(key.as_str(), "syntax" | "escape" | "check") {
            self.done = true;
            return false;
        }
        let mut problem = |message: String| {
            problems.push(Problem::malformed(line.number, line.span(), message));
        };
        if self.seen.contains(&key) {
            problem(format!("only one {key} parser directive can be used"));
            return true;
        }
        let directive = Directive { value: value.to_owned(), line: line.number, span: line.span() };
        match key.as_str() {
            "syntax" => self.directives.syntax = Some(directive),
            "check" => self.directives.check = Some(directive),
            _ => match value {
                "\\" => self.directives.escape = '\\',
                "`" => self.directives.escape = '`',
                _ => problem(format!("the escape character is a backslash or a backtick, not {value:?}")),
            },
        }
        self.seen.push(key);
        true
    }
}

/// `# key = value`; `None` for any other line.
fn key_and_value(line: &[u8]) -> Option<(&str, &str)> {
    let text = trim_start(trim_start(line).strip_prefix(b"#")?);
    let key_end = text.iter().position(|b| !b.is_ascii_alphanumeric())?;
    let (key, rest) = text.split_at_checked(key_end)?;
    key.first().filter(|b| b.is_ascii_alphabetic())?;
    let value = trim_end(trim_start(trim_start(rest).strip_prefix(b"=")?));
    if value.is_empty() {
        return None;
    }
    Some((std::str::from_utf8(key).ok()?, std::str::from_utf8(value).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_trimmed() {
        assert_eq!(key_and_value(b"#syntax=a/b:1 x "), Some(("syntax", "a/b:1 x")));
        assert_eq!(key_and_value(b"  # EsCape \t = ` "), Some(("EsCape", "`")));
        for none in [&b"# syntax a"[..], b"# =a", b"#syntax=", b"# 1a=b", b"FROM a=b", b"", b"#!/bin/x=y"] {
            assert_eq!(key_and_value(none), None);
        }
    }
}
