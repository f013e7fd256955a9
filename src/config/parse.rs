//! From bytes to a [`Document`], or to every problem at once.

mod check;
mod explain;
mod later;
mod problem;
mod tree;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::document::Document;
use super::model::{Model, SCHEMA};
use super::origin::Place;
use crate::error::{Error, Kind, Result};
use problem::{ENOUGH, Problem, render};
use tree::Step;

pub(super) use explain::nearest;

/// The largest file that is read, in bytes: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// Reads a configuration file. `name` is how messages call it: a path, or `REVISION:PATH` where it was read from git.
///
/// Every error is [`Kind::Config`]; its message has several lines, with the source line and a caret for each problem,
/// and no control characters but newlines.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Document> {
    let name = problem::shown_name(name);
    let invalid = |message: String| Error::new(Kind::Config, message);
    if bytes.len() > MAX_BYTES {
        return Err(invalid(format!("{name} is larger than 1 MiB")).hint("is this the right file?"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        invalid(format!("{name} is not UTF-8 text: byte {} cannot be read", error.valid_up_to()))
    })?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(invalid(format!("{name} is not a text file: byte {at} is NUL")));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // toml allows 80 levels of values with keys of 80 parts each, and cloning or dropping such a tree recurses: a file
    // of 7 kB overflows the 2 MiB of an ordinary thread (measured; 16 MiB are enough for the deepest).
    let (model, places) = std::thread::scope(|scope| {
        let deep = std::thread::Builder::new().name("config".to_owned()).stack_size(64 << 20);
        let thread = deep.spawn_scoped(scope, || read(&name, text)).map_err(|error| {
            Error::new(Kind::Io, format!("cannot start a thread to read {name}")).because(error)
        })?;
        match thread.join() {
            Ok(read) => read.map_err(|problems| invalid(render(&name, text, problems))),
            Err(_) => Err(Error::new(Kind::Internal, format!("reading {name} failed unexpectedly"))),
        }
    })?;
    Ok(Document::new(Arc::from(name), model, places))
}

type Places = BTreeMap<String, Place>;

fn read(name: &str, text: &str) -> std::result::Result<(Model, Places), Vec<Problem>> {
    let (mut root, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    if !errors.is_empty() {
        return Err(syntax_problems(&errors, text, &lines));
    }
    if let Some(newer) = newer_schema(root.get_ref()) {
        return Err(vec![newer]);
    }
    if let Some(deep) = tree::too_deep(root.get_ref()) {
        return Err(vec![deep]);
    }
    let model = every_key(&mut root, text)?;
    // Only now: before, a long key with many below it would make the paths outgrow the file by far.
    let spans = tree::spans_by_path(root.get_ref());
    let problems = check::model(&model, &spans);
    if !problems.is_empty() {
        return Err(problems);
    }
    let file: Arc<str> = Arc::from(name);
    let places = spans
        .into_iter()
        .map(|(path, spans)| {
            let (line, column) = lines.position(text, spans.key.start);
            (path, Place { file: Arc::clone(&file), line, column })
        })
        .collect();
    Ok((model, places))
}

/// One per line: after a slip the parser recovers where it can, and what follows on the line is mostly its echo.
fn syntax_problems(errors: &[toml::de::Error], text: &str, lines: &Lines) -> Vec<Problem> {
    let mut errors: Vec<(usize, &toml::de::Error)> =
        errors.iter().map(|error| (error.span().map_or(0, |span| span.start), error)).collect();
    errors.sort_by_key(|(start, _)| *start);
    errors.dedup_by_key(|(start, _)| lines.line(*start));
    errors.iter().map(|(_, error)| explain::syntax(error, text)).collect()
}

/// A file of a newer format is not judged by this one's keys.
fn newer_schema(root: &DeTable<'_>) -> Option<Problem> {
    let schema = root.get("schema")?;
    let DeValue::Integer(number) = schema.get_ref() else { return None };
    let number = u64::from_str_radix(number.as_str(), number.radix()).ok();
    match number {
        Some(number) if number == u64::from(SCHEMA) => None,
        Some(number) if number > u64::from(SCHEMA) => Some(
            Problem::at(
                schema.span(),
                format!("schema {number} was made for a newer imgbuild: this one reads {SCHEMA}"),
            )
            .help("update imgbuild"),
        ),
        _ => {
            Some(Problem::at(schema.span(), format!("there is no such schema: this imgbuild reads {SCHEMA}")))
        }
    }
}

/// serde stops at the first key that does not fit. That key is taken out and the rest is read again, so that all of
/// them are told at once.
fn every_key(root: &mut Spanned<DeTable<'_>>, text: &str) -> std::result::Result<Model, Vec<Problem>> {
    let mut problems = tree::misfits(root.get_ref());
    problems.truncate(ENOUGH);
    let mut gone: Vec<Vec<Step>> = Vec::new();
    for misfit in &problems {
        gone.extend(remove_at(root.get_mut(), misfit.span.clone()));
    }
    loop {
        let error = match Model::deserialize(Deserializer::from(root.clone())) {
            Ok(model) if problems.is_empty() => return Ok(model),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let problem = explain::types(&error, text, root.get_ref());
        let removed = remove_at(root.get_mut(), error.span());
        // That a table lacks what was taken out of it is an echo.
        let is_echo = |path: &Vec<Step>| gone.iter().any(|gone| gone.starts_with(path));
        if !removed.as_ref().is_some_and(is_echo) {
            problems.push(problem);
        }
        match removed {
            Some(path) if problems.len() < ENOUGH => gone.push(path),
            _ => return Err(problems),
        }
    }
}

/// Takes out what has this span, and says where it was; `None` where there is no such thing.
fn remove_at(root: &mut DeTable<'_>, span: Option<Range<usize>>) -> Option<Vec<Step>> {
    let path = span.and_then(|span| tree::locate(root, &span))?;
    tree::remove(root, &path).then_some(path)
}

/// Line numbers by byte, without a walk from the start for each.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Lines(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// From 1.
    fn line(&self, byte: usize) -> usize {
        self.0.partition_point(|newline| *newline < byte).saturating_add(1)
    }

    /// Line and column in characters, both from 1. A line is counted as far as a person would: on one longer than that,
    /// every one of thousands of keys would be counted from its start.
    fn position(&self, text: &str, byte: usize) -> (usize, usize) {
        const FAR: usize = 1000;
        let line = self.line(byte);
        let start = line
            .checked_sub(2)
            .and_then(|above| self.0.get(above))
            .map_or(0, |newline| newline.saturating_add(1));
        let before = text.get(start..byte).unwrap_or_default();
        let column = match before.len() {
            ..FAR => before.chars().count(),
            bytes => bytes,
        };
        (line, column.saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
