//! The first pass: finds the entries, and reads the files whose content git does not vouch for.

use std::mem::MaybeUninit;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

use super::dirs::Dirs;
use super::entries::{Content, Entries, Mark, ROOT, Text};
use super::files::{Files, read_link};
use super::identity::Identity;
use super::ignore::{DirMatch, Ignore};
use super::listing::{Skipped, Special};
use super::trouble::{too_large, unreadable};
use crate::error::Result;
use crate::stop::Stop;

/// Bytes of a path. No engine unpacks more than 4 KiB; a bound keeps what a hostile tree costs in proportion.
const LONGEST_PATH: usize = 64 * 1024;
/// Special files that are remembered; more are only counted.
const MOST_SKIPPED: usize = 1000;
const LIST_BUFFER: usize = 32 * 1024;

/// What a walk needs to know.
pub(super) struct Rules<'a> {
    pub(super) ignore: &'a Ignore,
    /// Paths that are sent even if excluded.
    pub(super) forced: &'a [Vec<u8>],
    /// Paths that are never sent, with what is below them.
    pub(super) own: &'a [Vec<u8>],
    pub(super) stop: &'a Stop,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Entries,
    pub(super) skipped: Vec<Skipped>,
    pub(super) skipped_count: usize,
    /// Entries that BuildKit's client sends and docker's classic client does not, and the first of them.
    pub(super) unlike_classic: Option<(u64, Vec<u8>)>,
}

/// Walks the folder that `dirs` is in.
pub(super) fn walk(dirs: Dirs<'_>, rules: Rules<'_>, files: Files<'_>) -> Result<Found> {
    let mut walk = Walk {
        dirs,
        rules,
        files,
        found: Found::default(),
        frames: Vec::new(),
        path: Vec::new(),
        list_buffer: vec![MaybeUninit::uninit(); LIST_BUFFER],
    };
    let root = walk.frame(DirMatch::default(), None)?;
    walk.frames.push(root);
    walk.run()?;
    walk.found.entries.shrink();
    Ok(walk.found)
}

struct Walk<'a> {
    dirs: Dirs<'a>,
    rules: Rules<'a>,
    files: Files<'a>,
    found: Found,
    /// The folders from the root to where we are.
    frames: Vec<Frame>,
    /// The path of what is looked at.
    path: Vec<u8>,
    list_buffer: Vec<MaybeUninit<u8>>,
}

/// A folder that is being walked.
struct Frame {
    /// Length of what stands before the names in it, with the slash.
    prefix: usize,
    name: Text,
    /// Before its children's names were noted.
    mark: Mark,
    children: Vec<Child>,
    next: usize,
    matched: DirMatch,
    /// Its entry. An excluded folder gets one when something in it is sent.
    number: Option<u32>,
    /// None at the root.
    identity: Option<Identity>,
    /// Nothing but what is forced can come out of it.
    forced_only: bool,
    /// Docker's classic client does not look into it.
    unlike_classic: bool,
}

#[derive(Clone, Copy)]
struct Child {
    name: Text,
    kind: FileType,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<()> {
        while let Some(frame) = self.frames.last_mut() {
            self.rules.stop.check()?;
            self.path.truncate(frame.prefix);
            let Some(&child) = frame.children.get(frame.next) else {
                if let Some(done) = self.frames.pop() {
                    self.found.entries.forget(done.mark);
                }
                if let Some(above) = self.frames.last() {
                    let folder = self.path.get(..above.prefix.saturating_sub(1)).unwrap_or_default();
                    self.dirs.leave(folder)?;
                }
                continue;
            };
            frame.next += 1;
            self.path.extend_from_slice(self.found.entries.text(child.name));
            if self.path.len() > LONGEST_PATH {
                return Err(too_large("has paths of more than 64 KiB"));
            }
            let (name_at, forced_only) = (frame.prefix, frame.forced_only);
            let forced = self.rules.forced.contains(&self.path);
            let leads_to_forced =
                self.rules.forced.iter().any(|f| {
                    f.strip_prefix(self.path.as_slice()).is_some_and(|below| below.starts_with(b"/"))
                });
            if (forced_only || self.rules.own.contains(&self.path)) && !forced && !leads_to_forced {
                continue;
            }
            let kind = match child.kind {
                // Some file systems do not say.
                FileType::Unknown => self.look(name_at)?,
                kind => kind,
            };
            match kind {
                FileType::Directory => self.folder(child.name, name_at, leads_to_forced)?,
                kind => self.other(child.name, name_at, kind, forced)?,
            }
        }
        Ok(())
    }

    fn look(&self, name_at: usize) -> Result<FileType> {
        let name = self.path.get(name_at..).unwrap_or_default();
        Ok(self.dirs.look(name).map_err(|e| unreadable(&self.path, e))?.kind())
    }

