//! Where git looks for hooks, and the part of its configuration that names some.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::source::Reader;
use crate::stop::Stop;

use super::command::Git;
use super::failure::Failure;
use super::look::Tools;

/// The first version of git that takes hooks from its configuration.
const CONFIG_HOOKS: (u32, u32) = (2, 54);
/// Of the entries below `hook`, ours.
const OURS: [(&str, &str); 2] =
    [("hook.imgbuild.event", "pre-push"), ("hook.imgbuild.command", "imgbuild hook pre-push")];

/// How hooks are found in a repository.
#[derive(Debug)]
pub struct HookPlace {
    folder: PathBuf,
    environment: Environment,
    /// The root of the work tree; of a bare repository, its folder.
    pub root: PathBuf,
    /// The folder of hooks where nothing says otherwise: it is shared by all work trees of a repository.
    pub own: PathBuf,
    /// What `core.hooksPath` says.
    pub configured: Option<HooksPath>,
    /// Git's version.
    pub version: (u32, u32),
    /// Whether git's configuration has our hook.
    pub is_in_config: bool,
}

/// Another folder of hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HooksPath {
    /// Where, absolute.
    pub folder: PathBuf,
    /// Whether it holds for all repositories of the user or the machine.
    pub is_for_all: bool,
}

impl HookPlace {
    /// Looks around in the repository that `start` lies in. Kind `Refused` where there is none, or no git.
    pub fn find(start: &Path, environment: &Environment) -> Result<HookPlace> {
        let stop = Stop::default();
        let tools = Tools { environment, stop: &stop };
        let place = tools.git(start, Reader::GitCommand { safe_directory: false });
        place.and_then(|git| look(start, environment, &git)).map_err(|failure| last_word(start, failure))
    }

    /// Whether this git runs hooks that its configuration names.
    pub fn has_config_hooks(&self) -> bool {
        self.version >= CONFIG_HOOKS
    }

    /// The folder in which git looks for hooks.
    pub fn folder(&self) -> &Path {
        self.configured.as_ref().map_or(&self.own, |configured| &configured.folder)
    }

    /// What [`put_in_config`](HookPlace::put_in_config) sets.
    pub fn config_entries(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        OURS.into_iter()
    }

    /// Has the repository's own configuration name our hook.
    pub fn put_in_config(&self) -> Result<()> {
        for (key, value) in OURS {
            self.configure(&["config", "--local", key, value])?;
        }
        Ok(())
    }

    /// Takes it out again.
    pub fn take_out_of_config(&self) -> Result<()> {
        self.configure(&["config", "--local", "--remove-section", "hook.imgbuild"])
    }

    fn configure(&self, arguments: &[&str]) -> Result<()> {
        let stop = Stop::default();
        let tools = Tools { environment: &self.environment, stop: &stop };
        let git = tools.git(&self.folder, Reader::GitCommand { safe_directory: false });
        git.and_then(|git| git.ask(arguments)).map(drop).map_err(|failure| last_word(&self.folder, failure))
    }
}

fn last_word(start: &Path, failure: Failure) -> Error {
    match failure {
        Failure::Final(error) => error,
        Failure::Unreadable(why) => Error::new(
            Kind::Refused,
            format!("cannot find out where git looks for hooks in {}: {why}", start.display()),
        ),
    }
}

fn look(start: &Path, environment: &Environment, git: &Git<'_>) -> Result<HookPlace, Failure> {
    let version = version(&String::from_utf8_lossy(&git.ask(["--version"])?));
    let common = git.path(git.ask(["rev-parse", "--git-common-dir"])?);
    let common = common.canonicalize().unwrap_or(common);
    let top = git.run(["rev-parse", "--show-toplevel"])?;
    let root = if top.code == Some(0) { git.path(top.stdout) } else { common.clone() };
    // Ours own settings, which switch all hooks off, are of the scope `command`.
    let listing = git.run(["config", "--show-scope", "-z", "--type=path", "--get-all", "core.hooksPath"])?;
    let mut fields = listing.stdout.split(|&byte| byte == 0);
    let mut configured = None;
    while let (Some(scope), Some(path)) = (fields.next(), fields.next()) {
        if scope != b"command" && !path.is_empty() {
            let folder = root.join(PathBuf::from(OsString::from_vec(path.to_vec())));
            configured = Some(HooksPath { folder, is_for_all: scope != b"local" && scope != b"worktree" });
        }
    }
    let ours = git.run(["config", "--local", "--get", "hook.imgbuild.event"])?;
    Ok(HookPlace {
        folder: start.to_owned(),
        environment: environment.clone(),
        root,
        own: common.join("hooks"),
        configured,
        version,
        is_in_config: ours.code == Some(0),
    })
}

/// `git version 2.47.3`, and what distributions put behind it; what cannot be read is as old as can be.
fn version(text: &str) -> (u32, u32) {
    let numbers = text.trim().strip_prefix("git version ").unwrap_or_default();
    let mut numbers = numbers.split(['.', ' ', '-']).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git() {
        assert_eq!(version("git version 2.47.3\n"), (2, 47));
        assert_eq!(version("git version 2.54.0.windows.1"), (2, 54));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), (2, 39));
        assert_eq!(version("git version 3.0-rc1"), (3, 0));
        for odd in ["", "hub version 2", "git version x.y"] {
            assert_eq!(version(odd), (0, 0), "{odd}");
        }
        assert!(version("git version 2.53.9") < CONFIG_HOOKS);
        assert!(
            version("git version 2.54.0-rc0") >= CONFIG_HOOKS && version("git version 3.0") >= CONFIG_HOOKS
        );
    }
}
