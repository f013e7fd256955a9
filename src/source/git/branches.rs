//! The branches that a clone knows of, here and on its remotes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::UNIX_EPOCH;

use git2::Repository;

use crate::environment::Environment;
use crate::error::Result;
use crate::source::{Reader, RefName};
use crate::stop::Stop;

use super::failure::Failure;
use super::look::Tools;

/// Branches, and how far they are all that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branches {
    /// Those of the clone itself, and those that were fetched of any remote, by their names there.
    pub names: BTreeSet<RefName>,
    /// How many of them were fetched.
    pub fetched: usize,
    /// A remote is set up so that all of its branches are fetched.
    pub all_are_fetched: bool,
    /// When something was fetched last, unix seconds; `None` where git left no trace of it.
    pub fetched_at: Option<i64>,
}

/// The branches of the repository at `root`. Blocking. Kind `Refused` where the repository cannot be read.
pub fn branches(root: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Result<Branches> {
    stop.check()?;
    let found = match reader {
        Reader::Libgit2 => with_libgit2(root),
        Reader::GitCommand { .. } => with_command(root, reader, Tools { environment, stop }),
    };
    found.map_err(|failure| super::last_word(root, failure))
}

fn with_libgit2(root: &Path) -> Result<Branches, Failure> {
    let repository = Repository::open(root)?;
    let mut branches = Branches::default();
    let remotes: Vec<Vec<u8>> = repository.remotes()?.iter_bytes().map(<[u8]>::to_vec).collect();
    for reference in repository.references()? {
        branches.add(reference?.name_bytes(), &remotes);
    }
    for remote in &remotes {
        let Ok(name) = std::str::from_utf8(remote) else { continue };
        for spec in repository.find_remote(name)?.refspecs() {
            branches.all_are_fetched |= spec.src_bytes() == b"refs/heads/*";
        }
    }
    branches.fetched_at = fetched_at(repository.commondir());
    Ok(branches)
}

fn with_command(root: &Path, reader: Reader, tools: Tools<'_>) -> Result<Branches, Failure> {
    let git = tools.git(root, reader)?;
    let mut branches = Branches::default();
    let lines = |text: Vec<u8>| -> Vec<Vec<u8>> {
        text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let remotes = lines(git.ask(["remote"])?);
    for name in lines(git.ask(["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"])?) {
        branches.add(&name, &remotes);
    }
    // Fails where there is none.
    let specs = git.run(["config", "-z", "--get-regexp", r"^remote\..*\.fetch$"])?.stdout;
    branches.all_are_fetched = specs.split(|byte| *byte == 0).any(|entry| {
        let value = entry.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
        value.strip_prefix(b"+").unwrap_or(value).starts_with(ALL)
    });
    let folder = git.ask(["rev-parse", "--git-common-dir"])?;
    branches.fetched_at = fetched_at(&git.path(folder));
    Ok(branches)
}

/// What a refspec begins with that fetches every branch.
const ALL: &[u8] = b"refs/heads/*:";

impl Branches {
    /// Adds the branch that the full name of a reference is of.
    fn add(&mut self, reference: &[u8], remotes: &[Vec<u8>]) {
        if let Some(name) = reference.strip_prefix(b"refs/heads/") {
            self.names.insert(RefName::from_bytes(name));
        }
        let Some(rest) = reference.strip_prefix(b"refs/remotes/") else { return };
        // A remote's name may have slashes, as a branch's may.
        let behind = |remote: &Vec<u8>| rest.strip_prefix(remote.as_slice())?.strip_prefix(b"/");
        let name = remotes.iter().filter_map(behind).min_by_key(|name| name.len());
        if let Some(name) = name.filter(|name| *name != b"HEAD") {
            self.names.insert(RefName::from_bytes(name));
            self.fetched = self.fetched.saturating_add(1);
        }
    }
}

/// When git fetched last into this git folder. A clone leaves no FETCH_HEAD, and never writes `description` again.
fn fetched_at(folder: &Path) -> Option<i64> {
    let time = |name: &str| folder.join(name).metadata().and_then(|about| about.modified()).ok();
    let at = time("FETCH_HEAD").or_else(|| time("description"))?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
