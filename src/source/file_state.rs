//! What the system says of a file.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Stat};

/// A file as `lstat` or `fstat` shows it; all by which somebody can tell that it was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// Type and permissions, as in `st_mode`.
    pub mode: u32,
    /// In bytes.
    pub size: u64,
    /// Where it lies.
    pub device: u64,
    /// Which one it is there.
    pub inode: u64,
    /// Whether it has more than one name.
    pub is_linked: bool,
    /// When the content was written last: seconds since 1970, and nanoseconds.
    pub modified: (i64, i64),
    /// When anything about it changed last, likewise.
    pub changed: (i64, i64),
}

impl FileState {
    /// Of an open file or folder.
    pub fn of(file: impl AsFd) -> io::Result<FileState> {
        Ok(FileState::from(rustix::fs::fstat(file)?))
    }

    /// Of what `name` stands for in the folder `dir`, without opening it; a link is not followed.
    pub fn at(dir: impl AsFd, name: &[u8]) -> io::Result<FileState> {
        Ok(FileState::from(rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// What kind of file it is.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind().is_file()
    }
}

impl From<Stat> for FileState {
    fn from(stat: Stat) -> FileState {
        let nanoseconds = |nanoseconds| i64::try_from(nanoseconds).unwrap_or(0);
        FileState {
            mode: stat.st_mode,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            device: stat.st_dev,
            inode: stat.st_ino,
            is_linked: stat.st_nlink > 1,
            modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
            changed: (stat.st_ctime, nanoseconds(stat.st_ctime_nsec)),
        }
    }
}
