//! Which patterns name what a build asks for by its path: the path, the links on its way, and what these lead to.
//!
//! The counterpart of fsutil's `FollowLinks`, with more patience: links in folders that a wildcard found are followed too,
//! and so is a link that several paths go through. What it gives is never less.

use std::collections::{BTreeSet, HashSet};

use crate::context::entries::{Content, Entries, Entry, ROOT, Text};
use crate::context::ignore::{clean, matches_name};

/// Links that one path may lead through, as in BuildKit's own resolver.
const MOST_LINKS: u32 = 255;
/// Bytes of a path. What would be longer leads nowhere.
const LONGEST: usize = 64 * 1024;
/// What a search may cost: about one for each name that is looked at.
const BUDGET: usize = 4 << 20;
/// Bytes that it may keep.
const MOST_MEMORY: usize = 32 << 20;

/// The patterns that name what is at these paths, sorted, none below another one. `None` where everything is asked for, or
/// where the links are so many that sending everything is quicker than finding out.
///
/// Paths start at the root, with or without a slash; each may hold wildcards, as Go's `filepath.Match` has them.
pub(super) fn follow(entries: &Entries, ends: &[u32], paths: &[String]) -> Option<Vec<Vec<u8>>> {
    let others = (0..).zip(entries.iter()).filter(|(_, entry)| may_lead(entry)).map(|(number, _)| number);
    let mut search = Search {
        entries,
        ends,
        others: others.collect(),
        found: BTreeSet::new(),
        seen: HashSet::new(),
        ways: Vec::new(),
        budget: BUDGET,
        memory: MOST_MEMORY,
    };
    for path in paths {
        let rest = clean(&[b"/", path.as_bytes()].concat()).get(1..).unwrap_or_default().to_vec();
        search.push(Way { folder: ROOT, rest, links: 0, named: false })?;
        search.run()?;
    }
    Some(without_nested(search.found))
}

