//! Go's `os.FileMode`, in which engines describe files.

use crate::expect::FileKind;

const DIRECTORY: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;
const FIFO: u32 = 1 << 25;
const SOCKET: u32 = 1 << 24;
const SETUID: u32 = 1 << 23;
const SETGID: u32 = 1 << 22;
const CHARACTER: u32 = 1 << 21;
const STICKY: u32 = 1 << 20;
const IRREGULAR: u32 = 1 << 19;

/// Kind and permissions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::smoke) struct GoMode(pub(in crate::smoke) u32);

impl GoMode {
    /// What it is; `None` for what Go has no word for.
    pub(in crate::smoke) fn kind(self) -> Option<FileKind> {
        let has = |bit: u32| self.0 & bit != 0;
        Some(match () {
            () if has(DIRECTORY) => FileKind::Directory,
            () if has(SYMLINK) => FileKind::Symlink,
            () if has(FIFO) => FileKind::Fifo,
            () if has(SOCKET) => FileKind::Socket,
            // A character device has both bits.
            () if has(CHARACTER) => FileKind::CharacterDevice,
            () if has(DEVICE) => FileKind::BlockDevice,
            () if has(IRREGULAR) => return None,
            () => FileKind::File,
        })
    }

    /// The 12 bits of `chmod`.
    pub(in crate::smoke) fn bits(self) -> u32 {
        let special = [(SETUID, 0o4000), (SETGID, 0o2000), (STICKY, 0o1000)];
        let special = special.iter().filter(|(go, _)| self.0 & go != 0).map(|(_, unix)| unix);
        self.0 & 0o777 | special.sum::<u32>()
    }

    /// As Go writes it: a letter for each of the upper bits that is set, or a dash, then the nine permissions. A sticky
    /// folder is `dtrwxrwxrwx`, where `ls` has `drwxrwxrwt`.
    pub(in crate::smoke) fn text(self) -> String {
        let set = |letters: &str, highest: u32| -> String {
            let bits = letters.chars().zip(0u32..);
            bits.filter(|(_, at)| self.0 & (highest >> at) != 0).map(|(letter, _)| letter).collect()
        };
        let upper = set("dalTLDpSugct?", DIRECTORY);
        let permissions = "rwxrwxrwx"
            .chars()
            .zip(0u32..)
            .map(|(letter, at)| if self.0 & (0o400 >> at) != 0 { letter } else { '-' });
        let upper = if upper.is_empty() { "-".to_owned() } else { upper };
        upper.chars().chain(permissions).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_bit() {
        // One bit each, as Go's documentation of the type has the letters.
        for (mode, text) in [
            (0, "----------"),
            (0o777, "-rwxrwxrwx"),
            (0o644, "-rw-r--r--"),
            (0o421, "-r---w---x"),
            (1 << 31 | 0o755, "drwxr-xr-x"),
            (1 << 30, "a---------"),
            (1 << 29, "l---------"),
            (1 << 28, "T---------"),
            (1 << 27 | 0o777, "Lrwxrwxrwx"),
            (1 << 26 | 0o660, "Drw-rw----"),
            (1 << 25 | 0o644, "prw-r--r--"),
            (1 << 24 | 0o755, "Srwxr-xr-x"),
            (1 << 23 | 0o755, "urwxr-xr-x"),
            (1 << 22 | 0o755, "grwxr-xr-x"),
            (1 << 21, "c---------"),
            (1 << 26 | 1 << 21 | 0o666, "Dcrw-rw-rw-"),
            (1 << 20 | 1 << 31 | 0o777, "dtrwxrwxrwx"),
            (1 << 19, "?---------"),
            // Without a letter of their own.
            (1 << 18 | 1 << 9, "----------"),
            (1 << 23 | 1 << 22 | 1 << 20, "ugt---------"),
            (u32::MAX, "dalTLDpSugct?rwxrwxrwx"),
        ] {
            assert_eq!(GoMode(mode).text(), text, "{mode:#o}");
        }
    }

    #[test]
    fn kinds_and_bits() {
        for (mode, kind, bits) in [
            (0o644, Some(FileKind::File), 0o644),
            (1 << 31 | 1 << 20 | 0o777, Some(FileKind::Directory), 0o1777),
            (1 << 27 | 0o777, Some(FileKind::Symlink), 0o777),
            (1 << 26 | 0o660, Some(FileKind::BlockDevice), 0o660),
            (1 << 26 | 1 << 21 | 0o666, Some(FileKind::CharacterDevice), 0o666),
            (1 << 25 | 0o600, Some(FileKind::Fifo), 0o600),
            (1 << 24 | 0o600, Some(FileKind::Socket), 0o600),
            (1 << 23 | 1 << 22 | 0o755, Some(FileKind::File), 0o6755),
            (1 << 19, None, 0),
        ] {
            assert_eq!((GoMode(mode).kind(), GoMode(mode).bits()), (kind, bits), "{mode:#o}");
        }
    }
}
