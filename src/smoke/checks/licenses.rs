//! Copyright files that must not name a licence whose terms reach too far, as container-structure-test has it.

use std::collections::BTreeMap;

use super::misfits;
use crate::engine::{EntryKind, FileHeader};
use crate::error::Result;
use crate::expect::{LicenseCheck, Misfit};
use crate::smoke::look::{self, Place};
use crate::smoke::scene::Bench;

/// Words that no copyright file may hold, in letters of any case.
const BANNED: [&str; 2] = ["AGPL", "WTFPL"];
/// The one package of Debian that may: its text names such a licence for something that it does not ship.
const PARDONED: &str = "libgnutls30";
/// Where Debian's packages have their copyright files.
const DOCS: &str = "/usr/share/doc";
/// The largest copyright file that is read, in bytes.
const MAX: u64 = 10 << 20;
/// The most packages; Debian has fewer than this many in all.
const MAX_PACKAGES: usize = 100_000;
/// How many misfits one check tells.
const TOLD: usize = 50;

/// Reads the files; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &LicenseCheck) -> Result<Vec<Misfit>> {
    let engine = bench.engine();
    let place = Place { engine, id: bench.still().await? };
    let mut misfits = Vec::new();
    if spec.debian {
        misfits.extend(debian(place).await?);
    }
    for path in &spec.files {
        misfits.extend(file(place, path).await?);
    }
    misfits.truncate(TOLD);
    Ok(misfits)
}

/// What is known of a package's copyright file.
enum Copyright {
    /// There is none.
    Missing,
    /// It is no plain file in the archive of all: a link, or one more name of a file.
    Elsewhere,
    /// It holds no banned word.
    Fine,
    /// It does.
    Names(&'static str),
    /// It is too large to be read.
    TooLarge,
}

async fn debian(place: Place<'_>) -> Result<Vec<Misfit>> {
    let found = match look::find(place, DOCS, true).await? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(vec![Misfit::new(DOCS, "there", "nothing")]),
        Err(why) => return Ok(vec![misfits::unseen(DOCS, &why)]),
    };
    let mut packages = BTreeMap::new();
    let mut each = |header: FileHeader| {
        if packages.len() <= MAX_PACKAGES {
            note(&mut packages, &found.path, &header);
        }
    };
    let walked = place.engine.walk(place.id, &found.path, &mut each).await;
    if let Err(why) = look::look(place, walked).await? {
        return Ok(vec![misfits::unseen(DOCS, &why)]);
    }
    if packages.len() > MAX_PACKAGES {
        return Ok(vec![misfits::unseen(DOCS, "it has too many folders")]);
    }
    let mut wanted = |header: &FileHeader| copyright_of(&found.path, &header.path).is_some();
    let mut read = |header: FileHeader, bytes: Vec<u8>| {
        let package = copyright_of(&found.path, &header.path);
        if let Some(state) = package.and_then(|package| packages.get_mut(package)) {
            *state = banned(&bytes).map_or(Copyright::Fine, Copyright::Names);
        }
    };
    let walked = place.engine.walk_files(place.id, &found.path, MAX, &mut wanted, &mut read).await;
    if let Err(why) = look::look(place, walked).await? {
        return Ok(vec![misfits::unseen(DOCS, &why)]);
    }
    let mut misfits = Vec::new();
    for (package, state) in &packages {
        let path = format!("{DOCS}/{package}/copyright");
        match state {
            _ if package == PARDONED || misfits.len() >= TOLD => {}
            Copyright::Fine => {}
            Copyright::Names(word) => misfits.push(names(&path, word)),
            Copyright::Missing => misfits.push(Misfit::new(path, "there", "nothing")),
            Copyright::TooLarge => misfits.push(too_large(&path)),
            Copyright::Elsewhere => misfits.extend(file(place, &path).await?),
        }
    }
    Ok(misfits)
}

