//! Parsers of text that anybody may have written, fed with seeds and with what chance makes of them: no panic, and what
//! they promise holds. The targets of `fuzz/` ask the same, for as long as one likes.

#![cfg(test)]

#[path = "support/invariants/dockerfile.rs"]
mod dockerfile;
#[path = "support/invariants/evidence.rs"]
mod evidence;
#[path = "support/invariants/expand.rs"]
mod expand;
#[path = "support/invariants/shell.rs"]
mod shell;
#[path = "support/invariants/waiver.rs"]
mod waiver;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Panics where something does not hold for a text.
type Holds = fn(&[u8]);

/// The folder of the seeds, and what must hold for every text.
const TARGETS: [(&str, Holds); 5] = [
    ("dockerfile", dockerfile::holds),
    ("evidence", evidence::holds),
    ("expand", expand::holds),
    ("shell", shell::holds),
    ("waiver", waiver::holds),
];

/// How many texts chance makes of the seeds of a target.
const MUTATIONS: usize = 2_000;
/// The longest that such a text may grow, in bytes.
const MAX_LEN: usize = 8_192;
/// Always the same texts, so that a failure can be seen again.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `end`, or zero.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 1).unwrap_or_default() % end.max(1)
    }

    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let (a, b) = (self.below(len + 1), self.below(len + 1));
        a.min(b)..a.max(b)
    }
}

/// The files of `name`, sorted.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_seeds").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("seed")).collect()
}

/// One of `seeds` after up to eight changes.
fn mutation(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut text = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(text.len());
        match random.below(7) {
            // A byte of another kind, valid UTF-8 or not.
            0 if at < text.len() => text[at] = random.next().to_le_bytes()[0],
            // A character that means something to most parsers.
            1 | 2 => {
                let special = b"\"'`$(){}[]<>|&;#\\\n\r\t =-!*?:/,@%\0";
                text.insert(at, special[random.below(special.len())]);
            }
            // Something taken away.
            3 => {
                let range = random.range(text.len());
                text.drain(range);
            }
            // Something repeated.
            4 => {
                let range = random.range(text.len());
                let part = text[range].repeat(1 + random.below(4));
                text.splice(at..at, part);
            }
            // Cut off.
            5 => text.truncate(at),
            // A part of another seed.
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let part = other[random.range(other.len())].to_vec();
                text.splice(at..at, part);
            }
        }
        text.truncate(MAX_LEN);
    }
    text
}

/// Checks `text`, and shows it if something does not hold.
fn feed(name: &str, holds: Holds, text: &[u8]) {
    let result = catch_unwind(AssertUnwindSafe(|| holds(text)));
    assert!(result.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(text));
}

#[test]
fn seeds_and_their_mutations_are_read() {
    for (name, holds) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in &seeds {
            feed(name, holds, seed);
        }
        let mut random = Random(SEED);
        for _ in 0..MUTATIONS {
            feed(name, holds, &mutation(&seeds, &mut random));
        }
    }
}

#[test]
fn every_folder_of_seeds_has_a_target() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("tests/fuzz_seeds")).expect("seeds");
    let mut folders: Vec<String> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    folders.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(folders, names);
    for name in names {
        assert!(
            root.join("fuzz/fuzz_targets").join(format!("{name}.rs")).is_file(),
            "{name} has no fuzz target"
        );
    }
}
