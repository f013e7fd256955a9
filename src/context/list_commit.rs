//! The first pass over a commit: its files are listed by git's own ids, and no work tree is looked at.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha1::Digest as _;

use super::digest::digest;
use super::entries::{Content, Entries, ROOT, Text};
use super::identity::Identity;
use super::lacking::Lacking;
use super::lfs::{Pointer, SHORTER_THAN, SHORTEST};
use super::list::{GIT, bytes};
use super::listing::Listing;
use super::place::{Committed, Origin, Place, open};
use super::read::{blob_hash, buffer, read_to_end};
use super::tree::{Chosen, Tree, choose};
use super::trouble::{damaged, shown, unreadable};
use crate::error::{Error, Kind, Result};
use crate::source::{Objects, Snapshot, SnapshotEntry, TreeKind};
use crate::stop::Stop;

/// The longest target of a link, in bytes, as Linux has it.
const LONGEST_LINK: u64 = 4096;

/// What of a commit to list.
pub struct CommitOptions<'a> {
    /// The files below the context's folder.
    pub snapshot: &'a Snapshot,
    /// Whether what git-lfs fetched takes the place of the pointers to it.
    pub lfs: bool,
    /// The time that all files are said to have, in seconds since 1970: a commit keeps none for them.
    pub modified: i64,
    /// Ends the pass early, with an error.
    pub stop: &'a Stop,
}

/// Lists a commit as [`list_work_tree`](super::list_work_tree) lists a checkout of it, with the same digest where no filter
/// made another file of a blob. Blocks. Nothing is read but links and what may be a pointer of git-lfs.
///
/// Errors: [`Kind::Config`] for a Dockerfile that the commit does not have or an invalid ignore file; [`Kind::Refused`], with every
/// path, for submodules and pointers whose files are elsewhere and for content that the clone does not have, and for names
/// that no checkout can have.
pub fn list_commit(options: &CommitOptions<'_>, tree: &mut Tree<'_>) -> Result<Listing> {
    let chosen = Chosen::by(tree)?;
    let all = options.snapshot.entries();
    let mut takes = vec![None; all.len()];
    let names = all.iter().map(|one| {
        let is_folder = matches!(one.entry.kind, TreeKind::Folder | TreeKind::Submodule);
        (one.path.as_slice(), is_folder)
    });
    let ignore_warnings = choose(&chosen, names, &mut |number, left_out| {
        if let Some(take) = takes.get_mut(number) {
            *take = Some(left_out);
        }
    })?;
    let mut list = List::new(options);
    for (one, take) in all.iter().zip(takes) {
        options.stop.check()?;
        list.entry(one, take)?;
    }
    list.lacking.into_result(options.snapshot.commit())?;
    let entries = list.entries;
    let dockerfile = tree.real_dockerfile;
    if entries.find(dockerfile.as_os_str().as_bytes()).is_none() {
        let what = format!("the commit has no Dockerfile `{}` in the context", dockerfile.display());
        return Err(Error::new(Kind::Config, what).hint("commit it: nothing else gets into the image"));
    }
    Ok(Listing {
        digest: digest(&entries),
        bytes: bytes(&entries),
        place: Place::Commit(Committed {
            commit: options.snapshot.commit().to_owned(),
            stores: list.stores,
            odd: list.odd,
            has_attributes: all.iter().any(|one| is_attributes(&one.path)),
        }),
        entries,
        dockerfile: dockerfile.to_owned(),
        ignore_file: chosen.ignore_file,
        ignore_bytes: chosen.ignore_bytes,
        implied: &[GIT],
        ignore_warnings,
        skipped: Vec::new(),
        skipped_count: 0,
    })
}

/// Whether git reads attributes from the file.
fn is_attributes(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').next() == Some(&b".gitattributes"[..])
}

struct List<'a> {
    options: &'a CommitOptions<'a>,
    entries: Entries,
    stores: Vec<Objects>,
    odd: std::collections::BTreeMap<u32, Origin>,
    lacking: Lacking,
    /// The folders from the root to where we are.
    folders: Vec<Folder<'a>>,
    /// The path before this one.
    last: &'a [u8],
    buffer: Vec<u8>,
}

struct Folder<'a> {
    path: &'a [u8],
    name: Text,
    /// One that is left out gets an entry when something in it is sent.
    number: Option<u32>,
}

