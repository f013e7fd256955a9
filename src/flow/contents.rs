//! What a build would send, as the rules on the context see it: of a folder that was listed, or of a commit.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::session::Session;
use super::site::CommitSite;
use crate::config::Located;
use crate::context::{self, Chosen, EntryKind, Ignore, Listing};
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::{ContextEntry, ContextFiles};
use crate::source::{SourceState, TreeKind};
use crate::stop::Stop;

/// The largest file of a commit that is looked into, in bytes: git gives it as a whole.
const LARGEST_LOOK: u64 = 1 << 20;

/// No Dockerfile is larger, in bytes: a larger one was refused.
const LARGEST_DOCKERFILE: usize = 10 << 20;

/// The context.
#[derive(Debug)]
pub(super) enum Contents {
    /// As a build lists it, with the git state, or why there is none.
    Listed { listing: Arc<Listing>, source: Fact<Arc<SourceState>> },
    /// As a commit has it that nobody builds.
    Commit(Box<CommitContents>),
}

/// The context that a checkout of a commit would have.
#[derive(Debug)]
pub(super) struct CommitContents {
    site: Arc<CommitSite>,
    /// The context's folder in the repository.
    folder: PathBuf,
    /// The Dockerfile without links, from the context's folder.
    dockerfile: PathBuf,
    chosen: Chosen,
    entries: ContextFiles,
    warnings: Vec<String>,
    /// Files whose content the clone does not have, submodules, and the first of each.
    absent: (usize, Option<String>),
    submodules: (usize, Option<String>),
}

/// Reads by which patterns `located` is sent.
pub(super) fn chosen(site: &CommitSite, located: &Located) -> Result<Chosen> {
    with_tree(site, located, Chosen::by)
}

