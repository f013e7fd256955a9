//! Where what is judged lies: in the folder, as it is on disk, or in a commit, as git has it. `check` and `ci` judge the
//! first, a hook the second; what follows is the same for both.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::{CommitContents, Contents};
use super::gather;
use super::judging::{self, TextFile};
use super::of_commit;
use super::session::{Session, blocking};
use crate::config::{self, Document, FILE_NAME, Located, Lookup, Settings};
use crate::context::{Listing, is_lfs_pointer};
use crate::error::{Error, Kind, Result};
use crate::rules::Fact;
use crate::shell;
use crate::source::{CommitTree, SourceState, Submodules};

/// No Dockerfile and no baseline of a commit is larger, in bytes.
const LARGEST: u64 = 10 << 20;
/// No configuration is larger; one byte more is the parser's to refuse.
const LARGEST_CONFIG: u64 = config::MAX_BYTES as u64 + 1;

/// Where files are read from.
#[derive(Debug, Clone)]
pub(super) enum Site {
    /// The folder, with whatever lies in it.
    Folder,
    /// The tree of a commit, whatever the folder holds.
    Commit(Arc<CommitSite>),
}

/// A commit whose files are called as if it were checked out at `root`.
#[derive(Debug)]
pub(super) struct CommitSite {
    pub(super) tree: CommitTree,
    pub(super) root: PathBuf,
    /// What the root is called where links lead to it.
    pub(super) seen_as: Option<PathBuf>,
    /// How a build lists its context; none in a hook, which only looks at what would be sent.
    pub(super) listed: Option<Listed>,
}

/// How the context of a commit is listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// Whether files of git-lfs are taken as they were fetched.
    pub(super) lfs: bool,
    pub(super) submodules: Submodules,
    /// The commit's time.
    pub(super) modified: i64,
}

impl CommitSite {
    /// The path in the repository.
    pub(super) fn inside<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        let seen = || path.strip_prefix(self.seen_as.as_ref()?).ok();
        path.strip_prefix(&self.root).ok().or_else(seen)
    }

    /// The content of a file that says how to build, by its path in the repository. Kind `Refused` where a build would take a
    /// pointer of git-lfs for it.
    pub(super) fn read(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
        let bytes = self.tree.read(path, most)?;
        if self.listed.is_none() || !bytes.as_deref().is_some_and(is_lfs_pointer) {
            return Ok(bytes);
        }
        let (shown, commit) = (path.display(), self.tree.commit().get(..7).unwrap_or_default());
        let what = format!(
            "`{shown}` of the commit {commit} is a pointer of git-lfs, and what says how to build is read from the commit itself"
        );
        let word = shell::word(&path.to_string_lossy());
        Err(Error::new(Kind::Refused, what).hint(format!(
            "keep it out of git-lfs: git lfs untrack {word} && git add --renormalize {word}, and commit"
        )))
    }

    /// The configuration as a run in `folder` would find it, or the file that was named, where that is in the repository.
    fn document(&self, session: &Session) -> Result<Option<Document>> {
        let named = session
            .config
            .as_deref()
            .or_else(|| session.environment.get_os("IMGBUILD_CONFIG").map(Path::new));
        let mut fetch = |path: &Path| self.tree.read(path, LARGEST_CONFIG);
        if let Some(named) = named {
            let path = session.directory.join(named);
            let Some(inside) = self.inside(&path) else {
                return config::load(
                    session.config.as_deref(),
                    &session.environment,
                    &session.directory,
                    &self.root,
                );
            };
            let document = config::read_commit(self.tree.commit(), inside, &self.root, &mut fetch)?;
            return match document {
                Some(document) => Ok(Some(document)),
                None => Err(judging::no_such_file(inside, self.tree.commit())),
            };
        }
        let folder = self.inside(&session.directory).unwrap_or(Path::new(""));
        for folder in folder.ancestors() {
            let path = folder.join(FILE_NAME);
            if let Some(document) = config::read_commit(self.tree.commit(), &path, &self.root, &mut fetch)? {
                return Ok(Some(document));
            }
        }
        Ok(None)
    }

    /// Context and Dockerfile.
    fn locate(&self, settings: &Settings, root: &Path) -> Result<Located> {
        if self.listed.is_some() && self.inside(&settings.context.value).is_none() {
            let (context, origin) = (settings.context.display(), &settings.builder.context.origin);
            let what = format!(
                "the build context {context} lies outside of the repository, and so in no commit ({origin})"
            );
            return Err(Error::new(Kind::Config, what)
                .hint("leave out context = \"commit\", or name a folder of the repository"));
        }
        config::locate_in(self, settings, root).map_err(|error| match self.listed {
            Some(_) => error.hint(format!(
                "it is looked for in the commit {}: context = \"commit\" ({})",
                self.tree.commit().get(..7).unwrap_or_default(),
                settings.builder.context.origin
            )),
            None => error,
        })
    }
}

