//! The index file, read from front to back: one entry at a time, so that 100,000 of them need no memory.
//!
//! Format: git's `Documentation/gitformat-index`, versions 2 to 4 with sha1. A split index and sparse directories
//! are errors, since their entries are not all there.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Longer paths are no paths on any system that has an index.
const LONGEST_PATH: usize = 64 << 10;
const HASH: usize = 20;

pub(super) const REGULAR: u32 = 0o100;
pub(super) const SYMLINK: u32 = 0o120;
pub(super) const SUBMODULE: u32 = 0o160;

/// An entry; times are seconds and nanoseconds, everything cut to 32 bits as git does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) path: &'a [u8],
    pub(super) id: [u8; HASH],
    pub(super) mode: u32,
    pub(super) size: u32,
    pub(super) inode: u32,
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    /// 0, or the side of an unresolved conflict.
    pub(super) stage: u8,
    pub(super) assume_unchanged: bool,
    pub(super) skip_worktree: bool,
    pub(super) intent_to_add: bool,
}

impl Entry<'_> {
    /// The type of file: [`REGULAR`], [`SYMLINK`] or [`SUBMODULE`].
    pub(super) fn kind(&self) -> u32 {
        self.mode >> 9
    }
}

/// Of the index file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// When it was written, in seconds and nanoseconds: a file that changed no earlier may have changed unseen.
    pub(super) modified: (i64, i64),
    /// The tree that all entries together come to, as far as git noted it and it still holds.
    pub(super) tree: Option<[u8; HASH]>,
}

/// Shows every entry to `visit`, in the order of the file: sorted by path, then stage.
///
/// An error, in words, where the file is not an index that can be read whole; what was shown before is worth nothing
/// then.
pub(super) fn scan(path: &Path, mut visit: impl FnMut(Entry<'_>)) -> Result<Stamp, String> {
    let file = File::open(path).map_err(|error| format!("cannot open the index: {error}"))?;
    let meta = file.metadata().map_err(|error| format!("cannot read the index: {error}"))?;
    let mut source = Source { left: meta.len(), inner: BufReader::with_capacity(64 << 10, file) };
    if source.take::<4>()? != *b"DIRC" {
        return Err("the index has no header".to_owned());
    }
    let version = source.number()?;
    if !(2..=4).contains(&version) {
        return Err(format!("the index has version {version}"));
    }
    let entries = source.number()?;
    let mut path = Vec::new();
    for _ in 0..entries {
        entry(&mut source, version, &mut path, &mut visit)?;
    }
    let tree = extensions(&mut source, entries)?;
    Ok(Stamp { modified: (meta.mtime(), meta.mtime_nsec()), tree })
}

fn entry(
    source: &mut Source,
    version: u32,
    path: &mut Vec<u8>,
    visit: &mut impl FnMut(Entry<'_>),
) -> Result<(), String> {
    let start = source.left;
    let changed = (source.number()?, source.number()?);
    let modified = (source.number()?, source.number()?);
    let (_device, inode, mode) = (source.number()?, source.number()?, source.number()?);
    let (_user, _group, size) = (source.number()?, source.number()?, source.number()?);
    let id = source.take::<HASH>()?;
    let flags = u16::from_be_bytes(source.take()?);
    let extended = if version >= 3 && flags & 0x4000 != 0 { u16::from_be_bytes(source.take()?) } else { 0 };
    if version == 4 {
        let cut = source.varint()?;
        let keep = path.len().checked_sub(cut).ok_or("a path of the index is cut too short")?;
        path.truncate(keep);
        source.text(path)?;
    } else {
        path.clear();
        source.text(path)?;
        // Entries are padded with NULs to a multiple of eight bytes; the one that ends the path is read already.
        let used = start - source.left;
        for _ in 0..(8 - used % 8) % 8 {
            source.take::<1>()?;
        }
    }
    visit(Entry {
        path,
        id,
        mode,
        size,
        inode,
        changed,
        modified,
        stage: u8::try_from(flags >> 12 & 3).unwrap_or(0),
        assume_unchanged: flags & 0x8000 != 0,
        skip_worktree: extended & 0x4000 != 0,
        intent_to_add: extended & 0x2000 != 0,
    });
    Ok(())
}

/// Extensions whose name starts in lower case change what the entries mean. Of the others the tree is read that the
/// `entries` come to.
fn extensions(source: &mut Source, entries: u32) -> Result<Option<[u8; HASH]>, String> {
    let mut tree = None;
    while source.left > HASH as u64 {
        let name = source.take::<4>()?;
        if !name.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(format!("the index uses the extension {}", String::from_utf8_lossy(&name)));
        }
        let size = u64::from(source.number()?);
        let end = source.left.checked_sub(size).ok_or("the index is cut off")?;
        if name == *b"TREE" {
            tree = whole_tree(source, end, entries)?;
        }
        source
            .skip(source.left.checked_sub(end).ok_or("an extension of the index is longer than it says")?)?;
    }
    if source.left == HASH as u64 { Ok(tree) } else { Err("the index is cut off".to_owned()) }
}

/// The first record of the extension, which is that of the root: an empty path, a NUL, how many entries are below it (-1
/// where some changed since), a space, how many folders follow, a newline, and the tree.
fn whole_tree(source: &mut Source, end: u64, entries: u32) -> Result<Option<[u8; HASH]>, String> {
    // Two numbers of ten digits, a sign, and what stands between.
    const LONGEST: usize = 32;
    let mut line = Vec::new();
    while source.left > end && line.len() < LONGEST && line.last() != Some(&b'\n') {
        line.extend(source.take::<1>()?);
    }
    let holds = line.strip_prefix(b"\0").and_then(|line| line.split(|&byte| byte == b' ').next());
    if source.left < end + HASH as u64 || holds != Some(entries.to_string().as_bytes()) {
        return Ok(None);
    }
    source.take().map(Some)
}

struct Source {
    inner: BufReader<File>,
    /// Bytes of the file that are not read yet.
    left: u64,
}

impl Source {
    fn count(&mut self, bytes: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(bytes as u64).ok_or("the index is cut off")?;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.count(N)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(|error| format!("cannot read the index: {error}"))?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32, String> {
        self.take().map(u32::from_be_bytes)
    }

    /// The number of bytes by which a path of version 4 is shorter than the one before it.
    fn varint(&mut self) -> Result<usize, String> {
        let mut value = 0usize;
        loop {
            let [byte] = self.take()?;
            value = value << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            // Each further byte stands for at least one more than what the shorter form could say.
            value += 1;
            if value > LONGEST_PATH {
                return Err("a path of the index is too long".to_owned());
            }
        }
    }

    /// Appends the text up to the next NUL.
    fn text(&mut self, path: &mut Vec<u8>) -> Result<(), String> {
        let before = path.len();
        let limit = u64::try_from(LONGEST_PATH).unwrap_or(u64::MAX);
        let read = self.inner.by_ref().take(limit).read_until(0, path);
        self.count(read.map_err(|error| format!("cannot read the index: {error}"))?)?;
        if path.len() > before && path.pop() == Some(0) && path.len() <= LONGEST_PATH {
            Ok(())
        } else {
            Err("a path of the index has no end".to_owned())
        }
    }

    /// Passes over what nobody needs.
    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        self.left = self.left.checked_sub(bytes).ok_or("the index is cut off")?;
        let mut rest = self.inner.by_ref().take(bytes);
        let skipped = std::io::copy(&mut rest, &mut std::io::sink());
        skipped.map(drop).map_err(|error| format!("cannot read the index: {error}"))
    }
}

#[cfg(test)]
mod tests;
