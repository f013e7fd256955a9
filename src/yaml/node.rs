//! YAML as go-yaml, which the other tools use, understands it: scalars stay the text that they were until somebody asks
//! for a number or a boolean, so that `1.10`, `0644` and `yes` stay what was written where text is wanted.

use super::fields::Fields;
use super::problem::Problem;
use super::scalar;

/// A value of a file, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// The value.
    pub(crate) value: Value,
}

/// A value. Aliases and merge keys are resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Text. A plain one (without quotes) may stand for a number, a boolean or nothing.
    Scalar { text: String, plain: bool },
    /// A list.
    Seq(Vec<Node>),
    /// Keys, which are scalars and unlike each other, and their values, in the file's order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar as written; `None` for lists, maps and nothing.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// A plain scalar that is one of YAML 1.1's words for a boolean: `true`, `yes`, `on`, `n` …
    pub(crate) fn as_bool(&self) -> Option<bool> {
        scalar::boolean(self.plain()?)
    }

    /// A plain scalar that is a whole number: `10`, `0x1f`, `010` (eight), `1_000`.
    pub(crate) fn as_int(&self) -> Option<i64> {
        scalar::integer(self.plain()?)
    }

    /// A plain scalar that is a number.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        scalar::number(self.plain()?)
    }

    /// Whether nothing is there: an empty plain scalar, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.plain().is_some_and(scalar::nothing)
    }

    fn plain(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { plain: true, text } if scalar::nothing(text) => "nothing",
            Value::Scalar { plain: true, text } if scalar::boolean(text).is_some() => "a boolean",
            Value::Scalar { plain: true, text } if scalar::number(text).is_some() => "a number",
            Value::Scalar { .. } => "text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A problem at this place.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { line: self.line, column: self.column, message: message.into() }
    }

    fn wrong(&self, what: &str, wanted: &str) -> Problem {
        self.problem(format!("`{what}` must be {wanted}, found {}", self.kind()))
    }

    /// Text, as which go-yaml takes numbers and booleans too. `what` is named where it is none.
    pub(crate) fn text(&self, what: &str) -> Result<String, Problem> {
        self.as_str().map(str::to_owned).ok_or_else(|| self.wrong(what, "text"))
    }

    /// Text, which is empty where nothing is there.
    pub(crate) fn text_or_nothing(&self, what: &str) -> Result<String, Problem> {
        if self.is_null() { Ok(String::new()) } else { self.text(what) }
    }

    /// A boolean.
    pub(crate) fn boolean(&self, what: &str) -> Result<bool, Problem> {
        self.as_bool().ok_or_else(|| self.wrong(what, "true or false"))
    }

    /// A whole number.
    pub(crate) fn integer(&self, what: &str) -> Result<i64, Problem> {
        self.as_int().ok_or_else(|| self.wrong(what, "a whole number"))
    }

    /// A list.
    pub(crate) fn list(&self, what: &str) -> Result<&[Node], Problem> {
        match &self.value {
            Value::Seq(items) => Ok(items),
            _ => Err(self.wrong(what, "a list")),
        }
    }

    /// A list of texts. An item with nothing in it is the empty text, as in go-yaml.
    pub(crate) fn texts(&self, what: &str) -> Result<Vec<String>, Problem> {
        self.list(what)?.iter().map(|item| item.text_or_nothing(what)).collect()
    }

    /// The keys of a map and their values.
    pub(crate) fn pairs(&self, what: &str) -> Result<&[(Node, Node)], Problem> {
        match &self.value {
            Value::Map(pairs) => Ok(pairs),
            _ => Err(self.wrong(what, "a map")),
        }
    }

    /// A map whose keys are known.
    pub(crate) fn fields(&self, what: &str) -> Result<Fields<'_>, Problem> {
        Ok(Fields::new(self, self.pairs(what)?))
    }
}
