//! The variables that each instruction sees, as far as they are known before a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::graph::{self, Graph};
use super::words::{Pair, assignments, declarations};
use super::{BaseImage, Dockerfile, Instruction, Keyword, expand};

/// ARGs that BuildKit sets by itself, visible in every `FROM`. Nobody else knows their values.
pub(super) const PLATFORM_ARGS: [&str; 11] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// ARGs that every `RUN` sees without a declaration; other instructions do not.
const PROXY_ARGS: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Bytes that all values of one file may take together; further ones count as unknown.
const MAX_TOTAL: usize = 1 << 20;
/// Bytes by which all the words of one file may grow in expansion: a thousand lines could each ask for a megabyte.
const MAX_GROWTH: usize = 16 << 20;

/// Where a variable comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// `ENV`, of this stage or of one that it continues.
    Env,
    /// `ARG` with a value: its default, the one given, or that of the global ARG of the name.
    Arg,
    /// `ARG` that nobody gave a value: the shell sees it unset.
    Bare,
    /// The builder: the platforms, in `FROM`, unless a global ARG gives them another value.
    Predefined,
}

/// A variable as an instruction sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Where it comes from.
    pub kind: VariableKind,
    /// `None` where only the build knows it, and for [`VariableKind::Bare`].
    pub value: Option<&'a str>,
}

/// A word after expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The text, with nothing in place of what is not known.
    pub text: String,
    /// Names used whose value only the build will know.
    pub unknown: BTreeSet<String>,
    /// Names used that have no value here; the base image may still set them by its own ENV.
    pub unset: BTreeSet<String>,
}

/// What a name stands for from a moment on.
#[derive(Debug, Clone)]
enum Slot {
    Absent,
    Bare,
    Unknown,
    Known(Arc<str>),
}

impl Slot {
    fn of(value: Option<&str>) -> Slot {
        value.map_or(Slot::Unknown, |value| Slot::Known(value.into()))
    }
}

/// The changes of each name, by the moment from which on they hold.
type History = BTreeMap<String, Vec<(u32, Slot)>>;

/// The variables of a whole file, at each of its instructions. A question costs the logarithm of the file's length.
///
/// Stages are walked along the tree that `FROM stage` spans, and every change is noted with its moment, those of a stage
/// being taken back behind its last heir. So a moment stands for a scope, and no scope is ever copied.
#[derive(Debug)]
pub struct Scopes {
    escape: char,
    global: History,
    args: History,
    env: History,
    /// The moment of each instruction, and whether it sees the global ARGs.
    moments: Vec<(u32, bool)>,
    now: u32,
    bytes: usize,
    growth: AtomicUsize,
}

/// Follows ARG and ENV through `file`, given the build arguments.
pub fn scopes(file: &Dockerfile, build_args: &BTreeMap<String, String>) -> Scopes {
    let mut scopes = Scopes::globals(file, build_args);
    let bases = graph::bases(file, &scopes.global());
    scopes.follow(file, build_args, &bases);
    scopes
}

/// Both the [`graph`](graph::graph()) and the [`scopes`] of `file`, for less than their sum.
pub fn graph_and_scopes(file: &Dockerfile, build_args: &BTreeMap<String, String>) -> (Graph, Scopes) {
    let mut scopes = Scopes::globals(file, build_args);
    let graph = Graph::new(file, &scopes);
    scopes.follow(file, build_args, &graph.bases);
    (graph, scopes)
}

