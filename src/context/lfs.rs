//! Pointers of git-lfs: small files in a commit that stand for large ones, by their hash.
//!
//! The format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::place::open_file;
use super::read::{blob_hash, read_to_end};
use super::trouble::unreadable;
use crate::error::Result;
use crate::image::hex;
use crate::stop::Stop;

/// Pointers are shorter, in bytes.
pub(super) const SHORTER_THAN: u64 = 1024;
/// The shortest there is.
pub(super) const SHORTEST: u64 = 120;
/// The second is that of the time before the first release.
const VERSIONS: [&str; 2] =
    ["version https://git-lfs.github.com/spec/v1", "version https://hawser.github.com/spec/v1"];

/// Whether a file is a pointer of git-lfs, and not what it stands for.
pub fn is_lfs_pointer(bytes: &[u8]) -> bool {
    (bytes.len() as u64) < SHORTER_THAN && Pointer::parse(bytes).is_some()
}

/// What a pointer stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    /// The sha256 of the content, in hex.
    oid: String,
    /// Bytes of it.
    pub(super) size: u64,
    /// A program of the user's own makes the content out of what is stored.
    extended: bool,
}

impl Pointer {
    /// Reads a pointer; `None` for any other content.
    pub(super) fn parse(bytes: &[u8]) -> Option<Pointer> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        if !VERSIONS.contains(&lines.next()?) {
            return None;
        }
        let (mut oid, mut size, mut extended) = (None, None, false);
        for line in lines {
            let (key, value) = line.split_once(' ')?;
            match key {
                "oid" => oid = value.strip_prefix("sha256:"),
                "size" => size = value.parse().ok(),
                key => extended |= key.starts_with("ext-"),
            }
        }
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let oid = oid.filter(|oid| oid.len() == 64 && oid.bytes().all(is_digit))?;
        Some(Pointer { oid: oid.to_owned(), size: size?, extended })
    }

    /// Where git-lfs keeps the content below its folder of objects.
    fn path(&self, folder: &Path) -> PathBuf {
        let part = |range| self.oid.get(range).unwrap_or_default();
        folder.join(part(0..2)).join(part(2..4)).join(&self.oid)
    }

    /// The file below `folder` that holds the content, read and found to be it, with its git blob id; or why there is none.
    pub(super) fn fetched(
        &self,
        folder: &Path,
        path: &[u8],
        buffer: &mut [u8],
        stop: &Stop,
    ) -> Result<std::result::Result<(PathBuf, [u8; 20]), &'static str>> {
        if self.extended {
            return Ok(Err("an extension of git-lfs makes its content"));
        }
        let stored = self.path(folder);
        let mut file = match open_file(&stored) {
            Ok(file) => file,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err("its content was not fetched"));
            }
            Err(cause) => return Err(unreadable(path, cause)),
        };
        let (mut blob, mut oid) = (blob_hash(self.size), Sha256::new());
        let size = read_to_end(&mut file, path, buffer, stop, |chunk| {
            blob.update(chunk);
            oid.update(chunk);
            Ok(())
        })?;
        if size != self.size || hex(&oid.finalize()) != self.oid {
            return Ok(Err("what was fetched for it is damaged"));
        }
        Ok(Ok((stored, blob.finalize().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(change: impl Fn(&str) -> String) -> Option<Pointer> {
        let text = format!("{}\noid sha256:{}\nsize 12\n", VERSIONS[0], "0a".repeat(32));
        Pointer::parse(change(&text).as_bytes())
    }

    #[test]
    fn what_is_a_pointer() {
        let plain = pointer(str::to_owned).unwrap();
        assert_eq!((plain.size, plain.extended), (12, false));
        let id = "0a".repeat(32);
        assert_eq!(plain.path(Path::new("lfs")), Path::new("lfs/0a/0a").join(&id));
        assert!(pointer(|text| text.replace("git-lfs", "hawser")).is_some());
        let extended = pointer(|text| text.replace("\noid", &format!("\next-0-x sha256:{id}\noid")));
        assert!(extended.unwrap().extended);
        assert!((SHORTEST..SHORTER_THAN).contains(&(pointer_text().len() as u64)));
    }

    fn pointer_text() -> String {
        format!("{}\noid sha256:{}\nsize 1\n", VERSIONS[0], "0a".repeat(32))
    }

    #[test]
    fn what_is_none() {
        for (from, to) in [
            ("version", "Version"),
            ("spec/v1", "spec/v2"),
            ("sha256:0a", "sha256:0A"),
            ("sha256:0a0a", "sha256:../"),
            ("size 12", "size -1"),
            ("size 12", "size 99999999999999999999"),
            ("size 12", "sizes"),
            ("oid", "iod"),
        ] {
            assert_eq!(pointer(|text| text.replace(from, to)), None, "{from} {to}");
        }
        assert_eq!(Pointer::parse(b"\xff"), None);
        assert_eq!(Pointer::parse(b""), None);
    }
}
