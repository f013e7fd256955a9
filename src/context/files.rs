//! What of a file or a link the first pass has to know.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha1::Digest as _;

use super::dirs::Dirs;
use super::entries::Content;
use super::hash_cache::HashCache;
use super::identity::Identity;
use super::list::KnownBlob;
use super::read::{blob_hash, buffer, read_unchanged};
use super::trouble::{changed, unreadable};
use crate::error::Result;
use crate::source::FileState;
use crate::stop::Stop;

/// Reads files, or takes git's word, or that of an earlier run, for what is in them.
pub(super) struct Files<'a> {
    known_blob: Option<&'a KnownBlob<'a>>,
    cache: Option<&'a HashCache>,
    stop: &'a Stop,
    buffer: Vec<u8>,
    /// Inodes with several names, and the entry that came first.
    links: HashMap<Inode, u32>,
}

/// Device and inode.
type Inode = (u64, u64);

/// A file as it was found.
pub(super) struct Taken {
    pub(super) identity: Identity,
    pub(super) content: Content,
    /// What to [`remember`](Files::remember) the entry under.
    pub(super) inode: Option<Inode>,
}

impl Taken {
    fn new(state: &FileState, content: Content, linked: bool) -> Taken {
        Taken { identity: Identity::of(state), content, inode: inode(state).filter(|_| linked) }
    }
}

/// By what further names of a file are known; `None` where it has one.
fn inode(state: &FileState) -> Option<Inode> {
    state.is_linked.then_some((state.device, state.inode))
}

impl<'a> Files<'a> {
    pub(super) fn new(
        known_blob: Option<&'a KnownBlob<'a>>,
        cache: Option<&'a HashCache>,
        stop: &'a Stop,
    ) -> Files<'a> {
        Files { known_blob, cache, stop, buffer: buffer(), links: HashMap::new() }
    }

    /// Takes the regular file that has this name in the folder that `dirs` is in. With `linked` it may turn out to be a
    /// further name of one that was taken before, which is not read again.
    pub(super) fn take(&mut self, dirs: &Dirs<'_>, path: &[u8], name: &[u8], linked: bool) -> Result<Taken> {
        let mut looked = None;
        if let Some(ask) = self.known_blob {
            // Git's word, and so all of a tree that is clean, needs no file to be opened.
            let state = dirs.look(name).map_err(|e| unreadable(path, e))?;
            if let Some(taken) = self.linked(&state, linked) {
                return Ok(taken);
            }
            if let Some(blob) = ask(Path::new(OsStr::from_bytes(path)), &state).filter(|_| state.is_file()) {
                return Ok(Taken::new(&state, Content::File(blob), linked));
            }
            looked = Some(Identity::of(&state));
        }
        let (mut file, state) = dirs.open(name).map_err(|e| unreadable(path, e))?;
        let identity = Identity::of(&state);
        if let Some(looked) = looked.filter(|looked| *looked != identity) {
            return Err(changed(path, looked.difference(&identity)));
        }
        if let Some(taken) = self.linked(&state, linked) {
            return Ok(taken);
        }
        let ticket = match self.cache.map(|cache| cache.look(&file, &state)) {
            Some(Ok(blob)) => return Ok(Taken::new(&state, Content::File(blob), linked)),
            Some(Err(ticket)) => ticket,
            None => None,
        };
        let mut hash = blob_hash(identity.size);
        read_unchanged(&mut file, &identity, path, &mut self.buffer, self.stop, |bytes| {
            hash.update(bytes);
            Ok(())
        })?;
        let blob = hash.finalize().into();
        if let (Some(cache), Some(ticket)) = (self.cache, ticket) {
            cache.remember(ticket, blob);
        }
        Ok(Taken::new(&state, Content::File(blob), linked))
    }

    /// A further name of a file that was taken before.
    fn linked(&self, state: &FileState, linked: bool) -> Option<Taken> {
        let first = self.links.get(&inode(state).filter(|_| linked)?)?;
        Some(Taken { identity: Identity::of(state), content: Content::Hardlink(*first), inode: None })
    }

    /// Notes which entry was the first name of a file with several.
    pub(super) fn remember(&mut self, inode: Inode, number: u32) {
        self.links.insert(inode, number);
    }
}

/// Where a link points to. It is never followed.
pub(super) fn read_link(dirs: &Dirs<'_>, path: &[u8], name: &[u8]) -> Result<(Identity, Vec<u8>)> {
    let target = dirs.read_link(name).map_err(|e| match e.raw_os_error() {
        // `EINVAL`: no link any more.
        Some(code) if code == rustix::io::Errno::INVAL.raw_os_error() => {
            changed(path, "it became something else")
        }
        _ => unreadable(path, e),
    })?;
    let state = dirs.look(name).map_err(|e| unreadable(path, e))?;
    Ok((Identity::of(&state), target))
}
