//! YAML as values: as much as the project's own pipelines use.

use saphyr_parser::{Event, Parser};

/// A value of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The one document of a text without anchors.
    pub(crate) fn parse(text: &str) -> Yaml {
        let mut open: Vec<Vec<Yaml>> = vec![Vec::new()];
        for event in Parser::new_from_str(text) {
            match event.unwrap_or_else(|error| panic!("{error} in:\n{text}")).0 {
                Event::Scalar(value, ..) => {
                    open.last_mut().expect("open").push(Yaml::Text(value.into_owned()));
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => open.push(Vec::new()),
                Event::SequenceEnd => {
                    let items = open.pop().expect("a list");
                    open.last_mut().expect("open").push(Yaml::List(items));
                }
                Event::MappingEnd => {
                    let mut items = open.pop().expect("a map").into_iter();
                    let mut pairs = Vec::new();
                    while let (Some(key), Some(value)) = (items.next(), items.next()) {
                        pairs.push((key.text().to_owned(), value));
                    }
                    open.last_mut().expect("open").push(Yaml::Map(pairs));
                }
                Event::Alias(_) => panic!("an alias in:\n{text}"),
                _ => {}
            }
        }
        open.pop().and_then(|mut documents| documents.pop()).expect("a document")
    }

    /// The value of a key, which must be there.
    pub(crate) fn at(&self, key: &str) -> &Yaml {
        self.get(key).unwrap_or_else(|| panic!("no {key} in {self:#?}"))
    }

    /// The value of a key, where this is a map with it.
    pub(crate) fn get(&self, key: &str) -> Option<&Yaml> {
        self.pairs().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Keys and values; none of what is no map.
    pub(crate) fn pairs(&self) -> &[(String, Yaml)] {
        match self {
            Yaml::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items; none of what is no list.
    pub(crate) fn items(&self) -> &[Yaml] {
        match self {
            Yaml::List(items) => items,
            _ => &[],
        }
    }

    /// The text, which it must be.
    pub(crate) fn text(&self) -> &str {
        match self {
            Yaml::Text(text) => text,
            other => panic!("not text: {other:?}"),
        }
    }

    /// Every map anywhere in it.
    pub(crate) fn maps(&self) -> Vec<&Yaml> {
        let mut found = Vec::new();
        let mut left = vec![self];
        while let Some(next) = left.pop() {
            left.extend(next.items());
            left.extend(next.pairs().iter().map(|(_, value)| value));
            if matches!(next, Yaml::Map(_)) {
                found.push(next);
            }
        }
        found
    }
}
