//! A whole ignore file.

use std::cell::RefCell;

use super::ambiguous::Ambiguity;
use super::below::Below;
use super::index::Index;
use super::lines::{self, BadLine, Line};
use super::pattern::{BadPattern, Pattern};
use super::program::Scratch;
use super::syntax::is_well_formed;
use super::{ambiguous, clean};
use crate::error::{Error, Kind, Result};

/// The patterns of a `.dockerignore`, with the meaning that moby's `patternmatcher` gives them.
///
/// Paths are bytes, relative to the root of the context, with `/` between their parts and none at the end.
#[derive(Debug, Default)]
pub struct Ignore {
    /// How errors call the file.
    file: String,
    patterns: Vec<Pattern>,
    index: Index,
    /// Some pattern is refused when it is first used: patterns have to be tried in their order then.
    has_bad: bool,
    below: Below,
    work: RefCell<Work>,
}

/// What a folder's patterns mean for what is in it. Belongs to the [`Ignore`] that made it.
#[derive(Debug, Default, Clone)]
pub(crate) struct DirMatch {
    /// Sorted numbers of the patterns that matched the folder or a folder above it.
    matched: Vec<u32>,
}

/// Memory that is used again and again.
#[derive(Debug, Default)]
struct Work {
    scratch: Scratch,
    candidates: Vec<u32>,
    recorded: Vec<u32>,
}

/// States of all patterns together; each takes 8 bytes.
const MOST_STATES: usize = 8 << 20;

impl Ignore {
    /// Reads an ignore file. A pattern that docker refuses is an error of [`Kind::Config`] that names it and its line.
    pub fn parse(bytes: &[u8]) -> Result<Ignore> {
        Ignore::parse_as(bytes, ".dockerignore", &[])
    }

    /// Reads an ignore file that errors shall call `file`, as if the `implied` patterns stood before its first line.
    pub(crate) fn parse_as(bytes: &[u8], file: &str, implied: &[&str]) -> Result<Ignore> {
        let lines = lines::read(bytes)
            .map_err(|BadLine { number, text, problem }| refusal(file, number, &text, problem))?;
        let implied =
            implied.iter().map(|text| Line { number: 0, negated: false, text: text.as_bytes().to_vec() });
        Ignore::of_lines(implied.chain(lines), file)
    }

    /// The patterns of a list, such as the engine sends them, as `patternmatcher.New` reads them; `of` is what errors call
    /// the list. Behind them stand `further` patterns, which are clean paths without a `!`.
    pub(crate) fn of_list(list: &[String], further: Vec<Vec<u8>>, of: &str) -> Result<Ignore> {
        let mut lines = Vec::with_capacity(list.len() + further.len());
        for text in list {
            let bad = |problem| refusal(of, 0, text.as_bytes(), problem);
            lines.extend(lines::pattern(0, text.as_bytes()).map_err(bad)?);
        }
        for text in further {
            if !is_well_formed(&text) {
                return Err(refusal(of, 0, &text, lines::SYNTAX));
            }
            lines.push(Line { number: 0, negated: false, text });
        }
        Ignore::of_lines(lines.into_iter(), of)
    }

    fn of_lines(lines: impl Iterator<Item = Line>, file: &str) -> Result<Ignore> {
        let (mut patterns, mut states) = (Vec::new(), 0);
        for line in lines {
            let pattern = Pattern::new(line);
            states += pattern.states();
            if states > MOST_STATES {
                return Err(Error::new(
                    Kind::Config,
                    format!("{file} holds more wildcards than fit in memory"),
                ));
            }
            patterns.push(pattern);
        }
        Ok(Ignore {
            file: file.to_owned(),
            index: Index::new(&patterns),
            has_bad: patterns.iter().any(Pattern::is_bad),
            below: Below::new(&patterns, |pattern| pattern.negated),
            patterns,
            work: RefCell::default(),
        })
    }

    /// Whether the path, or a folder above it, is left out: moby's `MatchesOrParentMatches`.
    ///
    /// An error where a pattern is met that docker refuses only when it is used, such as `[z-a]`.
    pub fn matches(&self, path: &[u8]) -> Result<bool> {
        let parent = clean::dir(path);
        let parent: &[u8] = if parent == b"." { b"" } else { &parent };
        let above =
            parent.iter().enumerate().filter(|&(_, &b)| b == b'/').filter_map(|(at, _)| parent.get(..at));
        let above = above.chain((!parent.is_empty()).then_some(parent));
        let mut work = self.work.take();
        if self.has_bad {
            let mut matched = false;
            for pattern in &self.patterns {
                if pattern.negated == matched
                    && (self.try_pattern(pattern, path, &mut work)?
                        || above.clone().any(|p| pattern.matches(p, &mut work.scratch) == Ok(true)))
                {
                    matched = !pattern.negated;
                }
            }
            return Ok(matched);
        }
        // The last pattern that matches decides.
        let last = std::iter::once(path)
            .chain(above)
            .filter_map(|p| self.all_matches(p, &mut work).last().copied())
            .max();
        self.work.replace(work);
        Ok(last.and_then(|n| self.pattern(n)).is_some_and(|p| !p.negated))
    }

