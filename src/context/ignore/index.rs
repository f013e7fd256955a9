//! Finds the few patterns that can match a path among very many, by plain text that a path has to hold. A hundred
//! thousand file names in an ignore file then cost a path a handful of look-ups.

use super::pattern::Pattern;

/// Text beyond this says little more.
const LONGEST_KEY: usize = 32;
/// From this length on, text at the start or end is telling enough.
const TELLING: usize = 4;

/// Pattern numbers by plain text at their start, at their end, or anywhere; and those that have none.
#[derive(Debug, Default)]
pub(super) struct Index {
    starts: Vec<Group>,
    ends: Vec<Group>,
    inner: Vec<Group>,
    rest: Vec<u32>,
}

/// The patterns whose key has one length, sorted by key.
#[derive(Debug)]
struct Group {
    length: usize,
    patterns: Vec<u32>,
}

impl Index {
    pub(super) fn new(patterns: &[Pattern]) -> Index {
        let mut index = Index::default();
        for (number, pattern) in (0_u32..).zip(patterns) {
            let (start, end, inner) = (pattern.prefix().len(), pattern.suffix().len(), pattern.inner().len());
            if inner > start.max(end) && start.max(end) < TELLING {
                group(&mut index.inner, inner.min(LONGEST_KEY)).push(number);
            } else if start.max(end) == 0 {
                index.rest.push(number);
            } else if start >= end {
                group(&mut index.starts, start.min(LONGEST_KEY)).push(number);
            } else {
                group(&mut index.ends, end.min(LONGEST_KEY)).push(number);
            }
        }
        for group in &mut index.starts {
            group.patterns.sort_by_key(|&n| first(patterns, n, group.length, Pattern::prefix));
        }
        for group in &mut index.ends {
            group.patterns.sort_by_key(|&n| last(patterns, n, group.length));
        }
        for group in &mut index.inner {
            group.patterns.sort_by_key(|&n| first(patterns, n, group.length, Pattern::inner));
        }
        index
    }

    /// Puts the numbers of all patterns that can match the path, and some that do not, into `found`: sorted, each once.
    pub(super) fn candidates(&self, patterns: &[Pattern], path: &[u8], found: &mut Vec<u32>) {
        found.clear();
        found.extend(&self.rest);
        for group in &self.starts {
            if let Some(key) = path.get(..group.length) {
                found.extend(group.find(key, |n| first(patterns, n, group.length, Pattern::prefix)));
            }
        }
        for group in &self.ends {
            if let Some(key) = path.len().checked_sub(group.length).and_then(|start| path.get(start..)) {
                found.extend(group.find(key, |n| last(patterns, n, group.length)));
            }
        }
        for group in &self.inner {
            for key in path.windows(group.length) {
                found.extend(group.find(key, |n| first(patterns, n, group.length, Pattern::inner)));
            }
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Group {
    fn find<'a>(&'a self, key: &[u8], key_of: impl Fn(u32) -> &'a [u8]) -> &'a [u32] {
        let start = self.patterns.partition_point(|&n| key_of(n) < key);
        let found = self.patterns.get(start..).unwrap_or_default();
        let length = found.partition_point(|&n| key_of(n) == key);
        found.get(..length).unwrap_or_default()
    }
}

fn group(groups: &mut Vec<Group>, length: usize) -> &mut Vec<u32> {
    let at = match groups.binary_search_by_key(&length, |g| g.length) {
        Ok(at) => at,
        Err(at) => {
            groups.insert(at, Group { length, patterns: Vec::new() });
            at
        }
    };
    &mut groups[at].patterns
}

fn first(patterns: &[Pattern], number: u32, length: usize, text: impl Fn(&Pattern) -> &[u8]) -> &[u8] {
    get(patterns, number).map(text).and_then(|text| text.get(..length)).unwrap_or_default()
}

fn last(patterns: &[Pattern], number: u32, length: usize) -> &[u8] {
    let text = get(patterns, number).map(Pattern::suffix).unwrap_or_default();
    text.get(text.len().saturating_sub(length)..).unwrap_or_default()
}

fn get(patterns: &[Pattern], number: u32) -> Option<&Pattern> {
    patterns.get(usize::try_from(number).ok()?)
}
