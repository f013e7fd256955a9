//! What a rule found, where, and what to do about it.

use super::{Level, Rule};
use crate::dockerfile::{Position, Span};

/// One finding. Texts may hold words of the files that were read, never the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What another tool calls just this finding, where the rule answers to several ids; or the code of a further tool
    /// whose finding it passes on.
    pub alias: Option<String>,
    /// The level in force, after configuration.
    pub level: Level,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What shows it, in one line.
    pub evidence: Option<String>,
    /// What to do.
    pub remedy: String,
    /// A change that mends it and changes nothing else.
    pub fix: Option<Fix>,
    /// Why it does not count, where it does not.
    pub excused: Option<Excuse>,
    /// A name that stays the same while lines above it come and go, in hexadecimal; see [`judge`](super::Verdicts).
    pub fingerprint: String,
}

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as it was named, relative to where the command runs or to the context; for an image its reference.
    pub path: String,
    /// The line, 1-based: of an instruction its first, so that waivers and other tools agree about it. 0 means the
    /// whole file.
    pub line: u32,
    /// The column in characters, 1-based; 0 where the line is.
    pub column: u32,
    /// The very text that is wrong.
    pub region: Option<Region>,
    /// The field of an image's configuration, or the key of a configuration file.
    pub field: Option<String>,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: impl Into<String>) -> Place {
        Place { path: path.into(), line: 0, column: 0, region: None, field: None }
    }

    /// A field of an image or of a configuration.
    pub fn field(path: impl Into<String>, field: impl Into<String>) -> Place {
        Place { field: Some(field.into()), ..Place::file(path) }
    }
}

/// A piece of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// Its bytes.
    pub span: Span,
    /// Line and column of its first character.
    pub start: Position,
    /// Line and column behind its last character.
    pub end: Position,
}

/// A change that is safe to make without looking: it keeps the meaning and every byte outside of its edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// The replacements; none overlaps another.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty for an insertion.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excuse {
    /// Somebody accepted it: the reason they gave, and where.
    Waived {
        /// As written.
        reason: String,
        /// The file and line of the waiver, or its key.
        by: String,
    },
    /// It was there before: the baseline has it.
    Baseline,
}

impl Finding {
    /// The piece of the file that shows the finding.
    pub fn at(&mut self, region: Region) -> &mut Self {
        self.place.region = Some(region);
        self
    }

    /// Replaces the rule's own remedy.
    pub fn remedy(&mut self, remedy: impl Into<String>) -> &mut Self {
        self.remedy = remedy.into();
        self
    }

    /// Adds what shows the finding; never a secret's value.
    pub fn evidence(&mut self, evidence: impl Into<String>) -> &mut Self {
        self.evidence = Some(evidence.into());
        self
    }

    /// Replaces the level, where a rule knows that this case is another.
    pub fn level(&mut self, level: Level) -> &mut Self {
        self.level = level;
        self
    }

    /// Names the id of another tool that is meant, where the rule answers to several.
    pub fn known_as(&mut self, alias: impl Into<String>) -> &mut Self {
        self.alias = Some(alias.into());
        self
    }

    /// Adds a change that mends it.
    pub fn fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }

    /// Whether it counts.
    pub fn stands(&self) -> bool {
        self.excused.is_none()
    }

    /// Whether somebody accepted it.
    pub fn is_waived(&self) -> bool {
        matches!(self.excused, Some(Excuse::Waived { .. }))
    }

    /// What other tools call it: the one that is meant, else all that the rule answers to.
    pub fn aliases(&self) -> Vec<&str> {
        match &self.alias {
            Some(alias) => vec![alias],
            None => self.rule.aliases.to_vec(),
        }
    }
}
