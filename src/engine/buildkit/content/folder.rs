//! A folder of blobs by their digests, laid out as an OCI image layout.
//!
//! A blob gets its name when all of it is on the disk and is what its digest says, so that runs which write the same folder
//! at once disturb nobody. No link is followed below the folder, and names are digests: nothing leads out of it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::image::Digest;
use crate::token::token;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
/// A pipe is not waited for.
const OLD: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);
/// Where blobs grow, until they have their names.
const GROWING: &str = "ingest";
/// How our files are called there.
const OURS: &str = "imgbuild-";
/// What nobody wrote to for as long was left by a run that was killed.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder that is open.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    root: OwnedFd,
    blobs: OwnedFd,
    /// `None` where it is only read.
    growing: Option<OwnedFd>,
    busy: Mutex<Busy>,
}

#[derive(Debug, Default)]
struct Busy {
    /// What is being written, by the builder's names.
    names: BTreeSet<String>,
    /// What was last written, or asked to be and was there.
    last: Option<Digest>,
    failed: Option<String>,
}

impl Folder {
    /// Opens a folder to read, which has to be in `within` without a link on the way. Blocks, as everything here.
    pub(super) fn read(path: &Path, within: Option<&Path>) -> io::Result<Folder> {
        let root = match within {
            None => openat(CWD, path, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())?,
            Some(within) => inside(path, within, |at, name| Ok(openat(at, name, FOLDER, Mode::empty())?))?,
        };
        let blobs = openat(&root, "blobs", FOLDER, Mode::empty())?;
        let blobs = openat(&blobs, "sha256", FOLDER, Mode::empty())?;
        Ok(Folder { path: path.to_owned(), root, blobs, growing: None, busy: Mutex::default() })
    }

    /// Opens a folder to read and fill, made where there is none; as [`read`](Folder::read).
    pub(super) fn fill(path: &Path, within: Option<&Path>) -> io::Result<Folder> {
        let root = match within {
            None => {
                std::fs::create_dir_all(path)?;
                openat(CWD, path, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())?
            }
            Some(within) => inside(path, within, |at, name| below(at, name))?,
        };
        let blobs = below(&below(&root, "blobs")?, "sha256")?;
        let growing = below(&root, GROWING)?;
        sweep(&growing);
        Ok(Folder { path: path.to_owned(), root, blobs, growing: Some(growing), busy: Mutex::default() })
    }

    pub(super) fn fills(&self) -> bool {
        self.growing.is_some()
    }

    /// A blob, and its size.
    pub(super) fn open(&self, digest: &Digest) -> io::Result<(File, u64)> {
        regular(openat(&self.blobs, digest.hex(), OLD, Mode::empty())?)
    }

    /// A file of the folder itself, and its size.
    pub(super) fn open_own(&self, name: &str) -> io::Result<(File, u64)> {
        regular(openat(&self.root, name, OLD, Mode::empty())?)
    }

    /// Puts a file of the folder itself in the place of what is there.
    pub(super) fn put_own(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let growing = self.growing.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        let grown = Grown::new(growing)?;
        (&grown.file).write_all(content)?;
        grown.settle(growing, &self.root, name)
    }

    /// A file to lock, made where there is none.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(File::from(openat(&self.root, name, flags, Mode::from_raw_mode(0o644))?))
    }

    /// Begins to write what the builder calls `name`; `None` while it is being written already.
    pub(super) fn begin(self: &Arc<Self>, name: &str) -> io::Result<Option<Writer>> {
        let growing = self.growing.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        if !self.busy().names.insert(name.to_owned()) {
            return Ok(None);
        }
        let hold = Hold { folder: Arc::clone(self), name: name.to_owned() };
        let grown = Grown::new(growing)?;
        Ok(Some(Writer { hold, grown: Some(grown), hash: Sha256::new(), written: 0 }))
    }

    /// Notes that the builder wanted to write what is there.
    pub(super) fn has(&self, digest: &Digest) -> bool {
        let has = self.open(digest).is_ok();
        if has {
            self.busy().last = Some(digest.clone());
        }
        has
    }

    /// What was written last: of a cache, its manifest.
    pub(super) fn last(&self) -> Option<Digest> {
        self.busy().last.clone()
    }

    /// Notes why something could not be written.
    pub(super) fn fail(&self, cause: &io::Error) {
        self.busy().failed.get_or_insert_with(|| cause.to_string());
    }

    /// Why something could not be written, if anything could not.
    pub(super) fn failed(&self) -> Option<String> {
        self.busy().failed.clone()
    }

    fn busy(&self) -> MutexGuard<'_, Busy> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A blob that grows. Without [`commit`](Writer::commit), nothing of it stays.
#[derive(Debug)]
pub(super) struct Writer {
    hold: Hold,
    grown: Option<Grown>,
    hash: Sha256,
    written: u64,
}

/// Keeps others from writing the same.
#[derive(Debug)]
struct Hold {
    folder: Arc<Folder>,
    name: String,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.folder.busy().names.remove(&self.name);
    }
}

