//! The branches that a clone knows of, here and on its remotes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
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
    /// Those of them that were fetched.
    pub fetched: BTreeSet<RefName>,
    /// Each remote that anything is fetched of is set up so that all of its branches are.
    pub all_are_fetched: bool,
    /// When all that were fetched were so last, unix seconds; `None` where git left no trace of it. A fetch of single
    /// branches tells nothing of the others.
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
    let mut specs = Vec::new();
    for remote in &remotes {
        let Ok(name) = std::str::from_utf8(remote) else { continue };
        let found = repository.find_remote(name)?;
        let fetched = found.fetch_refspecs()?;
        specs.extend(fetched.iter_bytes().map(|spec| (remote.clone(), spec.to_vec())));
    }
    branches.all_are_fetched = all_are_fetched(specs);
    branches.fetched_at = fetched_at(repository.commondir(), &branches.fetched);
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
    let specs = specs.split(|byte| *byte == 0).filter_map(|entry| {
        let mut parts = entry.splitn(2, |byte| *byte == b'\n');
        Some((parts.next()?.to_vec(), parts.next()?.to_vec()))
    });
    branches.all_are_fetched = all_are_fetched(specs);
    let folder = git.ask(["rev-parse", "--git-common-dir"])?;
    branches.fetched_at = fetched_at(&git.path(folder), &branches.fetched);
    Ok(branches)
}

/// What a refspec begins with that fetches every branch.
const ALL: &[u8] = b"refs/heads/*:";
/// The most that is read of FETCH_HEAD, in bytes: a hundred thousand branches. What is cut off counts as not fetched.
const MAX_FETCHED: u64 = 16 << 20;

/// Whether all branches are fetched, by remotes and the refspecs of each. One that begins with `^` leaves some out.
fn all_are_fetched(specs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> bool {
    let mut remotes: BTreeMap<Vec<u8>, (bool, bool)> = BTreeMap::new();
    for (remote, spec) in specs {
        let (all, less) = remotes.entry(remote).or_default();
        *all |= spec.strip_prefix(b"+").unwrap_or(&spec).starts_with(ALL);
        *less |= spec.starts_with(b"^");
    }
    !remotes.is_empty() && remotes.values().all(|(all, less)| *all && !less)
}

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
            self.fetched.insert(RefName::from_bytes(name));
        }
    }
}

/// When git fetched all of `fetched` last into this git folder. A clone leaves no FETCH_HEAD, and never writes `description`
/// again.
fn fetched_at(folder: &Path, fetched: &BTreeSet<RefName>) -> Option<i64> {
    let time = |name: &str| folder.join(name).metadata().and_then(|about| about.modified()).ok();
    let is_whole = last_fetched(folder).is_some_and(|last| last.is_superset(fetched));
    let at = time("FETCH_HEAD").filter(|_| is_whole).or_else(|| time("description"))?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// The branches that the last fetch saw, as it noted them.
fn last_fetched(folder: &Path) -> Option<BTreeSet<RefName>> {
    let mut text = Vec::new();
    File::open(folder.join("FETCH_HEAD")).ok()?.take(MAX_FETCHED).read_to_end(&mut text).ok()?;
    let name = |line: &[u8]| {
        let rest = line.splitn(3, |byte| *byte == b'\t').nth(2)?.strip_prefix(b"branch '")?;
        // No name of a branch has a space.
        let end = rest.iter().position(|byte| *byte == b' ')?;
        Some(RefName::from_bytes(rest.get(..end)?.strip_suffix(b"'")?))
    };
    Some(text.split(|byte| *byte == b'\n').filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_fetched_where_no_remote_leaves_any_out() {
        let all = ("a", "+refs/heads/*:refs/remotes/a/*");
        for (specs, expected) in [
            (&[][..], false),
            (&[all], true),
            (&[all, ("a", "+refs/heads/x:refs/remotes/a/x")], true),
            (&[all, ("b", "+refs/heads/x:refs/remotes/b/x")], false),
            (&[all, ("a", "^refs/heads/x")], false),
        ] {
            let specs =
                specs.iter().map(|(remote, spec)| (remote.as_bytes().to_vec(), spec.as_bytes().to_vec()));
            assert_eq!(all_are_fetched(specs.clone()), expected, "{:?}", specs.collect::<Vec<_>>());
        }
    }
}
