//! The git state of a checkout: libgit2 first, `git` where libgit2 errs, may not look, or is known to be wrong.
//!
//! Nothing is taken for clean that nobody could read: where neither answers, the run is refused with both reasons.

mod ancestry;
mod blob_reader;
mod blob_source;
mod branches;
mod checkout;
mod command;
mod command_reader;
mod commit;
mod commit_tree;
mod failure;
mod file_at;
mod hidden;
mod hook_place;
mod libgit2;
mod libgit2_status;
mod library;
mod locate;
mod look;
mod objects;
mod porcelain;
mod refs;
mod refusal;
mod remote;
mod snapshot;
mod tag;
mod tracked;
mod untouched;
mod walk;

use std::path::{Path, PathBuf};

use git2::Repository;

use crate::environment::Environment;
use crate::error::Result;
use crate::event::Events;
use crate::source::{BlobSource, Change, GitOptions, Reader, SourceState};
use crate::stop::Stop;

pub use ancestry::{Ancestry, ancestry};
pub use blob_reader::BlobReader;
pub use branches::{Branches, branches};
pub use checkout::Checkout;
pub use commit_tree::{CommitTree, TreeEntry, TreeKind};
pub use file_at::file_at;
pub use hook_place::{HookPlace, HooksPath};
pub use objects::{Objects, Peeled};
pub use refs::{NamedCommit, Refs, refs, tree_of};
pub use remote::{Sent, push_tag, remote_tags};
pub use snapshot::{Snapshot, SnapshotEntry, Submodules};
pub use tag::{NewTag, drop_tag, make_tag};
pub use tracked::{Tracked, tracked};

use failure::Failure;
use libgit2::Found;
use look::{Look, Tools};

/// The state of the repository that `options.start` lies in.
///
/// Blocking: 0.3 s for 100,000 tracked files. Kind `Refused` where there is no repository, no commit, nothing that
/// can be read, or another owner; what was done instead of the usual is noted in `events`.
pub fn read(options: &GitOptions<'_>, events: &Events, stop: &Stop) -> Result<SourceState> {
    stop.check()?;
    let tools = Tools { environment: options.environment, stop };
    let start = options.start.canonicalize().map_err(|error| refusal::folder(options.start, error))?;
    let failure = match libgit2::open(&start, options.environment) {
        Found::Repository(repository) => match with_libgit2(&repository, tools, events) {
            Ok(state) => return Ok(state),
            Err(failure) => failure,
        },
        Found::Foreign => return foreign(&start, options.trusted_workspace, tools, events),
        Found::Nothing if locate::work_tree(&start, tools.environment).is_none() => {
            return Err(refusal::no_repository(&start));
        }
        Found::Nothing => Failure::unreadable("libgit2 does not recognise it"),
        Found::Unreadable(failure) => failure,
    };
    let why = match failure {
        Failure::Final(error) => return Err(error),
        Failure::Unreadable(why) => why,
    };
    match with_command(&start, Reader::GitCommand { safe_directory: false }, tools) {
        Ok(state) => {
            events.note(format!("the repository is read through the git command, as {why}"));
            Ok(state)
        }
        Err(Failure::Final(error)) => Err(error),
        Err(Failure::Unreadable(other)) => Err(refusal::unreadable(&start, &[why, other])),
    }
}

/// Changes and untracked files, looked at again: what [`read`] said about the same checkout may not hold any more.
pub fn status(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    events: &Events,
    stop: &Stop,
) -> Result<(Vec<Change>, Vec<PathBuf>)> {
    let tools = Tools { environment, stop };
    let look = match reader {
        Reader::Libgit2 => Repository::open(root).map_err(Failure::from).and_then(|repository| {
            let blobs = blob_source::of_libgit2(&repository, root, tools);
            judged(&repository, root, &blobs, tools, events)
        }),
        Reader::GitCommand { .. } => {
            tools.git(root, reader).and_then(|git| command_reader::look(&git, root, reader, tools))
        }
    };
    look.map(|look| (look.changes, look.untracked)).map_err(|failure| last_word(root, failure))
}

