//! The files of a commit, read from git's objects alone.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Kind, Result};

use super::failure::Failure;
use super::objects::Objects;
use super::refusal;

/// Links that are followed to one file, as Linux has it.
const MOST_LINKS: usize = 40;
/// The longest target of a link, in bytes.
const LONGEST_LINK: u64 = 4096;
/// How much of small files is asked for at once, in bytes.
const BATCH: u64 = 32 << 20;

/// What the tree of a commit holds. Paths are relative to its root.
#[derive(Debug)]
pub struct CommitTree {
    objects: Objects,
    /// The commit's id.
    commit: String,
    /// In git's order: a folder right before what is in it.
    entries: Vec<(Vec<u8>, TreeEntry)>,
    numbers: HashMap<Vec<u8>, usize>,
    /// Files that were read, by their ids: a Dockerfile is asked for again and again, and each time is a process.
    blobs: Mutex<HashMap<String, Vec<u8>>>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub kind: TreeKind,
    /// Bytes of content; `None` where the clone does not have it, and for folders.
    pub size: Option<u64>,
    /// Whether git calls the file executable.
    pub executable: bool,
    /// The object's id in hex; of a submodule its commit's.
    pub id: String,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Another repository's commit, of which nothing is here.
    Submodule,
}

impl CommitTree {
    /// Reads what `ls-tree -r -t -z -l` printed.
    pub(super) fn parse(objects: Objects, commit: &str, listing: &[u8]) -> Result<CommitTree> {
        let mut entries = Vec::new();
        for record in listing.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
            let Some((path, entry)) = entry(record) else {
                let why = "git lists an entry that makes no sense";
                return Err(refusal::no_object(&format!("the tree of commit {commit}"), why));
            };
            entries.push((path, entry));
        }
        Ok(CommitTree::new(objects, commit, entries))
    }

    /// Of entries in git's order.
    pub(super) fn new(objects: Objects, commit: &str, entries: Vec<(Vec<u8>, TreeEntry)>) -> CommitTree {
        let numbers = entries.iter().enumerate().map(|(number, (path, _))| (path.clone(), number)).collect();
        CommitTree { objects, commit: commit.to_owned(), entries, numbers, blobs: Mutex::default() }
    }

    /// Where its objects are.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The commit's id.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// All entries, a folder right before what is in it.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &TreeEntry)> {
        self.entries.iter().map(|(path, entry)| (path.as_slice(), entry))
    }

    /// The entry at a path in which no link has to be followed.
    pub fn get(&self, path: &Path) -> Option<&TreeEntry> {
        self.at(path.as_os_str().as_bytes())
    }

    fn at(&self, path: &[u8]) -> Option<&TreeEntry> {
        self.entries.get(*self.numbers.get(path)?).map(|(_, entry)| entry)
    }

    /// Whether a path without links is a folder; the root is.
    pub fn is_folder(&self, path: &Path) -> bool {
        path.as_os_str().is_empty() || self.get(path).is_some_and(|entry| entry.kind == TreeKind::Folder)
    }

    /// The path without links, as a checkout would have it. `NotFound` where there is nothing; other errors say what is in
    /// the way: a link that leads out of the repository or in a circle, a submodule.
    pub fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let mut found = PathBuf::new();
        let mut links = 0;
        // The next part is the last one here.
        let mut parts: Vec<Vec<u8>> = Vec::new();
        push(&mut parts, path, path)?;
        while let Some(part) = parts.pop() {
            if part == b".." {
                if !found.pop() {
                    return Err(leads_out(path));
                }
                continue;
            }
            found.push(OsStr::from_bytes(&part));
            let Some(entry) = self.get(&found) else { return Err(io::ErrorKind::NotFound.into()) };
            match entry.kind {
                TreeKind::Folder => {}
                TreeKind::File if parts.is_empty() => {}
                TreeKind::File => return Err(io::ErrorKind::NotADirectory.into()),
                TreeKind::Submodule => {
                    let what =
                        format!("{} is a submodule, whose files the commit does not hold", found.display());
                    return Err(io::Error::other(what));
                }
                TreeKind::Link => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::other("its links lead in a circle"));
                    }
                    let target = self.blob(entry, &found, LONGEST_LINK).map_err(io::Error::other)?;
                    found.pop();
                    push(&mut parts, Path::new(OsStr::from_bytes(&target)), path)?;
                }
            }
        }
        Ok(found)
    }

    /// The content of the regular file at `path`, links followed; `None` where there is none. Kind `Config` where it is
    /// something else or larger than `most` bytes, kind `Refused` where the clone does not have it.
    pub fn read(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
        let real = match self.real(path) {
            Ok(real) => real,
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(cause) => {
                let what = format!("cannot read {} of commit {}", path.display(), self.commit);
                return Err(Error::new(Kind::Config, what).because(cause));
            }
        };
        match self.get(&real) {
            Some(entry) if entry.kind == TreeKind::File => self.blob(entry, &real, most).map(Some),
            _ => Err(refusal::no_file(path, &self.commit)),
        }
    }

    fn blob(&self, entry: &TreeEntry, path: &Path, most: u64) -> Result<Vec<u8>> {
        let what = || format!("{} of commit {}", path.display(), self.commit);
        let size =
            entry.size.ok_or_else(|| refusal::no_object(&what(), "the clone does not have its content"))?;
        if size > most {
            let limit = if most < 1 << 20 { format!("{most} bytes") } else { format!("{} MiB", most >> 20) };
            return Err(Error::new(Kind::Config, format!("{} is larger than {limit}", what())));
        }
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = blobs.get(&entry.id) {
            return Ok(bytes.clone());
        }
        match self.objects.blob(&entry.id) {
            Ok(bytes) => {
                blobs.insert(entry.id.clone(), bytes.clone());
                Ok(bytes)
            }
            Err(Failure::Unreadable(why)) => Err(refusal::no_object(&what(), &why)),
            Err(failure) => Err(self.objects.error(failure)),
        }
    }

    /// Calls `take` with the content of each of `paths` that is a regular file of at most `most` bytes and in the clone.
    pub fn each(&self, paths: &[&[u8]], most: u64, take: &mut dyn FnMut(&[u8], &[u8])) -> Result<()> {
        let small = |path: &&[u8]| {
            let entry = self.at(path).filter(|entry| entry.kind == TreeKind::File)?;
            Some((path.to_vec(), entry.id.as_str(), entry.size.filter(|size| *size <= most)?))
        };
        let mut wanted = paths.iter().filter_map(small).peekable();
        while wanted.peek().is_some() {
            self.objects.stop().check()?;
            if self.objects.has_library() {
                let Some((path, id, _)) = wanted.next() else { break };
                let content = self.objects.blob(id).map_err(|failure| self.objects.error(failure))?;
                take(&path, &content);
                continue;
            }
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while let Some(next) = wanted.next_if(|(.., size)| bytes == 0 || bytes + size <= BATCH) {
                // Names cost, too.
                bytes += next.2 + 100;
                batch.push(next);
            }
            let ids: String = batch.iter().map(|(_, id, _)| format!("{id}\n")).collect();
            let answer = self.objects.git();
            let answer =
                answer.and_then(|git| git.run_fed(["cat-file", "--batch"], ids.into_bytes())?.success());
            let answer = answer.map_err(|failure| self.objects.error(failure))?;
            let mut rest = answer.as_slice();
            for (path, id, size) in &batch {
                let header = format!("{id} blob {size}\n");
                let length = usize::try_from(*size).unwrap_or(usize::MAX);
                let content =
                    rest.strip_prefix(header.as_bytes()).and_then(|rest| rest.split_at_checked(length));
                let Some((content, behind)) = content else {
                    let what = format!("{} of commit {}", String::from_utf8_lossy(path), self.commit);
                    return Err(refusal::no_object(&what, "git gives something else"));
                };
                take(path, content);
                rest = behind.strip_prefix(b"\n").unwrap_or(behind);
            }
        }
        Ok(())
    }
}

