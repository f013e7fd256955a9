//! goss' matchers. What kind of value an attribute has is known here, so that a matcher that could never fit is refused.

use serde_json::Value as Json;

use crate::expect::{Matcher, Pattern};
use crate::yaml::{Node, Problem, Value, nearest, shown};

/// The kind of value that an attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Truth,
    Number,
    /// Text of one line, or few.
    Text,
    /// Text that is read line by line: a file, an output.
    Output,
    /// A list of texts.
    List,
}

impl Kind {
    const fn article(self) -> &'static str {
        match self {
            Kind::Truth => "true or false",
            Kind::Number => "a number",
            Kind::Text | Kind::Output => "text",
            Kind::List => "a list",
        }
    }
}

const KNOWN: [&str; 16] = [
    "equal",
    "have-prefix",
    "have-suffix",
    "contain-substring",
    "match-regexp",
    "have-len",
    "have-patterns",
    "contain-element",
    "contain-elements",
    "consist-of",
    "not",
    "and",
    "or",
    "gt",
    "ge",
    "lt",
];

/// What a value asks of text that is read line by line: each of a list of patterns, or a matcher.
pub(super) fn output(node: &Node) -> Result<Vec<Matcher>, Problem> {
    match &node.value {
        Value::Seq(list) => patterns(node, list),
        _ => Ok(vec![matcher(node, Kind::Output)?]),
    }
}

/// What a value asks of an attribute of this kind.
pub(super) fn matcher(node: &Node, kind: Kind) -> Result<Matcher, Problem> {
    match &node.value {
        Value::Scalar { text, plain } => scalar(node, text, *plain, kind),
        Value::Seq(list) if kind == Kind::List => Ok(Matcher::Includes(all(node, list, Kind::Text)?)),
        Value::Seq(_) if kind == Kind::Output => {
            Err(node.problem("a list within a matcher is none of patterns: put it behind `have-patterns`"))
        }
        Value::Seq(_) => Err(node.problem(format!("what is looked at is {}, no list", kind.article()))),
        Value::Map(pairs) => match pairs.as_slice() {
            [(name, value)] => named(name, value, kind),
            [] => Err(node.problem("a matcher is missing")),
            [_, (second, _), ..] => {
                Err(second.problem("only one matcher can stand here: put several into a list behind `and`"))
            }
        },
    }
}

fn scalar(node: &Node, text: &str, plain: bool, kind: Kind) -> Result<Matcher, Problem> {
    match meaning(node, text, plain)? {
        Json::Null => Err(node.problem("a value is missing")),
        Json::Bool(truth) if kind == Kind::Truth => Ok(Matcher::Equals(truth.into())),
        Json::Bool(_) => Err(node.problem(format!(
            "{text} is a truth value, and what is looked at is {}: put it in quotes if it is text",
            kind.article()
        ))),
        _ if kind == Kind::Truth => match text {
            "true" | "false" if !plain => Ok(Matcher::Equals((text == "true").into())),
            _ => Err(node.problem("must be true or false")),
        },
        Json::Number(number) => Ok(Matcher::Number(number.as_f64().unwrap_or(f64::NAN))),
        _ => Ok(Matcher::Text(text.to_owned())),
    }
}

/// What a scalar is to goss. `yes` and its like are text to it, where no truth value is asked for.
fn meaning(node: &Node, text: &str, plain: bool) -> Result<Json, Problem> {
    if !plain {
        return Ok(text.into());
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('0').filter(|rest| digits(rest)) {
        return Err(
            node.problem(format!("0{rest} without quotes is an octal number to YAML: put it in quotes"))
        );
    }
    if text.len() >= 8
        && text.get(..4).is_some_and(digits)
        && text.as_bytes().get(4) == Some(&b'-')
        && digits_end(text)
    {
        return Err(
            node.problem(format!("{} without quotes is a date to YAML: put it in quotes", shown(text)))
        );
    }
    Ok(match text {
        _ if node.is_null() => Json::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => match (node.as_int(), node.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) => serde_json::Number::from_f64(number)
                .map(Json::Number)
                .ok_or_else(|| node.problem("must be a finite number"))?,
            _ => text.into(),
        },
    })
}

/// Whether what follows a year may be a month and a day.
fn digits_end(text: &str) -> bool {
    let mut parts = text[5..].splitn(2, '-');
    let month =
        parts.next().is_some_and(|month| (1..=2).contains(&month.len()) && month.parse::<u8>().is_ok());
    month && parts.next().is_some_and(|day| day.starts_with(|first: char| first.is_ascii_digit()))
}

