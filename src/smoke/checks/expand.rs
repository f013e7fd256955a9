//! Variables in texts of a test, filled in from the image's environment as Go's `os.Expand` does.

/// Fills in `$NAME` and `${NAME}` of `text` from `KEY=value` pairs, of which the last one of a name counts. A variable
/// that is not set is nothing. `$` before anything else is dropped with it where it begins braces without a valid name,
/// and stays otherwise.
pub(super) fn expand(text: &str, env: &[String]) -> String {
    let value = |name: &str| {
        let pairs = env.iter().rev().filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next().unwrap_or_default()
    };
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        let (before, after) = rest.split_at(dollar);
        expanded.push_str(before);
        let after = after.get(1..).unwrap_or_default();
        let (name, taken) = name(after);
        match name {
            Some(name) => expanded.push_str(value(name)),
            None if taken == 0 => expanded.push('$'),
            None => {}
        }
        rest = after.get(taken..).unwrap_or_default();
    }
    expanded.push_str(rest);
    expanded
}

/// The name that follows a dollar, and how many bytes it takes; `None` with bytes is something to be dropped.
fn name(after: &str) -> (Option<&str>, usize) {
    let Some(first) = after.chars().next() else { return (None, 0) };
    if first == '{' {
        return in_braces(after);
    }
    if is_special(first) {
        return (after.get(..1), 1);
    }
    let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
    if end == 0 { (None, 0) } else { (after.get(..end), end) }
}

fn in_braces(after: &str) -> (Option<&str>, usize) {
    let inner = after.get(1..).unwrap_or_default();
    match inner.find('}') {
        // `${}` is dropped whole, and so is `${` without an end.
        Some(0) => (None, 2),
        None => (None, 1),
        Some(end) => (inner.get(..end), end.saturating_add(2)),
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '*' | '#' | '$' | '@' | '!' | '?' | '-' | '0'..='9')
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_expands() {
        let env = ["A=1", "B=two words", "EMPTY=", "A=2", "C=$A", "1=one"].map(str::to_owned);
        for (text, expanded) in [
            ("", ""),
            ("none", "none"),
            ("$A", "2"),
            ("/x/$A/y", "/x/2/y"),
            ("${A}b", "2b"),
            ("$Ab", ""),
            ("$A$B", "2two words"),
            ("${EMPTY}x$UNSET", "x"),
            ("$C", "$A"),
            ("$1x", "onex"),
            ("a$", "a$"),
            ("a$/b", "a$/b"),
            ("$ A", "$ A"),
            ("${}x", "x"),
            ("${A", "A"),
            ("$$A", "A"),
            ("ä${A}ö$", "ä2ö$"),
        ] {
            assert_eq!(expand(text, &env), expanded, "{text}");
        }
    }
}
