//! The databases of package managers, as files that pass by: one line is held at a time.

/// What is kept of a line, in bytes; fields that matter are shorter.
const LINE: usize = 4096;

/// How a database writes its records: a field per line, an empty line after each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::smoke) enum Format {
    /// `/var/lib/dpkg/status`, and the files of `status.d` in images without dpkg.
    Dpkg,
    /// `/lib/apk/db/installed`.
    Apk,
}

/// Finds the versions of one package. Ends with [`finish`](Search::finish).
#[derive(Debug)]
pub(in crate::smoke) struct Search<'a> {
    format: Format,
    wanted: &'a str,
    line: Vec<u8>,
    name: String,
    arch: String,
    version: String,
    /// What dpkg wants and has done; empty where nothing says so, which means that it is installed.
    status: String,
    /// Records were seen.
    any: bool,
    versions: Vec<String>,
}

impl<'a> Search<'a> {
    /// Looks for `wanted`: a name, or `name:architecture` where the database is dpkg's.
    pub(in crate::smoke) fn new(format: Format, wanted: &'a str) -> Search<'a> {
        let none = String::new;
        Search {
            format,
            wanted,
            line: Vec::new(),
            name: none(),
            arch: none(),
            version: none(),
            status: none(),
            any: false,
            versions: Vec::new(),
        }
    }

    /// Takes the next bytes of the database.
    pub(in crate::smoke) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let room = LINE.saturating_sub(self.line.len()).min(text.len());
            self.line.extend_from_slice(text.get(..room).unwrap_or_default());
            if ends {
                self.take_line();
            }
        }
    }

    /// A file of the database ends here; another may follow.
    pub(in crate::smoke) fn end_of_file(&mut self) {
        self.take_line();
        self.end_record();
    }

    /// The versions that are installed, in the order of the database; `None` where it held no record at all.
    pub(in crate::smoke) fn finish(mut self) -> Option<Vec<String>> {
        self.end_of_file();
        self.any.then_some(self.versions)
    }

    fn take_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            self.end_record();
        } else if let Some((key, value)) = line.split_once(':') {
            let field = match (self.format, key) {
                (Format::Dpkg, "Package") | (Format::Apk, "P") => &mut self.name,
                (Format::Dpkg, "Version") | (Format::Apk, "V") => &mut self.version,
                (Format::Dpkg, "Architecture") => &mut self.arch,
                (Format::Dpkg, "Status") => &mut self.status,
                _ => return,
            };
            value.trim().clone_into(field);
        }
    }

    fn end_record(&mut self) {
        let [name, arch, version, status] =
            [&mut self.name, &mut self.arch, &mut self.version, &mut self.status].map(std::mem::take);
        if name.is_empty() {
            return;
        }
        self.any = true;
        // The third word of `install ok installed`; `deinstall ok config-files` is no more.
        let installed = status.is_empty() || status.split_whitespace().nth(2) == Some("installed");
        let is_wanted = name == self.wanted
            || self.wanted.split_once(':').is_some_and(|(wanted, of)| wanted == name && of == arch);
        if installed && is_wanted && !self.versions.contains(&version) {
            self.versions.push(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n\
        Version: 2.36-9\nDescription: the C library\n Package: inside a description\n Version: 9\n\n\
        Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\n\
        Package: half\nStatus: install reinstreq half-installed\nVersion: 1\n\n\
        Package: held\nStatus: hold ok installed\nVersion: 1:2~rc1\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36-8\n";
    const INSTALLED: &str =
        "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:ld.so\n\nP:busybox\nV:1.36.1-r5\n";

    fn versions(format: Format, text: &str, wanted: &str, piece: usize) -> Option<Vec<String>> {
        let mut search = Search::new(format, wanted);
        text.as_bytes().chunks(piece).for_each(|bytes| search.push(bytes));
        search.finish()
    }

    #[test]
    fn what_is_installed() {
        for piece in [1, 7, 100_000] {
            for (format, text, wanted, expected) in [
                (Format::Dpkg, STATUS, "libc6", &["2.36-9", "2.36-8"][..]),
                (Format::Dpkg, STATUS, "libc6:i386", &["2.36-8"]),
                (Format::Dpkg, STATUS, "libc6:arm64", &[]),
                (Format::Dpkg, STATUS, "gone", &[]),
                (Format::Dpkg, STATUS, "half", &[]),
                (Format::Dpkg, STATUS, "held", &["1:2~rc1"]),
                (Format::Dpkg, STATUS, "inside a description", &[]),
                (Format::Dpkg, "Package: tzdata\nVersion: 2024a", "tzdata", &["2024a"]),
                (Format::Apk, INSTALLED, "busybox", &["1.36.1-r5"]),
                (Format::Apk, INSTALLED, "musl", &["1.2.4-r2"]),
                (Format::Apk, INSTALLED, "ld.so", &[]),
            ] {
                assert_eq!(versions(format, text, wanted, piece).unwrap(), expected, "{wanted}");
            }
        }
    }

    #[test]
    fn no_record_is_no_answer() {
        assert_eq!(versions(Format::Dpkg, "\n\n", "a", 1), None);
        assert_eq!(versions(Format::Dpkg, "SQLite format 3", "a", 100), None);
    }

    #[test]
    fn a_long_line_costs_no_memory() {
        let mut search = Search::new(Format::Dpkg, "a");
        search.push(b"Package: a\nDepends: ");
        for _ in 0..1000 {
            search.push(&[b'x'; 1000]);
        }
        assert!(search.line.capacity() <= 2 * LINE);
        search.push(b"\nVersion: 1\n");
        assert_eq!(search.finish().unwrap(), ["1"]);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..50) {
            let mut search = Search::new(Format::Dpkg, "a:b");
            bytes.chunks(piece).for_each(|bytes| search.push(bytes));
            search.finish();
        }
    }
}