/// Notes packages, and what their copyright files are.
fn note(packages: &mut BTreeMap<String, Copyright>, docs: &str, header: &FileHeader) {
    if let Some(package) = copyright_of(docs, &header.path) {
        // One that is empty comes without content.
        let state = match header.kind {
            EntryKind::File if header.size > MAX => Copyright::TooLarge,
            EntryKind::File => Copyright::Fine,
            _ => Copyright::Elsewhere,
        };
        packages.insert(package.to_owned(), state);
    } else if header.kind == EntryKind::Folder
        && let Some(package) =
            below(docs, &header.path).filter(|name| !name.contains('/') && !name.is_empty())
    {
        packages.entry(package.to_owned()).or_insert(Copyright::Missing);
    }
}

/// The package whose copyright file `path` is.
fn copyright_of<'a>(docs: &str, path: &'a str) -> Option<&'a str> {
    let package = below(docs, path)?.strip_suffix("/copyright")?;
    (!package.is_empty() && !package.contains('/')).then_some(package)
}

fn below<'a>(docs: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(docs)?.strip_prefix('/')
}

async fn file(place: Place<'_>, path: &str) -> Result<Option<Misfit>> {
    let found = match look::find(place, path, true).await? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Some(Misfit::new(path, "there", "nothing"))),
        Err(why) => return Ok(Some(misfits::unseen(path, &why))),
    };
    if found.mode().kind() != Some(crate::expect::FileKind::File) {
        return Ok(Some(Misfit::new(path, "a file", "something else")));
    }
    Ok(match look::content(place, &found.path, MAX, &[]).await? {
        Ok(Some(content)) if content.cut => Some(too_large(path)),
        Ok(Some(content)) => banned(&content.bytes).map(|word| names(path, word)),
        Ok(None) => Some(Misfit::new(path, "there", "nothing")),
        Err(why) => Some(misfits::unseen(path, &why)),
    })
}

fn banned(text: &[u8]) -> Option<&'static str> {
    let text = text.to_ascii_uppercase();
    BANNED.into_iter().find(|word| memchr::memmem::find(&text, word.as_bytes()).is_some())
}

fn names(path: &str, word: &str) -> Misfit {
    Misfit::new(path, format!("no {}", BANNED.join(", no ")), word)
}

fn too_large(path: &str) -> Misfit {
    misfits::unseen(path, &format!("it is larger than {MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_their_copyright_files() {
        let header = |path: &str, kind: EntryKind, size: u64| FileHeader {
            path: path.to_owned(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            uname: String::new(),
            gname: String::new(),
            size,
            link_target: String::new(),
        };
        let mut packages = BTreeMap::new();
        for (path, kind, size) in [
            ("/d", EntryKind::Folder, 0),
            ("/d/a", EntryKind::Folder, 0),
            ("/d/a/copyright", EntryKind::File, 5),
            ("/d/b", EntryKind::Folder, 0),
            ("/d/b/more/copyright", EntryKind::File, 5),
            ("/d/b/more", EntryKind::Folder, 0),
            ("/d/c", EntryKind::Symlink, 0),
            ("/d/e", EntryKind::Folder, 0),
            ("/d/e/copyright", EntryKind::HardLink, 0),
            ("/d/f", EntryKind::Folder, 0),
            ("/d/f/copyright", EntryKind::File, MAX + 1),
            ("/d/copyright", EntryKind::File, 5),
            ("/dd/g", EntryKind::Folder, 0),
        ] {
            note(&mut packages, "/d", &header(path, kind, size));
        }
        let word = |state: &Copyright| match state {
            Copyright::Missing => "missing",
            Copyright::Elsewhere => "elsewhere",
            Copyright::Fine => "fine",
            Copyright::Names(word) => *word,
            Copyright::TooLarge => "large",
        };
        let seen: Vec<_> = packages.iter().map(|(name, state)| (name.as_str(), word(state))).collect();
        assert_eq!(seen, [("a", "fine"), ("b", "missing"), ("e", "elsewhere"), ("f", "large")]);
    }

    #[test]
    fn words_in_any_case_and_any_bytes() {
        for (text, word) in [
            (&b"the GNU Agpl, version 3"[..], Some("AGPL")),
            (b"\xff\xfewtfpl\0", Some("WTFPL")),
            (b"GPL, LGPL, A GPL", None),
            (b"", None),
        ] {
            assert_eq!(banned(text), word);
        }
    }
}