/// Puts the parts of `path` in front of what is still to be followed on the way to `whole`.
fn push(parts: &mut Vec<Vec<u8>>, path: &Path, whole: &Path) -> io::Result<()> {
    let mut new = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => new.push(name.as_bytes().to_vec()),
            Component::ParentDir => new.push(b"..".to_vec()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err(leads_out(whole)),
        }
    }
    parts.extend(new.into_iter().rev());
    Ok(())
}

fn leads_out(path: &Path) -> io::Error {
    io::Error::other(format!("{} is a link that leads out of the repository", path.display()))
}

/// `<mode> <type> <id> <size>\t<path>`; the size is right-aligned, `-` for what has none and `BAD` for what is not there.
fn entry(record: &[u8]) -> Option<(Vec<u8>, TreeEntry)> {
    let tab = record.iter().position(|&byte| byte == b'\t')?;
    let mut fields = std::str::from_utf8(record.get(..tab)?).ok()?.split_ascii_whitespace();
    let (mode, _, id, size) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let entry = TreeEntry::of(mode, size.parse().ok(), id.to_owned())?;
    Some((record.get(tab + 1..)?.to_vec(), entry))
}

impl TreeEntry {
    /// By the mode that the tree has; `None` for one that stands for nothing.
    pub(super) fn of(mode: u32, size: Option<u64>, id: String) -> Option<TreeEntry> {
        let kind = match mode & 0o170_000 {
            0o040_000 => TreeKind::Folder,
            0o120_000 => TreeKind::Link,
            0o160_000 => TreeKind::Submodule,
            0o100_000 => TreeKind::File,
            _ => return None,
        };
        let executable = kind == TreeKind::File && mode & 0o100 != 0;
        Some(TreeEntry { kind, size, executable, id })
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind == TreeKind::Folder
    }

