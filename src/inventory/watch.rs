//! Which files of a layer are read, and how: by their paths, else by how they begin.

use super::OsRelease;
use super::layer::Item;
use super::packages::{Kind, Program, Stanzas, metadata, package_json, rpmdb};
use crate::rules::facts::{may_hold_secret, signs};

/// So many first bytes tell what a file is whose path does not.
const HEAD: usize = 512;
/// Bytes that are read of a text.
const TEXT: usize = 64 << 10;
/// Bytes of a `package.json`, which people write.
const JSON: usize = 1 << 20;
/// Bytes of RPM's database, which is read as a whole: one of a thousand packages takes 15 MB.
const DATABASE: usize = 32 << 20;

/// The file that passes by.
#[derive(Debug)]
pub(super) enum Watch {
    /// Nobody reads it.
    Nothing,
    /// Its first bytes are gathered.
    Sniff {
        head: Vec<u8>,
        size: u64,
        most: usize,
    },
    Stanzas(Stanzas),
    Program(Program),
    /// Its first bytes, of which `most` are kept.
    Whole {
        what: Text,
        bytes: Vec<u8>,
        most: usize,
        cut: bool,
    },
}

/// What a file is that is read as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    Rpm,
    Python,
    Npm,
    Os,
    Passwd,
    Shadow,
    Secret,
}

/// What came of a file.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) item: Option<Item>,
    /// What was left out, as what follows the path.
    pub(super) note: Option<String>,
}

impl Watch {
    /// How the file at `path` is read, which has `size` bytes; it gives at most `most` packages.
    pub(super) fn over(path: &str, size: u64, most: usize) -> Watch {
        if size == 0 {
            return Watch::Nothing;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let whole = |what| {
            let most = match what {
                Text::Rpm => DATABASE,
                Text::Npm => JSON,
                _ => TEXT,
            };
            Watch::Whole { what, bytes: Vec::new(), most, cut: false }
        };
        let is_listed = folder == "/var/lib/dpkg/status.d" && !name.ends_with(".md5sums");
        match name {
            "status" if path.ends_with("/dpkg/status") => Watch::Stanzas(Stanzas::new(Kind::Dpkg, most)),
            _ if is_listed => Watch::Stanzas(Stanzas::new(Kind::Dpkg, most)),
            "installed" if path.ends_with("/apk/db/installed") => {
                Watch::Stanzas(Stanzas::new(Kind::Apk, most))
            }
            "rpmdb.sqlite" => whole(Text::Rpm),
            "METADATA" if folder.ends_with(".dist-info") => whole(Text::Python),
            "PKG-INFO" if folder.ends_with(".egg-info") => whole(Text::Python),
            "package.json" if is_installed(folder) => whole(Text::Npm),
            "os-release" if matches!(folder, "/etc" | "/usr/lib") => whole(Text::Os),
            "passwd" if folder == "/etc" => whole(Text::Passwd),
            "shadow" if folder == "/etc" => whole(Text::Shadow),
            _ if name.ends_with(".egg-info") => whole(Text::Python),
            _ if may_hold_secret(path).is_some() => whole(Text::Secret),
            _ => Watch::Sniff { head: Vec::new(), size, most },
        }
    }

    /// Takes the next bytes of the file.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self {
            Watch::Nothing => {}
            Watch::Stanzas(stanzas) => stanzas.push(bytes),
            Watch::Program(program) => program.push(bytes),
            Watch::Whole { bytes: kept, most, cut, .. } => {
                let room = most.saturating_sub(kept.len()).min(bytes.len());
                *cut |= room < bytes.len();
                kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Watch::Sniff { head, size, most } => {
                let room = HEAD.saturating_sub(head.len()).min(bytes.len());
                head.extend_from_slice(bytes.get(..room).unwrap_or_default());
                let is_all = usize::try_from(*size).is_ok_and(|size| head.len() >= size);
                if head.len() >= HEAD || is_all {
                    let head = std::mem::take(head);
                    *self = Watch::begun(&head, *size, *most);
                    self.push(&head);
                    self.push(bytes.get(room..).unwrap_or_default());
                }
            }
        }
    }

