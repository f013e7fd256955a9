//! What Go's linker notes in a program of the modules that it was made of, found while the program passes by: it stands
//! behind a mark, on a boundary of 16 bytes. The format is that of Go's package `debug/buildinfo`.

use memchr::memmem;

use super::found::Found;
use crate::inventory::package::Ecosystem;

const MARK: &[u8] = b"\xff Go buildinf:";
/// Mark, size of a pointer, flags and what older programs have there.
const HEAD: usize = 32;
/// Both texts are within the program, and not elsewhere by address: Go 1.18 and newer.
const INLINE: u8 = 2;
/// Around the modules stand 16 bytes each.
const START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const END: usize = 16;
/// Bytes of the longest list of modules; the largest programs there are have a tenth of it.
const MAX_MODULES: usize = 1 << 20;
/// Marks that are looked at; a program may hold the mark as data.
const MAX_TRIES: u32 = 16;

/// Looks for it.
#[derive(Debug)]
pub(super) struct Scan {
    /// The end of what passed, where a mark may begin; or all from a mark on.
    kept: Vec<u8>,
    /// How far `kept` is from the program's beginning, within 16 bytes.
    at: usize,
    is_open: bool,
    tries: u32,
    found: Option<Vec<Found>>,
    is_old: bool,
}

enum Read {
    Whole(Vec<Found>),
    /// It goes on behind what came so far.
    Needs,
    Old,
    Not,
}

impl Scan {
    pub(super) fn new() -> Scan {
        Scan { kept: Vec::new(), at: 0, is_open: false, tries: 0, found: None, is_old: false }
    }

    /// Takes the next bytes of the program.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.found.is_some() || self.tries >= MAX_TRIES {
            return;
        }
        self.kept.extend_from_slice(bytes);
        loop {
            if self.is_open {
                match read(&self.kept) {
                    Read::Needs => return,
                    Read::Whole(found) => {
                        self.found = Some(found);
                        self.kept = Vec::new();
                        return;
                    }
                    Read::Old => self.is_old = true,
                    Read::Not => {}
                }
                self.is_open = false;
                self.tries += 1;
                if self.tries >= MAX_TRIES {
                    return;
                }
                self.drop_first(1);
            }
            match memmem::find(&self.kept, MARK) {
                Some(at) => {
                    self.drop_first(at);
                    if self.at.is_multiple_of(16) { self.is_open = true } else { self.drop_first(1) }
                }
                None => {
                    self.drop_first(self.kept.len().saturating_sub(MARK.len()));
                    return;
                }
            }
        }
    }

    /// The modules, and whether a program was seen that is too old to say them.
    pub(super) fn end(self) -> (Vec<Found>, bool) {
        let is_old = self.is_old && self.found.is_none();
        (self.found.unwrap_or_default(), is_old)
    }

    fn drop_first(&mut self, count: usize) {
        self.kept.drain(..count.min(self.kept.len()));
        self.at = (self.at + count) % 16;
    }
}

fn read(bytes: &[u8]) -> Read {
    let Some(flags) = bytes.get(15) else { return Read::Needs };
    if flags & INLINE == 0 {
        // The size of a pointer, and the order of its bytes.
        let is_one = matches!(bytes.get(14), Some(4 | 8)) && *flags <= 1;
        return if is_one { Read::Old } else { Read::Not };
    }
    let (version, after) = match text(bytes, HEAD, 256) {
        Ok(part) => part,
        Err(read) => return read,
    };
    if !(version.starts_with(b"go") || version.starts_with(b"devel")) {
        return Read::Not;
    }
    let (modules, _) = match text(bytes, after, MAX_MODULES) {
        Ok(part) => part,
        Err(read) => return read,
    };
    let inside = modules.strip_prefix(START).and_then(|rest| rest.get(..rest.len().checked_sub(END)?));
    let modules = String::from_utf8_lossy(inside.unwrap_or_default());
    Read::Whole(packages(&String::from_utf8_lossy(version), &modules))
}

/// The text at `at`, with its length in front.
fn text(bytes: &[u8], at: usize, most: usize) -> Result<(&[u8], usize), Read> {
    let (mut length, mut from) = (0usize, at);
    for shift in [0, 7, 14, 21] {
        let byte = *bytes.get(from).ok_or(Read::Needs)?;
        length |= usize::from(byte & 0x7f) << shift;
        from += 1;
        if byte & 0x80 == 0 {
            if length > most {
                return Err(Read::Not);
            }
            return bytes.get(from..from + length).map(|text| (text, from + length)).ok_or(Read::Needs);
        }
    }
    Err(Read::Not)
}