    fn folder(&mut self, text: Text, name_at: usize, leads_to_forced: bool) -> Result<()> {
        let Some(above) = self.frames.last() else { return Ok(()) };
        let (mut forced_only, mut unlike_classic) = (above.forced_only, above.unlike_classic);
        let (excluded, matched) = match forced_only {
            true => (true, DirMatch::default()),
            false => self.rules.ignore.descend(&self.path, &above.matched)?,
        };
        if excluded && (forced_only || !self.rules.ignore.may_return_below(&self.path)) {
            if !leads_to_forced {
                return Ok(());
            }
            forced_only = true;
        }
        unlike_classic |= excluded && !self.rules.ignore.classic_looks_below(&self.path);
        let name = self.path.get(name_at..).unwrap_or_default();
        let identity = match self.dirs.enter(name) {
            Ok(identity) => identity,
            // Nobody asked for it.
            Err(e) if excluded && e.raw_os_error() == Some(Errno::ACCESS.raw_os_error()) => return Ok(()),
            Err(e) => return Err(unreadable(&self.path, e)),
        };
        self.path.push(b'/');
        let mut frame = self.frame(matched, Some(identity))?;
        frame.name = text;
        (frame.forced_only, frame.unlike_classic) = (forced_only, unlike_classic);
        self.frames.push(frame);
        if !excluded {
            self.emit_folders(false)?;
        }
        Ok(())
    }

    /// Lists the folder that we are in, whose path with a slash is in `path`.
    fn frame(&mut self, matched: DirMatch, identity: Option<Identity>) -> Result<Frame> {
        let entries = &mut self.found.entries;
        let mark = entries.mark();
        let mut children = Vec::new();
        let mut list = RawDir::new(self.dirs.here(), &mut self.list_buffer);
        while let Some(entry) = list.next() {
            let entry = entry.map_err(|e| unreadable(self.path.strip_suffix(b"/").unwrap_or(b"."), e))?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                children.push(Child { name: entries.keep(name)?, kind: entry.file_type() });
            }
        }
        children.sort_unstable_by(|a, b| entries.text(a.name).cmp(entries.text(b.name)));
        Ok(Frame {
            prefix: self.path.len(),
            name: Text::default(),
            mark,
            children,
            next: 0,
            matched,
            number: None,
            identity,
            forced_only: false,
            unlike_classic: false,
        })
    }

    /// Adds the folders that we are in as far as they have no entry yet; gives the number of the innermost.
    fn emit_folders(&mut self, forced: bool) -> Result<u32> {
        let mut parent = ROOT;
        for frame in &mut self.frames {
            let Some(identity) = frame.identity else { continue };
            let number = match frame.number {
                Some(number) => number,
                None => self.found.entries.push(parent, frame.name, identity, Content::Folder, forced)?,
            };
            if !forced && let Some(entry) = self.found.entries.get_mut(number) {
                entry.forced = false;
            }
            frame.number = Some(number);
            parent = number;
        }
        Ok(parent)
    }

    /// A file, a link, or something that cannot be sent.
    fn other(&mut self, text: Text, name_at: usize, kind: FileType, forced: bool) -> Result<()> {
        let Some(folder) = self.frames.last() else { return Ok(()) };
        let unlike_classic = folder.unlike_classic;
        let excluded = folder.forced_only || self.rules.ignore.excludes(&self.path, &folder.matched)?;
        if excluded && !forced {
            return Ok(());
        }
        let name = self.path.get(name_at..).unwrap_or_default();
        let mut inode = None;
        let (identity, content) = match kind {
            FileType::RegularFile => {
                // What the engine may drop is neither linked to nor a link.
                let taken = self.files.take(&self.dirs, &self.path, name, !excluded)?;
                inode = taken.inode;
                (taken.identity, taken.content)
            }
            FileType::Symlink => {
                let (identity, target) = read_link(&self.dirs, &self.path, name)?;
                (identity, Content::Symlink(self.found.entries.keep(&target)?))
            }
            kind => {
                self.found.skip(&self.path, kind);
                return Ok(());
            }
        };
        let parent = self.emit_folders(excluded)?;
        let number = self.found.entries.push(parent, text, identity, content, excluded)?;
        if let Some(inode) = inode {
            self.files.remember(inode, number);
        }
        if unlike_classic && !excluded {
            let (count, _) = self.found.unlike_classic.get_or_insert_with(|| (0, self.path.clone()));
            *count += 1;
        }
        Ok(())
    }
}

impl Found {
    /// Notes what no engine can be sent.
    fn skip(&mut self, path: &[u8], kind: FileType) {
        self.skipped_count += 1;
        if self.skipped.len() < MOST_SKIPPED {
            let kind = match kind {
                FileType::Socket => Special::Socket,
                FileType::Fifo => Special::Fifo,
                _ => Special::Device,
            };
            self.skipped.push(Skipped { path: path.to_vec(), kind });
        }
    }
}