impl Writer {
    /// Bytes written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Writes on.
    pub(super) fn append(&mut self, data: &[u8]) -> io::Result<()> {
        (&self.grown()?.file).write_all(data)?;
        self.hash.update(data);
        self.written += data.len() as u64;
        Ok(())
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        let mut file = &self.grown()?.file;
        file.seek(SeekFrom::Start(0))?;
        file.set_len(0)?;
        (self.hash, self.written) = (Sha256::new(), 0);
        Ok(())
    }

    /// Gives it its name, if it is what it should be; inside what it is where it is not.
    pub(super) fn commit(mut self, expected: Option<&Digest>) -> io::Result<Result<Digest, Digest>> {
        let digest = Digest::from_hash(std::mem::take(&mut self.hash).finalize().into());
        if expected.is_some_and(|expected| *expected != digest) {
            return Ok(Err(digest));
        }
        let folder = Arc::clone(&self.hold.folder);
        let growing = folder.growing.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        let grown = self.grown.take().ok_or(io::ErrorKind::BrokenPipe)?;
        grown.settle(growing, &folder.blobs, digest.hex())?;
        folder.busy().last = Some(digest.clone());
        Ok(Ok(digest))
    }

    fn grown(&self) -> io::Result<&Grown> {
        self.grown.as_ref().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

/// A file without its name, which goes where it gets none.
#[derive(Debug)]
struct Grown {
    folder: OwnedFd,
    name: String,
    file: File,
}

impl Grown {
    fn new(folder: &OwnedFd) -> io::Result<Grown> {
        let name = format!("{OURS}{}", token());
        let file = File::from(openat(folder, name.as_str(), NEW, Mode::from_raw_mode(0o644))?);
        Ok(Grown { folder: folder.try_clone()?, name, file })
    }

    /// On the disk before it has its name, so that a name always has its content.
    fn settle(mut self, from: &OwnedFd, folder: &OwnedFd, name: &str) -> io::Result<()> {
        self.file.sync_all()?;
        renameat(from, self.name.as_str(), folder, name)?;
        self.name.clear();
        rustix::fs::fsync(folder)?;
        Ok(())
    }
}

impl Drop for Grown {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = unlinkat(&self.folder, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// The folder at `path` below `within`, where `open` gives each in the one before it and follows no link.
fn inside(
    path: &Path,
    within: &Path,
    open: impl Fn(&OwnedFd, &OsStr) -> io::Result<OwnedFd>,
) -> io::Result<OwnedFd> {
    let mut at = openat(CWD, within, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())?;
    let leaves = || io::Error::other(format!("it is not in {}", within.display()));
    for part in path.strip_prefix(within).map_err(|_| leaves())?.components() {
        let Component::Normal(name) = part else { return Err(leaves()) };
        at = open(&at, name).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::NOTDIR | Errno::LOOP) => {
                io::Error::other(format!("{name:?} is no folder, and no link is followed there"))
            }
            _ => error,
        })?;
    }
    Ok(at)
}

/// A folder in another, made where there is none.
fn below(folder: &OwnedFd, name: impl AsRef<OsStr>) -> io::Result<OwnedFd> {
    let name = name.as_ref();
    match mkdirat(folder, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(openat(folder, name, FOLDER, Mode::empty())?)
}

fn regular(file: OwnedFd) -> io::Result<(File, u64)> {
    let file = File::from(file);
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    Ok((file, about.len()))
}

/// Removes what runs that were killed left behind; what cannot be removed is somebody else's affair.
fn sweep(growing: &OwnedFd) {
    let Ok(entries) = rustix::fs::Dir::read_from(growing) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_bytes().starts_with(OURS.as_bytes()) {
            continue;
        }
        let written = rustix::fs::statat(growing, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| stat.st_mtime);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let limit = since.saturating_sub(FORGOTTEN).as_secs();
        if written.is_ok_and(|seconds| u64::try_from(seconds).is_ok_and(|seconds| seconds < limit)) {
            let _ = unlinkat(growing, name, AtFlags::empty());
        }
    }
}

/// All of a file that may not have more than `most` bytes.
pub(super) fn all(file: File, size: u64, most: u64) -> io::Result<Vec<u8>> {
    if size > most {
        return Err(io::Error::other(format!("it has {size} bytes, more than {most}")));
    }
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(
        folder: &Arc<Folder>,
        name: &str,
        pieces: &[&[u8]],
        expected: Option<&Digest>,
    ) -> Result<Digest, Digest> {
        let mut writer = folder.begin(name).unwrap().unwrap();
        pieces.iter().for_each(|piece| writer.append(piece).unwrap());
        writer.commit(expected).unwrap()
    }

    fn growing(path: &Path) -> usize {
        std::fs::read_dir(path.join(GROWING)).unwrap().count()
    }

    #[test]
    fn a_blob_has_its_name_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/cache");
        let folder = Arc::new(Folder::fill(&path, None).unwrap());
        let digest = Digest::of(b"content");
        assert!(!folder.has(&digest) && folder.last().is_none());
        assert_eq!(write(&folder, "x", &[b"con", b"tent"], Some(&digest)), Ok(digest.clone()));
        let (file, size) = folder.open(&digest).unwrap();
        assert_eq!((all(file, size, 7).unwrap().as_slice(), size), (&b"content"[..], 7));
        assert!(folder.has(&digest) && folder.last() == Some(digest.clone()));
        assert_eq!(write(&folder, "y", &[], None), Ok(Digest::of(b"")));
        assert_eq!(folder.last(), Some(Digest::of(b"")));

        // Another run may have written the same meanwhile.
        let other = Arc::new(Folder::fill(&path, None).unwrap());
        assert_eq!(write(&other, "x", &[b"content"], Some(&digest)), Ok(digest.clone()));

        let wrong = Digest::of(b"other");
        assert_eq!(write(&folder, "x", &[b"content"], Some(&wrong)), Err(digest));
        assert!(folder.open(&wrong).is_err());

        let mut writer = folder.begin("x").unwrap().unwrap();
        assert!(folder.begin("x").unwrap().is_none(), "while it is being written");
        writer.append(b"begun wrongly").unwrap();
        writer.restart().unwrap();
        assert_eq!(writer.written(), 0);
        writer.append(b"anew").unwrap();
        assert_eq!(writer.commit(None).unwrap(), Ok(Digest::of(b"anew")));

        drop(folder.begin("x").unwrap().unwrap());
        assert_eq!(growing(&path), 0, "nothing stays that was not committed");
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (path, secret) = (dir.path().join("cache"), dir.path().join("secret"));
        let folder = Folder::fill(&path, None).unwrap();
        std::fs::write(&secret, "secret").unwrap();
        let digest = Digest::of(b"x");
        symlink(&secret, path.join("blobs/sha256").join(digest.hex())).unwrap();
        symlink(&secret, path.join("index.json")).unwrap();
        assert!(folder.open(&digest).is_err() && folder.open_own("index.json").is_err());
        folder.put_own("index.json", b"{}").unwrap();
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");
        std::fs::create_dir(path.join("blobs/sha256").join(Digest::of(b"y").hex())).unwrap();
        assert!(folder.open(&Digest::of(b"y")).is_err());

        let moved = dir.path().join("moved");
        std::fs::rename(path.join("blobs"), &moved).unwrap();
        symlink(&moved, path.join("blobs")).unwrap();
        assert!(Folder::read(&path, None).is_err() && Folder::fill(&path, None).is_err());
    }

