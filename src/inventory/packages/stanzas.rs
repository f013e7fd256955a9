//! Lists of packages in paragraphs of `Key: value` lines: dpkg's and apk's. They are read as they pass by, so that their
//! size costs nothing.

use super::{Found, short};
use crate::inventory::package::{Ecosystem, SourcePackage};

/// More of a line is passed over.
const MAX_LINE: usize = 4 << 10;
/// Bytes of texts of all packages of a list; ten thousand packages have a tenth of it.
const MAX_TEXT: usize = 16 << 20;

/// Whose list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) enum Kind {
    /// `Package: libc6`; a value may go on in lines that begin with a blank.
    Dpkg,
    /// `P:musl`.
    Apk,
}

/// Reads such a list.
#[derive(Debug)]
pub(in crate::inventory) struct Stanzas {
    kind: Kind,
    line: Vec<u8>,
    /// The line is longer than is read.
    is_long: bool,
    now: Paragraph,
    found: Vec<Found>,
    /// Packages that may still be taken.
    left: usize,
    /// Bytes that they may have.
    text: usize,
    cut: bool,
}

#[derive(Debug, Default)]
struct Paragraph {
    name: String,
    version: String,
    architecture: Option<String>,
    source: Option<SourcePackage>,
    license: Option<String>,
    /// Known to dpkg, and not installed.
    is_absent: bool,
}

impl Stanzas {
    /// Reads at most `most` packages.
    pub(in crate::inventory) fn new(kind: Kind, most: usize) -> Stanzas {
        Stanzas {
            kind,
            line: Vec::new(),
            is_long: false,
            now: Paragraph::default(),
            found: Vec::new(),
            left: most,
            text: MAX_TEXT,
            cut: false,
        }
    }

    /// Takes the next bytes.
    pub(in crate::inventory) fn push(&mut self, mut bytes: &[u8]) {
        // Nothing more is taken of it.
        if self.cut {
            return;
        }
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.take(bytes.get(..end).unwrap_or_default());
            bytes = bytes.get(end.saturating_add(1)..).unwrap_or_default();
            self.line_ends();
        }
        self.take(bytes);
    }

    /// What was found, and whether there was more.
    pub(in crate::inventory) fn end(mut self) -> (Vec<Found>, bool) {
        self.line_ends();
        self.paragraph_ends();
        (self.found, self.cut)
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.line.len());
        self.is_long |= bytes.len() > room;
        self.line.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn line_ends(&mut self) {
        let line = std::mem::take(&mut self.line);
        let is_long = std::mem::take(&mut self.is_long);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches('\r');
        if text.trim().is_empty() && !is_long {
            self.paragraph_ends();
        } else if let Some((key, value)) = text.split_once(':')
            && !text.starts_with([' ', '\t'])
        {
            match self.kind {
                Kind::Dpkg => self.now.of_dpkg(key, value.trim()),
                Kind::Apk => self.now.of_apk(key, value.trim()),
            }
        }
        // What was allocated is used again.
        self.line = line;
        self.line.clear();
    }

    fn paragraph_ends(&mut self) {
        let Paragraph { name, version, architecture, source, license, is_absent } =
            std::mem::take(&mut self.now);
        if name.is_empty() || version.is_empty() || is_absent {
            return;
        }
        let ecosystem = match self.kind {
            Kind::Dpkg => Ecosystem::Deb,
            Kind::Apk => Ecosystem::Apk,
        };
        // The source is told where it has another name or version.
        let source = source.filter(|source| source.name != name || source.version.is_some());
        let found = Found { ecosystem, name, version, architecture, source, license };
        let (Some(left), Some(text)) = (self.left.checked_sub(1), self.text.checked_sub(found.text())) else {
            self.cut = true;
            return;
        };
        (self.left, self.text) = (left, text);
        self.found.push(found);
    }
}

impl Paragraph {
    fn of_dpkg(&mut self, key: &str, value: &str) {
        match key {
            "Package" => self.name = short(value),
            "Version" => self.version = short(value),
            "Architecture" => self.architecture = text(value),
            "Source" => {
                let (name, version) = value.split_once('(').unwrap_or((value, ""));
                let version = text(version.trim_end_matches(')').trim());
                self.source = Some(SourcePackage { name: short(name.trim()), version });
            }
            // `want flag state`: of these two states nothing but configuration files is left.
            "Status" => {
                let state = value.split_whitespace().last().unwrap_or_default();
                self.is_absent = matches!(state, "not-installed" | "config-files");
            }
            _ => {}
        }
    }

    fn of_apk(&mut self, key: &str, value: &str) {
        match key {
            "P" => self.name = short(value),
            "V" => self.version = short(value),
            "A" => self.architecture = text(value),
            "L" => self.license = text(value),
            "o" => self.source = Some(SourcePackage { name: short(value), version: None }),
            _ => {}
        }
    }
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| short(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DPKG: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36)\n\
                        Version: 2.36-9\nDescription: x\n Package: not\n .\n\tVersion: 7\n\n\
                        Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\n\
                        Package: half\nStatus: install ok unpacked\nVersion: 1:2\nSource: half\n";
    const APK: &str =
        "C:Q1x\nP:musl\nV:1.2.4-r1\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld.so\n\nP:ssl\nV:3\no:openssl\n";

    fn read(kind: Kind, text: &[u8], piece: usize, most: usize) -> (Vec<Found>, bool) {
        let mut stanzas = Stanzas::new(kind, most);
        text.chunks(piece).for_each(|piece| stanzas.push(piece));
        stanzas.end()
    }

    #[test]
    fn what_is_installed_is_found_whatever_the_pieces_are() {
        for piece in [1, 9, 10_000] {
            let (found, cut) = read(Kind::Dpkg, DPKG.as_bytes(), piece, 100);
            let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.version.as_str())).collect();
            assert_eq!(told, [("libc6", "2.36-9"), ("half", "1:2")]);
            assert_eq!(
                found[0].source,
                Some(SourcePackage { name: "glibc".into(), version: Some("2.36".into()) })
            );
            assert_eq!(
                (found[0].architecture.as_deref(), &found[1].source, cut),
                (Some("amd64"), &None, false)
            );
            let (found, _) = read(Kind::Apk, APK.as_bytes(), piece, 100);
            assert_eq!((found.len(), found[0].license.as_deref(), &found[0].source), (2, Some("MIT"), &None));
            assert_eq!(found[1].source.as_ref().map(|source| source.name.as_str()), Some("openssl"));
        }
    }

    #[test]
    fn hostile_lists_are_bounded() {
        let many = "Package: a\nVersion: 1\n\n".repeat(1000);
        let (found, cut) = read(Kind::Dpkg, many.as_bytes(), 4096, 10);
        assert!(found.len() == 10 && cut);
        let long = format!("Package: {}\nVersion: 1\n", "x".repeat(1 << 20));
        let (found, _) = read(Kind::Dpkg, long.as_bytes(), 4096, 10);
        assert!(found[0].name.len() <= 1 << 10);
        let wordy = format!("Package: a\nVersion: {}\n\n", "x".repeat(1 << 10)).repeat(20_000);
        let (found, cut) = read(Kind::Dpkg, wordy.as_bytes(), 4096, 60_000);
        assert!(found.iter().map(Found::text).sum::<usize>() <= MAX_TEXT && cut);
        let (found, _) = read(Kind::Dpkg, b"Package: \xff\xfe\nVersion: 1\n\0\0\0", 5, 10);
        assert_eq!(found[0].name, "\u{fffd}\u{fffd}");
    }
}