/// The commit that HEAD resolves to now, in hex.
pub fn head(root: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Result<String> {
    let found = match reader {
        Reader::Libgit2 => Repository::open(root)
            .and_then(|repository| Ok(repository.head()?.peel_to_commit()?.id().to_string()))
            .map_err(Failure::from),
        Reader::GitCommand { .. } => Tools { environment, stop }
            .git(root, reader)
            .and_then(|git| command_reader::resolve(&git, &["HEAD".to_owned()]))
            .and_then(|head| head.ok_or_else(|| Failure::unreadable("HEAD names no commit"))),
    };
    found.map_err(|failure| last_word(root, failure))
}

fn last_word(root: &Path, failure: Failure) -> crate::error::Error {
    match failure {
        Failure::Final(error) => error,
        Failure::Unreadable(why) => refusal::unreadable(root, &[why]),
    }
}

fn with_libgit2(repository: &Repository, tools: Tools<'_>, events: &Events) -> Result<SourceState, Failure> {
    let mut state = libgit2::facts(repository)?;
    state.blobs = blob_source::of_libgit2(repository, &state.root, tools);
    let look = judged(repository, &state.root, &state.blobs, tools, events)?;
    (state.changes, state.untracked) = (look.changes, look.untracked);
    Ok(state)
}

fn with_command(start: &Path, reader: Reader, tools: Tools<'_>) -> Result<SourceState, Failure> {
    // With a trusted owner, the start is the root already.
    let git = tools.git(start, reader)?;
    let root = command_reader::root(&git)?;
    let git = git.in_folder(&root);
    let mut state = command_reader::facts(&git, &root, reader)?;
    let look = command_reader::look(&git, &root, reader, tools)?;
    (state.changes, state.untracked) = (look.changes, look.untracked);
    state.blobs = blob_source::of_command(&git, tools.environment)?;
    Ok(state)
}

/// What libgit2 sees, unless nothing was touched; where it says dirty and may be wrong, or cannot see everything,
/// `git status` decides.
fn judged(
    repository: &Repository,
    root: &Path,
    blobs: &BlobSource,
    tools: Tools<'_>,
    events: &Events,
) -> Result<Look, Failure> {
    if untouched::is_untouched(repository, root, blobs, tools)? {
        return Ok(Look::default());
    }
    let look = libgit2_status::look(repository, root, tools)?;
    let doubt = look.doubt.clone().or_else(|| locate::injected_config(tools.environment));
    let why = match (&look.blind, doubt) {
        (Some(blind), _) => format!("libgit2 cannot see {blind}"),
        (None, Some(doubt)) if !look.is_clean() => format!("libgit2 may be wrong because {doubt}"),
        _ => return Ok(look),
    };
    let reader = Reader::Libgit2;
    match tools.git(root, reader).and_then(|git| command_reader::look(&git, root, reader, tools)) {
        Ok(answer) => {
            events.note(format!("git status decides what is clean: {why}"));
            Ok(answer)
        }
        // What libgit2 sees is refused or listed, which errs on the safe side; what it cannot see is not.
        Err(Failure::Unreadable(other)) if look.blind.is_none() => {
            events.warn(format!("the changes could not be confirmed: {why}, and {other}"));
            Ok(look)
        }
        Err(Failure::Unreadable(other)) => Err(Failure::Unreadable(format!("{why}, and {other}"))),
        Err(failure) => Err(failure),
    }
}

/// Somebody else owns the repository. Git's own answer counts first, since libgit2 does not see a `safe.directory`
/// that comes from the environment; then the CI's word that this is its workspace.
fn foreign(start: &Path, trusted: Option<&Path>, tools: Tools<'_>, events: &Events) -> Result<SourceState> {
    let root = locate::work_tree(start, tools.environment).unwrap_or_else(|| start.to_owned());
    let accepted = tools
        .git(start, Reader::Libgit2)
        .and_then(|git| git.run(["rev-parse", "--git-dir"]))
        .is_ok_and(|output| output.code == Some(0));
    // A workspace that is the whole file system says nothing about anybody.
    let workspace =
        trusted.and_then(|workspace| workspace.canonicalize().ok()).filter(|path| path.parent().is_some());
    let ours = workspace.is_some_and(|workspace| root.starts_with(workspace));
    let reader = match (accepted, ours) {
        (true, _) => Reader::GitCommand { safe_directory: false },
        (false, true) => Reader::GitCommand { safe_directory: true },
        (false, false) => return Err(refusal::foreign(&root)),
    };
    let at = if accepted { start } else { &root };
    let state = with_command(at, reader, tools).map_err(|failure| match failure {
        Failure::Unreadable(why) if !accepted => refusal::foreign(&root).because(why),
        failure => last_word(&root, failure),
    })?;
    let shown = root.display();
    events.note(if accepted {
        format!("the repository {shown} is owned by another user and git's configuration calls it safe: read through the git command")
    } else {
        format!("the repository {shown} is owned by another user and lies in the CI's workspace: read through git -c safe.directory={shown}")
    });
    Ok(state)
}

#[cfg(test)]
pub(crate) mod tests;
