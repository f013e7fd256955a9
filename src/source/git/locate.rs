//! Where a work tree starts, and what the environment says to git alone.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// The nearest folder, from `start` upwards, that has a `.git`; below a ceiling, as git has it.
pub(super) fn work_tree(start: &Path, environment: &Environment) -> Option<PathBuf> {
    let ceilings = environment.get_os("GIT_CEILING_DIRECTORIES").unwrap_or_default();
    let ceilings: Vec<PathBuf> =
        std::env::split_paths(ceilings).filter(|ceiling| ceiling.is_absolute()).collect();
    let below = |folder: &&Path| !ceilings.iter().any(|ceiling| folder == ceiling);
    let mut folders = start.ancestors();
    // The start itself is looked at even where it is a ceiling.
    let found = folders.next().filter(|folder| has_git(folder));
    found.or_else(|| folders.take_while(below).find(|folder| has_git(folder))).map(Path::to_owned)
}

fn has_git(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// The variable by which the environment gives git configuration that libgit2 does not read, if there is one.
pub(super) fn injected_config(environment: &Environment) -> Option<String> {
    let files = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"].into_iter();
    let file = |key: &&str| environment.get(key).is_some_and(|path| path != "/dev/null");
    let values = ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"].into_iter();
    let value = |key: &&str| environment.get(key).is_some_and(|count| count != "0");
    files.filter(file).chain(values.filter(value)).next().map(|key| format!("{key} configures git"))
}
