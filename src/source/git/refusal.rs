//! What people are told when a repository cannot be built from, and what to do about it.

use std::path::Path;

use crate::error::{Error, Kind};

fn refused(message: String) -> Error {
    Error::new(Kind::Refused, message)
}

pub(super) fn folder(folder: &Path, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot open the folder {}", folder.display())).because(cause)
}

pub(super) fn no_repository(start: &Path) -> Error {
    refused(format!("{} is not inside a git repository", start.display()))
        .hint("an image is built from a commit; to make the first one: git init && git add . && git commit -m \"Start\"")
}

pub(super) fn unborn(root: &Path, head: &str) -> Error {
    let head = if head.is_empty() {
        String::new()
    } else {
        format!(" (HEAD points to {head}, which does not exist)")
    };
    refused(format!("the repository has no commit yet: {}{head}", root.display()))
        .hint("commit what should be built: git add . && git commit -m \"Start\"")
}

pub(super) fn bare(path: &Path) -> Error {
    refused(format!("the repository {} is bare: it has no files to build from", path.display()))
        .hint("build in a clone of it: git clone PATH, or git worktree add")
}

pub(super) fn foreign(root: &Path) -> Error {
    let line = format!("git config --global --add safe.directory {}", quoted(root));
    refused(format!("the repository {} is owned by another user", root.display()))
        .hint("its configuration could run commands as you; if you trust it, say so once:")
        .hint(line)
}

pub(super) fn unreadable(root: &Path, reasons: &[String]) -> Error {
    let reasons = reasons.join("; ");
    refused(format!("the git repository {} cannot be read: {reasons}", root.display()))
        .hint("git status and git fsck say more; a damaged clone is best replaced by a fresh one")
}

pub(super) fn no_file(path: &Path, commit: &str) -> Error {
    Error::new(Kind::Config, format!("{} of commit {commit} is not a regular file", path.display()))
}

pub(super) fn too_large(path: &Path, commit: &str, limit: usize) -> Error {
    let limit = limit >> 20;
    Error::new(Kind::Config, format!("{} of commit {commit} is larger than {limit} MiB", path.display()))
}

/// What a commit says cannot be read: an object is damaged, or it was never fetched.
pub(super) fn no_object(what: &str, why: &str) -> Error {
    refused(format!("cannot read {what}: {why}"))
        .hint("a partial clone may lack the object: `git checkout` or `git show` of that commit fetches it; nothing is fetched here")
        .hint("git fsck tells whether the repository is damaged")
}

/// A path as a word for a shell.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_paste_survives_odd_paths() {
        let line = |path: &str| foreign(Path::new(path)).hints()[1].clone();
        assert_eq!(line("/w/repo"), "git config --global --add safe.directory /w/repo");
        assert_eq!(line("/w/a b's"), r"git config --global --add safe.directory '/w/a b'\''s'");
        assert_eq!(line("/w/$(id)"), "git config --global --add safe.directory '/w/$(id)'");
    }
}
