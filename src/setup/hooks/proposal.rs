//! What would change, step by step.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::diff::unified;
use super::block;
use crate::error::{Error, Kind, Result};
use crate::source::HookPlace;

/// The largest file that is changed, in bytes: nobody's configuration of hooks comes near.
const LARGEST: u64 = 4 << 20;

/// Changes in their order.
#[derive(Debug, Default)]
pub struct Proposal {
    /// The changes; none where there is nothing to do.
    pub steps: Vec<Step>,
    /// What is left to do by hand, and what to know.
    pub notes: Vec<String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file gets this content, and this mode where it is new.
    Write {
        /// Which.
        path: PathBuf,
        /// What was there.
        before: Option<Vec<u8>>,
        /// What will be.
        after: Vec<u8>,
        /// The permissions of a new file.
        mode: u32,
    },
    /// A file gets another name; what had that name is gone.
    Rename {
        /// Its name by now.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
    },
    /// A file goes.
    Remove(PathBuf),
    /// The repository's git configuration gets these entries.
    AddToConfig(Vec<(&'static str, &'static str)>),
    /// They go.
    RemoveFromConfig,
}

impl Proposal {
    pub(super) fn extend(&mut self, other: Proposal) {
        self.steps.extend(other.steps);
        self.notes.extend(other.notes);
    }

    /// The changes for people, paths relative to `root` where they lie there. Whoever prints it escapes it.
    pub fn text(&self, root: &Path) -> String {
        let mut text = String::new();
        let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
        for step in &self.steps {
            let _ = match step {
                Step::Write { path, before, after, .. } => {
                    let what = if before.is_none() { "new file" } else { "change" };
                    let diff = unified(&name(path), before.as_deref(), after);
                    write!(text, "{what} {}\n{diff}", name(path))
                }
                Step::Rename { from, to } => writeln!(text, "rename {} to {}", name(from), name(to)),
                Step::Remove(path) => writeln!(text, "remove {}", name(path)),
                Step::AddToConfig(entries) => entries
                    .iter()
                    .try_for_each(|(key, value)| writeln!(text, "git config --local {key} {value:?}")),
                Step::RemoveFromConfig => writeln!(text, "git config --local --remove-section hook.imgbuild"),
            };
        }
        text
    }

    /// Makes the changes. A file is replaced as a whole, so that it is either as it was or as it shall be.
    pub fn apply(&self, place: &HookPlace) -> Result<()> {
        for step in &self.steps {
            match step {
                Step::Write { path, after, mode, .. } => write(path, after, *mode)?,
                Step::Rename { from, to } => {
                    fs::rename(from, to).map_err(|cause| failed("rename", from, cause))?
                }
                Step::Remove(path) => fs::remove_file(path).map_err(|cause| failed("remove", path, cause))?,
                Step::AddToConfig(_) => place.put_in_config()?,
                Step::RemoveFromConfig => place.take_out_of_config()?,
            }
        }
        Ok(())
    }
}

/// The content of a file that is to be changed; `None` where there is none. A link, or what is no file, is refused: nobody
/// knows what else goes by it.
pub(super) fn content(path: &Path) -> Result<Option<Vec<u8>>> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(cause) => return Err(failed("read", path, cause)),
    };
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(Error::new(
            Kind::Refused,
            format!("{} is not changed: it is a link, no regular file, or larger than 4 MiB", path.display()),
        )
        .hint("name the place where hooks are set up with --manager, or set the hook up by hand (docs/hooks.md)"));
    }
    fs::read(path).map(Some).map_err(|cause| failed("read", path, cause))
}

/// Takes our lines out of a file.
pub(super) fn without_block(path: &Path) -> Result<Proposal> {
    let mut proposal = Proposal::default();
    // A file that cannot be changed was not changed by us.
    let Ok(Some(before)) = content(path) else { return Ok(proposal) };
    let Ok(text) = std::str::from_utf8(&before) else { return Ok(proposal) };
    match block::take(text) {
        None => {}
        Some(None) => proposal.steps.push(Step::Remove(path.to_owned())),
        Some(Some(after)) => proposal.steps.push(Step::Write {
            path: path.to_owned(),
            before: Some(before.clone()),
            after: after.into_bytes(),
            mode: 0o644,
        }),
    }
    Ok(proposal)
}

/// A file in which nobody but its author can tell where something belongs.
pub(super) fn refused(path: &Path, lines: &str) -> Error {
    Error::new(
        Kind::Refused,
        format!("{} is written in a way that nothing can be added to safely", path.display()),
    )
    .hint(format!("add this by hand:\n{lines}"))
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|cause| failed("create", folder, cause))?;
    let mode = path.metadata().map_or(mode, |metadata| metadata.permissions().mode());
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written =
        fs::OpenOptions::new().write(true).create_new(true).open(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.set_permissions(Permissions::from_mode(mode & 0o7777))?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        });
    written.map_err(|cause| {
        let _ = fs::remove_file(&temporary);
        failed("write", path, cause)
    })
}

fn failed(verb: &str, path: &Path, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot {verb} {}", path.display())).because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let step = Step::Write {
            path: "/r/f".into(),
            before: Some(b"a\nb\nc\n".to_vec()),
            after: b"a\nx\ny\nb\nc\n".to_vec(),
            mode: 0o644,
        };
        let proposal = Proposal { steps: vec![step], notes: Vec::new() };
        let diff = "change f\n--- a/f\n+++ b/f\n@@ -1,3 +1,5 @@\n a\n+x\n+y\n b\n c\n";
        assert_eq!(proposal.text(Path::new("/r")), diff);
    }
}
