//! What an executable says about how it is loaded.

use std::io::{self, Read, Seek, SeekFrom};

/// `PT_LOAD`.
const LOAD: u64 = 1;
/// `PT_INTERP`.
const INTERPRETER: u64 = 3;
/// Program headers that are read; executables have a dozen.
const MOST_HEADERS: u64 = 256;
/// The longest path of a loader.
const MAX_PATH: u64 = 4096;

/// How an executable is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loading {
    /// How many bytes at its beginning are loaded. What follows is for debuggers.
    pub(super) bytes: u64,
    /// The path of its loader, where it is linked dynamically.
    pub(super) loader: Option<String>,
}

/// Reads the program headers of an ELF file of this machine's own byte order.
pub(super) fn loading(file: &mut (impl Read + Seek)) -> io::Result<Loading> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "not an executable of this machine");
    let mut ident = [0; 64];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut ident)?;
    let wide = match ident.get(..5) {
        Some(b"\x7fELF\x02") => true,
        Some(b"\x7fELF\x01") => false,
        _ => return Err(odd()),
    };
    // Offset, then size of a header and their number.
    let (table, entry, count) = if wide { ((32, 8), 54, 56) } else { ((28, 4), 42, 44) };
    let table = number(&ident, table.0, table.1).ok_or_else(odd)?;
    let entry = number(&ident, entry, 2).ok_or_else(odd)?;
    let count = number(&ident, count, 2).ok_or_else(odd)?;
    let (offset, size, width) = if wide { (8, 32, 8) } else { (4, 16, 4) };
    let mut loading = Loading { bytes: 0, loader: None };
    let mut header = vec![0; usize::try_from(entry.min(256)).unwrap_or(256)];
    for index in 0..count.min(MOST_HEADERS) {
        file.seek(SeekFrom::Start(table.saturating_add(index * entry)))?;
        file.read_exact(&mut header)?;
        let kind = number(&header, 0, 4).ok_or_else(odd)?;
        let start = number(&header, offset, width).ok_or_else(odd)?;
        let length = number(&header, size, width).ok_or_else(odd)?;
        if kind == LOAD {
            loading.bytes = loading.bytes.max(start.saturating_add(length));
        } else if kind == INTERPRETER {
            let mut path = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            file.take(length.min(MAX_PATH)).read_to_end(&mut path)?;
            let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
            loading.loader = Some(String::from_utf8(path.to_vec()).map_err(|_| odd())?);
        }
    }
    if loading.bytes == 0 { Err(odd()) } else { Ok(loading) }
}

/// A number of 2, 4 or 8 bytes, in this machine's order.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let field = bytes.get(at..at + width)?;
    Some(match width {
        2 => u64::from(u16::from_ne_bytes(field.try_into().ok()?)),
        4 => u64::from(u32::from_ne_bytes(field.try_into().ok()?)),
        _ => u64::from_ne_bytes(field.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Cursor;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_loaded_part_of_this_program_runs() {
        let mut file = File::open("/proc/self/exe").unwrap();
        let loading = loading(&mut file).unwrap();
        assert!(loading.bytes <= file.metadata().unwrap().len());
        file.seek(SeekFrom::Start(0)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        let mut part = File::create(&path).unwrap();
        io::copy(&mut file.take(loading.bytes), &mut part).unwrap();
        drop(part);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let listed = Command::new(&path).args(["--list", "no_such_test"]).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
    }

    #[test]
    fn anything_else_is_an_error() {
        let mut torn = vec![0; 64];
        torn[..5].copy_from_slice(b"\x7fELF\x02");
        torn[32..40].fill(0xff);
        torn[54..58].fill(0xff);
        for bytes in [b"".as_slice(), b"#!/bin/sh\n", &[0x7f; 100], &torn] {
            assert!(loading(&mut Cursor::new(bytes)).is_err());
        }
    }
}
