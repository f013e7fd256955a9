//! Files of the image, or of the running container.

use super::Matcher;

/// A file, folder or link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileCheck {
    /// Its absolute path. Folders on the way may be links.
    pub path: String,
    /// Whether it is looked at in the running container; else in the image, without starting anything.
    pub live: bool,
    /// Whether `path` is filled in (`$NAME`, `${NAME}`) from the image's environment and what the test adds to it.
    pub expand: bool,
    /// Whether the last component is followed where it is a link. Content and sums always are those of the file that it
    /// leads to.
    pub follow: bool,
    /// Whether it must be there; `None` does not ask, as long as nothing else is wanted of it.
    pub exists: Option<bool>,
    /// What it must be.
    pub kind: Option<FileKind>,
    /// Its permission bits.
    pub mode: Option<ModeWanted>,
    /// Its owner's number.
    pub uid: Option<Matcher>,
    /// Its group's number.
    pub gid: Option<Matcher>,
    /// Its owner by name, as `/etc/passwd` in the image has it; the number where it has none.
    pub owner: Option<Matcher>,
    /// Its group by name, as `/etc/group` has it.
    pub group: Option<Matcher>,
    /// In bytes.
    pub size: Option<Matcher>,
    /// Where a link leads, as it is written in it.
    pub link: Option<Matcher>,
    /// Who must be able to execute it.
    pub executable_by: Option<Executor>,
    /// Its content.
    pub content: Vec<Matcher>,
    /// Hexadecimal sums of its content.
    pub md5: Option<Matcher>,
    /// SHA-256.
    pub sha256: Option<Matcher>,
    /// SHA-512.
    pub sha512: Option<Matcher>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileKind {
    File,
    Directory,
    Symlink,
    BlockDevice,
    CharacterDevice,
    Fifo,
    Socket,
}

/// Permissions as they are written.
#[derive(Debug, Clone, PartialEq)]
pub enum ModeWanted {
    /// The 12 bits of `chmod`: `0o4755`.
    Bits(u32),
    /// As Go's `FileMode.String` writes it, the kind included: `drwxr-xr-x`, `dtrwxrwxrwx`, `urwxr-xr-x`.
    Go(String),
    /// The octal digits as goss prints them: `0644`.
    Octal(Matcher),
}

/// Who executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Executor {
    Owner,
    Group,
    Other,
    Any,
}

/// Copyright files that must not name a forbidden licence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseCheck {
    /// Whether those of Debian packages (`/usr/share/doc/*/copyright`) are read.
    pub debian: bool,
    /// Further files.
    pub files: Vec<String>,
}
