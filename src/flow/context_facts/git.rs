//! What git says of a context's files.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::inside;
use crate::config::Located;
use crate::context::{EntryKind, Ignore, Listing};
use crate::environment::Environment;
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::GitFacts;
use crate::source::{self, ChangeKind, SourceState, Tracked};
use crate::stop::Stop;

/// What is asked about.
pub(super) struct Asked<'a> {
    pub(super) source: &'a SourceState,
    pub(super) environment: &'a Environment,
    pub(super) located: &'a Located,
    pub(super) listing: &'a Listing,
    /// Patterns of files that may be there without being tracked, in the form of an ignore file.
    pub(super) generated: &'a [u8],
    /// The configuration, and how findings name it.
    pub(super) config: Option<&'a (PathBuf, String)>,
    pub(super) stop: &'a Stop,
}

/// Tells the files that the commit does not have from those that it has.
pub(super) fn facts(asked: &Asked<'_>) -> Result<Fact<GitFacts>> {
    let source = asked.source;
    let Some(inside) = inside(&asked.located.context, &source.root) else {
        return Ok(Fact::Missing("the context lies outside of the repository".to_owned()));
    };
    let (root, reader) = (&source.root, source.reader);
    let tracked = source::tracked(root, reader, asked.environment, asked.stop)?;
    let mut new: BTreeSet<&Path> = source.untracked.iter().map(PathBuf::as_path).collect();
    new.extend(tracked.untracked_in_submodules.iter().map(PathBuf::as_path));
    let added = source.changes.iter().filter(|change| change.kind == ChangeKind::Added);
    new.extend(added.map(|change| change.path.as_path()));

    let generated = Ignore::parse(asked.generated)?;
    let mut facts = GitFacts::default();
    // What is of the commit is in it, whatever the index says by now.
    let of_commit = asked.listing.commit().is_some();
    for entry in asked.listing.entries().filter(|_| !of_commit) {
        if entry.kind == EntryKind::Dir || entry.forced || is_gits_own(&entry.path) {
            continue;
        }
        let path = inside.join(OsStr::from_bytes(&entry.path));
        let set = if new.contains(path.as_path()) {
            &mut facts.untracked
        } else if !tracked.contains(&path) {
            &mut facts.ignored
        } else {
            continue;
        };
        let shown = String::from_utf8_lossy(&entry.path).into_owned();
        if generated.matches(&entry.path)? {
            facts.generated.insert(shown.clone());
        }
        set.insert(shown);
    }
    facts.dockerfile_committed =
        of_commit || committed(source, &tracked, &inside.join(asked.listing.dockerfile()));
    if let Some((path, shown)) = asked.config {
        let real = path.canonicalize().ok();
        let inside = real.as_deref().and_then(|path| path.strip_prefix(&source.root).ok());
        facts.config_committed = Some(inside.is_some_and(|path| committed(source, &tracked, path)));
        facts.config = Some(shown.clone());
    }
    Ok(Fact::Known(facts))
}

/// Whether the file is in the commit as it lies there.
fn committed(source: &SourceState, tracked: &Tracked, path: &Path) -> bool {
    tracked.contains(path) && !source.changes.iter().any(|change| change.path == path)
}

/// What lies in a folder `.git`, or is the file of that name that leads to one: git says nothing of it.
fn is_gits_own(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/').any(|part| part == b".git")
}