    /// Whether a blob stands behind it.
    pub(super) fn has_content(&self) -> bool {
        matches!(self.kind, TreeKind::File | TreeKind::Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::stop::Stop;

    fn tree(lines: &[&str]) -> Result<CommitTree> {
        let objects = Objects::open(Path::new("/"), &Environment::default(), &Stop::default());
        CommitTree::parse(objects, "abc", lines.join("\0").as_bytes())
    }

    #[test]
    fn records_are_read_whatever_their_names_are() {
        let tree = tree(&[
            "100644 blob 11     12\ta b\tc\n",
            "040000 tree 22      -\td",
            "100755 blob 33    BAD\td/gone",
            "160000 commit 44       -\tsub",
        ])
        .unwrap();
        let kinds: Vec<(TreeKind, Option<u64>)> =
            tree.entries().map(|(_, entry)| (entry.kind, entry.size)).collect();
        assert_eq!(
            kinds,
            [
                (TreeKind::File, Some(12)),
                (TreeKind::Folder, None),
                (TreeKind::File, None),
                (TreeKind::Submodule, None)
            ]
        );
        assert!(tree.get(Path::new("a b\tc\n")).is_some());
        assert!(tree.is_folder(Path::new("d")) && tree.is_folder(Path::new("")));
        assert_eq!(tree.read(Path::new("nothing"), 1).unwrap(), None);
        let gone = tree.read(Path::new("d/gone"), 1).unwrap_err();
        assert!(gone.message().contains("the clone does not have its content"), "{gone}");
        let submodule = tree.real(Path::new("sub/Dockerfile")).unwrap_err();
        assert!(submodule.to_string().starts_with("sub is a submodule"), "{submodule}");
        assert!(tree.real(Path::new("../x")).unwrap_err().to_string().contains("leads out"));
        assert!(tree.real(Path::new("d/../d")).is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["x", "100644 blob 11\tshort", "999999 blob 11 1\tmode", "100644 blob 11 1"] {
            assert!(tree(&[line]).is_err(), "{line}");
        }
    }
}
