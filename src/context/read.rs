//! Reads a file that must not change meanwhile.

use std::fs::File;
use std::io::{ErrorKind, Read};

use sha1::{Digest as _, Sha1};

use super::identity::Identity;
use super::trouble::{changed, damaged, unreadable};
use crate::error::Result;
use crate::source::{BlobReader, FileState};
use crate::stop::Stop;

/// Bytes read at once: large enough for the disk, small enough for the cache.
pub(super) const CHUNK: usize = 256 * 1024;

/// The buffer that all files of a pass go through.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; CHUNK]
}

/// The hash that is a file's blob id once it was given the content.
pub(super) fn blob_hash(size: u64) -> Sha1 {
    Sha1::new_with_prefix(format!("blob {size}\0"))
}

/// Hands everything that the reader has to `consume`, and gives how many bytes that were.
pub(super) fn read_to_end(
    mut reader: impl Read,
    path: &[u8],
    buffer: &mut [u8],
    stop: &Stop,
    mut consume: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let mut total = 0;
    loop {
        stop.check()?;
        let read = match reader.read(buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => read,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(path, e)),
        };
        total += read as u64;
        consume(buffer.get(..read).unwrap_or_default())?;
    }
}

/// Hands the file's bytes to `consume`, exactly as many as `identity` says. An error where the file ends earlier, or is
/// another than `identity` says when its end was reached.
pub(super) fn read_unchanged(
    file: &mut File,
    identity: &Identity,
    path: &[u8],
    buffer: &mut [u8],
    stop: &Stop,
    consume: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if read_to_end(file.by_ref().take(identity.size), path, buffer, stop, consume)? < identity.size {
        return Err(changed(path, "its size is another"));
    }
    let after = Identity::of(&FileState::of(&*file).map_err(|e| unreadable(path, e))?);
    if after == *identity { Ok(()) } else { Err(changed(path, identity.difference(&after))) }
}

/// Hands a blob's bytes to `consume`, exactly `size` of them; an error where what was read is not what `blob` is the id of.
pub(super) fn read_blob(
    reader: &mut BlobReader,
    (size, blob): (u64, &[u8; 20]),
    path: &[u8],
    buffer: &mut [u8],
    stop: &Stop,
    mut consume: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut hash = blob_hash(size);
    let read = read_to_end(reader.take(size), path, buffer, stop, |chunk| {
        hash.update(chunk);
        consume(chunk)
    })?;
    let hash: [u8; 20] = hash.finalize().into();
    if read == size && hash == *blob { Ok(()) } else { Err(damaged(path)) }
}
