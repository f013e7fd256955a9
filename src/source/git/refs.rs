//! What branches and tags name: the facts that a release depends on.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ReferenceType, Repository};

use crate::environment::Environment;
use crate::error::Result;
use crate::source::{Reader, RefName};
use crate::stop::Stop;

use super::ancestry::{find, full_id};
use super::command::Git;
use super::commit::Header;
use super::failure::Failure;
use super::last_word;
use super::look::Tools;

/// Where remotes keep what they have of branches.
const REMOTES: &[u8] = b"refs/remotes/";
/// Where tags are.
const TAGS: &[u8] = b"refs/tags/";

/// A branch or a tag, and its commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedCommit {
    /// The name, of a branch without its remote's.
    pub name: RefName,
    /// The commit's full id; of a tag, of what it leads to.
    pub commit: String,
}

/// The branches of the remote and the tags of a clone, as of its last fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// The branches of `origin`, or of the only remote; sorted by bytes. What somebody made in this clone is none of them.
    pub branches: Vec<NamedCommit>,
    /// The tags of commits; sorted likewise.
    pub tags: Vec<NamedCommit>,
}

/// What the branches and tags of the repository at `root` name. Blocking. Kind `Refused` where it cannot be read.
pub fn refs(root: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Result<Refs> {
    stop.check()?;
    let found = match reader {
        Reader::Libgit2 => Repository::open(root).map_err(Failure::from).and_then(|found| of_libgit2(&found)),
        Reader::GitCommand { .. } => {
            Tools { environment, stop }.git(root, reader).and_then(|git| of_command(&git))
        }
    };
    let mut found = found.map_err(|failure| last_word(root, failure))?;
    found.branches.sort();
    found.tags.sort();
    Ok(found)
}

/// The id of the tree of the commit with this full id; `None` where the clone at `root` does not have it. It may come
/// from the label of an image that somebody else made. Blocking.
pub fn tree_of(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    commit: &str,
    stop: &Stop,
) -> Result<Option<String>> {
    stop.check()?;
    let Some(id) = full_id(commit) else { return Ok(None) };
    let tree = match reader {
        Reader::Libgit2 => Repository::open(root).map_err(Failure::from).and_then(|repository| {
            let Some(id) = find(&repository, &id)? else { return Ok(None) };
            Ok(Header::parse(repository.find_commit(id)?.raw_header_bytes()).map(|header| header.tree))
        }),
        Reader::GitCommand { .. } => Tools { environment, stop }.git(root, reader).and_then(|git| {
            // Of a text that is no id here, git makes the name of a branch, or the beginning of one.
            let check = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
            let listing = git.run_fed(check, format!("{id}\n").into_bytes())?.success()?;
            if listing != format!("{id} commit\n").into_bytes() {
                return Ok(None);
            }
            Ok(Header::parse(&git.ask(["cat-file", "commit", &id])?).map(|header| header.tree))
        }),
    };
    tree.map_err(|failure| last_word(root, failure))
}

fn of_libgit2(repository: &Repository) -> Result<Refs, Failure> {
    let mut refs = Refs::default();
    let names = repository.remotes()?;
    let names: Vec<&str> = names.iter().filter_map(|name| name.ok().flatten()).collect();
    let remote = chosen(names.into_iter().map(str::as_bytes));
    for reference in repository.references()? {
        let reference = reference?;
        // `origin/HEAD` is another one's second name.
        if reference.kind() == Some(ReferenceType::Symbolic) {
            continue;
        }
        let name = reference.name_bytes().to_vec();
        let (list, name) = match (name.strip_prefix(TAGS), branch(&name, remote.as_deref())) {
            (Some(tag), _) => (&mut refs.tags, tag),
            (None, Some(branch)) => (&mut refs.branches, branch),
            (None, None) => continue,
        };
        // A tag may be of a file, and what it leads to may not be in the clone.
        if let Ok(commit) = reference.peel_to_commit() {
            list.push(NamedCommit { name: RefName::from_bytes(name), commit: commit.id().to_string() });
        }
    }
    Ok(refs)
}

fn of_command(git: &Git<'_>) -> Result<Refs, Failure> {
    let names = git.ask(["remote"])?;
    let remote = chosen(names.split(|&byte| byte == b'\n').filter(|name| !name.is_empty()));
    let mut refs = Refs::default();
    let listed = git.ask(["for-each-ref", "--format=%(objectname) %(refname) %(symref)", "refs/remotes"])?;
    for line in listed.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b' ');
        let (Some(id), Some(name), Some(b"")) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        if let Some(name) = branch(name, remote.as_deref()) {
            refs.branches.push(named(name, id));
        }
    }
    // Without any tag, git fails without a word.
    refs.tags = tags_of(&git.run(["show-ref", "--tags", "--dereference"])?.stdout);
    Ok(refs)
}

/// The tags in a list of git's, an id and a name a line. What a tag object leads to follows it, in a line of its own.
pub(super) fn tags_of(listed: &[u8]) -> Vec<NamedCommit> {
    let mut tags = BTreeMap::new();
    for line in listed.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b' ' || byte == b'\t');
        let (Some(id), Some(name)) = (fields.next(), fields.next()) else { continue };
        if let Some(name) = name.strip_prefix(TAGS) {
            tags.insert(name.strip_suffix(b"^{}").unwrap_or(name), id);
        }
    }
    tags.into_iter().map(|(name, id)| named(name, id)).collect()
}

/// `origin`, or the only remote.
pub(super) fn chosen<'a>(names: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let names: Vec<&[u8]> = names.collect();
    match names.as_slice() {
        [only] => Some(only.to_vec()),
        names => names.iter().find(|name| **name == b"origin").map(|name| name.to_vec()),
    }
}

/// The branch of the remote that the full name of a ref is for.
fn branch<'a>(name: &'a [u8], remote: Option<&[u8]>) -> Option<&'a [u8]> {
    name.strip_prefix(REMOTES)?.strip_prefix(remote?)?.strip_prefix(b"/")
}

fn named(name: &[u8], id: &[u8]) -> NamedCommit {
    NamedCommit { name: RefName::from_bytes(name), commit: String::from_utf8_lossy(id).into_owned() }
}
