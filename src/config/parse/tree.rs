//! Walks over the document as it was parsed, where every key and value still knows its bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use crate::config::quote;

/// Deeper than any table of ours. toml itself allows 80 levels of values with keys of 80 parts each: 6,400 levels.
const DEEPEST: usize = 16;

/// Where a key stands: the key itself, and its value.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    /// The key's bytes; an element of a list has those of its value.
    pub key: Range<usize>,
    /// The value's bytes; of a table written under a header, the header.
    pub value: Range<usize>,
}

/// One step from the root to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// A path as messages and `Document::place` have it: `image.test[0].name`, with quotes around what is no bare key.
pub(super) fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&quote::key(key));
            }
            Step::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "[{index}]");
            }
        }
    }
    text
}

/// A problem where tables are nested too deeply. Goes without recursion, for it is what guards the walks that recurse.
pub(super) fn too_deep(root: &DeTable<'_>) -> Option<Problem> {
    let mut open: Vec<(usize, &Spanned<DeValue<'_>>)> = root.values().map(|value| (1, value)).collect();
    while let Some((depth, value)) = open.pop() {
        if depth > DEEPEST {
            return Some(Problem::at(value.span(), "tables are nested too deeply"));
        }
        let below = depth.saturating_add(1);
        match value.get_ref() {
            DeValue::Table(table) => open.extend(table.values().map(|value| (below, value))),
            DeValue::Array(list) => open.extend(list.iter().map(|value| (below, value))),
            _ => {}
        }
    }
    None
}

/// What serde would let through: a NUL, which no path, argument or label can hold, and dates outside of `until`, which
/// look like tables to it.
pub(super) fn misfits(root: &DeTable<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    misfits_of_table(root, &mut problems);
    problems
}

fn misfits_of_table(table: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        if key.get_ref().contains('\0') {
            problems.push(Problem::at(key.span(), "a key must not hold a NUL character"));
        } else {
            misfits_of_value(value, key.get_ref() == "until", problems);
        }
    }
}

fn misfits_of_value(value: &Spanned<DeValue<'_>>, dates: bool, problems: &mut Vec<Problem>) {
    match value.get_ref() {
        DeValue::Table(table) => misfits_of_table(table, problems),
        DeValue::Array(list) => list.iter().for_each(|value| misfits_of_value(value, false, problems)),
        DeValue::String(text) if text.contains('\0') => {
            problems.push(Problem::at(value.span(), "a value must not hold a NUL character"));
        }
        DeValue::Datetime(_) if !dates => {
            let problem = Problem::at(value.span(), "found a date where none is expected");
            problems.push(problem.help("write it in quotes"));
        }
        _ => {}
    }
}

/// The path of the entry whose key or value has exactly this span, the outermost of several.
pub(super) fn locate(root: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    let mut path = Vec::new();
    locate_in_table(root, span, &mut path).then_some(path)
}

fn locate_in_table(table: &DeTable<'_>, span: &Range<usize>, path: &mut Vec<Step>) -> bool {
    let own = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    if let Some((key, _)) = own {
        path.push(Step::Key(key.get_ref().to_string()));
        return true;
    }
    table.iter().any(|(key, value)| {
        path.push(Step::Key(key.get_ref().to_string()));
        let found = locate_below(value, span, path);
        if !found {
            path.pop();
        }
        found
    })
}

fn locate_below(value: &Spanned<DeValue<'_>>, span: &Range<usize>, path: &mut Vec<Step>) -> bool {
    match value.get_ref() {
        DeValue::Table(table) => locate_in_table(table, span, path),
        DeValue::Array(list) => list.iter().enumerate().any(|(index, element)| {
            path.push(Step::Index(index));
            let found = element.span() == *span || locate_below(element, span, path);
            if !found {
                path.pop();
            }
            found
        }),
        _ => false,
    }
}

/// The value at `path`.
pub(super) fn value_at<'t, 'i>(root: &'t DeTable<'i>, path: &[Step]) -> Option<&'t DeValue<'i>> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    let mut value = root.get(first.as_str())?.get_ref();
    for step in rest {
        value = match step {
            Step::Key(key) => value.as_table()?.get(key.as_str())?.get_ref(),
            Step::Index(index) => value.as_array()?.get(*index)?.get_ref(),
        };
    }
    Some(value)
}

/// Takes the key at the end of `path` out, so that the rest can be read. Where `path` ends in a list, the whole list goes.
/// `false` where there is nothing to take.
pub(super) fn remove(root: &mut DeTable<'_>, path: &[Step]) -> bool {
    let keys = path.iter().rposition(|step| matches!(step, Step::Key(_)));
    let upto_key = keys.and_then(|last| path.get(..=last)).and_then(|path| path.split_last());
    let Some((Step::Key(last), above)) = upto_key else { return false };
    let mut table = root;
    let mut steps = above.iter();
    while let Some(Step::Key(key)) = steps.next() {
        let Some(value) = table.get_mut(key.as_str()) else { return false };
        let mut value = value.get_mut();
        while let DeValue::Array(list) = value {
            let Some(Step::Index(index)) = steps.next() else { return false };
            let Some(element) = list.get_mut(*index) else { return false };
            value = element.get_mut();
        }
        let DeValue::Table(inner) = value else { return false };
        table = inner;
    }
    table.remove(last.as_str()).is_some()
}

/// Every key and list element by its path.
pub(super) fn spans_by_path(root: &DeTable<'_>) -> BTreeMap<String, Spans> {
    let mut all = BTreeMap::new();
    let mut path = Vec::new();
    spans_of_table(root, &mut path, &mut all);
    all
}

fn spans_of_table(table: &DeTable<'_>, path: &mut Vec<Step>, all: &mut BTreeMap<String, Spans>) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        spans_of_value(key.span(), value, path, all);
        path.pop();
    }
}

fn spans_of_value(
    key: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    path: &mut Vec<Step>,
    all: &mut BTreeMap<String, Spans>,
) {
    all.insert(path_text(path), Spans { key, value: value.span() });
    match value.get_ref() {
        DeValue::Table(table) => spans_of_table(table, path, all),
        DeValue::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                path.push(Step::Index(index));
                spans_of_value(element.span(), element, path, all);
                path.pop();
            }
        }
        _ => {}
    }
}
