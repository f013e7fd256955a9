//! What a tar archive says about one of its entries: ustar, with GNU's and PAX's ways to say what does not fit.

use super::fault::cap;

/// A header comes in a block of this size, and content fills up its last one.
pub(super) const BLOCK: usize = 512;

/// What an entry of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// With content.
    File,
    /// A directory.
    Folder,
    /// A symbolic link.
    Symlink,
    /// One more name of a file that came earlier in the same archive.
    HardLink,
    /// A device that is read byte by byte.
    CharDevice,
    /// A disk and the like.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// Something that this code does not know.
    Other,
}

/// One entry, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// As the archive has it; what [`Engine`](super::Engine) gives begins at the container's root: `/etc/passwd`.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Permissions with setuid, setgid and sticky bit, as chmod takes them; no bits for the kind.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The owner's name; engines leave it empty, since they do not read the container's `/etc/passwd`.
    pub uname: String,
    /// The group's name; as [`uname`](Self::uname).
    pub gname: String,
    /// Bytes of content; 0 for all but files.
    pub size: u64,
    /// What a link leads to, as it stands in the link.
    pub link_target: String,
}

/// What a block begins.
pub(super) enum Block {
    /// An entry, whose content follows.
    Entry(FileHeader),
    /// Something about the next entry, in as many bytes of content.
    Extra(Extra, u64),
    /// Nothing but zeros: padding, or the end.
    Zeros,
}

/// What the content of a header that is no entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    /// GNU's long path.
    Path,
    /// GNU's long target of a link.
    Link,
    /// PAX records for the next entry.
    Pax,
    /// PAX records for all further entries: engines write none that matters here.
    Global,
}

impl Extra {
    fn is_gnus(self) -> bool {
        matches!(self, Extra::Path | Extra::Link)
    }
}

/// What was said before an entry, and stands above its own header.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
    uname: Option<String>,
    gname: Option<String>,
    /// What came so far, and why readers may differ in what it says.
    kinds: Vec<Extra>,
    doubt: Option<&'static str>,
}

impl Overrides {
    /// Takes the content of a header of this kind.
    pub(super) fn read(&mut self, kind: Extra, content: &[u8]) -> Result<(), String> {
        self.note(kind);
        match kind {
            Extra::Path => self.path = Some(text(content)),
            Extra::Link => self.link = Some(text(content)),
            Extra::Pax => self.records(content)?,
            Extra::Global => {}
        }
        Ok(())
    }

    /// Of several such headers, some readers take the last and some all; GNU's path and link are two things.
    fn note(&mut self, kind: Extra) {
        let is_pair = |one: &Extra| *one != kind && [*one, kind].iter().all(|one| one.is_gnus());
        if kind == Extra::Global {
            self.doubt = Some("a header for all entries");
        } else if !self.kinds.iter().all(is_pair) {
            self.doubt = Some("several headers for one entry");
        }
        if self.kinds.len() < 2 {
            self.kinds.push(kind);
        }
    }