/// Gives `look` the files of the context that `located` is in.
pub(super) fn with_tree<T>(
    site: &CommitSite,
    located: &Located,
    look: impl FnOnce(&mut context::Tree<'_>) -> Result<T>,
) -> Result<T> {
    let real =
        site.tree.real(site.inside(&located.context.join(&located.dockerfile)).unwrap_or(Path::new("")));
    let folder = site.inside(&located.context).unwrap_or(Path::new(""));
    let real = real.ok().and_then(|real| real.strip_prefix(folder).ok().map(Path::to_owned));
    let real = real.unwrap_or_else(|| located.dockerfile.clone());
    let mut read = |path: &Path, most| site.read(&folder.join(path), most);
    look(&mut context::Tree { dockerfile: &located.dockerfile, real_dockerfile: &real, read: &mut read })
}

impl CommitContents {
    /// Chooses what is sent. Blocking. Kind `Config` where the ignore file is invalid.
    pub(super) fn of(site: Arc<CommitSite>, located: &Located) -> Result<CommitContents> {
        let chosen = chosen(&site, located)?;
        let folder = site.inside(&located.context).unwrap_or(Path::new("")).to_owned();
        let written = located.dockerfile.clone();
        let dockerfile = site.tree.real(&folder.join(&written)).ok();
        let dockerfile = dockerfile.and_then(|real| real.strip_prefix(&folder).ok().map(Path::to_owned));
        let prefix = if folder.as_os_str().is_empty() {
            Vec::new()
        } else {
            [folder.as_os_str().as_bytes(), b"/"].concat()
        };
        let below: Vec<_> = site
            .tree
            .entries()
            .filter_map(|(path, entry)| Some((path.strip_prefix(&*prefix)?, entry)))
            .collect();
        let (mut entries, mut absent, mut submodules) = (ContextFiles::default(), (0, None), (0, None));
        let mut take = |number: usize, forced| {
            let Some((path, entry)) = below.get(number) else { return };
            let path = String::from_utf8_lossy(path).into_owned();
            let is_link = match entry.kind {
                TreeKind::File => false,
                TreeKind::Link => true,
                TreeKind::Folder => return,
                TreeKind::Submodule => {
                    submodules.0 += 1;
                    submodules.1.get_or_insert(path);
                    return;
                }
            };
            if entry.size.is_none() {
                absent.0 += 1;
                absent.1.get_or_insert_with(|| path.clone());
            }
            // A link has no content that is sent.
            let size = entry.size.filter(|_| !is_link).unwrap_or(0);
            entries.push(ContextEntry { path: &path, size, is_link, forced });
        };
        let names = below.iter().map(|(path, entry)| (*path, entry.kind == TreeKind::Folder));
        let warnings = context::choose(&chosen, names, &mut take)?;
        let entries = entries.sorted();
        Ok(CommitContents {
            dockerfile: dockerfile.unwrap_or(written),
            site,
            folder,
            chosen,
            entries,
            warnings,
            absent,
            submodules,
        })
    }

    /// Says what of the context nobody could look at.
    pub(super) fn tell(&self, session: &Session) {
        if let (count, Some(first)) = &self.submodules {
            session.events.note(format!(
                "{count} submodules, {first} for one, are not looked into: the commit does not hold their files"
            ));
        }
        if let (count, Some(first)) = &self.absent {
            session.events.warn(format!(
                "{count} files of the commit, {first} for one, are not in this partial clone, and are not looked into"
            ));
        }
    }
}

impl Contents {
    /// Files and links, sorted by path.
    pub(super) fn entries(&self) -> ContextFiles {
        let listing = match self {
            Contents::Listed { listing, .. } => listing,
            Contents::Commit(commit) => return commit.entries.clone(),
        };
        let mut files = ContextFiles::default();
        for entry in listing.entries().filter(|entry| entry.kind != EntryKind::Dir) {
            files.push(ContextEntry {
                path: &String::from_utf8_lossy(&entry.path),
                size: entry.size,
                is_link: entry.kind == EntryKind::Symlink,
                forced: entry.forced,
            });
        }
        files.sorted()
    }

    /// The Dockerfile as a build would read it; `shown` is what messages call it.
    pub(super) fn dockerfile_bytes(&self, located: &Located, shown: &str) -> Result<Vec<u8>> {
        let path = located.context.join(&located.dockerfile);
        match self {
            Contents::Listed { listing, .. } if listing.commit().is_some() => {
                let dockerfile = listing.dockerfile().as_os_str().as_bytes();
                let begin = listing.peek(dockerfile, LARGEST_DOCKERFILE);
                begin.map_err(|cause| super::judging::unreadable(Path::new(shown), cause))
            }
            Contents::Listed { .. } => super::gather::read_dockerfile(&path, shown),
            Contents::Commit(commit) => {
                let bytes = super::site::Site::Commit(Arc::clone(&commit.site)).read(&path)?;
                bytes.ok_or_else(|| super::judging::no_such_file(Path::new(shown), "the commit"))
            }
        }
    }

    /// The Dockerfile's path, links resolved.
    pub(super) fn dockerfile(&self) -> &Path {
        match self {
            Contents::Listed { listing, .. } => listing.dockerfile(),
            Contents::Commit(commit) => &commit.dockerfile,
        }
    }

    /// The ignore file that was used.
    pub(super) fn ignore_file(&self) -> Option<&Path> {
        match self {
            Contents::Listed { listing, .. } => listing.ignore_file(),
            Contents::Commit(commit) => commit.chosen.ignore_file.as_deref(),
        }
    }

    /// Gives `look` the patterns by which files are left out.
    pub(super) fn with_ignore<T>(&self, look: impl FnOnce(&Ignore) -> T) -> Result<T> {
        match self {
            Contents::Listed { listing, .. } => listing.ignore().map(|ignore| look(&ignore)),
            Contents::Commit(commit) => Ok(look(&commit.chosen.ignore)),
        }
    }

    /// What the ignore file makes of this tree and other engines do not.
    pub(super) fn ignore_warnings(&self) -> &[String] {
        match self {
            Contents::Listed { listing, .. } => listing.ignore_warnings(),
            Contents::Commit(commit) => &commit.warnings,
        }
    }

    /// Whether a `.git` lies in the context's folder.
    pub(super) fn has_repository(&self, located: &Located) -> bool {
        match self {
            Contents::Listed { .. } => located.context.join(".git").symlink_metadata().is_ok(),
            Contents::Commit(commit) => commit.folder.as_os_str().is_empty(),
        }
    }

    /// Calls `take` with the first `most` bytes of each of `paths` that can be read.
    pub(super) fn each(
        &self,
        paths: &[&str],
        most: usize,
        stop: &Stop,
        take: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<()> {
        match self {
            Contents::Listed { listing, .. } => {
                for path in paths {
                    stop.check()?;
                    if let Ok(bytes) = listing.peek(path.as_bytes(), most) {
                        take(path, &bytes);
                    }
                }
                Ok(())
            }
            Contents::Commit(commit) => {
                let whole = |path: &&str| commit.folder.join(OsStr::from_bytes(path.as_bytes()));
                let whole: Vec<PathBuf> = paths.iter().map(whole).collect();
                let whole: Vec<&[u8]> = whole.iter().map(|path| path.as_os_str().as_bytes()).collect();
                commit.site.tree.each(&whole, LARGEST_LOOK, &mut |path, bytes| {
                    let path = Path::new(OsStr::from_bytes(path));
                    let path = path.strip_prefix(&commit.folder).ok().and_then(Path::to_str);
                    if let Some(path) = path {
                        take(path, bytes.get(..most).unwrap_or(bytes));
                    }
                })
            }
        }
    }
}
