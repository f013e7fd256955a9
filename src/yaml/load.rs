//! From events to values. Depth, number and text of what a file may unfold to are bounded, since an alias may stand for
//! a value full of aliases.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::json;
use super::node::{Node, Value};
use super::problem::{Problem, shown};

/// The largest file that is read, in bytes.
const FILE: usize = 4 << 20;

/// Most values, with what aliases stand for counted each time.
const NODES: usize = 200_000;

/// Most bytes of text, likewise.
const TEXT: usize = 16 << 20;

/// The deepest nesting.
const DEPTH: usize = 64;

/// Reads a file of one document; an empty one is nothing.
pub(crate) fn load(bytes: &[u8]) -> Result<Node, Problem> {
    let at = |line, column, message: &str| Problem { line, column, message: message.to_owned() };
    if bytes.len() > FILE {
        return Err(at(1, 1, "the file is larger than 4 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        at(line, 1, "the file is not UTF-8 text")
    })?;
    let text = json::as_yaml(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut parser = Parser::new_from_str(&text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let place = error.marker();
            at(place.line(), place.col() + 1, &format!("not YAML: {}", error.info()))
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or_else(|| nothing(Marker::new(0, 1, 0))))
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Measured>,
    nodes: usize,
    text: usize,
}

/// A list or map whose end has not come.
struct Open {
    start: Marker,
    anchor: usize,
    children: Children,
    size: Size,
}

enum Children {
    Seq(Vec<Node>),
    Map { pairs: Vec<(Node, Node)>, keys: HashSet<String>, key: Option<Node>, merged: Vec<Node> },
}

/// What a value costs, and how deep it is.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    text: usize,
    height: usize,
}

#[derive(Clone)]
struct Measured {
    node: Node,
    size: Size,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let start = span.start;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = plain(style, tag.as_deref(), start)?;
                let size = Size { nodes: 1, text: text.len(), height: 1 };
                self.spend(size, start)?;
                let node = node(start, Value::Scalar { text: text.into_owned(), plain });
                self.keep(anchor, &node, size, start)?;
                self.put(node, size)
            }
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    return Err(problem(start, "this alias stands for a value that it is part of"));
                };
                self.spend(known.size, start)?;
                if self.open.len() + known.size.height > DEPTH {
                    return Err(too_deep(start));
                }
                self.put(known.node, known.size)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(start, anchor, tag.as_deref(), Children::Seq(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let children =
                    Children::Map { pairs: Vec::new(), keys: HashSet::new(), key: None, merged: Vec::new() };
                self.begin(start, anchor, tag.as_deref(), children)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn spend(&mut self, size: Size, at: Marker) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(size.nodes);
        self.text = self.text.saturating_add(size.text);
        match self.nodes > NODES || self.text > TEXT {
            true => Err(problem(
                at,
                "the file is too large: at most 200000 values and 16 MiB of text, aliases unfolded",
            )),
            false => Ok(()),
        }
    }

    /// Remembers a value for aliases, which costs what it costs: anchors may be nested.
    fn keep(&mut self, anchor: usize, node: &Node, size: Size, at: Marker) -> Result<(), Problem> {
        if anchor > 0 {
            self.spend(size, at)?;
            self.anchors.insert(anchor, Measured { node: node.clone(), size });
        }
        Ok(())
    }

    fn begin(
        &mut self,
        start: Marker,
        anchor: usize,
        tag: Option<&Tag>,
        children: Children,
    ) -> Result<(), Problem> {
        known_tag(tag, start)?;
        let size = Size { nodes: 1, text: 0, height: 1 };
        self.spend(size, start)?;
        if self.open.len() >= DEPTH {
            return Err(too_deep(start));
        }
        self.open.push(Open { start, anchor, children, size });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.children {
            Children::Seq(items) => Value::Seq(items),
            Children::Map { mut pairs, mut keys, merged, .. } => {
                // What is merged stands behind what is written, and an earlier one before a later one.
                for (key, value) in merged.into_iter().flat_map(pairs_of) {
                    if key.as_key().is_some_and(|text| keys.insert(text.to_owned())) {
                        pairs.push((key, value));
                    }
                }
                Value::Map(pairs)
            }
        };
        let node = node(open.start, value);
        self.keep(open.anchor, &node, open.size, open.start)?;
        self.put(node, open.size)
    }

    /// Gives a finished value to what is open around it.
    fn put(&mut self, node: Node, size: Size) -> Result<(), Problem> {
        let Some(parent) = self.open.last_mut() else {
            return match &self.root {
                None => {
                    self.root = Some(node);
                    Ok(())
                }
                Some(_) if node.is_null() => Ok(()),
                Some(_) => Err(node.problem("a second document begins here: write one file for each")),
            };
        };
        parent.size.nodes += size.nodes;
        parent.size.text += size.text;
        parent.size.height = parent.size.height.max(size.height + 1);
        match &mut parent.children {
            Children::Seq(items) => items.push(node),
            Children::Map { pairs, keys, key, merged } => match key.take() {
                None => {
                    let Some(text) = node.as_key() else {
                        return Err(node.problem(format!("{} cannot be a key", node.kind())));
                    };
                    if node.is_merge() {
                        *key = Some(node);
                        return Ok(());
                    }
                    if !keys.insert(text.to_owned()) {
                        return Err(node.problem(format!("the key `{}` is there twice", shown(text))));
                    }
                    *key = Some(node);
                }
                Some(name) if name.is_merge() => merged.extend(maps_of(node)?),
                Some(name) => pairs.push((name, node)),
            },
        }
        Ok(())
    }
}

