//! Whether a text names something.

/// Whether `name` stands in `text` as a whole name.
pub(in crate::rules) fn mentions(text: &str, name: &str) -> bool {
    positions(text, name).next().is_some()
}

/// Whether `text` has the variable `name` in it: `$name`, `${name}`, `${name:-…}`.
pub(in crate::rules) fn mentions_variable(text: &str, name: &str) -> bool {
    positions(text, name).any(|at| {
        let before = text.get(..at).unwrap_or_default();
        before.ends_with('$') || before.ends_with("${")
    })
}

fn positions<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let (before, behind) = (text.get(..*at), text.get(at + name.len()..));
        !before.unwrap_or_default().ends_with(part) && !behind.unwrap_or_default().starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole() {
        for (text, named, variable) in [
            ("echo $ENV", true, true),
            ("${ENV:-x}/a", true, true),
            ("$ENVIRONMENT $MY_ENV", false, false),
            ("printenv ENV", true, false),
            ("é$ENVé", true, true),
            ("", false, false),
        ] {
            assert_eq!(mentions(text, "ENV"), named, "{text}");
            assert_eq!(mentions_variable(text, "ENV"), variable, "{text}");
        }
    }
}
