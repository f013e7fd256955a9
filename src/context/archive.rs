//! The second pass: streams the context as a tar archive.
//!
//! Headers come from the tar crate, in GNU's format: numbers beyond what octal fields hold, long names and bytes that are
//! not UTF-8 need nothing else, and docker's engine, podman and GNU tar read it. The data is copied here and not by the
//! crate, so that it goes through one large buffer and a file that changed is noticed. The same listing and time give the
//! same bytes.

use std::io::Write;

use tar::{EntryType, Header};

use super::digest::mode;
use super::entries::{Content, Entry};
use super::listing::Listing;
use super::paths::Paths;
use super::read::{CHUNK, buffer};
use super::shield;
use crate::error::{Error, Kind, Result};
use crate::stop::Stop;

const BLOCK: usize = 512;
/// Name fields of a header; longer names travel in an entry of their own.
const NAME: usize = 100;

/// Writes the archive, every entry with the modification time `mtime` (seconds since 1970), and gives its length.
/// `progress` hears how many bytes were handed to `sink` so far. Blocks.
///
/// Errors: [`Kind::Refused`] where an entry is not what was listed, with its path; [`Kind::Io`] with the [`std::io::Error`] as
/// its source where `sink` fails (an engine that hangs up is a `BrokenPipe`). After an error the transfer has to be broken
/// off: engines take an archive that merely ends for a whole one.
pub fn write_tar(
    listing: &Listing,
    mtime: i64,
    sink: &mut dyn Write,
    stop: &Stop,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    let entries = listing.raw_entries();
    let mut out = Out { sink, progress, staged: Vec::with_capacity(CHUNK), sent: 0 };
    let mut way = listing.place.way();
    let mut paths = Paths::new(entries);
    let mut buffer = buffer();
    // Before 1970 there were no tar archives.
    let mtime = u64::try_from(mtime).unwrap_or(0);
    let mut folder_name = Vec::new();
    while let Some(at) = paths.advance() {
        stop.check()?;
        for _ in 0..at.left {
            way.leave(paths.folder())?;
        }
        let (entry, path, name) = (at.entry, paths.path(), entries.name(at.entry));
        let start = |kind, size| header(kind, entry, mtime, size);
        match entry.content {
            Content::File(_) => {
                let mut file = way.open(at.number, entry, path, name)?;
                out.header(start(EntryType::Regular, entry.identity.size), path, b"")?;
                file.read(entry, path, &mut buffer, stop, |bytes| out.put(bytes))?;
                out.pad(entry.identity.size)?;
            }
            Content::Folder => {
                way.enter(entry, path, name)?;
                folder_name.clear();
                folder_name.extend_from_slice(path);
                folder_name.push(b'/');
                out.header(start(EntryType::Directory, 0), &folder_name, b"")?;
            }
            Content::Symlink(target) => {
                let target = entries.text(target);
                way.still_links(entry, path, name, target)?;
                out.header(start(EntryType::Symlink, 0), path, target)?;
            }
            Content::Hardlink(first) => {
                way.still_there(entry, path, name)?;
                out.header(start(EntryType::Link, 0), path, &entries.path(first))?;
            }
        }
    }
    if let Some(patterns) = shield::patterns(listing) {
        let size = patterns.len() as u64;
        let header = plain_header(EntryType::Regular, 0o644, mtime, size);
        out.header(header, super::ignore_file::NAME.as_bytes(), b"")?;
        out.put(&patterns)?;
        out.pad(size)?;
    }
    out.put(&[0; 2 * BLOCK])?;
    out.drain()?;
    out.sink.flush().map_err(lost)?;
    Ok(out.sent)
}

fn header(kind: EntryType, entry: &Entry, mtime: u64, size: u64) -> Header {
    plain_header(kind, mode(entry), mtime, size)
}

fn plain_header(kind: EntryType, mode: u32, mtime: u64, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(mtime);
    header.set_size(size);
    header
}

/// Where the archive goes: small pieces are gathered, and all is counted.
struct Out<'a> {
    sink: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    staged: Vec<u8>,
    sent: u64,
}

impl Out<'_> {
    /// Writes a header, with names that do not fit into it before it.
    fn header(&mut self, mut header: Header, path: &[u8], target: &[u8]) -> Result<()> {
        if target.len() > NAME {
            self.long_name(EntryType::GNULongLink, target)?;
        }
        if path.len() > NAME {
            self.long_name(EntryType::GNULongName, path)?;
        }
        let fields = header.as_old_mut();
        fill(&mut fields.name, path);
        fill(&mut fields.linkname, target);
        header.set_cksum();
        self.put(header.as_bytes())
    }

    fn long_name(&mut self, kind: EntryType, name: &[u8]) -> Result<()> {
        let size = name.len() as u64 + 1;
        let mut header = plain_header(kind, 0o644, 0, size);
        fill(&mut header.as_old_mut().name, b"././@LongLink");
        header.set_cksum();
        self.put(header.as_bytes())?;
        self.put(name)?;
        self.put(b"\0")?;
        self.pad(size)
    }

    /// Fills up the last block of an entry's data.
    fn pad(&mut self, size: u64) -> Result<()> {
        let rest = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        let zeros = [0; BLOCK];
        self.put(zeros.get(..(BLOCK - rest) % BLOCK).unwrap_or_default())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if self.staged.len() + bytes.len() > CHUNK {
            self.drain()?;
        }
        if bytes.len() >= CHUNK {
            self.sink.write_all(bytes).map_err(lost)?;
            self.sent(bytes.len());
            return Ok(());
        }
        self.staged.extend_from_slice(bytes);
        Ok(())
    }

    /// Sends what was gathered.
    fn drain(&mut self) -> Result<()> {
        self.sink.write_all(&self.staged).map_err(lost)?;
        let length = self.staged.len();
        self.staged.clear();
        self.sent(length);
        Ok(())
    }

    fn sent(&mut self, length: usize) {
        if length > 0 {
            self.sent += length as u64;
            (self.progress)(self.sent);
        }
    }
}

fn fill(field: &mut [u8], bytes: &[u8]) {
    for (to, from) in field.iter_mut().zip(bytes) {
        *to = *from;
    }
}

fn lost(cause: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot write the context").because(cause)
}