impl Scopes {
    /// What the instruction at `index` of the file sees: what stands before it, not what it sets itself. A `FROM`, and
    /// what stands before the first, sees the global ARGs.
    pub fn at(&self, index: usize) -> Scope<'_> {
        let (moment, global) = self.moments.get(index).copied().unwrap_or((u32::MAX, true));
        Scope { scopes: self, moment, global }
    }

    /// What every `FROM` sees: the ARGs before the first, and the platforms.
    pub fn global(&self) -> Scope<'_> {
        Scope { scopes: self, moment: u32::MAX, global: true }
    }

    /// Calls `look` with each instruction's index, in the order of the file, and with what it sees.
    pub fn walk<'a>(&'a self, mut look: impl FnMut(usize, Scope<'a>)) {
        for index in 0..self.moments.len() {
            look(index, self.at(index));
        }
    }

    /// Only the global ARGs.
    pub(super) fn globals(file: &Dockerfile, build_args: &BTreeMap<String, String>) -> Scopes {
        let mut scopes = Scopes {
            escape: file.directives.escape,
            global: History::new(),
            args: History::new(),
            env: History::new(),
            moments: Vec::with_capacity(file.instructions.len()),
            now: 0,
            bytes: 0,
            growth: AtomicUsize::new(0),
        };
        for name in PLATFORM_ARGS {
            let slot = Slot::of(build_args.get(name).map(String::as_str));
            scopes.global.insert(name.to_owned(), vec![(0, slot)]);
        }
        let end = file.stages.first().map_or(file.instructions.len(), |s| s.instructions.start);
        for instruction in file.instructions.iter().take(end) {
            scopes.moments.push((scopes.now, true));
            scopes.now += 1;
            if instruction.keyword == Keyword::Arg {
                scopes.declare_global(instruction, build_args);
            }
        }
        scopes
    }

    fn declare_global(&mut self, instruction: &Instruction, build_args: &BTreeMap<String, String>) {
        for Pair { name, value, .. } in declarations(&instruction.arguments, self.escape) {
            let slot = match (build_args.get(&name), value) {
                (Some(given), _) => self.afford(Some(given.clone())),
                (None, Some(default)) => {
                    let value = self.value(&default, true);
                    self.afford(value)
                }
                (None, None) if self.global.contains_key(&name) => continue,
                (None, None) => Slot::Bare,
            };
            self.global.entry(name).or_default().push((self.now, slot));
        }
    }

    /// Notes what the stages set, each of which starts from one of `bases`.
    pub(super) fn follow(
        &mut self,
        file: &Dockerfile,
        build_args: &BTreeMap<String, String>,
        bases: &[BaseImage],
    ) {
        self.moments.resize(file.instructions.len(), (u32::MAX, true));
        let mut heirs: Vec<Vec<usize>> = vec![Vec::new(); file.stages.len()];
        let mut open = Vec::new();
        for index in (0..file.stages.len()).rev() {
            match bases.get(index) {
                Some(BaseImage::Stage(parent)) if *parent < index => {
                    if let Some(heirs) = heirs.get_mut(*parent) {
                        heirs.push(index);
                    }
                }
                _ => open.push(Step::Enter(index)),
            }
        }
        while let Some(step) = open.pop() {
            match step {
                Step::Leave(undo) => take_back(&mut self.env, undo, &mut self.now),
                Step::Enter(index) => {
                    let undo = self.stage(file, index, build_args);
                    open.push(Step::Leave(undo));
                    let heirs = heirs.get_mut(index).map(std::mem::take).unwrap_or_default();
                    open.extend(heirs.into_iter().map(Step::Enter));
                }
            }
        }
    }

    /// Walks one stage and takes its ARGs back; what its ENVs changed is for the caller to take back.
    fn stage(&mut self, file: &Dockerfile, index: usize, build_args: &BTreeMap<String, String>) -> Undo {
        let (mut args, mut env) = (Undo::new(), Undo::new());
        let range = file.stages.get(index).map_or(0..0, |stage| stage.instructions.clone());
        for at in range {
            let Some(instruction) = file.instructions.get(at) else { continue };
            let from = instruction.keyword == Keyword::From;
            if let Some(moment) = self.moments.get_mut(at) {
                *moment = (if from { u32::MAX } else { self.now }, from);
            }
            self.now = self.now.saturating_add(1);
            match instruction.keyword {
                Keyword::Arg => self.declare(instruction, build_args, &mut args),
                Keyword::Env => self.set(instruction, &mut env),
                _ => {}
            }
        }
        take_back(&mut self.args, args, &mut self.now);
        env
    }

    fn declare(&mut self, instruction: &Instruction, build_args: &BTreeMap<String, String>, undo: &mut Undo) {
        for Pair { name, value, .. } in declarations(&instruction.arguments, self.escape) {
            let slot = match (build_args.get(&name), value) {
                (Some(given), _) => self.afford(Some(given.clone())),
                (None, Some(default)) => {
                    let value = self.value(&default, false);
                    self.afford(value)
                }
                (None, None) => match last(&self.global, &name) {
                    Slot::Absent if matches!(last(&self.args, &name), Slot::Absent) => Slot::Bare,
                    // Without a value a second declaration changes nothing.
                    Slot::Absent => continue,
                    // The global one has no value: an empty one does as well in a FROM, but not here.
                    slot => slot.clone(),
                },
            };
            change(&mut self.args, name, slot, undo, self.now);
        }
    }

    fn set(&mut self, instruction: &Instruction, undo: &mut Undo) {
        let pairs = assignments(&instruction.arguments, self.escape).unwrap_or_default();
        // All pairs of one instruction see the values from before it.
        let values: Vec<_> = pairs
            .into_iter()
            .filter_map(|pair| {
                let value = self.value(&pair.value.unwrap_or_default(), false);
                Some((self.value(&pair.name, false)?, value))
            })
            .collect();
        for (name, value) in values {
            let slot = self.afford(value);
            change(&mut self.env, name, slot, undo, self.now);
        }
    }

    /// `word` with the values of this moment; `None` where it is not known.
    fn value(&self, word: &str, global: bool) -> Option<String> {
        if self.bytes > MAX_TOTAL {
            return None;
        }
        let scope = Scope { scopes: self, moment: u32::MAX, global };
        scope.expand(word).filter(|r| r.unknown.is_empty()).map(|r| r.text)
    }

    fn afford(&mut self, value: Option<String>) -> Slot {
        let Some(value) = value else { return Slot::Unknown };
        self.bytes = self.bytes.saturating_add(value.len());
        if self.bytes <= MAX_TOTAL { Slot::Known(value.into()) } else { Slot::Unknown }
    }
}

