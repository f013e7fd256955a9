//! From a regular expression to the machine that runs it.

use super::class::Class;
use super::program::{Ahead, Program, Step};
use super::regex::{Assertion, Atom, Node, Refused, Regex};
use super::runes::INVALID;

/// States of one pattern. A pattern of 64 KiB has that many without repetitions; `{1000}` could make millions.
const MOST_STATES: usize = 200_000;

/// Compiles; refused where it would be larger than [`MOST_STATES`].
pub(super) fn compile(regex: Regex) -> Result<Program, Refused> {
    let inner = match regex.as_slice() {
        [only] => longest_literal(only),
        _ => String::new(),
    };
    let (prefix, suffix, anchored) = match regex.as_slice() {
        [only] => (literal(only.iter(), Assertion::Begin), literal_back(only), begins(only)),
        _ => (Vec::new(), Vec::new(), false),
    };
    let ahead = match regex.as_slice() {
        [only] => anything_ahead(only),
        _ => None,
    };
    let mut builder = Builder::default();
    let last = regex.len().saturating_sub(1);
    for (i, sequence) in regex.into_iter().enumerate() {
        let split = (i != last).then(|| builder.push(Step::Split(0))).transpose()?;
        let mut after_folders = false;
        for node in sequence {
            let folders = matches!(node.atom, Atom::Folders);
            // `(.*/)?` twice is the same as once.
            if !(folders && after_folders) {
                builder.node(node)?;
            }
            after_folders = folders;
        }
        builder.push(Step::Match)?;
        if let Some(split) = split {
            builder.land(split)?;
        }
    }
    Ok(Program {
        steps: builder.steps.into(),
        classes: builder.classes.into(),
        anchored,
        ahead,
        prefix: prefix.into(),
        suffix: suffix.into(),
        inner: inner.into_bytes().into(),
    })
}

fn begins(sequence: &[Node]) -> bool {
    matches!(sequence, [Node { atom: Atom::Assert(Assertion::Begin), min: 1, .. }, ..])
}

/// What may stand before plain text at the end, where the sequence is `*text` or `**/*text`.
fn anything_ahead(sequence: &[Node]) -> Option<Ahead> {
    let (first, rest) = sequence.split_first()?;
    let (last, rest) = rest.split_last()?;
    let is = |node: &Node, place| matches!(node.atom, Atom::Assert(found) if found == place) && node.min == 1;
    let (ahead, rest) = match rest {
        [Node { atom: Atom::Folders, .. }, rest @ ..] => (Ahead::Folders, rest),
        rest => (Ahead::Name, rest),
    };
    let is_star = |node: &Node| matches!(&node.atom, Atom::Class(class) if class.is_not_slash());
    let (star, text) = rest.split_first()?;
    let fits = is(first, Assertion::Begin)
        && is(last, Assertion::End)
        && is_star(star)
        && (star.min, star.max) == (0, None)
        && text.iter().all(|node| plain(node).is_some());
    fits.then_some(ahead)
}

/// The plain text behind an assertion, up to the first thing that is more than one character.
fn literal<'a>(mut nodes: impl Iterator<Item = &'a Node>, from: Assertion) -> Vec<u8> {
    let anchor = nodes.next();
    if !anchor.is_some_and(|n| matches!(n.atom, Atom::Assert(a) if a == from) && n.min == 1) {
        return Vec::new();
    }
    nodes.map_while(plain).collect::<String>().into_bytes()
}

/// The character that a node stands for, if it is only one.
fn plain(node: &Node) -> Option<char> {
    match node {
        // U+FFFD stands for bytes of many kinds.
        Node { atom: Atom::Rune(rune), min: 1, max: Some(1) } if *rune != INVALID => char::from_u32(*rune),
        _ => None,
    }
}

/// The longest plain text that the sequence holds.
fn longest_literal(sequence: &[Node]) -> String {
    let runs = sequence.split(|node| plain(node).is_none());
    runs.max_by_key(|run| run.len()).unwrap_or_default().iter().filter_map(plain).collect()
}

fn literal_back(sequence: &[Node]) -> Vec<u8> {
    let reversed = String::from_utf8(literal(sequence.iter().rev(), Assertion::End)).unwrap_or_default();
    reversed.chars().rev().collect::<String>().into_bytes()
}

#[derive(Default)]
struct Builder {
    steps: Vec<Step>,
    classes: Vec<Class>,
}

impl Builder {
    fn push(&mut self, step: Step) -> Result<usize, Refused> {
        if self.steps.len() >= MOST_STATES {
            return Err(Refused);
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn here(&self) -> Result<u32, Refused> {
        u32::try_from(self.steps.len()).map_err(|_| Refused)
    }

    /// Makes a split lead to what comes next.
    fn land(&mut self, split: usize) -> Result<(), Refused> {
        let here = self.here()?;
        if let Some(step) = self.steps.get_mut(split) {
            *step = Step::Split(here);
        }
        Ok(())
    }

    fn node(&mut self, node: Node) -> Result<(), Refused> {
        let atom = match node.atom {
            Atom::Class(class) if class.is_not_slash() => One::NotSlash,
            Atom::Class(class) => {
                self.classes.push(class);
                One::Class(u32::try_from(self.classes.len() - 1).map_err(|_| Refused)?)
            }
            Atom::Rune(rune) => One::Rune(rune),
            Atom::Dot => One::NotNewline,
            Atom::Assert(place) => One::Assert(place),
            Atom::Folders => {
                let split = self.push(Step::Split(0))?;
                self.push(Step::Folders)?;
                return self.land(split);
            }
        };
        for _ in 0..node.min {
            self.push(atom.step())?;
        }
        let Some(max) = node.max else {
            return self.unbounded(atom);
        };
        let mut splits = Vec::new();
        for _ in node.min..max {
            splits.push(self.push(Step::Split(0))?);
            self.push(atom.step())?;
        }
        splits.into_iter().try_for_each(|split| self.land(split))
    }

    fn unbounded(&mut self, atom: One) -> Result<(), Refused> {
        match atom {
            One::NotSlash => self.push(Step::Stars).map(drop),
            One::NotNewline => self.push(Step::Rest).map(drop),
            _ => {
                let start = self.here()?;
                let split = self.push(Step::Split(0))?;
                self.push(atom.step())?;
                self.push(Step::Jump(start))?;
                self.land(split)
            }
        }
    }
}

/// An atom that can be written several times.
#[derive(Clone, Copy)]
enum One {
    Rune(u32),
    Class(u32),
    NotSlash,
    NotNewline,
    Assert(Assertion),
}

impl One {
    fn step(self) -> Step {
        match self {
            One::Rune(rune) => Step::Rune(rune),
            One::Class(class) => Step::Class(class),
            One::NotSlash => Step::NotSlash,
            One::NotNewline => Step::NotNewline,
            One::Assert(place) => Step::Assert(place),
        }
    }
}