fn named(name: &Node, value: &Node, kind: Kind) -> Result<Matcher, Problem> {
    let word = name.as_str().unwrap_or_default();
    let boxed = |of: fn(Box<Matcher>) -> Matcher, matcher: Matcher| of(Box::new(matcher));
    let never =
        |what: &str| Err(name.problem(format!("`{word}` looks at {what}, not at {}", kind.article())));
    let of_text = matches!(kind, Kind::Text | Kind::Output);
    Ok(match word {
        "equal" if kind == Kind::List => {
            return Err(name.problem("goss finds no list `equal` to another one: use `consist-of`"));
        }
        "equal" => Matcher::Equals(equal(value, kind)?),
        "have-prefix" => Matcher::Prefix(text(word, value)?),
        "have-suffix" => Matcher::Suffix(text(word, value)?),
        "contain-substring" => Matcher::Contains(text(word, value)?),
        "match-regexp" => {
            Matcher::Matches(Pattern::go(&text(word, value)?).map_err(|why| value.problem(why))?)
        }
        "have-len" if matches!(kind, Kind::Truth | Kind::Number) => return never("text or a list"),
        "have-len" => boxed(Matcher::Length, Matcher::Number(number(word, value)?.trunc())),
        "have-patterns" => Matcher::All(patterns(value, value.list(word)?)?),
        "contain-element" | "contain-elements" if !of_text && kind != Kind::List => {
            return never("a list or lines");
        }
        "contain-element" => match value.value {
            Value::Seq(_) => {
                return Err(value.problem("one matcher must stand here: for a list use `contain-elements`"));
            }
            _ => boxed(Matcher::Element, matcher(value, Kind::Text)?),
        },
        "contain-elements" => Matcher::Includes(all(value, value.list(word)?, Kind::Text)?),
        "consist-of" if kind != Kind::List => return never("a list"),
        "consist-of" => Matcher::ConsistsOf(all(value, value.list(word)?, Kind::Text)?),
        "not" => boxed(Matcher::Not, matcher(value, kind)?),
        "and" => Matcher::All(all(value, value.list(word)?, kind)?),
        "or" => Matcher::Any(all(value, value.list(word)?, kind)?),
        "gt" | "ge" | "lt" | "le" if kind == Kind::Truth => return never("numbers"),
        "gt" => Matcher::Greater(number(word, value)?),
        "ge" => Matcher::AtLeast(number(word, value)?),
        "lt" => Matcher::Less(number(word, value)?),
        "le" => Matcher::AtMost(number(word, value)?),
        "have-key" => return never("a map"),
        "semver-constraint" | "gjson" | "xml" => {
            return Err(name.problem(format!("imgbuild does not have goss' matcher `{word}`")));
        }
        _ => {
            let help = match nearest(word, &KNOWN) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here: {}, le", KNOWN.join(", ")),
            };
            return Err(name.problem(format!("unknown matcher `{}`; {help}", shown(word))));
        }
    })
}

/// A list of matchers, not endless: finding elements for them is work for each pair.
fn all(node: &Node, list: &[Node], kind: Kind) -> Result<Vec<Matcher>, Problem> {
    few(node, list)?;
    list.iter().map(|node| matcher(node, kind)).collect()
}

fn few(node: &Node, list: &[Node]) -> Result<(), Problem> {
    match list.len() > Matcher::MOST {
        true => Err(node.problem(format!("at most {} can stand in one list", Matcher::MOST))),
        false => Ok(()),
    }
}

/// The value of `equal`, which takes no number for a text, and no text for a number.
fn equal(node: &Node, kind: Kind) -> Result<Json, Problem> {
    let Value::Scalar { text, plain } = &node.value else {
        return Err(node.problem("imgbuild compares no lists or maps by `equal`"));
    };
    let value = meaning(node, text, *plain)?;
    let fitting = match kind {
        Kind::Truth => value.is_boolean(),
        Kind::Number => value.is_number(),
        Kind::Text | Kind::Output | Kind::List => value.is_string(),
    };
    match fitting {
        true => Ok(value),
        false => {
            Err(node.problem(format!("what is looked at is {}, which this never equals", kind.article())))
        }
    }
}

fn text(what: &str, node: &Node) -> Result<String, Problem> {
    let found = node.text(what)?;
    let plain = matches!(&node.value, Value::Scalar { plain: true, .. });
    match meaning(node, &found, plain)? {
        Json::String(text) => Ok(text),
        _ => Err(node.problem(format!("`{what}` takes text: put this in quotes"))),
    }
}

fn number(what: &str, node: &Node) -> Result<f64, Problem> {
    let found = node.as_str().unwrap_or_default();
    let plain = matches!(&node.value, Value::Scalar { plain: true, .. });
    meaning(node, found, plain)?
        .as_f64()
        .ok_or_else(|| node.problem(format!("`{what}` takes a number, without quotes")))
}

fn patterns(node: &Node, list: &[Node]) -> Result<Vec<Matcher>, Problem> {
    few(node, list)?;
    let patterns = list.iter().map(|node| pattern(node, &text("a pattern", node)?));
    // The empty pattern asks for nothing.
    patterns.filter_map(Result::transpose).collect()
}

/// `foo`, `!foo`, `/re/`, `!/re/`: some line has it, or none has.
fn pattern(node: &Node, written: &str) -> Result<Option<Matcher>, Problem> {
    let (inverse, rest) = match written.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, written),
    };
    let line = if rest.starts_with('/') && rest.ends_with('/') {
        let regex = rest.strip_prefix('/').unwrap_or(rest);
        let regex =
            regex.strip_suffix('/').ok_or_else(|| node.problem("a regular expression lacks its second /"))?;
        Matcher::Matches(Pattern::go(regex).map_err(|why| node.problem(why))?)
    } else {
        // goss takes all of these away in front of a text, not only the one that stands for itself.
        let part = written.trim_start_matches(['\\', '/', '!']);
        if written.is_empty() {
            return Ok(None);
        }
        Matcher::Contains(part.to_owned())
    };
    let line = Matcher::Line(Box::new(line));
    Ok(Some(if inverse { Matcher::Not(Box::new(line)) } else { line }))
}
