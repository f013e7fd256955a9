//! Whether one commit came after another.

use std::path::Path;

use git2::{ErrorCode, Oid, Repository};

use crate::environment::Environment;
use crate::error::Result;
use crate::source::Reader;
use crate::stop::Stop;

use super::failure::Failure;
use super::look::Tools;

/// How a commit stands to another that may be its ancestor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ancestry {
    /// They are one commit.
    Same,
    /// It came after the other.
    Descendant,
    /// It did not: the other came later, or they went different ways.
    NotDescendant,
    /// The clone cannot tell: one of them is not in it, or the history between them may be cut off.
    Unknown,
}

/// How `descendant` stands to `ancestor`; both are full ids of commits. Anything else is `Unknown`, as they may come
/// from the label of an image that somebody else made.
///
/// Blocking, with libgit2 for as long as the walk takes, whatever `stop` says: seconds in a history of a million
/// commits. Kind `Refused` where the repository cannot be read.
pub fn ancestry(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    descendant: &str,
    ancestor: &str,
    stop: &Stop,
) -> Result<Ancestry> {
    stop.check()?;
    let (Some(descendant), Some(ancestor)) = (full_id(descendant), full_id(ancestor)) else {
        return Ok(Ancestry::Unknown);
    };
    if descendant == ancestor {
        return Ok(Ancestry::Same);
    }
    let found = match reader {
        Reader::Libgit2 => with_libgit2(root, &descendant, &ancestor),
        Reader::GitCommand { .. } => {
            with_command(root, reader, Tools { environment, stop }, &descendant, &ancestor)
        }
    };
    found.map_err(|failure| super::last_word(root, failure))
}

/// The id, in lower case, where it is a whole one.
pub(super) fn full_id(text: &str) -> Option<String> {
    let valid = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| text.to_ascii_lowercase())
}

fn with_libgit2(root: &Path, descendant: &str, ancestor: &str) -> Result<Ancestry, Failure> {
    let repository = Repository::open(root)?;
    let (Some(descendant), Some(ancestor)) = (find(&repository, descendant)?, find(&repository, ancestor)?)
    else {
        return Ok(Ancestry::Unknown);
    };
    match repository.graph_descendant_of(descendant, ancestor) {
        Ok(found) => Ok(judged(found, repository.is_shallow())),
        // The parents of the last commits of a shallow clone are named and not there.
        Err(error) if error.code() == ErrorCode::NotFound && repository.is_shallow() => Ok(Ancestry::Unknown),
        Err(error) => Err(error.into()),
    }
}

/// The commit with exactly this id.
pub(super) fn find(repository: &Repository, id: &str) -> Result<Option<Oid>, Failure> {
    let Some(id) = Oid::from_str(id).ok().filter(|found| found.to_string() == id) else { return Ok(None) };
    match repository.find_commit(id) {
        Ok(commit) => Ok(Some(commit.id())),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn with_command(
    root: &Path,
    reader: Reader,
    tools: Tools<'_>,
    descendant: &str,
    ancestor: &str,
) -> Result<Ancestry, Failure> {
    let git = tools.git(root, reader)?;
    // Git takes a text of the other hash's length for the name of a branch or for the beginning of an id, so it is asked
    // what it makes of them.
    let ids = format!("{descendant}\n{ancestor}\n");
    let check = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
    let listing = git.run_fed(check, ids.into_bytes())?.success()?;
    if listing != format!("{descendant} commit\n{ancestor} commit\n").into_bytes() {
        return Ok(Ancestry::Unknown);
    }
    let shallow = git.ask(["rev-parse", "--is-shallow-repository"])? == b"true\n";
    let output = git.run(["merge-base", "--is-ancestor", ancestor, descendant])?;
    match output.code {
        Some(0) => Ok(Ancestry::Descendant),
        Some(1) => Ok(judged(false, shallow)),
        _ => Err(output.complaint()),
    }
}

/// Where history is cut off, only a path that was found says anything.
fn judged(found: bool, shallow: bool) -> Ancestry {
    match (found, shallow) {
        (true, _) => Ancestry::Descendant,
        (false, false) => Ancestry::NotDescendant,
        (false, true) => Ancestry::Unknown,
    }
}