impl Node {
    fn as_key(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Seq(_) | Value::Map(_) => None,
        }
    }

    fn is_merge(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if text == "<<")
    }
}

/// The maps that the value of a merge key names.
fn maps_of(node: Node) -> Result<Vec<Node>, Problem> {
    let wrong = |node: &Node| node.problem("`<<` takes a map or a list of maps");
    match node.value {
        Value::Map(_) => Ok(vec![node]),
        Value::Seq(items) => match items.iter().find(|item| !matches!(item.value, Value::Map(_))) {
            Some(item) => Err(wrong(item)),
            None => Ok(items),
        },
        Value::Scalar { .. } => Err(wrong(&node)),
    }
}

fn pairs_of(node: Node) -> Vec<(Node, Node)> {
    match node.value {
        Value::Map(pairs) => pairs,
        Value::Seq(_) | Value::Scalar { .. } => Vec::new(),
    }
}

/// Whether a scalar may be something else than text.
fn plain(style: ScalarStyle, tag: Option<&Tag>, at: Marker) -> Result<bool, Problem> {
    Ok(match known_tag(tag, at)? {
        Some("str" | "") => false,
        Some(_) => true,
        None => style == ScalarStyle::Plain,
    })
}

/// The suffix of a tag of YAML's own; others change what a value means in ways that nothing here knows.
fn known_tag(tag: Option<&Tag>, at: Marker) -> Result<Option<&str>, Problem> {
    const KNOWN: [&str; 7] = ["str", "int", "float", "bool", "null", "seq", "map"];
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() && KNOWN.contains(&tag.suffix.as_str()) => {
            Ok(Some(&tag.suffix))
        }
        // The tag `!` alone says that a scalar is text.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Ok(Some("")),
        Some(tag) => Err(problem(at, format!("the tag {} is not supported", shown(&tag.to_string())))),
    }
}

fn node(at: Marker, value: Value) -> Node {
    Node { line: at.line(), column: at.col() + 1, value }
}

fn nothing(at: Marker) -> Node {
    node(at, Value::Scalar { text: String::new(), plain: true })
}

fn too_deep(at: Marker) -> Problem {
    problem(at, "lists and maps are nested more than 64 deep")
}

fn problem(at: Marker, message: impl Into<String>) -> Problem {
    Problem { line: at.line(), column: at.col() + 1, message: message.into() }
}
