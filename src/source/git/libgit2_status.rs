//! Index and work tree through libgit2, and what it cannot know about them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{AttrCheckFlags, AttrValue, Repository, Status, StatusEntry, StatusOptions};

use crate::image::hex;
use crate::source::index::{self, Entry};
use crate::source::{ChangeKind, Reader};

use super::failure::Failure;
use super::hidden::{self, Hidden, Rules};
use super::look::{Folder, Look, Special, Tools, strays};
use super::walk;

/// Submodules in submodules, deeper than anybody nests them.
const DEEPEST: u32 = 16;

/// What differs from HEAD, as libgit2 and the index have it.
pub(super) fn look(repository: &Repository, root: &Path, tools: Tools<'_>) -> Result<Look, Failure> {
    nested(repository, root, tools, 0)
}

fn nested(repository: &Repository, root: &Path, tools: Tools<'_>, depth: u32) -> Result<Look, Failure> {
    tools.stop.check()?;
    if depth > DEEPEST {
        return Err(Failure::unreadable("submodules are nested without an end"));
    }
    let mut look = Look::default();
    statuses(repository, &mut look)?;
    look.untracked = walk::expand(root, look.untracked, tools.stop)?;

    let config = repository.config()?.snapshot()?;
    let sparse = config.get_bool("core.sparseCheckout").unwrap_or(false);
    let file_mode = config.get_bool("core.fileMode").unwrap_or(true);
    let special = special(&repository.path().join("index"))?;
    submodules(root, &special, &mut look, tools, depth)?;
    strays(root, &special, &mut look, tools.stop)?;
    if !special.hidden.is_empty() {
        let git = tools.git(root, Reader::Libgit2).ok();
        let found = hidden::changes(root, special.hidden, &Rules { sparse, file_mode }, git.as_ref())?;
        look.changes.extend(found);
    }
    if sparse {
        look.doubt = Some("the checkout is sparse".to_owned());
    }
    if look.doubt.is_none() {
        look.doubt = filtered(repository, &look);
    }
    Ok(look.sorted())
}

fn statuses(repository: &Repository, look: &mut Look) -> Result<(), Failure> {
    let mut options = StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false);
    options.exclude_submodules(false).update_index(false);
    for entry in repository.statuses(Some(&mut options))?.iter() {
        let path = Path::new(OsStr::from_bytes(entry.path_bytes()));
        let status = entry.status();
        if status.contains(Status::WT_NEW) {
            look.untracked.push(path.to_owned());
        }
        if let Some(kind) = kind(&entry) {
            look.change(path, kind);
        }
    }
    Ok(())
}

fn kind(entry: &StatusEntry<'_>) -> Option<ChangeKind> {
    let status = entry.status();
    let is_submodule = || {
        let sides = [entry.head_to_index(), entry.index_to_workdir()];
        sides.into_iter().flatten().any(|delta| delta.old_file().mode() == git2::FileMode::Commit)
    };
    if status.contains(Status::CONFLICTED) {
        Some(ChangeKind::Conflicted)
    } else if status.intersects(Status::INDEX_DELETED | Status::WT_DELETED) {
        Some(ChangeKind::Deleted)
    } else if status.contains(Status::INDEX_NEW) {
        Some(ChangeKind::Added)
    } else if status.intersects(Status::INDEX_TYPECHANGE | Status::WT_TYPECHANGE) {
        Some(ChangeKind::TypeChanged)
    } else if status.intersects(Status::INDEX_MODIFIED | Status::WT_MODIFIED | Status::WT_UNREADABLE) {
        Some(if is_submodule() { ChangeKind::Submodule } else { ChangeKind::Modified })
    } else {
        // Renames and copies are not looked for.
        None
    }
}

/// The entries at which a status does not look, or not closely.
fn special(path: &Path) -> Result<Special, Failure> {
    let mut special = Special::default();
    if !path.exists() {
        // A clone without a checkout; the status says that everything is deleted.
        return Ok(special);
    }
    let visit = |entry: Entry<'_>| {
        let path = Path::new(OsStr::from_bytes(entry.path));
        if entry.kind() == index::SUBMODULE {
            special.submodules.push((path.to_owned(), hex(&entry.id)));
        } else if entry.assume_unchanged || entry.skip_worktree {
            let id = hex(&entry.id);
            let skip_worktree = entry.skip_worktree;
            special.hidden.push(Hidden { path: path.to_owned(), mode: entry.mode, id, skip_worktree });
        }
    };
    index::scan(path, visit).map_err(Failure::Unreadable)?;
    Ok(special)
}

/// libgit2 obeys `submodule.NAME.ignore`, which says what a status should show, and passes over submodules that
/// `.gitmodules` does not name. What lies in the folder is built all the same.
fn submodules(
    root: &Path,
    special: &Special,
    look: &mut Look,
    tools: Tools<'_>,
    depth: u32,
) -> Result<(), Failure> {
    for (path, id) in &special.submodules {
        let folder = root.join(path);
        if !matches!(Folder::of(&folder), Folder::CheckedOut) {
            continue;
        }
        let blind = |why: &str| Some(format!("the submodule {} ({why})", path.display()));
        let repository = match Repository::open(&folder) {
            Ok(repository) => repository,
            Err(error) => {
                look.blind = blind(error.message());
                continue;
            }
        };
        let head =
            repository.head().and_then(|head| head.peel_to_commit()).map(|commit| commit.id().to_string());
        if head.as_ref() != Ok(id) {
            look.change(path, ChangeKind::Submodule);
            continue;
        }
        match nested(&repository, &folder, tools, depth + 1) {
            Ok(inner) => {
                if !inner.is_clean() {
                    look.change(path, ChangeKind::Submodule);
                    look.doubt = look.doubt.take().or(inner.doubt);
                }
                look.blind = look.blind.take().or(inner.blind);
            }
            Err(Failure::Unreadable(why)) => look.blind = blind(&why),
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// libgit2 runs no filter drivers, so a file that one of them decides about may differ only in its eyes.
fn filtered(repository: &Repository, look: &Look) -> Option<String> {
    let names = ["filter", "working-tree-encoding"];
    look.changes.iter().find_map(|change| {
        let name = names.into_iter().find(|name| {
            let value = repository.get_attr_bytes(&change.path, name, AttrCheckFlags::FILE_THEN_INDEX);
            !matches!(AttrValue::from_bytes(value.ok().flatten()), AttrValue::Unspecified | AttrValue::False)
        })?;
        Some(format!("the attribute {name} is set for {}", change.path.display()))
    })
}
