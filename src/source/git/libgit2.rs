//! Reading a repository with libgit2, which runs nothing that a repository's configuration names.

use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags};

use crate::environment::Environment;
use crate::error::Error;
use crate::source::{Reader, RefName, SourceState, sanitise_url};

use super::commit::Header;
use super::failure::Failure;
use super::refusal;

/// What is found at a folder and upwards.
pub(super) enum Found {
    Repository(Repository),
    /// Somebody else owns it, and libgit2 refuses to open it.
    Foreign,
    /// Nothing that libgit2 takes for a repository.
    Nothing,
    Unreadable(Failure),
}

/// Looks for a repository; of the environment it honours `GIT_CEILING_DIRECTORIES` only.
pub(super) fn open(start: &Path, environment: &Environment) -> Found {
    let ceilings = environment.get_os("GIT_CEILING_DIRECTORIES").unwrap_or_default();
    let ceilings = std::env::split_paths(ceilings).filter(|ceiling| ceiling.is_absolute());
    match Repository::open_ext(start, RepositoryOpenFlags::CROSS_FS, ceilings) {
        Ok(repository) => Found::Repository(repository),
        Err(error) if error.code() == ErrorCode::Owner => Found::Foreign,
        Err(error) if error.code() == ErrorCode::NotFound => Found::Nothing,
        Err(error) => Found::Unreadable(error.into()),
    }
}

/// Everything but the status, which is left empty.
pub(super) fn facts(repository: &Repository) -> Result<SourceState, Failure> {
    let Some(root) = repository.workdir() else {
        return Err(refusal::bare(repository.path()).into());
    };
    let root = root.canonicalize().map_err(|error| refusal::folder(root, error))?;
    let head = match repository.head() {
        Ok(head) => head,
        Err(error) if error.code() == ErrorCode::UnbornBranch => return Err(unborn(repository, &root).into()),
        Err(error) => return Err(error.into()),
    };
    let commit = head.peel_to_commit()?;
    let header = Header::parse(commit.raw_header_bytes())
        .ok_or_else(|| Failure::unreadable(format!("commit {} has no tree", commit.id())))?;
    // A repository that lost its objects still has a HEAD, and with an empty tree beside it would look clean.
    commit.tree()?;
    let detached = repository.head_detached()?;
    let branch = if detached { None } else { head.name_bytes().strip_prefix(b"refs/heads/") };
    let (tags, tags_at_head) = tags(repository, commit.id())?;
    Ok(SourceState {
        root,
        commit: commit.id().to_string(),
        tree: header.tree,
        commit_time: header.time,
        parents: header.parents,
        committer: header.committer,
        branch: branch.map(RefName::from_bytes),
        detached,
        tags_at_head,
        tags,
        shallow: repository.is_shallow(),
        remote_url: remote_url(repository),
        reader: Reader::Libgit2,
        ..SourceState::default()
    })
}

/// All tags, and those of `commit`. Only a tag object has to be read to know what it points to.
fn tags(repository: &Repository, commit: Oid) -> Result<(Vec<RefName>, Vec<RefName>), Failure> {
    let objects = repository.odb()?;
    let (mut all, mut here) = (Vec::new(), Vec::new());
    for reference in repository.references_glob("refs/tags/*")? {
        let reference = reference?;
        let Some(name) = reference.name_bytes().strip_prefix(b"refs/tags/") else { continue };
        let name = RefName::from_bytes(name);
        let points_here = match (reference.target(), reference.target_peel()) {
            (Some(target), _) if target == commit => true,
            (_, Some(peeled)) => peeled == commit,
            // A tag whose object is missing points nowhere; that does not stop a build.
            (Some(target), None) => {
                objects.read_header(target).is_ok_and(|(_, kind)| kind == ObjectType::Tag)
                    && reference.peel_to_commit().is_ok_and(|peeled| peeled.id() == commit)
            }
            (None, None) => reference.peel_to_commit().is_ok_and(|peeled| peeled.id() == commit),
        };
        if points_here {
            here.push(name.clone());
        }
        all.push(name);
    }
    all.sort();
    here.sort();
    Ok((all, here))
}

/// `origin`, or the only remote.
fn remote_url(repository: &Repository) -> Option<String> {
    let origin = repository.find_remote("origin").or_else(|missing| {
        let names = repository.remotes()?;
        let mut names = names.iter();
        match (names.next(), names.next()) {
            (Some(Ok(Some(only))), None) => repository.find_remote(only),
            _ => Err(missing),
        }
    });
    sanitise_url(&String::from_utf8_lossy(origin.ok()?.url_bytes()))
}

fn unborn(repository: &Repository, root: &Path) -> Error {
    let head = repository.find_reference("HEAD").ok();
    let target = head.as_ref().and_then(|head| head.symbolic_target_bytes());
    refusal::unborn(root, &String::from_utf8_lossy(target.unwrap_or_default()))
}

/// The content of `path` in the tree of `commit`; `None` where it is not there.
pub(super) fn blob(
    repository: &Repository,
    commit: Oid,
    path: &Path,
    limit: usize,
) -> Result<Option<Vec<u8>>, Failure> {
    let tree = repository.find_commit(commit)?.tree()?;
    let entry = match tree.get_path(path) {
        Ok(entry) => entry,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !matches!(entry.filemode(), 0o100_644 | 0o100_755) {
        return Err(refusal::no_file(path, &commit.to_string()).into());
    }
    let (size, _) = repository.odb()?.read_header(entry.id())?;
    if size > limit {
        return Err(refusal::too_large(path, &commit.to_string(), limit).into());
    }
    Ok(Some(repository.find_blob(entry.id())?.content().to_owned()))
}

/// The commit that one of `references` resolves to, the first that exists.
pub(super) fn resolve(repository: &Repository, references: &[String]) -> Result<Option<Oid>, Failure> {
    for name in references {
        match repository.find_reference(name) {
            Ok(reference) => return Ok(Some(reference.peel_to_commit()?.id())),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The commit with that id, if it is in the clone.
pub(super) fn commit(repository: &Repository, id: &str) -> Option<Oid> {
    repository.find_commit(Oid::from_str(id).ok()?).ok().map(|commit| commit.id())
}
