//! Reads a file that must not change meanwhile.

use std::fs::File;
use std::io::{ErrorKind, Read};

use sha1::{Digest as _, Sha1};

use super::identity::Identity;
use super::trouble::{changed, damaged, unreadable};
use crate::error::Result;
use crate::source::BlobReader;
use crate::stop::Stop;

/// Bytes read at once: large enough for the disk, small enough for the cache.
pub(super) const CHUNK: usize = 256 * 1024;

/// The buffer that all files of a pass go through.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; CHUNK]
}

/// Hands the file's bytes to `consume`, exactly as many as `identity` says. An error where the file ends earlier, or is
/// another than `identity` says when its end was reached.
pub(super) fn read_unchanged(
    file: &mut File,
    identity: &Identity,
    path: &[u8],
    buffer: &mut [u8],
    stop: &Stop,
    mut consume: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut left = identity.size;
    while left > 0 {
        stop.check()?;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(chunk) = buffer.get_mut(..most) else { break };
        let read = match file.read(chunk) {
            Ok(0) => return Err(changed(path, "its size is another")),
            Ok(read) => read,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(path, e)),
        };
        left = left.saturating_sub(read as u64);
        consume(chunk.get(..read).unwrap_or_default())?;
    }
    let after = Identity::of(&file.metadata().map_err(|e| unreadable(path, e))?);
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
    let mut hash = Sha1::new_with_prefix(format!("blob {size}\0"));
    let mut left = size;
    while left > 0 {
        stop.check()?;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(chunk) = buffer.get_mut(..most) else { break };
        let read = match reader.read(chunk) {
            Ok(0) => return Err(damaged(path)),
            Ok(read) => read,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(path, e)),
        };
        left = left.saturating_sub(read as u64);
        let chunk = chunk.get(..read).unwrap_or_default();
        hash.update(chunk);
        consume(chunk)?;
    }
    let hash: [u8; 20] = hash.finalize().into();
    if hash == *blob { Ok(()) } else { Err(damaged(path)) }
}