fn packages(version: &str, modules: &str) -> Vec<Found> {
    let mut found = Vec::new();
    // A toolchain of one's own adds words behind a blank.
    let toolchain = version.strip_prefix("go").and_then(|rest| rest.split_whitespace().next());
    found.extend(toolchain.map(|version| Found::new(Ecosystem::Go, "stdlib", version)));
    // A program that was built without modules has the path of its package alone.
    if !modules.contains("\nmod\t")
        && let Some(path) = modules.lines().find_map(|line| line.strip_prefix("path\t"))
    {
        found.push(Found::new(Ecosystem::Go, path, ""));
    }
    for line in modules.lines() {
        let mut words = line.split('\t');
        let (Some(kind), Some(path)) = (words.next(), words.next()) else { continue };
        // A main module that no version is known of is `(devel)`.
        let version = words.next().filter(|version| !version.starts_with('(')).unwrap_or_default();
        match kind {
            "mod" | "dep" => found.push(Found::new(Ecosystem::Go, path, version)),
            // What the one before is replaced by.
            "=>" => {
                if found.len() > 1 {
                    found.pop();
                }
                // A folder has no version.
                if !path.starts_with(['.', '/']) {
                    found.push(Found::new(Ecosystem::Go, path, version));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(mut length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes
    }

    fn blob(modules: &str) -> Vec<u8> {
        let modules = [START, modules.as_bytes(), &[7; END]].concat();
        let mut blob = [MARK, &[8, INLINE], &[0; 16], &varint(7), b"go1.2.3"].concat();
        blob.extend(varint(modules.len()));
        blob.extend(modules);
        blob
    }

    fn scan(program: &[u8], piece: usize) -> (Vec<(String, String)>, bool) {
        let mut scan = Scan::new();
        program.chunks(piece).for_each(|piece| scan.push(piece));
        assert!(scan.kept.len() < 2 * MAX_MODULES);
        let (found, is_old) = scan.end();
        (found.into_iter().map(|one| (one.name, one.version)).collect(), is_old)
    }

    #[test]
    fn modules_are_found_wherever_they_are() {
        let modules = "path\tcmd/x\nmod\texample.com/x\t(devel)\t\ndep\ta.b/c\tv1.0.0\th1:x=\ndep\ta.b/d\tv1.1.0\n\
                       =>\te.f/d\tv2.0.0\th1:y=\ndep\ta.b/e\tv1.0.0\n=>\t../e\nbuild\tCGO_ENABLED=0\n";
        let mut program = vec![0; 4096];
        // The mark as data, and off its boundary.
        program.extend([MARK, &[0, 0xff]].concat());
        program.extend([b"x", MARK, b"\x08\x02"].concat());
        program.resize(8192, 1);
        program.extend(blob(modules));
        program.resize(20_000, 2);
        for piece in [1, 15, 1000, program.len()] {
            let (found, is_old) = scan(&program, piece);
            let expected =
                [("stdlib", "1.2.3"), ("example.com/x", ""), ("a.b/c", "v1.0.0"), ("e.f/d", "v2.0.0")];
            let found: Vec<_> =
                found.iter().map(|(name, version)| (name.as_str(), version.as_str())).collect();
            assert_eq!((found, is_old), (expected.to_vec(), false), "{piece}");
        }
    }

    #[test]
    fn a_program_without_modules_is_its_package() {
        let (found, _) = scan(&blob("path\texample.com/cmd/x\nbuild\t-compiler=gc\n"), 4096);
        assert_eq!(found[1..], [("example.com/cmd/x".to_owned(), String::new())]);
    }

    #[test]
    fn what_is_old_or_made_up() {
        let old = [MARK, &[8, 0], &[0; 100]].concat();
        assert_eq!(scan(&old, 10), (Vec::new(), true));
        // A list of a gigabyte, one that never ends, and marks without end.
        let mut endless = [MARK, &[8, INLINE], &[0; 16], &varint(2), b"go"].concat();
        let huge = [endless.clone(), varint(1 << 27)].concat();
        endless.extend(varint(MAX_MODULES));
        for program in [huge, endless.clone(), [MARK, &[8, 2]].concat().repeat(100_000)] {
            assert_eq!(scan(&program, 4096), (Vec::new(), false));
        }
        let cut = blob("mod\ta\tv1\n");
        assert_eq!(scan(&cut[..cut.len() - 1], 4096), (Vec::new(), false));
    }
}
