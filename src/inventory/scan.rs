//! One layer as it passes by: bytes go in, a [`Layer`] comes out.

use std::ops::ControlFlow;

use super::layer::{Budget, Hasher, Item, Layer, Link};
use super::leftover;
use super::unpack::Unpack;
use super::watch::{Outcome, Watch};
use crate::engine::{EntryKind, FileHeader, Part, TarStream, resolve_link};

/// What begins so deletes what lower layers have, and is no file.
const WHITEOUT: &str = ".wh.";
/// A folder that holds this hides all that lower layers have in it.
const OPAQUE: &str = ".wh..wh..opq";
/// Of a layer; more help nobody.
const MAX_NOTES: usize = 50;
/// In characters.
const LONGEST_NOTE: usize = 300;
/// The longest path that is kept; the system's own limit.
const MAX_PATH: usize = 4096;
/// Folders that are told apart below one that was left behind.
const MAX_HEAPS: usize = 4096;

/// The reader of one layer.
pub(super) struct Scan {
    unpack: Unpack,
    reading: Reading,
}

struct Reading {
    tar: TarStream,
    hasher: Hasher,
    budget: Budget,
    layer: Layer,
    /// The file that passes by, and where it is.
    open: Option<(String, Watch)>,
    /// Bytes that were unpacked.
    unpacked: u64,
}

impl Scan {
    /// A reader that keeps no more than `budget` allows.
    pub(super) fn new(hasher: Hasher, budget: Budget) -> Scan {
        let (tar, layer) = (TarStream::default(), Layer::default());
        Scan {
            unpack: Unpack::new(budget.bytes),
            reading: Reading { tar, hasher, budget, layer, open: None, unpacked: 0 },
        }
    }

    /// Takes the next bytes as they are stored. The error says what is wrong with the layer.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        let reading = &mut self.reading;
        self.unpack.push(bytes, &mut |piece| reading.push(piece))
    }

    /// What the layer has, and what may still be kept of others.
    pub(super) fn end(mut self) -> Result<(Layer, Budget), String> {
        let reading = &mut self.reading;
        self.unpack.end(&mut |piece| reading.push(piece))?;
        if !self.reading.tar.is_whole() {
            return Err("it ends in the middle".to_owned());
        }
        let Reading { mut layer, mut budget, unpacked, .. } = self.reading;
        layer.finish();
        budget.bytes = budget.bytes.saturating_sub(unpacked);
        Ok((layer, budget))
    }
}

impl Reading {
    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.unpacked = self.unpacked.saturating_add(bytes.len() as u64);
        let Reading { tar, hasher, budget, layer, open, .. } = self;
        let flow = tar.push(bytes, &mut |part| {
            match part {
                Part::Entry(header) => *open = Entry { hasher, budget, layer }.begin(header),
                Part::Bytes(piece) => {
                    if let Some((_, watch)) = open {
                        watch.push(piece);
                    }
                }
                Part::End => {
                    if let Some((path, watch)) = open.take() {
                        let outcome = watch.end(&path, budget.packages);
                        Entry { hasher, budget, layer }.end(path, outcome);
                    }
                }
            }
            ControlFlow::Continue(())
        });
        flow.map(drop)
    }
}

/// What an entry changes.
struct Entry<'a> {
    hasher: &'a Hasher,
    budget: &'a mut Budget,
    layer: &'a mut Layer,
}