    /// Whether a walk leaves the path out, given what is known of its folder: moby's `MatchesUsingParentResults`,
    /// by which BuildKit's client walks. It differs from [`matches`](Ignore::matches) in this: a pattern that had
    /// nothing to say about a folder, since the folder's fate was what the pattern asks for, does not count as having
    /// matched it when the folder's content is looked at.
    pub(crate) fn excludes(&self, path: &[u8], folder: &DirMatch) -> Result<bool> {
        let mut work = self.work.take();
        let excluded = self.walk_step(path, folder, &mut work);
        self.work.replace(work);
        excluded
    }

    /// As [`excludes`](Ignore::excludes), for a folder, with what to remember of it.
    pub(crate) fn descend(&self, path: &[u8], folder: &DirMatch) -> Result<(bool, DirMatch)> {
        let mut work = self.work.take();
        let excluded = self.walk_step(path, folder, &mut work);
        let matched = work.recorded.clone();
        self.work.replace(work);
        Ok((excluded?, DirMatch { matched }))
    }

    /// Whether something below this excluded folder may be taken back in, so that it has to be looked at.
    pub(crate) fn may_return_below(&self, dir: &[u8]) -> bool {
        self.below.may_return(dir)
    }

    /// The patterns without a `!`, as far as folders go: where to look for what they name.
    pub(in crate::context) fn wanted_below(&self) -> Below {
        Below::new(&self.patterns, |pattern| !pattern.negated)
    }

    /// All patterns, as far as folders go.
    pub(in crate::context) fn all_below(&self) -> Below {
        Below::new(&self.patterns, |_| true)
    }

    /// Whether these are the patterns of an ignore file with such bytes.
    pub(crate) fn is_file(&self, bytes: &[u8]) -> bool {
        let lines = lines::read(bytes).unwrap_or_default();
        lines.len() == self.patterns.len()
            && lines
                .iter()
                .zip(&self.patterns)
                .all(|(l, p)| (l.negated, l.text.as_slice()) == (p.negated, p.text()))
    }

    /// Whether a `!` pattern takes paths back.
    pub(crate) fn takes_back(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.negated)
    }

    /// Whether docker's classic client looks into this excluded folder.
    pub(crate) fn classic_looks_below(&self, dir: &[u8]) -> bool {
        self.below.classic_looks(dir)
    }

    /// The `!` patterns that engines read differently, each with the pattern that makes it so: a wildcard asks for
    /// something inside of excluded folders. Today's BuildKit client looks into such folders, docker's classic
    /// client and older BuildKits do not. Judged by the patterns alone; a walk knows whether it matters.
    pub fn ambiguous_patterns(&self) -> Vec<Ambiguity> {
        ambiguous::find(&self.patterns)
    }

    fn pattern(&self, number: u32) -> Option<&Pattern> {
        self.patterns.get(usize::try_from(number).ok()?)
    }

    fn try_pattern(&self, pattern: &Pattern, path: &[u8], work: &mut Work) -> Result<bool> {
        pattern
            .matches(path, &mut work.scratch)
            .map_err(|BadPattern| refusal(&self.file, pattern.line, pattern.text(), lines::SYNTAX))
    }

    /// The sorted numbers of all patterns that match the path itself.
    fn all_matches<'w>(&self, path: &[u8], work: &'w mut Work) -> &'w [u32] {
        let Work { scratch, candidates, .. } = work;
        self.index.candidates(&self.patterns, path, candidates);
        candidates
            .retain(|&number| self.pattern(number).is_some_and(|p| p.matches(path, scratch) == Ok(true)));
        candidates
    }

    /// Leaves in `work.recorded` the patterns that count as having matched.
    fn walk_step(&self, path: &[u8], folder: &DirMatch, work: &mut Work) -> Result<bool> {
        work.recorded.clear();
        let mut excluded = false;
        if self.has_bad {
            for (number, pattern) in (0_u32..).zip(&self.patterns) {
                let inherited = folder.matched.binary_search(&number).is_ok();
                if inherited || (pattern.negated == excluded && self.try_pattern(pattern, path, work)?) {
                    work.recorded.push(number);
                    excluded = !pattern.negated;
                }
            }
            return Ok(excluded);
        }
        self.all_matches(path, work);
        let (mut own, mut inherited) = (work.candidates.iter().peekable(), folder.matched.iter().peekable());
        loop {
            let number = match (own.peek(), inherited.peek()) {
                (None, None) => return Ok(excluded),
                (Some(&&a), None) => a,
                (None, Some(&&b)) => b,
                (Some(&&a), Some(&&b)) => a.min(b),
            };
            let is_inherited = inherited.next_if_eq(&&number).is_some();
            own.next_if_eq(&&number);
            let Some(pattern) = self.pattern(number) else { continue };
            if is_inherited || pattern.negated == excluded {
                work.recorded.push(number);
                excluded = !pattern.negated;
            }
        }
    }
}

fn refusal(file: &str, line: u32, text: &[u8], problem: &str) -> Error {
    let shown: String = String::from_utf8_lossy(text).chars().take(100).collect();
    // What is no file has no lines.
    let place = if line == 0 { file.to_owned() } else { format!("{file} line {line}") };
    Error::new(Kind::Config, format!("{place}: {problem}: `{shown}`"))
        .hint(r"docker refuses it too; a wildcard character that is meant literally is written `\[`, `\*`, `\?`, `\\`")
}
