//! The context digest: what a build sees, in 32 bytes.
//!
//! Two clones of one commit have the same one, whatever their umask and the times of their files, and any other content,
//! name, executable bit, link or folder gives another. It is the sha256 over
//!
//! ```text
//! "imgbuild context 1\n", then for each entry, in the order of the listing:
//!     kind     1 byte     f file, d folder, l symbolic link, h hard link
//!     mode     4 bytes    big endian: 0644 or 0755, folders 0755, links 0777 (hard links: their file's)
//!     path     8 bytes of length, big endian, and the bytes, `/` between parts, none at either end
//!     content  f: 20 bytes, the git blob id (sha1 of "blob <length>\0" and the bytes) of what is sent
//!              l: 8 bytes of length and where the link points to
//!              h: 8 bytes of length and the path of the first name of the file
//!              d: nothing
//! ```
//!
//! Nothing in it can be read in two ways. The number in the first line grows with any change of this format. Entries
//! that are sent only for the engine's sake (an excluded Dockerfile) are not part of the context and left out.

use sha2::{Digest as _, Sha256};

use super::entries::{Content, Entries, Entry};
use super::paths::Paths;
use crate::image::Digest;

const VERSION: &[u8] = b"imgbuild context 1\n";

/// The digest of the entries.
pub(super) fn digest(entries: &Entries) -> Digest {
    let mut hash = Sha256::new_with_prefix(VERSION);
    let mut paths = Paths::new(entries);
    while let Some(here) = paths.advance() {
        let entry = here.entry;
        if entry.forced {
            continue;
        }
        let kind = match entry.content {
            Content::File(_) => b'f',
            Content::Folder => b'd',
            Content::Symlink(_) => b'l',
            Content::Hardlink(_) => b'h',
        };
        hash.update([kind]);
        hash.update(mode(entry).to_be_bytes());
        framed(&mut hash, paths.path());
        match entry.content {
            Content::File(blob) => hash.update(blob),
            Content::Folder => {}
            Content::Symlink(target) => framed(&mut hash, entries.text(target)),
            Content::Hardlink(first) => framed(&mut hash, &entries.path(first)),
        }
    }
    Digest::from_hash(hash.finalize().into())
}

/// Git's modes, and nothing else: the umask of a clone and setuid bits do not matter.
pub(super) fn mode(entry: &Entry) -> u32 {
    match entry.content {
        Content::File(_) | Content::Hardlink(_) if entry.identity.is_executable() => 0o755,
        Content::File(_) | Content::Hardlink(_) => 0o644,
        Content::Folder => 0o755,
        Content::Symlink(_) => 0o777,
    }
}

fn framed(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
