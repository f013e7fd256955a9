//! One resource of a goss file: what all of them share.

use std::time::Duration;

use serde_json::Value as Json;

use crate::expect::{Check, Matcher, What};
use crate::yaml::{Fields, Node, Problem};

use super::matchers::{self, Kind};

/// The longest time limit of one check.
const LONGEST: i64 = 3_600_000;

/// A resource that is being read.
pub(super) struct Resource<'n> {
    kind: &'static str,
    section: &'n str,
    key: &'n Node,
    id: &'n str,
    /// What stands behind its key.
    pub(super) fields: Fields<'n>,
    /// The attribute that names what is looked at, where it is not the key.
    named: Option<String>,
    title: Option<String>,
    skip: bool,
}

impl<'n> Resource<'n> {
    /// The resource `key` of a section.
    pub(super) fn new(
        kind: &'static str,
        section: &'n str,
        key: &'n Node,
        value: &'n Node,
    ) -> Result<Resource<'n>, Problem> {
        let id =
            key.as_str().filter(|id| !id.is_empty()).ok_or_else(|| key.problem("a resource has no name"))?;
        let mut fields = value.fields(id)?;
        let title = fields.text("title")?;
        // Notes for people, of any form.
        fields.take("meta");
        let skip = fields.boolean("skip")?.unwrap_or(false);
        Ok(Resource { kind, section, key, id, fields, named: None, title, skip })
    }

    /// What is looked at: the attribute of this name, or else the resource's key.
    pub(super) fn target(&mut self, attribute: &'static str) -> Result<String, Problem> {
        let named = self.fields.text(attribute)?.filter(|named| !named.is_empty());
        let target = named.clone().unwrap_or_else(|| self.id.to_owned());
        self.named = named.filter(|named| named != self.id);
        Ok(target)
    }

    /// The command of a command resource, by which goss does not call it.
    pub(super) fn command(&mut self) -> Result<String, Problem> {
        let command = self.target("exec")?;
        self.named = None;
        Ok(command)
    }

    /// What an attribute asks for, where it is there.
    pub(super) fn matcher(&mut self, name: &'static str, kind: Kind) -> Result<Option<Matcher>, Problem> {
        self.fields.take(name).map(|node| matchers::matcher(node, kind)).transpose()
    }

    /// What an attribute that must be there asks for.
    pub(super) fn demand(&mut self, name: &'static str, kind: Kind) -> Result<Matcher, Problem> {
        matchers::matcher(self.fields.need(name)?, kind)
    }

    /// What an attribute asks of a text that is read line by line; nothing where it is not there.
    pub(super) fn output(&mut self, name: &'static str) -> Result<Vec<Matcher>, Problem> {
        self.fields.take(name).map_or(Ok(Vec::new()), matchers::output)
    }

    /// Which truth value an attribute that must be there asks for.
    pub(super) fn truth(&mut self, name: &'static str) -> Result<bool, Problem> {
        let node = self.fields.need(name)?;
        let matcher = matchers::matcher(node, Kind::Truth)?;
        match [true, false].map(|value| matcher.accepts(&Json::Bool(value))) {
            [true, false] => Ok(true),
            [false, true] => Ok(false),
            _ => Err(node.problem(format!(
                "`{name}` fits {}",
                if matcher.accepts(&Json::Bool(true)) {
                    "both true and false, which asks for nothing"
                } else {
                    "neither true nor false"
                }
            ))),
        }
    }

    /// A time limit in milliseconds; zero is the default, as in goss.
    pub(super) fn timeout(&mut self, default: Duration) -> Result<Duration, Problem> {
        let Some(node) = self.fields.take("timeout") else { return Ok(default) };
        match node.integer("timeout")? {
            0 => Ok(default),
            millis @ 1..=LONGEST => Ok(Duration::from_millis(millis.unsigned_abs())),
            _ => Err(node.problem("`timeout` is in milliseconds, at most 3600000 (an hour)")),
        }
    }

    /// A problem of what the resource looks at.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        self.key.problem(message)
    }

    /// Refuses attributes that are not known, and makes the check.
    pub(super) fn finish(self, what: What) -> Result<Check, Problem> {
        self.fields.finish(&format!("a {} resource", self.section))?;
        let mut name = format!("{}: {}", self.kind, self.id);
        for (before, more, after) in [(": ", &self.named, ""), (" (", &self.title, ")")] {
            if let Some(more) = more.as_ref().filter(|more| !more.is_empty()) {
                name.push_str(before);
                name.push_str(more);
                name.push_str(after);
            }
        }
        Ok(Check { name: Some(name), what, skip: self.skip })
    }
}