    /// Records of the form `LENGTH KEY=VALUE\n`, where the length counts all of it.
    fn records(&mut self, mut content: &[u8]) -> Result<(), String> {
        let wrong = || "a malformed pax record".to_owned();
        while !content.is_empty() {
            let blank = content.iter().take(20).position(|byte| *byte == b' ').ok_or_else(wrong)?;
            let length: usize = content
                .get(..blank)
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
                .ok_or_else(wrong)?;
            let record = content.get(blank.saturating_add(1)..length).ok_or_else(wrong)?;
            let record = record.strip_suffix(b"\n").ok_or_else(wrong)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(wrong)?;
            let (key, value) = (record.get(..equals), record.get(equals.saturating_add(1)..));
            self.record(key.unwrap_or_default(), value.unwrap_or_default()).ok_or_else(wrong)?;
            content = content.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        if key.starts_with(b"GNU.sparse.") {
            self.doubt = Some("a sparse file");
        }
        // Values of other keys may be any bytes.
        let known: [&[u8]; 7] = [b"path", b"linkpath", b"size", b"uid", b"gid", b"uname", b"gname"];
        if !known.contains(&key) {
            return Some(());
        }
        if value.contains(&0) {
            return None;
        }
        // No value takes an earlier one back.
        let value = (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned());
        match key {
            b"path" => self.path = value,
            b"linkpath" => self.link = value,
            b"uname" => self.uname = value,
            b"gname" => self.gname = value,
            b"size" => self.size = value.map(|v| v.parse().ok()).map_or(Some(None), |v| v.map(Some))?,
            b"uid" => self.uid = value.map(|v| v.parse().ok()).map_or(Some(None), |v| v.map(Some))?,
            _ => self.gid = value.map(|v| v.parse().ok()).map_or(Some(None), |v| v.map(Some))?,
        }
        Some(())
    }
}

/// Reads one block of [`BLOCK`] bytes. `said` stands above it, and is used up by an entry. Where it is `strict`, an entry that
/// other readers may take for something else is an error.
pub(super) fn read(block: &[u8], said: &mut Overrides, strict: bool) -> Result<Block, String> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(Block::Zeros);
    }
    let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    if !has_checksum(block) {
        return Err("a tar header whose checksum is wrong".to_owned());
    }
    let size = number(field(124, 136)).ok_or("a tar header without a size")?;
    let kind = match block.get(156).copied().unwrap_or_default() {
        b'L' => return Ok(Block::Extra(Extra::Path, size)),
        b'K' => return Ok(Block::Extra(Extra::Link, size)),
        b'x' => return Ok(Block::Extra(Extra::Pax, size)),
        b'g' => return Ok(Block::Extra(Extra::Global, size)),
        0 | b'0' | b'7' => EntryKind::File,
        b'1' => EntryKind::HardLink,
        b'2' => EntryKind::Symlink,
        b'3' => EntryKind::CharDevice,
        b'4' => EntryKind::BlockDevice,
        b'5' => EntryKind::Folder,
        b'6' => EntryKind::Fifo,
        _ => EntryKind::Other,
    };
    let said = std::mem::take(said);
    let id = |from, to| number(field(from, to)).and_then(|id| u32::try_from(id).ok());
    let own = |said: Option<u32>, from, to| {
        said.or_else(|| id(from, to)).ok_or("a tar header with a malformed owner")
    };
    let path = said.path.unwrap_or_else(|| {
        let name = text(field(0, 100));
        let prefix = if field(257, 263) == b"ustar\0" { text(field(345, 500)) } else { String::new() };
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    });
    // As the oldest archives write a folder.
    let kind = if kind == EntryKind::File && path.ends_with('/') { EntryKind::Folder } else { kind };
    let told = said.size.unwrap_or(size);
    let size = if matches!(kind, EntryKind::File | EntryKind::Other) { told } else { 0 };
    let doubt = match kind {
        EntryKind::Other => Some("an entry of an unknown kind"),
        // Where one reader goes on behind the header, another does behind the content.
        _ if told != size => Some("content of what is no file"),
        _ => said.doubt,
    };
    if let Some(doubt) = doubt.filter(|_| strict) {
        return Err(format!("{doubt} ({:?}), which not everybody reads alike", cap(&path)));
    }
    let mode = number(field(100, 108)).ok_or("a tar header with a malformed mode")?;
    Ok(Block::Entry(FileHeader {
        path,
        kind,
        // Some engines add the bits of the kind.
        mode: u32::try_from(mode & 0o7777).unwrap_or_default(),
        uid: own(said.uid, 108, 116)?,
        gid: own(said.gid, 116, 124)?,
        uname: said.uname.unwrap_or_else(|| text(field(265, 297))),
        gname: said.gname.unwrap_or_else(|| text(field(297, 329))),
        size,
        link_target: said.link.unwrap_or_else(|| text(field(157, 257))),
    }))
}

/// Up to the first NUL.
fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// Octal digits, nothing for 0, or GNU's big-endian binary with the first bit set.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        let first = u64::from(first & 0x7f);
        return rest.iter().try_fold(first, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)));
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The sum of all bytes with the checksum's own taken for blanks; some programs summed signed ones.
fn has_checksum(block: &[u8]) -> bool {
    let (mut unsigned, mut signed) = (0i64, 0i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    let told = number(block.get(148..156).unwrap_or_default()).and_then(|sum| i64::try_from(sum).ok());
    told.is_some_and(|told| told == unsigned || told == signed)
}
