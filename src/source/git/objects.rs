//! The objects of a repository: in a hook by the `git` command, which needs no work tree and reads both kinds of ids, of a
//! checkout by whatever read that. What a partial clone lacks is not fetched.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::source::{Reader, SourceState};
use crate::stop::Stop;

use super::blob_reader::{Batch, BlobReader};
use super::command::Git;
use super::commit_tree::CommitTree;
use super::failure::Failure;
use super::library::Library;
use super::look::{Folder, Tools};
use super::refusal;

/// Larger blobs are not held in memory where the git command is there to stream them, in bytes.
const LARGE: u64 = 4 << 20;

/// The most remote-tracking refs that are asked about: their ids fit on a command line.
const MOST_REFS: &str = "--count=20000";

/// A repository of which objects are read.
#[derive(Debug, Clone)]
pub struct Objects {
    folder: PathBuf,
    git_dir: Option<PathBuf>,
    environment: Environment,
    stop: Stop,
    reader: Reader,
    /// Reads in place of the command.
    library: Option<Library>,
    /// A `git cat-file --batch` that waits for the next id.
    batch: Arc<Mutex<Option<Batch>>>,
}

/// What an id stands for, tags followed to what they tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peeled {
    /// A commit, by its id.
    Commit(String),
    /// A tree or a blob, which nothing can be built from.
    Other,
    /// The clone has no such object, or none that a tag leads to.
    Missing,
}

impl Objects {
    /// Those of the repository that git found when it started the hook: `GIT_DIR` where it says so, else by `folder`, which
    /// may be that of a bare repository. Nothing is read yet.
    pub fn open(folder: &Path, environment: &Environment, stop: &Stop) -> Objects {
        Objects {
            folder: folder.to_owned(),
            git_dir: environment.get_os("GIT_DIR").map(|path| folder.join(path)),
            ..Objects::at(folder, Reader::GitCommand { safe_directory: false }, environment, stop)
        }
    }

    /// Those of a checkout, by the same reader as its state. libgit2 needs no git command; what it cannot open is read by
    /// that.
    pub fn of(state: &SourceState, environment: &Environment, stop: &Stop) -> Objects {
        Objects::in_checkout(&state.root, state.reader, environment, stop)
    }

    fn in_checkout(root: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Objects {
        let library = (reader == Reader::Libgit2).then(|| Library::open(root).ok()).flatten();
        Objects { library, ..Objects::at(root, reader, environment, stop) }
    }

    fn at(folder: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Objects {
        Objects {
            folder: folder.to_owned(),
            git_dir: None,
            environment: environment.clone(),
            stop: stop.clone(),
            reader,
            library: None,
            batch: Arc::default(),
        }
    }

    /// Those of the submodule that is checked out at `path`, or why there are none.
    pub(super) fn submodule(&self, path: &Path) -> Result<Objects, &'static str> {
        let folder = self.folder.join(path);
        match Folder::of(&folder) {
            Folder::CheckedOut => {
                Ok(Objects::in_checkout(&folder, self.reader, &self.environment, &self.stop))
            }
            Folder::Missing | Folder::Bare => Err("it is not checked out"),
        }
    }

    /// The folder of what all work trees of the repository share.
    pub(super) fn common_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(library) = &self.library {
            return Ok(library.common_folder());
        }
        let git = self.git()?;
        let path = git.ask(["rev-parse", "--git-common-dir"])?;
        Ok(git.path(path))
    }

    /// Where git-lfs is told to keep its files; a relative path begins at the folder of [`common_folder`](Self::common_folder).
    pub(super) fn lfs_storage(&self) -> Result<Option<PathBuf>, Failure> {
        let configured = match &self.library {
            Some(library) => library.path_setting("lfs.storage"),
            None => {
                let output = self.git()?.run(["config", "-z", "--type=path", "--get", "lfs.storage"])?;
                // It fails where there is none.
                let value = output.stdout.strip_suffix(b"\0").filter(|_| output.code == Some(0));
                value.map(|value| PathBuf::from(OsStr::from_bytes(value)))
            }
        };
        Ok(configured.filter(|folder| !folder.as_os_str().is_empty()))
    }

