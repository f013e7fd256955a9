//! The exec form: arguments that are a JSON array of strings.

use serde_json::Value;

/// How the arguments of an instruction are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A JSON array of strings, taken as it is.
    Exec(Vec<String>),
    /// Anything else: text, for a shell where there is one. `['a']` is text too.
    Shell,
    /// A JSON array that holds something else than strings, which builders refuse.
    Invalid,
}

impl Form {
    /// The form of `arguments`.
    pub fn of(arguments: &str) -> Form {
        let text = arguments.trim_start();
        if !text.starts_with('[') {
            return Form::Shell;
        }
        let Ok(values) = serde_json::from_str::<Vec<Value>>(text) else { return Form::Shell };
        let mut words = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(word) => words.push(word),
                _ => return Form::Invalid,
            }
        }
        Form::Exec(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strings_make_an_exec_form() {
        assert_eq!(Form::of(r#" [ "a", "b c" ] "#), Form::Exec(vec!["a".into(), "b c".into()]));
        assert_eq!(Form::of("[]"), Form::Exec(vec![]));
        assert_eq!(Form::of("['a']"), Form::Shell);
        assert_eq!(Form::of(r#"["a"] b"#), Form::Shell);
        assert_eq!(Form::of(r#"["a", 1]"#), Form::Invalid);
        assert_eq!(Form::of(&"[".repeat(1 << 20)), Form::Shell);
    }
}
