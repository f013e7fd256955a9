//! The form on the disk: a line that names the version, the records, and a sha256 over both. A file for each context.
//!
//! The sum finds damage, not forgery: files that somebody else could have written are not read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::record::{Record, SIZE};

/// Records of one file: what a large context has, in 8 MB.
pub(super) const MOST: usize = 1 << 17;
/// Files in the folder; those that were written longest ago go.
const MOST_FILES: usize = 64;
const MAGIC: &[u8; 16] = b"imgbuild hash 1\n";
const ENDING: &str = "hashes";
const SUM: usize = 32;

/// The records of a file; none where anything is wrong with it.
pub(super) fn read(path: &Path) -> Vec<Record> {
    try_read(path).unwrap_or_default()
}

fn try_read(path: &Path) -> Option<Vec<Record>> {
    // Not blocking, should it be a FIFO.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags).ok()?).open(path).ok()?;
    let meta = file.metadata().ok()?;
    let ours = meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o022 == 0;
    let length = usize::try_from(meta.len()).ok()?.checked_sub(MAGIC.len() + SUM)?;
    let count = length / SIZE;
    if !meta.is_file() || !ours || length % SIZE != 0 || count > MOST {
        return None;
    }
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic).ok().filter(|()| magic == *MAGIC)?;
    let mut hash = Sha256::new_with_prefix(magic);
    let mut records: Vec<Record> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut bytes = [0; SIZE];
        file.read_exact(&mut bytes).ok()?;
        hash.update(bytes);
        let record = Record::from_bytes(&bytes)?;
        if records.last().is_some_and(|last| last.key() >= record.key()) {
            return None;
        }
        records.push(record);
    }
    let mut sum = [0; SUM];
    file.read_exact(&mut sum).ok()?;
    let expected: [u8; SUM] = hash.finalize().into();
    (sum == expected).then_some(records)
}

/// Puts the records, which are sorted, in place of what is there, as a whole or not at all. Nothing is said where that
/// fails.
pub(super) fn write(path: &Path, records: &[Record]) {
    let Some(folder) = path.parent() else { return };
    let is_new = !path.exists();
    // Never somebody else's to write in, whatever the umask.
    if DirBuilder::new().recursive(true).mode(0o700).create(folder).is_err() {
        return;
    }
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    let temporary = folder.join(format!("{random:016x}.tmp"));
    let written = write_new(&temporary, records).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _gone_or_not = fs::remove_file(&temporary);
    }
    if is_new {
        prune(folder);
    }
}

fn write_new(path: &Path, records: &[Record]) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut file = BufWriter::with_capacity(64 << 10, file);
    let mut hash = Sha256::new_with_prefix(MAGIC);
    file.write_all(MAGIC)?;
    for record in records {
        let bytes = record.to_bytes();
        hash.update(bytes);
        file.write_all(&bytes)?;
    }
    file.write_all(&hash.finalize())?;
    file.into_inner().map(drop).map_err(std::io::IntoInnerError::into_error)
}

/// Takes away the oldest files where they are too many, and what broken-off runs left.
fn prune(folder: &Path) {
    let Ok(list) = fs::read_dir(folder) else { return };
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for path in list.flatten().map(|entry| entry.path()).take(10 * MOST_FILES) {
        let Ok(modified) = path.symlink_metadata().and_then(|meta| meta.modified()) else { continue };
        let is = |ending: &str| path.extension().is_some_and(|found| found == ending);
        let age = modified.elapsed().unwrap_or_default();
        if is("tmp") && age.as_secs() > 24 * 3600 {
            let _gone_or_not = fs::remove_file(&path);
        } else if is(ENDING) {
            files.push((modified, path));
        }
    }
    files.sort_unstable();
    let too_many = files.len().saturating_sub(MOST_FILES);
    for (_, path) in files.iter().take(too_many) {
        let _gone_or_not = fs::remove_file(path);
    }
}

/// The file for the context at `root`.
pub(super) fn path(folder: &Path, root: &Path) -> PathBuf {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let hash = Sha256::digest(std::os::unix::ffi::OsStrExt::as_bytes(root.as_os_str()));
    let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    folder.join(name).with_extension(ENDING)
}

/// Whether the file system that a file lies on keeps its times by this machine's clock, and inodes for good.
pub(super) fn is_local(file: &File) -> bool {
    /// `f_type` of statfs(2): ext, xfs, btrfs, overlayfs, tmpfs, f2fs, zfs, bcachefs.
    const LOCAL: [u64; 8] =
        [0xef53, 0x5846_5342, 0x9123_683e, 0x794c_7630, 0x0102_1994, 0xf2f5_2010, 0x2fc1_2fc1, 0xca45_1a4e];
    rustix::fs::fstatfs(file)
        .is_ok_and(|about| LOCAL.iter().any(|&local| u64::try_from(about.f_type) == Ok(local)))
}