    pub(super) fn has_library(&self) -> bool {
        self.library.is_some()
    }

    /// A blob as a whole.
    pub(super) fn blob(&self, id: &str) -> Result<Vec<u8>, Failure> {
        if let Some(library) = &self.library {
            return library.blob(id);
        }
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = match batch.take() {
            Some(running) => running,
            None => self.git()?.batch()?,
        };
        let bytes = running.blob(id)?;
        // One that failed is at no place from which it could go on.
        *batch = Some(running);
        Ok(bytes)
    }

    /// The bytes of a blob of `size` bytes, called `path` in messages. Whether they are what the id says is for the caller to
    /// see. Blocks. Kind `Refused` where the clone does not have it.
    pub fn open_blob(&self, id: &str, size: u64, path: &[u8]) -> Result<BlobReader> {
        let streamed = (size > LARGE).then(|| self.git()).and_then(Result::ok);
        let opened = match streamed {
            Some(git) => git.stream_blob(id),
            None => self.blob(id).map(BlobReader::whole),
        };
        opened.map_err(|failure| match failure {
            Failure::Unreadable(why) => {
                refusal::no_object(&format!("`{}`", String::from_utf8_lossy(path)), &why)
            }
            Failure::Final(error) => error,
        })
    }

    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    pub(super) fn git(&self) -> Result<Git<'_>, Failure> {
        let tools = Tools { environment: &self.environment, stop: &self.stop };
        let git = tools.git(&self.folder, self.reader)?;
        Ok(git.at(self.git_dir.as_deref()))
    }

    fn asked<T>(&self, answer: Result<T, Failure>) -> Result<T> {
        answer.map_err(|failure| self.error(failure))
    }

    pub(super) fn error(&self, failure: Failure) -> Error {
        super::last_word(&self.folder, failure)
    }

    /// What each of `ids` stands for, in their order. They are full ids in hex.
    pub fn peel(&self, ids: &[String]) -> Result<Vec<Peeled>> {
        let check = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
        let asked: String = ids.iter().map(|id| format!("{id}\n{id}^{{commit}}\n")).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.git().and_then(|git| git.run_fed(check, asked.into_bytes())?.success());
        let answer = self.asked(answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let mut lines = answer.lines();
        let one = |id: &String| {
            let (plain, commit) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            // Git takes a text of the other hash's length for the beginning of an id.
            let kind = plain.strip_prefix(id.as_str()).and_then(|rest| rest.strip_prefix(' '));
            match (kind, commit.strip_suffix(" commit")) {
                (Some("commit" | "tag"), Some(commit)) => Peeled::Commit(commit.to_owned()),
                (Some("tree" | "blob"), _) => Peeled::Other,
                // A tag of a file, or of a commit that is not here: the first is nothing to look into either.
                (Some("tag"), None) => Peeled::Other,
                _ => Peeled::Missing,
            }
        };
        Ok(ids.iter().map(one).collect())
    }

    /// The commit that a name stands for: a full name of a ref, an id, `HEAD`. `None` where there is none.
    pub fn resolve(&self, name: &str) -> Result<Option<String>> {
        let revision = format!("{name}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &revision];
        let output = self.asked(self.git().and_then(|git| git.run(arguments)))?;
        let found =
            (output.code == Some(0)).then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Ok(found.filter(|id| matches!(id.len(), 40 | 64)))
    }

    /// Where the history of `commit` leaves what the remote is known to have; `None` where nothing is known, or where they
    /// share nothing. `names` are what the hook was called with: the remote's name and its URL, or the URL twice.
    pub fn base(&self, commit: &str, names: &[&str]) -> Result<Option<String>> {
        let tips = self.tips(names)?;
        if tips.is_empty() {
            return Ok(None);
        }
        if tips.contains(commit) {
            return Ok(Some(commit.to_owned()));
        }
        let arguments = ["merge-base", commit].into_iter().chain(tips.iter().map(String::as_str));
        let output = self.asked(self.git().and_then(|git| git.run(arguments)))?;
        // It fails where they share nothing, and where history is cut off.
        let found = String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned);
        Ok(found.filter(|_| output.code == Some(0)))
    }

    /// The commits of the remote's branches as of the last fetch or push.
    fn tips(&self, names: &[&str]) -> Result<BTreeSet<String>> {
        let mut remotes: BTreeSet<&str> = BTreeSet::new();
        let configured = self.asked(
            self.git()
                .and_then(|git| git.run(["config", "-z", "--get-regexp", r"^remote\..*\.(url|pushurl)$"])),
        )?;
        let configured = String::from_utf8_lossy(&configured.stdout).into_owned();
        for (key, url) in configured.split('\0').filter_map(|entry| entry.split_once('\n')) {
            let name =
                key.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')).map(|(name, _)| name);
            let Some(name) = name else { continue };
            if names.iter().any(|given| *given == name || *given == url) {
                remotes.insert(name);
            }
        }
        // What stands for more than itself in a pattern is in no name of a ref.
        let plain = |name: &&&str| !name.contains(['*', '?', '[', '\\']);
        let prefixes: Vec<String> =
            remotes.iter().filter(plain).map(|name| format!("refs/remotes/{name}/")).collect();
        if prefixes.is_empty() {
            return Ok(BTreeSet::new());
        }
        let arguments = ["for-each-ref", MOST_REFS, "--format=%(objectname)"].into_iter();
        let arguments = arguments.chain(prefixes.iter().map(String::as_str));
        let listing = self.asked(self.git().and_then(|git| git.ask(arguments)))?;
        let listing = String::from_utf8_lossy(&listing).into_owned();
        Ok(listing.lines().map(str::to_owned).collect())
    }

    /// The paths that differ between two commits, from the root; `None` where the clone cannot tell.
    pub fn changed(&self, base: &str, commit: &str) -> Result<Option<Vec<Vec<u8>>>> {
        if base == commit {
            return Ok(Some(Vec::new()));
        }
        let arguments = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", base, commit];
        let output = self.asked(self.git().and_then(|git| git.run(arguments)))?;
        if output.code != Some(0) {
            return Ok(None);
        }
        let paths = output.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        Ok(Some(paths.map(<[u8]>::to_vec).collect()))
    }

    /// Everything that the tree of `commit` names. Blocking: 0.2 s for 100,000 files.
    pub fn tree(&self, commit: &str) -> Result<CommitTree> {
        if let Some(library) = &self.library {
            return match library.tree(commit, &self.stop) {
                Ok(entries) => Ok(CommitTree::new(self.clone(), commit, entries)),
                Err(Failure::Unreadable(why)) => {
                    Err(refusal::no_object(&format!("the tree of commit {commit}"), &why))
                }
                Err(failure) => Err(self.error(failure)),
            };
        }
        let arguments = ["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit];
        let listing = match self.git().and_then(|git| git.ask(arguments)) {
            Ok(listing) => listing,
            Err(Failure::Unreadable(why)) => {
                return Err(refusal::no_object(&format!("the tree of commit {commit}"), &why));
            }
            Err(failure) => return Err(self.error(failure)),
        };
        CommitTree::parse(self.clone(), commit, &listing)
    }

    /// Whether HEAD is `commit` and a tracked file differs from it.
    pub fn is_changed_here(&self, commit: &str) -> Result<bool> {
        if self.resolve("HEAD")?.as_deref() != Some(commit) {
            return Ok(false);
        }
        // In a bare repository there is nothing to change, and this fails.
        let arguments = ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"];
        let output = self.asked(self.git().and_then(|git| git.run(arguments)))?;
        Ok(output.code == Some(0) && !output.stdout.is_empty())
    }
}
