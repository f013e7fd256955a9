//! Values of files that describe builds, as far as they are written down: what is worked out when the build runs is open.

use hcl_edit::expr::{Expression, ObjectKey};

use crate::yaml;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text, a number or a boolean, as text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and values, in the file's order.
    Map(Vec<(String, Value)>),
    /// Nothing: `null`, or a key without a value.
    Nothing,
    /// What only a run knows: a variable, a function, a condition.
    Open,
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; one text alone is a list of it.
    pub(super) fn items(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            Value::Text(_) => Some(std::slice::from_ref(self)),
            _ => None,
        }
    }

    /// The value of an expression of HCL.
    pub(super) fn of_hcl(expression: &Expression) -> Value {
        match expression {
            Expression::Null(_) => Value::Nothing,
            Expression::Bool(value) => Value::Text(value.value().to_string()),
            Expression::Number(value) => Value::Text(value.value().to_string()),
            Expression::String(value) => Value::Text(value.value().clone()),
            Expression::Array(array) => Value::List(array.iter().map(Value::of_hcl).collect()),
            Expression::Object(object) => {
                let pairs = object.iter().map(|(key, value)| {
                    let key = match key {
                        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
                        ObjectKey::Expression(key) => key.as_str().map(str::to_owned),
                    };
                    key.map(|key| (key, Value::of_hcl(value.expr())))
                });
                pairs.collect::<Option<Vec<_>>>().map_or(Value::Open, Value::Map)
            }
            Expression::Parenthesis(inner) => Value::of_hcl(inner.inner()),
            _ => Value::Open,
        }
    }

    /// The value of a node of YAML or JSON; `text` says what a text stands for, `None` where that is open.
    pub(super) fn of_node(node: &yaml::Node, text: fn(&str) -> Option<String>) -> Value {
        match &node.value {
            _ if node.is_null() => Value::Nothing,
            yaml::Value::Scalar { text: written, .. } => text(written).map_or(Value::Open, Value::Text),
            yaml::Value::Seq(items) => {
                Value::List(items.iter().map(|item| Value::of_node(item, text)).collect())
            }
            yaml::Value::Map(pairs) => {
                let key = |key: &yaml::Node| key.as_str().unwrap_or_default().to_owned();
                Value::Map(pairs.iter().map(|(k, value)| (key(k), Value::of_node(value, text))).collect())
            }
        }
    }
}

/// A text of compose, where `$` begins a variable and `$$` is a dollar.
pub(super) fn of_compose(text: &str) -> Option<String> {
    let dollars = text.replace("$$", "");
    (!dollars.contains('$')).then(|| text.replace("$$", "$"))
}

/// A text of HCL's JSON, where `${` and `%{` begin what is worked out.
pub(super) fn of_hcl_json(text: &str) -> Option<String> {
    let plain = text.replace("$${", "").replace("%%{", "");
    (!plain.contains("${") && !plain.contains("%{")).then(|| text.replace("$${", "${").replace("%%{", "%{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_open_where_something_is_worked_out() {
        for (text, compose, json) in [
            ("a", Some("a"), Some("a")),
            ("$TAG", None, Some("$TAG")),
            ("a${TAG:-x}", None, None),
            ("a$$b", Some("a$b"), Some("a$$b")),
            ("$${x}", Some("${x}"), Some("${x}")),
            ("%{ if x }", Some("%{ if x }"), None),
        ] {
            assert_eq!(of_compose(text).as_deref(), compose, "{text}");
            assert_eq!(of_hcl_json(text).as_deref(), json, "{text}");
        }
    }
}