    /// How a file is read that begins so.
    fn begun(head: &[u8], size: u64, most: usize) -> Watch {
        // A list of dpkg's under another name, to which a link may lead. Lists of what there is to install have no status.
        let is_dpkg =
            || head.starts_with(b"Package: ") && memchr::memmem::find(head, b"\nStatus: ").is_some();
        if head.starts_with(b"\x7fELF") {
            Watch::Program(Program::new(size))
        } else if head.starts_with(b"-----BEGIN ") {
            Watch::Whole { what: Text::Secret, bytes: Vec::new(), most: TEXT, cut: false }
        } else if head.starts_with(b"C:Q1") && memchr::memmem::find(head, b"\nP:").is_some() {
            Watch::Stanzas(Stanzas::new(Kind::Apk, most))
        } else if is_dpkg() {
            Watch::Stanzas(Stanzas::new(Kind::Dpkg, most))
        } else {
            Watch::Nothing
        }
    }

    /// The file ended: what it says. `path` is where it is.
    pub(super) fn end(self, path: &str, most: usize) -> Outcome {
        let noted = |item: Option<Item>, note: Option<String>| Outcome { item, note };
        let more = |cut: bool| cut.then(|| "it lists more packages than are read".to_owned());
        match self {
            // What is shorter than it said is no whole layer, which is an error elsewhere.
            Watch::Nothing | Watch::Sniff { .. } => Outcome::default(),
            Watch::Stanzas(stanzas) => {
                let (found, cut) = stanzas.end();
                noted(Some(Item::System(found)), more(cut))
            }
            Watch::Program(program) => {
                let (found, note) = program.end(most);
                noted((!found.is_empty()).then_some(Item::Packages(found)), note)
            }
            Watch::Whole { what: Text::Rpm, cut: true, .. } => {
                noted(None, Some("a database of more than 32 MiB, which is not read".to_owned()))
            }
            Watch::Whole { what: Text::Npm, cut: true, .. } => {
                noted(None, Some("a document of more than 1 MiB, which is not read".to_owned()))
            }
            Watch::Whole { what: Text::Rpm, bytes, .. } => match rpmdb(&bytes, most) {
                Ok((found, cut)) => noted(Some(Item::System(found)), more(cut)),
                Err(why) => noted(None, Some(why)),
            },
            Watch::Whole { what, bytes, cut, .. } => {
                let item = item(what, path, &bytes);
                let is_half = cut && matches!(what, Text::Passwd | Text::Shadow | Text::Secret);
                noted(item, is_half.then(|| "only its first 64 KiB were looked at".to_owned()))
            }
        }
    }
}

fn item(what: Text, path: &str, bytes: &[u8]) -> Option<Item> {
    let text = || String::from_utf8_lossy(bytes);
    match what {
        Text::Python => metadata(&text()).map(|found| Item::Packages(vec![found])),
        Text::Npm => package_json(bytes).map(|found| Item::Packages(vec![found])),
        Text::Os => OsRelease::parse(&text()).map(Item::Os),
        Text::Passwd | Text::Shadow => Some(Item::OpenAccounts(open_accounts(&text()))),
        Text::Secret => Some(signs(path, bytes)).filter(|signs| !signs.is_empty()).map(Item::Secret),
        Text::Rpm => None,
    }
}

/// Accounts whose second field is empty, in a file like `passwd` or `shadow`.
fn open_accounts(text: &str) -> Vec<String> {
    let account = |line: &str| {
        let mut fields = line.split(':');
        let (name, password) = (fields.next()?, fields.next()?);
        // A line of NIS's begins with one of these.
        let is_open = password.is_empty() && !name.is_empty() && !name.starts_with(['#', '+', '-']);
        // What has no third field is no account.
        (is_open && fields.next().is_some()).then(|| name.chars().take(64).collect())
    };
    text.lines().filter_map(account).take(1000).collect()
}

