//! One pattern, ready to be compared with paths.

use super::compile::compile;
use super::lines::Line;
use super::program::{Program, Scratch};
use super::regex;
use super::translate::{Meaning, translate};

/// A pattern of an ignore file.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Where it stands, 1-based.
    pub(super) line: u32,
    /// Whether it takes paths back in (`!`).
    pub(super) negated: bool,
    text: Box<[u8]>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Exact,
    Prefix,
    Suffix,
    Program(Box<Program>),
    /// Go's regular expressions refuse it. Moby finds that out when it first compares the pattern with a path.
    Bad,
}

/// The pattern cannot be compared with anything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

impl Pattern {
    pub(super) fn new(line: Line) -> Pattern {
        let form = match translate(&line.text) {
            Meaning::Exact => Form::Exact,
            Meaning::Prefix => Form::Prefix,
            Meaning::Suffix => Form::Suffix,
            Meaning::Regex(text) => match regex::read(&text).and_then(compile) {
                Ok(program) => Form::Program(Box::new(program)),
                Err(regex::Refused) => Form::Bad,
            },
        };
        Pattern { line: line.number, negated: line.negated, text: line.text.into(), form }
    }

    /// The cleaned pattern without its `!`.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self.form, Form::Bad)
    }

    /// Its size in memory beyond its text, in states of a machine.
    pub(super) fn states(&self) -> usize {
        match &self.form {
            Form::Program(program) => program.states(),
            _ => 0,
        }
    }

    /// Whether the pattern matches this very path. Its parents are the caller's affair.
    pub(super) fn matches(&self, path: &[u8], scratch: &mut Scratch) -> Result<bool, BadPattern> {
        match &self.form {
            Form::Exact => Ok(path == self.text()),
            Form::Prefix => Ok(path.starts_with(self.prefix())),
            Form::Suffix => {
                let suffix = self.text.get(2..).unwrap_or_default();
                // `**/foo` is `foo` at the root, too.
                Ok(path.ends_with(suffix) || suffix.strip_prefix(b"/") == Some(path))
            }
            Form::Program(program) => Ok(program.is_match(path, scratch)),
            Form::Bad => Err(BadPattern),
        }
    }

    /// Bytes with which every path that matches starts; often none.
    pub(super) fn prefix(&self) -> &[u8] {
        match &self.form {
            Form::Exact => &self.text,
            Form::Prefix => self.text.get(..self.text.len().saturating_sub(2)).unwrap_or_default(),
            Form::Program(program) => program.prefix(),
            Form::Suffix | Form::Bad => b"",
        }
    }

    /// Bytes that every path that matches holds somewhere, if they are not at its start or end; often none.
    pub(super) fn inner(&self) -> &[u8] {
        match &self.form {
            Form::Program(program) => program.inner(),
            _ => b"",
        }
    }

    /// Bytes with which every path that matches ends; often none.
    pub(super) fn suffix(&self) -> &[u8] {
        match &self.form {
            Form::Exact => &self.text,
            Form::Suffix => {
                let suffix = self.text.get(2..).unwrap_or_default();
                suffix.strip_prefix(b"/").unwrap_or(suffix)
            }
            Form::Program(program) => program.suffix(),
            Form::Prefix | Form::Bad => b"",
        }
    }
}

/// The pattern without `/**`, and then without `/*`, at its end.
pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"/**").unwrap_or(text);
    text.strip_suffix(b"/*").unwrap_or(text)
}