/// A path with the characters escaped that mean something in a pattern.
fn literal(path: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(path.len());
    for &byte in path {
        if br"*?[]\^".contains(&byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

/// The name that a component without wildcards stands for; `None` where it has some.
fn plain(component: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::with_capacity(component.len());
    let mut bytes = component.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' => return None,
            b'\\' => name.extend(bytes.next()),
            _ => name.push(byte),
        }
    }
    Some(name)
}

/// Takes out what lies below another path.
fn without_nested(found: BTreeSet<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = found.into_iter().collect();
    found.sort_by(|a, b| a.split(|&b| b == b'/').cmp(b.split(|&b| b == b'/')));
    found.dedup_by(|later, kept| {
        later.strip_prefix(kept.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
    });
    found
}

fn may_lead(entry: &Entry) -> bool {
    matches!(entry.content, Content::Folder | Content::Symlink(_))
}

/// What is still to be looked up, and from where.
struct Way {
    folder: u32,
    /// A pattern, relative to the folder; it may start with `..`.
    rest: Vec<u8>,
    links: u32,
    /// A pattern that was found covers it.
    named: bool,
}

struct Search<'a> {
    entries: &'a Entries,
    ends: &'a [u32],
    /// All folders and links.
    others: Vec<u32>,
    found: BTreeSet<Vec<u8>>,
    seen: HashSet<(u32, Vec<u8>)>,
    ways: Vec<Way>,
    budget: usize,
    memory: usize,
}

impl Search<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(way) = self.ways.pop() {
            self.step(way)?;
        }
        Some(())
    }

    fn step(&mut self, way: Way) -> Option<()> {
        let climbs = way.rest.split(|&b| b == b'/').any(|part| part == b"..");
        if !climbs && !way.named {
            let mut pattern =
                if way.folder == ROOT { Vec::new() } else { literal(&self.entries.path(way.folder)) };
            if !pattern.is_empty() && !way.rest.is_empty() {
                pattern.push(b'/');
            }
            pattern.extend_from_slice(&way.rest);
            if pattern.is_empty() {
                return None;
            }
            self.name(pattern)?;
        }
        let slash = way.rest.iter().position(|&b| b == b'/').unwrap_or(way.rest.len());
        let (first, after) = way.rest.split_at(slash);
        let after = after.strip_prefix(b"/").unwrap_or_default();
        if first.is_empty() || !self.seen.insert((way.folder, way.rest.clone())) {
            return Some(());
        }
        let named = way.named || !climbs;
        if first == b".." {
            let up = self.entries.get(way.folder).map_or(ROOT, Entry::parent);
            return self.push(Way { folder: up, rest: after.to_vec(), links: way.links, named: false });
        }
        for number in self.inside(way.folder, first)? {
            match self.entries.get(number).map(|entry| entry.content) {
                Some(Content::Symlink(to)) => {
                    if !named || !after.is_empty() {
                        self.name(literal(&self.entries.path(number)))?;
                    }
                    if way.links < MOST_LINKS {
                        self.lead(way.folder, to, after, way.links + 1)?;
                    }
                }
                Some(Content::Folder) if !after.is_empty() => {
                    self.push(Way { folder: number, rest: after.to_vec(), links: way.links, named })?;
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Goes where a link in `folder` leads, with what is to be looked up there.
    fn lead(&mut self, folder: u32, to: Text, after: &[u8], links: u32) -> Option<()> {
        let to = self.entries.text(to);
        let start =
            if to.starts_with(b"/") || folder == ROOT { Vec::new() } else { self.entries.path(folder) };
        let straight = clean(&[b"/", start.as_slice(), b"/", to].concat());
        // `a/..` is this folder for BuildKit's client, and for the server where `a` is not there; where it is a link, the
        // server goes on from what is above its target.
        let climbs = to.split(|&b| b == b'/').any(|part| part == b"..");
        let from = if to.starts_with(b"/") { ROOT } else { folder };
        for (folder, to) in [(ROOT, straight.as_slice())].into_iter().chain(climbs.then_some((from, to))) {
            let parts = to.split(|&b| b == b'/').filter(|part| !matches!(*part, b"" | b"."));
            let mut rest: Vec<Vec<u8>> = parts.map(literal).collect();
            if !after.is_empty() {
                rest.push(after.to_vec());
            }
            let rest = rest.join(&b'/');
            if rest.len() <= LONGEST {
                self.push(Way { folder, rest, links, named: false })?;
            }
        }
        Some(())
    }

    fn push(&mut self, way: Way) -> Option<()> {
        // It is kept once more when it was gone.
        self.memory = self.memory.checked_sub(2 * way.rest.len() + 64)?;
        self.ways.push(way);
        Some(())
    }

    fn name(&mut self, pattern: Vec<u8>) -> Option<()> {
        self.memory = self.memory.checked_sub(pattern.len())?;
        self.found.insert(pattern);
        Some(())
    }

    /// The folders and links right in a folder that a component names.
    fn inside(&mut self, folder: u32, component: &[u8]) -> Option<Vec<u32>> {
        self.budget = self.budget.checked_sub(1)?;
        if let Some(name) = plain(component) {
            let mut path = if folder == ROOT { Vec::new() } else { self.entries.path(folder) };
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend(name);
            return Some(self.entries.find(&path).into_iter().collect());
        }
        let (start, end) = match usize::try_from(folder).ok().and_then(|at| self.ends.get(at)) {
            Some(&end) if folder != ROOT => (folder + 1, end),
            _ => (0, u32::MAX),
        };
        let from = self.others.partition_point(|&number| number < start);
        let to = self.others.partition_point(|&number| number < end);
        let mut inside = Vec::new();
        for &number in self.others.get(from..to).unwrap_or_default() {
            self.budget = self.budget.checked_sub(1)?;
            let Some(entry) = self.entries.get(number).filter(|entry| entry.parent() == folder) else {
                continue;
            };
            let name = self.entries.name(entry);
            self.budget = self.budget.checked_sub(component.len() * name.len() / 64)?;
            if matches_name(component, name) {
                inside.push(number);
            }
        }
        Some(inside)
    }
}
