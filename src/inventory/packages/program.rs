//! A program (an ELF file) as it passes by: what Go's linker and `cargo auditable` noted in it.

use super::cargo::crates;
use super::found::Found;
use super::go::Scan;

/// Where a program's sections are is told at its end, so that it has to be kept until then. Larger ones are not.
const MAX_KEPT: usize = 24 << 20;

/// Reads one.
#[derive(Debug)]
pub(in crate::inventory) struct Program {
    go: Scan,
    /// `None` where it is too large.
    kept: Option<Vec<u8>>,
}

impl Program {
    /// One of `size` bytes.
    pub(in crate::inventory) fn new(size: u64) -> Program {
        let fits = usize::try_from(size).is_ok_and(|size| size <= MAX_KEPT);
        Program { go: Scan::new(), kept: fits.then(Vec::new) }
    }

    /// Takes the next bytes.
    pub(in crate::inventory) fn push(&mut self, bytes: &[u8]) {
        self.go.push(bytes);
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }

    /// What was found, at most `most`, and what could not be read.
    pub(in crate::inventory) fn end(self, most: usize) -> (Vec<Found>, Option<String>) {
        let (mut found, is_old) = self.go.end();
        found.truncate(most);
        if !found.is_empty() {
            return (found, None);
        }
        if is_old {
            return (found, Some("a Go program of before Go 1.18, whose modules are not read".to_owned()));
        }
        let Some(kept) = self.kept else {
            return (
                found,
                Some("a program of more than 24 MiB, which is not looked at for crates".to_owned()),
            );
        };
        match crates(&kept, most) {
            Ok(found) => (found, None),
            Err(why) => (found, Some(why)),
        }
    }
}