enum Step {
    Enter(usize),
    Leave(Undo),
}

/// Names that were changed, with what they stood for before.
type Undo = Vec<(String, Slot)>;

fn last<'a>(history: &'a History, name: &str) -> &'a Slot {
    history.get(name).and_then(|changes| changes.last()).map_or(&Slot::Absent, |(_, slot)| slot)
}

fn change(history: &mut History, name: String, slot: Slot, undo: &mut Undo, now: u32) {
    let before = last(history, &name).clone();
    undo.push((name.clone(), before));
    history.entry(name).or_default().push((now, slot));
}

fn take_back(history: &mut History, undo: Undo, now: &mut u32) {
    for (name, slot) in undo.into_iter().rev() {
        history.entry(name).or_default().push((*now, slot));
    }
    *now = now.saturating_add(1);
}

/// What one instruction sees.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    scopes: &'a Scopes,
    moment: u32,
    global: bool,
}

impl<'a> Scope<'a> {
    /// The variable `name`; `None` where nobody declares it. What `ENV` says wins over `ARG`.
    pub fn get(&self, name: &str) -> Option<Variable<'a>> {
        if self.global {
            // The first word on a platform is the builder's; a further one is that of an ARG with a value.
            let is_first = self.behind(&self.scopes.global, name) == 1;
            let is_predefined = is_first && PLATFORM_ARGS.contains(&name);
            let kind = if is_predefined { VariableKind::Predefined } else { VariableKind::Arg };
            return self.variable(self.slot(&self.scopes.global, name), kind);
        }
        self.variable(self.slot(&self.scopes.env, name), VariableKind::Env)
            .or_else(|| self.variable(self.slot(&self.scopes.args, name), VariableKind::Arg))
    }

    /// Every variable that is visible, by name. This costs the number of names in the whole file.
    pub fn variables(&self) -> BTreeMap<&'a str, Variable<'a>> {
        let histories = if self.global {
            [&self.scopes.global, &self.scopes.global]
        } else {
            [&self.scopes.args, &self.scopes.env]
        };
        let names = histories.into_iter().flat_map(|history| history.keys().map(String::as_str));
        names.filter_map(|name| Some((name, self.get(name)?))).collect()
    }

    /// `word` with the values put in. `None` where it cannot be expanded at all: its syntax is wrong, `${x?}` refuses, or
    /// the words of the file grow beyond all measure.
    pub fn expand(&self, word: &str) -> Option<Resolution> {
        if self.scopes.growth.load(Ordering::Relaxed) > MAX_GROWTH {
            return None;
        }
        if !word.contains(['$', '\'', '"', '\u{feff}', self.scopes.escape]) {
            let (unknown, unset) = (BTreeSet::new(), BTreeSet::new());
            return Some(Resolution { text: word.to_owned(), unknown, unset });
        }
        let lookup = |name: &str| match self.get(name) {
            None | Some(Variable { kind: VariableKind::Bare, .. }) => None,
            Some(variable) => Some(variable.value.unwrap_or_default().to_owned()),
        };
        let expanded = expand(word, self.scopes.escape, &lookup).ok()?;
        self.scopes.growth.fetch_add(expanded.text.len().saturating_sub(word.len()), Ordering::Relaxed);
        let is_unknown = |name: &String| self.get(name).is_some_and(|v| v.value.is_none());
        let unknown = expanded.matched.into_iter().filter(is_unknown).collect();
        Some(Resolution { text: expanded.text, unknown, unset: expanded.unmatched })
    }

    /// Whether the builder itself gives `name` to every `RUN`, declared or not: the proxies.
    pub fn is_proxy(name: &str) -> bool {
        PROXY_ARGS.contains(&name)
    }

    fn slot(&self, history: &'a History, name: &str) -> &'a Slot {
        let last = self.behind(history, name).checked_sub(1);
        let change = last.and_then(|index| history.get(name)?.get(index));
        change.map_or(&Slot::Absent, |(_, slot)| slot)
    }

    /// How many changes of `name` lie behind this moment.
    fn behind(&self, history: &History, name: &str) -> usize {
        history.get(name).map_or(0, |changes| changes.partition_point(|(moment, _)| *moment <= self.moment))
    }

    fn variable(&self, slot: &'a Slot, kind: VariableKind) -> Option<Variable<'a>> {
        match slot {
            Slot::Absent => None,
            Slot::Bare => Some(Variable { kind: VariableKind::Bare, value: None }),
            Slot::Unknown => Some(Variable { kind, value: None }),
            Slot::Known(value) => Some(Variable { kind, value: Some(value) }),
        }
    }
}

#[cfg(test)]
mod tests;
