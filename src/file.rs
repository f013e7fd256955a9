//! Small files that somebody names: regular ones alone, and no more of them than makes sense.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file to read it. Whatever else has that name is an error that says what it is: a named pipe would be
/// waited for, and a device may have no end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Not even opened: with a device that may do something.
    regular(std::fs::metadata(path)?.file_type())?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    // It may be another one by now.
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// The content of a regular file; of one that has more than `most` bytes, an error that says so.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut content)?;
    match u64::try_from(content.len()).is_ok_and(|length| length <= most) {
        true => Ok(content),
        false => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} bytes"))),
    }
}

fn regular(found: FileType) -> io::Result<()> {
    let what = match found {
        found if found.is_file() => return Ok(()),
        found if found.is_dir() => "a folder",
        found if found.is_fifo() => "a named pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and only regular files are read")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_small_regular_file_is_told_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, small, link) =
            (folder.path().join("pipe"), folder.path().join("small"), folder.path().join("link"));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::fs::write(&small, "four").unwrap();
        std::os::unix::fs::symlink(&small, &link).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(read(&link, 4).unwrap(), b"four");
        for (path, why) in [
            (small.as_path(), "larger than 3 bytes"),
            (&pipe, "a named pipe, and only regular files"),
            (&socket, "a socket"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = read(path, 3).unwrap_err().to_string();
            assert!(error.contains(why), "{}: {error}", path.display());
        }
        assert_eq!(open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
