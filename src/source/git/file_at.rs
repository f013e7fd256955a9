//! A file as another revision has it.

use std::path::{Component, Path};

use git2::Repository;

use crate::environment::Environment;
use crate::error::Result;
use crate::source::Reader;
use crate::stop::Stop;

use super::failure::Failure;
use super::look::Tools;
use super::{command_reader, libgit2, refusal};

/// No configuration is larger.
const LIMIT: usize = 1 << 20;

/// The content of `path`, relative to the root of the repository, as `revision` has it: a branch (`main`, looked for
/// as `origin/main` first, which is what the server had at the last fetch) or a commit's full id.
///
/// `None` where the clone holds no such revision, or the revision no such file. Kind `Config` where the path is no
/// regular file or is larger than 1 MiB; kind `Refused` where the repository cannot be read.
pub fn file_at(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    revision: &str,
    path: &Path,
) -> Result<Option<Vec<u8>>> {
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || path.as_os_str().is_empty() {
        return Ok(None);
    }
    let stop = Stop::default();
    let content = match reader {
        Reader::Libgit2 => with_libgit2(root, revision, path),
        Reader::GitCommand { .. } => {
            with_command(root, reader, Tools { environment, stop: &stop }, revision, path)
        }
    };
    content.map_err(|failure| match failure {
        Failure::Final(error) => error,
        Failure::Unreadable(why) => refusal::unreadable(root, &[why]),
    })
}

fn with_libgit2(root: &Path, revision: &str, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let repository = Repository::open(root)?;
    let commit = match libgit2::resolve(&repository, &references(revision))? {
        Some(commit) => Some(commit),
        None => libgit2::commit(&repository, revision),
    };
    commit.map_or(Ok(None), |commit| libgit2::blob(&repository, commit, path, LIMIT))
}

fn with_command(
    root: &Path,
    reader: Reader,
    tools: Tools<'_>,
    revision: &str,
    path: &Path,
) -> Result<Option<Vec<u8>>, Failure> {
    let git = tools.git(root, reader)?;
    let mut candidates = references(revision);
    if matches!(revision.len(), 40 | 64) && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        candidates.push(revision.to_owned());
    }
    let commit = command_reader::resolve(&git, &candidates)?;
    commit.map_or(Ok(None), |commit| command_reader::blob(&git, &commit, path, LIMIT))
}

/// The full names under which a branch may be known, never a revision expression: the name may be hostile.
fn references(revision: &str) -> Vec<String> {
    let names = [
        format!("refs/remotes/origin/{revision}"),
        format!("refs/heads/{revision}"),
        format!("refs/remotes/{revision}"),
        revision.to_owned(),
    ];
    let full = |name: &String| name.starts_with("refs/") && git2::Reference::is_valid_name(name);
    names.into_iter().filter(full).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_looked_for_where_the_server_left_it() {
        assert_eq!(references("main"), ["refs/remotes/origin/main", "refs/heads/main", "refs/remotes/main"]);
        assert_eq!(references("refs/x/y").last().map(String::as_str), Some("refs/x/y"));
        for hostile in ["", "a..b", "main^", "HEAD:x", "@{-1}", ":/text", "main~1", "a b", "-x\n"] {
            assert!(references(hostile).is_empty(), "{hostile}");
        }
    }
}
