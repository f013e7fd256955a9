//! `git-directory-in-context`.

use std::collections::BTreeMap;

use crate::rules::context_files::{Held, each};
use crate::rules::facts::{ContextFacts, Sign};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports a git folder in the build context: one that the ignore file takes back in, or that of another repository further down.
    /// It is an error where its configuration holds a login. imgbuild leaves the `.git` at the root out by itself.
    ///
    /// ## Why is this bad?
    /// The folder differs between two clones of one commit, so that no build step behind `COPY . .` is ever taken from the
    /// cache, and the image is never the same twice. It holds the whole history, deleted secrets included, and in a CI often the token that
    /// was cloned with.
    ///
    /// ## Example
    /// ```text
    /// # .dockerignore
    /// *
    /// !src
    /// !.git
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// *
    /// !src
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/concepts/context/#git-repositories>
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    IMG605 "git-directory-in-context" {
        level: Warning,
        items: [Configuration, Repeatable],
        aliases: [],
        remedy: "leave it out: no `!.git` in the ignore file, and `**/.git` for repositories further down",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let mut folders: BTreeMap<&str, Level> = BTreeMap::new();
    for file in context.files(|_| true) {
        let Some(folder) = git_folder(file.path) else { continue };
        let signs = context.signs.get(file.path).map(Vec::as_slice).unwrap_or_default();
        let level = if signs.contains(&Sign::GitCredentials) { Level::Error } else { Level::Warning };
        let known = folders.entry(folder).or_insert(level);
        *known = level.max(*known);
    }
    let held = folders.into_iter().map(|(path, level)| {
        let login = if level == Level::Error { "with a login in its configuration, " } else { "" };
        Held {
            path,
            level,
            message: format!("{path} goes to the engine with the context, {login}history and all"),
        }
    });
    each(context, found, held.collect(), "are git folders");
}

/// The folder `.git` that a file lies in.
fn git_folder(path: &str) -> Option<&str> {
    let end = if path.starts_with(".git/") { 4 } else { path.find("/.git/")? + 5 };
    path.get(..end)
}