/// Whether a folder is that of a package that npm or its like installed: `…/node_modules/NAME`, with a scope or without.
fn is_installed(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let _name = parts.next();
    match parts.next() {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => parts.next() == Some("node_modules"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, content: &[u8], piece: usize) -> Outcome {
        let mut watch = Watch::over(path, content.len() as u64, 10);
        content.chunks(piece).for_each(|piece| watch.push(piece));
        watch.end(path, 10)
    }

    fn packages(outcome: Outcome) -> Vec<String> {
        match outcome.item {
            Some(Item::System(found) | Item::Packages(found)) => {
                found.into_iter().map(|one| one.name).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn files_are_told_by_path_and_by_how_they_begin() {
        let dpkg = b"Package: a\nStatus: install ok installed\nVersion: 1\n";
        let listed = b"Package: a\nVersion: 1\n";
        let apk = b"C:Q1abc=\nP:a\nV:1\n";
        let python = b"Name: a\nVersion: 1\n";
        let npm = br#"{"name": "a", "version": "1"}"#;
        for (path, content, expected) in [
            ("/var/lib/dpkg/status", &dpkg[..], true),
            ("/elsewhere/x", dpkg, true),
            ("/var/lib/apt/lists/x_Packages", listed, false),
            ("/var/lib/dpkg/status.d/a", listed, true),
            ("/var/lib/dpkg/status.d/a.md5sums", listed, false),
            ("/usr/lib/apk/db/installed", apk, true),
            ("/x", apk, true),
            ("/x/a-1.dist-info/METADATA", python, true),
            ("/x/METADATA", python, false),
            ("/x/a.egg-info", python, true),
            ("/x/a.egg-info/PKG-INFO", python, true),
            ("/app/node_modules/a/package.json", npm, true),
            ("/app/node_modules/@b/a/package.json", npm, true),
            ("/app/node_modules/a/lib/package.json", npm, false),
            ("/app/package.json", npm, false),
        ] {
            for piece in [1, 7, 4096] {
                let found = packages(read(path, content, piece));
                assert_eq!(found, if expected { vec!["a".to_owned()] } else { Vec::new() }, "{path}");
            }
        }
    }

    #[test]
    fn keys_are_found_whatever_they_are_called() {
        let key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";
        for path in ["/root/.ssh/id_ed25519", "/app/deploy"] {
            assert!(matches!(read(path, key, 10).item, Some(Item::Secret(_))), "{path}");
        }
        let certificate = b"-----BEGIN CERTIFICATE-----\nx\n";
        for path in ["/etc/ssl/certs/a.pem", "/app/deploy"] {
            assert!(read(path, certificate, 10).item.is_none(), "{path}");
        }
    }

    #[test]
    fn accounts_without_a_password() {
        let shadow = "root:*:1::::::\nme::1::::::\n+::\n#x::1\nbroken:\n:\n\nme2:!:1\n";
        assert_eq!(open_accounts(shadow), ["me"]);
        assert_eq!(open_accounts("root::0:0:root:/root:/bin/sh\nbin:x:1:1\n"), ["root"]);
    }

    #[test]
    fn what_is_too_large_is_noted() {
        let large = [&b"SQLite format 3\0"[..], &vec![0; DATABASE]].concat();
        assert!(read("/var/lib/rpm/rpmdb.sqlite", &large, 65_536).note.unwrap().contains("32 MiB"));
        assert!(read("/var/lib/rpm/rpmdb.sqlite", b"no database", 5).note.unwrap().contains("no SQLite"));
        assert!(read("/etc/shadow", &vec![b'x'; TEXT + 1], 4096).note.unwrap().contains("64 KiB"));
    }
}
