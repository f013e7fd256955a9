//! The files of `templates/`, and how their placeholders are filled in.

use crate::error::{Error, Kind, Result};

/// `imgbuild.toml`.
pub(super) const CONFIG: &str = include_str!("../../../templates/imgbuild.toml");
/// `.dockerignore`.
pub(super) const DOCKERIGNORE: &str = include_str!("../../../templates/dockerignore");

/// Puts values in place of `{{name}}`. One without a value is a mistake of ours, and never written.
pub(super) fn filled(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        match after.split_once("}}") {
            Some((name, behind)) if is_name(name) => {
                let value = values.iter().find(|(known, _)| *known == name).ok_or_else(|| {
                    Error::new(
                        Kind::Internal,
                        format!("a template has the placeholder {name}, which has no value"),
                    )
                })?;
                text.push_str(value.1);
                rest = behind;
            }
            // An expression of the pipeline's own.
            _ => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Whether a text can stand in any of the templates without quotes: nothing in it means anything to TOML, YAML, Groovy, a
/// Dockerfile or a shell.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && !text.starts_with(['-', '/'])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        && !text.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_expressions_stay() {
        let values = [("a", "{{b}}"), ("b", "x")];
        assert_eq!(filled("{{a}} ${{ c }} {{b}}{{", &values).unwrap(), "{{b}} ${{ c }} x{{");
        assert_eq!(filled("{{c}}", &values).unwrap_err().kind(), Kind::Internal);
    }

    #[test]
    fn what_is_plain_means_nothing_anywhere() {
        for text in ["a", "./cmd/a-b_c", "ghcr.io", "v1.2"] {
            assert!(is_plain(text), "{text}");
        }
        for text in
            ["", "-a", "/a", "a b", "a'b", "a\"b", "a$b", "a\nb", "../a", "a/../b", "ä", "a{{b}}", "a\\b"]
        {
            assert!(!is_plain(text), "{text:?}");
        }
    }
}