impl<'a> List<'a> {
    fn new(options: &'a CommitOptions<'a>) -> List<'a> {
        let stores = (0..).map_while(|store| options.snapshot.objects(store).cloned()).collect();
        List {
            options,
            entries: Entries::default(),
            stores,
            odd: Default::default(),
            lacking: Lacking::default(),
            folders: Vec::new(),
            last: b"",
            buffer: buffer(),
        }
    }

    /// Takes the next entry, which `take` says to leave out or not; `None` where nothing of it is sent.
    fn entry(&mut self, one: &'a SnapshotEntry, take: Option<bool>) -> Result<()> {
        let path = one.path.as_slice();
        let below =
            |folder: &Folder<'_>| path.strip_prefix(folder.path).is_some_and(|rest| rest.starts_with(b"/"));
        while self.folders.last().is_some_and(|folder| !below(folder)) {
            self.folders.pop();
        }
        let above = self.folders.last().map_or(0, |folder| folder.path.len() + 1);
        let name = path.get(above..).unwrap_or_default();
        if !is_name(name) || path == self.last {
            let what = format!("the commit has the path `{}`, which no checkout of it can have", shown(path));
            return Err(Error::new(Kind::Refused, what).hint("git fsck tells what made it"));
        }
        self.last = path;
        match (one.entry.kind, take) {
            (TreeKind::Folder, take) => {
                let name = self.entries.keep(name)?;
                self.folders.push(Folder { path, name, number: None });
                if take == Some(false) {
                    self.emit_folders(false)?;
                }
            }
            (_, None) => {}
            (TreeKind::Submodule, Some(_)) => self.lacking.submodule(path, one.why.as_deref()),
            (TreeKind::Link, Some(forced)) => {
                let Some(target) = self.target(one)? else { return Ok(()) };
                let content = Content::Symlink(self.entries.keep(&target)?);
                self.push(name, 0, false, content, forced)?;
            }
            (TreeKind::File, Some(forced)) => {
                let Some(found) = self.content(one)? else { return Ok(()) };
                let content = Content::File(found.blob);
                let number = self.push(name, found.size, one.entry.executable, content, forced)?;
                if let Some(origin) = found.origin {
                    self.odd.insert(number, origin);
                }
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        name: &[u8],
        size: u64,
        executable: bool,
        content: Content,
        forced: bool,
    ) -> Result<u32> {
        let parent = self.emit_folders(forced)?;
        let name = self.entries.keep(name)?;
        let identity = Identity::of_commit(size, executable, self.options.modified);
        self.entries.push(parent, name, identity, content, forced)
    }

    /// Adds the folders that we are in as far as they have no entry yet; gives the number of the innermost.
    fn emit_folders(&mut self, forced: bool) -> Result<u32> {
        let mut parent = ROOT;
        for folder in &mut self.folders {
            let number = match folder.number {
                Some(number) => number,
                None => {
                    let identity = Identity::of_commit(0, true, self.options.modified);
                    self.entries.push(parent, folder.name, identity, Content::Folder, forced)?
                }
            };
            if !forced && let Some(entry) = self.entries.get_mut(number) {
                entry.forced = false;
            }
            folder.number = Some(number);
            parent = number;
        }
        Ok(parent)
    }

    /// Where a link points to; `None` where the clone does not know.
    fn target(&mut self, one: &SnapshotEntry) -> Result<Option<Vec<u8>>> {
        let Some(size) = one.entry.size else {
            self.lacking.content(&one.path);
            return Ok(None);
        };
        if size > LONGEST_LINK {
            let what =
                format!("the link `{}` of the commit is longer than {LONGEST_LINK} bytes", shown(&one.path));
            return Err(Error::new(Kind::Refused, what));
        }
        self.whole(one, size).map(Some)
    }

    /// A small file as a whole.
    fn whole(&self, one: &SnapshotEntry, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let reader = open(&self.stores, &origin(one), size, &one.path)?;
        reader.take(size + 1).read_to_end(&mut bytes).map_err(|e| unreadable(&one.path, e))?;
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(damaged(&one.path)) }
    }

    /// What a file holds; `None` where that is not at hand.
    fn content(&mut self, one: &SnapshotEntry) -> Result<Option<Found>> {
        let Some(size) = one.entry.size else {
            self.lacking.content(&one.path);
            return Ok(None);
        };
        let folder = self.options.snapshot.lfs_folder(one.store);
        if let Some(folder) = folder.filter(|_| (SHORTEST..SHORTER_THAN).contains(&size))
            && let Some(pointer) = Pointer::parse(&self.whole(one, size)?)
        {
            if !self.options.lfs {
                self.lacking.pointer(&one.path, None);
                return Ok(None);
            }
            let fetched = pointer.fetched(folder, &one.path, &mut self.buffer, self.options.stop)?;
            return match fetched {
                Ok((file, blob)) => {
                    Ok(Some(Found { size: pointer.size, blob, origin: Some(Origin::File(file)) }))
                }
                Err(why) => {
                    self.lacking.pointer(&one.path, Some(why));
                    Ok(None)
                }
            };
        }
        let origin = origin(one);
        Ok(Some(match digits(&one.entry.id) {
            Some(blob) if one.store == 0 => Found { size, blob, origin: None },
            Some(blob) => Found { size, blob, origin: Some(origin) },
            // Ids of the other kind say nothing to a digest.
            None => Found { size, blob: self.hashed(one, size, &origin)?, origin: Some(origin) },
        }))
    }

    fn hashed(&mut self, one: &SnapshotEntry, size: u64, origin: &Origin) -> Result<[u8; 20]> {
        let reader = open(&self.stores, origin, size, &one.path)?;
        let mut hash = blob_hash(size);
        let total = read_to_end(reader, &one.path, &mut self.buffer, self.options.stop, |chunk| {
            hash.update(chunk);
            Ok(())
        })?;
        if total == size { Ok(hash.finalize().into()) } else { Err(damaged(&one.path)) }
    }
}

struct Found {
    size: u64,
    blob: [u8; 20],
    origin: Option<Origin>,
}

fn origin(one: &SnapshotEntry) -> Origin {
    Origin::Object { store: one.store, id: one.entry.id.clone() }
}

/// An id of 40 digits.
fn digits(id: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    if id.len() != 40 {
        return None;
    }
    for (nth, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(id.get(2 * nth..2 * nth + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Whether a checkout can have the name, as git has it; a slash in it is a folder that the tree does not have.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && !name.eq_ignore_ascii_case(GIT.as_bytes())
        && !name.contains(&b'/')
        && Path::new(OsStr::from_bytes(name)).file_name().is_some()
}