impl Lookup for CommitSite {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let Some(inside) = self.inside(path) else {
            return Err(io::Error::other("it lies outside of the repository, and so in no commit"));
        };
        self.tree
            .real(inside)
            .map(|real| if real.as_os_str().is_empty() { self.root.clone() } else { self.root.join(real) })
    }

    fn is_folder(&self, real: &Path) -> bool {
        self.inside(real).is_some_and(|path| self.tree.is_folder(path))
    }

    fn is_file(&self, real: &Path) -> bool {
        let entry = self.inside(real).and_then(|path| self.tree.get(path));
        entry.is_some_and(|entry| entry.kind == crate::source::TreeKind::File)
    }
}

impl Site {
    /// The configuration file with what it extends; `None` where there is none.
    pub(super) fn document(&self, session: &Session, root: &Path) -> Result<Option<Document>> {
        match self {
            Site::Folder => {
                config::load(session.config.as_deref(), &session.environment, &session.directory, root)
            }
            Site::Commit(commit) => commit.document(session),
        }
    }

    /// Context and Dockerfile.
    pub(super) fn locate(&self, settings: &Settings, root: &Path) -> Result<Located> {
        match self {
            Site::Folder => config::locate(settings, root),
            Site::Commit(commit) => commit.locate(settings, root),
        }
    }

    /// The first pass over what a build would send. `source` is the git state of a folder, where there is one.
    pub(super) async fn list(
        &self,
        session: &Session,
        settings: &Settings,
        located: &Located,
        source: Option<&Arc<SourceState>>,
    ) -> Result<Arc<Listing>> {
        let Site::Commit(commit) = self else {
            return gather::list(session, settings, located, source).await;
        };
        let (site, located, stop) = (Arc::clone(commit), located.clone(), session.stop.clone());
        let missing = || Error::new(Kind::Internal, "nobody said how to list the commit");
        let listed = site.listed.ok_or_else(missing)?;
        blocking(move || of_commit::list(&site, &listed, &located, &stop)).await.map(Arc::new)
    }

    /// The Dockerfile that a build would take, under its path from the working folder.
    pub(super) fn dockerfile(&self, session: &Session, located: &Located) -> Result<TextFile> {
        let path = located.context.join(&located.dockerfile);
        let shown = judging::shown(session, &path);
        let (bytes, file) = match self {
            Site::Folder => (gather::read_dockerfile(&path, &shown)?, Some(path)),
            Site::Commit(commit) => {
                let missing = || judging::no_such_file(Path::new(&shown), "the commit");
                let bytes = self.read(&path)?.ok_or_else(missing)?;
                (bytes, commit.listed.is_some().then_some(path))
            }
        };
        Ok(TextFile { path: shown, bytes: Arc::new(bytes), file })
    }

    /// The content of a file by its absolute path; `None` where there is none.
    pub(super) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        match self {
            Site::Folder => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(cause) => Err(judging::unreadable(path, cause)),
            },
            Site::Commit(commit) => commit.inside(path).map_or(Ok(None), |path| commit.read(path, LARGEST)),
        }
    }

    /// What a build would send. `source` is the git state of a folder, or why there is none.
    pub(super) async fn contents(
        &self,
        session: &Session,
        settings: &Settings,
        located: &Located,
        source: &Fact<Arc<SourceState>>,
    ) -> Result<Contents> {
        match self {
            Site::Commit(commit) if commit.listed.is_none() => {
                let (site, located) = (Arc::clone(commit), located.clone());
                let contents = blocking(move || CommitContents::of(site, &located)).await?;
                contents.tell(session);
                Ok(Contents::Commit(Box::new(contents)))
            }
            site => {
                let listing = site.list(session, settings, located, source.as_ref().ok()).await?;
                Ok(Contents::Listed { listing, source: source.clone() })
            }
        }
    }
}