impl Entry<'_> {
    /// Notes that it is there; how its content is read.
    fn begin(&mut self, header: FileHeader) -> Option<(String, Watch)> {
        if header.path.len() > MAX_PATH {
            self.note("a path of more than 4096 bytes was left out".to_owned());
            return None;
        }
        // Never above the root, whatever it says.
        let path = resolve_link("/", &header.path);
        let (folder, name) = path.rsplit_once('/').unwrap_or_default();
        if name == OPAQUE {
            let hash = self.hasher.of(if folder.is_empty() { "/" } else { folder });
            self.cover(|layer| &mut layer.opaque, hash);
            return None;
        }
        // Notes of a file system's own.
        if name.starts_with(".wh..wh.") {
            return None;
        }
        if let Some(deleted) = name.strip_prefix(WHITEOUT) {
            let hash = self.hasher.of(&format!("{folder}/{deleted}"));
            self.cover(|layer| &mut layer.covered, hash);
            return None;
        }
        // Of two entries at one path the later one stays.
        if !self.layer.items.is_empty() {
            self.layer.items.remove(&path);
        }
        if !self.layer.links.is_empty() {
            self.layer.links.remove(&path);
        }
        let hash = self.hasher.of(&path);
        if header.kind == EntryKind::Folder {
            self.cover(|layer| &mut layer.folders, hash);
            return None;
        }
        self.cover(|layer| &mut layer.covered, hash);
        self.look(&path, &header);
        if header.kind != EntryKind::File {
            return None;
        }
        let watch = Watch::over(&path, header.size, self.budget.packages);
        Some((path, watch)).filter(|(_, watch)| !matches!(watch, Watch::Nothing))
    }

    /// What the header alone says.
    fn look(&mut self, path: &str, header: &FileHeader) {
        let is_hard = header.kind == EntryKind::HardLink;
        if is_hard || header.kind == EntryKind::Symlink {
            let target =
                if is_hard { resolve_link("/", &header.link_target) } else { header.link_target.clone() };
            let left = self.budget.links.checked_sub(1).filter(|_| target.len() <= MAX_PATH);
            match left.filter(|_| self.afford(path.len() + target.len())) {
                Some(left) => {
                    self.budget.links = left;
                    self.layer.links.insert(path.to_owned(), Link { target, is_hard });
                }
                None => self.note("more links than are kept: what they lead to may be left out".to_owned()),
            }
        }
        if header.kind == EntryKind::File
            && let Some((folder, child)) = leftover::split(path)
        {
            let heaps = self.layer.leftovers.len();
            let child = if heaps < MAX_HEAPS { child } else { "" };
            let key = (folder.to_owned(), child.to_owned());
            let is_known = self.layer.leftovers.contains_key(&key);
            if is_known || (heaps < 2 * MAX_HEAPS && self.afford(folder.len() + child.len())) {
                let heap = self.layer.leftovers.entry(key).or_default();
                heap.files = heap.files.saturating_add(1);
                heap.bytes = heap.bytes.saturating_add(header.size);
            }
        }
        let is_program = matches!(header.kind, EntryKind::File | EntryKind::HardLink);
        if is_program && header.mode & 0o6000 != 0 && header.mode & 0o111 != 0 {
            let FileHeader { mode, uid, gid, .. } = *header;
            self.keep(path.to_owned(), Item::Setuid { mode, uid, gid });
        }
    }

    /// Takes what the file says.
    fn end(&mut self, path: String, outcome: Outcome) {
        if let Some(note) = outcome.note {
            self.note(format!("{path}: {note}"));
        }
        if let Some(item) = outcome.item {
            if let Item::System(found) | Item::Packages(found) = &item {
                self.budget.packages = self.budget.packages.saturating_sub(found.len());
            }
            self.keep(path, item);
        }
    }

    fn keep(&mut self, path: String, item: Item) {
        // Each package names the file that lists it.
        let text = match &item {
            Item::System(found) | Item::Packages(found) => {
                found.iter().map(|one| one.text().saturating_add(path.len())).sum()
            }
            Item::OpenAccounts(names) => names.iter().map(String::len).sum(),
            Item::Os(_) | Item::Secret(_) | Item::Setuid { .. } => 0,
        };
        let left = self.budget.items.checked_sub(1);
        match left.filter(|_| self.afford(path.len().saturating_add(text))) {
            Some(left) => {
                self.budget.items = left;
                self.layer.items.entry(path).or_default().push(item);
            }
            None => self.note("more files that matter than are kept".to_owned()),
        }
    }

    /// Takes so many bytes of text, where they are left.
    fn afford(&mut self, bytes: usize) -> bool {
        let left = self.budget.text.checked_sub(bytes);
        self.budget.text = left.unwrap_or(self.budget.text);
        left.is_some()
    }

    fn cover(&mut self, of: impl Fn(&mut Layer) -> &mut Vec<u64>, hash: u64) {
        match self.budget.paths.checked_sub(1) {
            Some(left) => {
                self.budget.paths = left;
                of(self.layer).push(hash);
            }
            None => self.layer.is_partial = true,
        }
    }

    fn note(&mut self, mut note: String) {
        if let Some((at, _)) = note.char_indices().nth(LONGEST_NOTE) {
            note.truncate(at);
        }
        let notes = &mut self.layer.notes;
        if notes.len() < MAX_NOTES && !notes.contains(&note) {
            notes.push(note);
        }
    }
}
