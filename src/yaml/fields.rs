//! Reads a map whose keys are known, and finds those that are not.

use super::node::Node;
use super::problem::{Problem, shown};

/// The keys of a map that nobody has taken yet.
pub(crate) struct Fields<'n> {
    place: &'n Node,
    left: Vec<(&'n Node, &'n Node)>,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// All of `pairs`, the keys of `place`.
    pub(crate) fn new(place: &'n Node, pairs: &'n [(Node, Node)]) -> Fields<'n> {
        Fields { place, left: pairs.iter().map(|(key, value)| (key, value)).collect(), asked: Vec::new() }
    }

    /// The value of `key`. A key with nothing behind it is as good as none, as in go-yaml.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.take_any(key).filter(|value| !value.is_null())
    }

    fn take_any(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let at = self.left.iter().position(|(name, _)| name.as_str() == Some(key))?;
        Some(self.left.remove(at).1)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&mut self, key: &'static str) -> Result<&'n Node, Problem> {
        self.take(key).ok_or_else(|| self.place.problem(format!("`{key}` is missing")))
    }

    /// Text, where the key is there.
    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        self.take(key).map(|node| node.text(key)).transpose()
    }

    /// A boolean, where the key is there. With nothing behind it, it is false or its default, depending on who reads it, and
    /// so an error.
    pub(crate) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, Problem> {
        self.take_any(key).map(|node| node.boolean(key)).transpose()
    }

    /// A whole number, likewise.
    pub(crate) fn integer(&mut self, key: &'static str) -> Result<Option<i64>, Problem> {
        self.take_any(key).map(|node| node.integer(key)).transpose()
    }

    /// A list, empty where the key is not there.
    pub(crate) fn list(&mut self, key: &'static str) -> Result<&'n [Node], Problem> {
        self.take(key).map_or(Ok(&[]), |node| node.list(key))
    }

    /// A list of texts, likewise.
    pub(crate) fn texts(&mut self, key: &'static str) -> Result<Vec<String>, Problem> {
        self.take(key).map_or(Ok(Vec::new()), |node| node.texts(key))
    }

    /// Refuses what nobody asked for. `what` is what the map describes: `a command test`.
    pub(crate) fn finish(self, what: &str) -> Result<(), Problem> {
        let Some((key, _)) = self.left.first() else { return Ok(()) };
        let name = key.as_str().unwrap_or_default();
        let help = match nearest(name, &self.asked) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("known here: {}", self.asked.join(", ")),
        };
        Err(key.problem(format!("unknown key `{}` in {what}; {help}", shown(name))))
    }
}

/// The word that was probably meant. Dashes, underscores and case do not count.
pub(crate) fn nearest<'w>(found: &str, known: &[&'w str]) -> Option<&'w str> {
    // Comparing is quadratic in the length, and what is that long is no slip of the pen.
    if found.len() > 64 {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['-', '_'], "");
    let found = plain(found);
    let alike = known
        .iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(&found, &plain(word)), *word))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word);
    let begun = || known.iter().copied().find(|word| found.len() > 2 && plain(word).starts_with(&found));
    alike.or_else(begun)
}
