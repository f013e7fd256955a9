//! Edits that git was told not to see: `assume-unchanged` and `skip-worktree`.
//!
//! Both bits make `git status` answer without a look at the file. Here somebody looks.

use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::source::{Change, ChangeKind};

use super::command::Git;
use super::failure::Failure;

/// A tracked path at which git does not look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hidden {
    pub(super) path: PathBuf,
    /// As in the index: `0o100644`, `0o100755` or `0o120000`.
    pub(super) mode: u32,
    /// The blob's id in hex.
    pub(super) id: String,
    pub(super) skip_worktree: bool,
}

/// What the work tree says.
pub(super) struct Rules {
    /// A sparse checkout: what is not there is not wanted there.
    pub(super) sparse: bool,
    /// `core.fileMode`: the executable bit counts.
    pub(super) file_mode: bool,
}

/// The paths of `entries` that differ from the index after all. `git` gives the id that a file would have in the
/// index, filters and line ends included; without it, a file whose plain bytes differ counts as changed.
pub(super) fn changes(
    root: &Path,
    entries: Vec<Hidden>,
    rules: &Rules,
    git: Option<&Git<'_>>,
) -> Result<Vec<Change>, Failure> {
    let (mut changes, mut unsure) = (Vec::new(), Vec::new());
    for entry in entries {
        let file = root.join(&entry.path);
        match std::fs::symlink_metadata(&file) {
            Err(_) if entry.skip_worktree && rules.sparse => {}
            Err(_) => changes.push(Change { path: entry.path, kind: ChangeKind::Deleted }),
            Ok(meta) => match compare(&file, &meta, &entry, rules) {
                Verdict::Same => {}
                Verdict::Differs(kind) => changes.push(Change { path: entry.path, kind }),
                Verdict::Unsure => unsure.push(entry),
            },
        }
    }
    let ids = match git {
        Some(git) if !unsure.is_empty() => converted_ids(git, &unsure)?,
        _ => Vec::new(),
    };
    let mut ids = ids.into_iter();
    for entry in unsure {
        if ids.next().is_none_or(|id| id != entry.id) {
            changes.push(Change { path: entry.path, kind: ChangeKind::Modified });
        }
    }
    Ok(changes)
}

enum Verdict {
    Same,
    Differs(ChangeKind),
    /// The plain bytes differ; a filter or a line end may explain it.
    Unsure,
}

fn compare(file: &Path, meta: &Metadata, entry: &Hidden, rules: &Rules) -> Verdict {
    let sha1 = entry.id.len() == 40;
    if entry.mode == 0o120_000 {
        let Ok(target) = std::fs::read_link(file) else { return Verdict::Differs(ChangeKind::TypeChanged) };
        let same = sha1
            && git2::Oid::hash_object(git2::ObjectType::Blob, target.as_os_str().as_bytes())
                .is_ok_and(|id| id.to_string() == entry.id);
        return if same { Verdict::Same } else { Verdict::Differs(ChangeKind::Modified) };
    }
    if !meta.is_file() {
        return Verdict::Differs(ChangeKind::TypeChanged);
    }
    let executable = meta.permissions().mode() & 0o100 != 0;
    if rules.file_mode && executable != (entry.mode & 0o100 != 0) {
        return Verdict::Differs(ChangeKind::Modified);
    }
    let same =
        sha1 && git2::Oid::hash_file(git2::ObjectType::Blob, file).is_ok_and(|id| id.to_string() == entry.id);
    if same { Verdict::Same } else { Verdict::Unsure }
}

/// What each file would be in the index, in one run of git.
fn converted_ids(git: &Git<'_>, entries: &[Hidden]) -> Result<Vec<String>, Failure> {
    let input = entries.iter().flat_map(|entry| quoted(entry.path.as_os_str().as_bytes())).collect();
    let output = git.run_fed(["hash-object", "--stdin-paths"], input)?.success()?;
    Ok(String::from_utf8_lossy(&output).lines().map(str::to_owned).collect())
}

/// A path on a line of its own, in the C-style quotes that git unwraps.
fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for &byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            b' '..=b'~' => line.push(byte),
            _ => line.extend(format!("\\{byte:03o}").into_bytes()),
        }
    }
    line.extend(*b"\"\n");
    line
}
