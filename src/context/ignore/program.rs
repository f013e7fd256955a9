//! A regular expression as a small machine whose states all advance together, one character at a time: linear time
//! in the path whatever the pattern, so that `a*a*a*…b` is no weapon.

use super::class::Class;
use super::regex::Assertion;
use super::runes::decode;

/// A state, and what it does with a character (or without one).
#[derive(Debug)]
pub(super) enum Step {
    /// This character, then the next state.
    Rune(u32),
    /// A character of the class.
    Class(u32),
    /// Any character but a slash.
    NotSlash,
    /// Any character but a newline.
    NotNewline,
    /// Any number of characters but slashes (`*`).
    Stars,
    /// Any number of characters but newlines (the end of `a*b**`).
    Rest,
    /// The inside of `(.*/)?`: it can be left behind a slash only.
    Folders,
    /// Without a character: here, and at another state.
    Split(u32),
    /// Without a character: at another state.
    Jump(u32),
    /// Without a character, if the place is right.
    Assert(Assertion),
    Match,
}

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Box<[Step]>,
    pub(super) classes: Box<[Class]>,
    /// Every match starts at the start.
    pub(super) anchored: bool,
    /// Where a match is nothing but this and its suffix.
    pub(super) ahead: Option<Ahead>,
    /// What every match starts with.
    pub(super) prefix: Box<[u8]>,
    /// What every match ends with.
    pub(super) suffix: Box<[u8]>,
    /// The longest text that every match holds.
    pub(super) inner: Box<[u8]>,
}

/// What may stand before the plain text of a pattern such as `*.md` and `**/*.md`: by far the most frequent ones with
/// wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ahead {
    /// `*`
    Name,
    /// `**/*`
    Folders,
}

/// Sets of states, kept from match to match so that matching allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    now: Vec<u32>,
    next: Vec<u32>,
    pending: Vec<u32>,
    /// For each state, the round in which it was last added.
    seen: Vec<u64>,
    round: u64,
}

impl Program {
    /// Bytes with which every path that matches starts; often none.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Bytes with which every path that matches ends; often none.
    pub(super) fn suffix(&self) -> &[u8] {
        &self.suffix
    }

    /// Bytes that every path that matches holds; often none.
    pub(super) fn inner(&self) -> &[u8] {
        &self.inner
    }

    /// How many states there are, as a measure of its memory.
    pub(super) fn states(&self) -> usize {
        self.steps.len()
    }

    /// Whether the path, or where the expression is not anchored a part of it, matches.
    pub(super) fn is_match(&self, path: &[u8], scratch: &mut Scratch) -> bool {
        if !path.starts_with(&self.prefix) || !path.ends_with(&self.suffix) {
            return false;
        }
        // A newline is no character for `**`, and the machine's affair.
        let before = path.get(..path.len() - self.suffix.len()).unwrap_or_default();
        match self.ahead {
            Some(Ahead::Name) => return !before.contains(&b'/'),
            Some(Ahead::Folders) if !before.contains(&b'\n') => return true,
            _ => {}
        }
        scratch.begin(self.steps.len());
        let mut rest = path;
        let mut ahead = decode(rest);
        if self.enter(0, None, ahead.map(|(rune, _)| rune), scratch) {
            return true;
        }
        while let Some((rune, width)) = ahead {
            rest = rest.get(width..).unwrap_or_default();
            ahead = decode(rest);
            let following = ahead.map(|(rune, _)| rune);
            scratch.turn();
            if scratch.now.is_empty() && self.anchored {
                return false;
            }
            for i in 0..scratch.now.len() {
                let Some(&state) = scratch.now.get(i) else { break };
                if self.take(state, rune, following, scratch) {
                    return true;
                }
            }
            if !self.anchored && self.enter(0, Some(rune), following, scratch) {
                return true;
            }
        }
        false
    }

    /// Moves one state over a character. True at the end of the expression.
    fn take(&self, state: u32, rune: u32, following: Option<u32>, scratch: &mut Scratch) -> bool {
        let slash = rune == u32::from('/');
        let newline = rune == u32::from('\n');
        let target = match self.step(state) {
            Some(Step::Rune(r)) if *r == rune => state + 1,
            Some(Step::Class(c)) if self.classes.get(index(*c)).is_some_and(|c| c.contains(rune)) => {
                state + 1
            }
            Some(Step::NotSlash) if !slash => state + 1,
            Some(Step::NotNewline) if !newline => state + 1,
            Some(Step::Stars) if !slash => state,
            Some(Step::Rest) if !newline => state,
            Some(Step::Folders) if !newline => {
                scratch.stay(state);
                if !slash {
                    return false;
                }
                state + 1
            }
            _ => return false,
        };
        self.enter(target, Some(rune), following, scratch)
    }

    /// Adds a state and all that follows from it without a character. True at the end of the expression.
    fn enter(&self, state: u32, before: Option<u32>, after: Option<u32>, scratch: &mut Scratch) -> bool {
        scratch.pending.push(state);
        while let Some(state) = scratch.pending.pop() {
            if !scratch.add(state) {
                continue;
            }
            match self.step(state) {
                Some(Step::Match) => {
                    scratch.pending.clear();
                    return true;
                }
                Some(Step::Split(other)) => scratch.pending.extend([*other, state + 1]),
                Some(Step::Jump(other)) => scratch.pending.push(*other),
                Some(Step::Assert(place)) if holds(*place, before, after) => scratch.pending.push(state + 1),
                Some(Step::Assert(_)) | None => {}
                Some(Step::Stars | Step::Rest) => {
                    scratch.next.push(state);
                    scratch.pending.push(state + 1);
                }
                Some(_) => scratch.next.push(state),
            }
        }
        false
    }

    fn step(&self, state: u32) -> Option<&Step> {
        self.steps.get(index(state))
    }
}

impl Scratch {
    fn begin(&mut self, states: usize) {
        if self.seen.len() < states {
            self.seen.resize(states, 0);
        }
        self.now.clear();
        self.next.clear();
        self.pending.clear();
        self.round += 1;
    }

    /// What was reached is now where we are.
    fn turn(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
        self.next.clear();
        self.round += 1;
    }

    /// Marks a state as reached; false where it already was.
    fn add(&mut self, state: u32) -> bool {
        let round = self.round;
        self.seen.get_mut(index(state)).is_some_and(|seen| std::mem::replace(seen, round) != round)
    }

    /// Keeps a state without what follows from it.
    fn stay(&mut self, state: u32) {
        if self.add(state) {
            self.next.push(state);
        }
    }
}

fn index(state: u32) -> usize {
    usize::try_from(state).unwrap_or(usize::MAX)
}

fn holds(place: Assertion, before: Option<u32>, after: Option<u32>) -> bool {
    let word = |rune: Option<u32>| {
        rune.and_then(char::from_u32).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match place {
        Assertion::Begin => before.is_none(),
        Assertion::End => after.is_none(),
        Assertion::WordBoundary => word(before) != word(after),
        Assertion::NoWordBoundary => word(before) == word(after),
    }
}
