//! The little that has to be known of a repository before its first commit: where it is, where it comes from.

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::Result;
use crate::source::{Reader, RefName};
use crate::stop::Stop;

use super::command::Git;
use super::failure::Failure;
use super::look::Tools;
use super::{command_reader, locate, refusal};

/// A work tree, perhaps without a commit.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Its root, absolute and without symbolic links.
    pub root: PathBuf,
    /// The page of `origin` (or of the only remote), as [`sanitise_url`](crate::source::sanitise_url) makes it.
    pub remote_url: Option<String>,
    /// The branch that the remote calls its own; else `main` or `master`, where there is one, or the branch that is checked
    /// out. `None` where HEAD is detached and nothing else tells.
    pub default_branch: Option<RefName>,
}

impl Checkout {
    /// Looks for the work tree that `start` lies in. Kind `Refused` where there is none, it is bare, or git may not read it.
    pub fn find(start: &Path, environment: &Environment, stop: &Stop) -> Result<Checkout> {
        let start = start.canonicalize().map_err(|error| refusal::folder(start, error))?;
        let tools = Tools { environment, stop };
        let git = tools.git(&start, Reader::GitCommand { safe_directory: false });
        git.and_then(|git| look(&git)).map_err(|failure| match failure {
            Failure::Final(error) => error,
            Failure::Unreadable(why) if why.contains("dubious ownership") => {
                refusal::foreign(&locate::work_tree(&start, environment).unwrap_or_else(|| start.clone()))
            }
            Failure::Unreadable(why) if why.contains("not a git repository") => {
                refusal::no_repository(&start)
            }
            Failure::Unreadable(why) => refusal::unreadable(&start, &[why]),
        })
    }
}

fn look(git: &Git<'_>) -> Result<Checkout, Failure> {
    let root = command_reader::root(git)?;
    Ok(Checkout { root, remote_url: command_reader::remote_url(git)?, default_branch: default_branch(git)? })
}

fn default_branch(git: &Git<'_>) -> Result<Option<RefName>, Failure> {
    let names = |name: &str, prefix: &str| -> Result<Option<RefName>, Failure> {
        let output = git.run(["symbolic-ref", "--quiet", name])?;
        let line = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        Ok(line.strip_prefix(prefix.as_bytes()).map(RefName::from_bytes))
    };
    if let Some(branch) = names("refs/remotes/origin/HEAD", "refs/remotes/origin/")? {
        return Ok(Some(branch));
    }
    let current = names("HEAD", "refs/heads/")?;
    for usual in ["main", "master"] {
        for place in ["heads", "remotes/origin"] {
            let name = format!("refs/{place}/{usual}");
            if git.run(["show-ref", "--verify", "--quiet", name.as_str()])?.code == Some(0) {
                return Ok(Some(RefName::from(usual)));
            }
        }
    }
    Ok(current)
}