    #[test]
    fn no_link_leads_out_of_what_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let (root, other) = (dir.path().join("repo"), dir.path().join("other"));
        drop(Folder::fill(&other.join("cache"), None).unwrap());
        std::fs::create_dir(&root).unwrap();
        symlink(&other, root.join("link")).unwrap();
        symlink(other.join("cache"), root.join("last")).unwrap();
        symlink(&root, dir.path().join("way")).unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        for path in ["link/cache", "link/new", "last", "file", "file/x"] {
            let (path, within) = (root.join(path), Some(root.as_path()));
            for told in [Folder::read(&path, within), Folder::fill(&path, within)] {
                let told = told.unwrap_err().to_string();
                assert!(told.contains("no link is followed"), "{told}");
            }
        }
        assert!(Folder::fill(&other.join("cache"), Some(&root)).is_err());
        assert!(Folder::fill(&root.join("../other/cache"), Some(&root)).is_err());
        assert!(!other.join("new").exists());
        // The way to the repository itself may be one.
        let way = dir.path().join("way");
        drop(Folder::fill(&way.join("a/b"), Some(&way)).unwrap());
        drop(Folder::read(&root.join("a/b"), Some(&root)).unwrap());
    }

    #[test]
    fn what_is_only_read_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Folder::read(&dir.path().join("none"), None).is_err());
        drop(Folder::fill(dir.path(), None).unwrap());
        let folder = Arc::new(Folder::read(dir.path(), None).unwrap());
        assert!(!folder.fills() && folder.begin("x").is_err() && folder.put_own("index.json", b"").is_err());
    }

    #[test]
    fn what_killed_runs_left_goes_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        drop(Folder::fill(dir.path(), None).unwrap());
        let old = SystemTime::now() - FORGOTTEN - Duration::from_secs(60);
        for (name, time) in [("imgbuild-old", old), ("imgbuild-new", SystemTime::now()), ("other", old)] {
            File::create(dir.path().join(GROWING).join(name)).unwrap().set_modified(time).unwrap();
        }
        drop(Folder::fill(dir.path(), None).unwrap());
        let left = ["imgbuild-old", "imgbuild-new", "other"]
            .map(|name| dir.path().join(GROWING).join(name).exists());
        assert_eq!(left, [false, true, true]);
    }
}
