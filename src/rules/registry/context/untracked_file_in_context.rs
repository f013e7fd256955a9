//! `untracked-file-in-context`.

use crate::rules::context_files::in_short;
use crate::rules::facts::{ContextFacts, GitFacts};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports files of the build context that are not in the commit, that git does not ignore, and that `[image.build] generated` does not
    /// declare.
    ///
    /// ## Why is this bad?
    /// The image says which commit it comes from, and with such a file that is not true: nobody can build it again from the
    /// commit. `imgbuild ci` refuses to.
    ///
    /// ## Example
    /// ```text
    /// # git status
    /// ?? src/patch.js
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # git status
    /// A  src/patch.js     (and `git commit`)
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/codebase>
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    IMG608 "untracked-file-in-context" {
        level: Warning,
        items: [SourceControl, Repeatable],
        aliases: [],
        remedy: "commit it, leave it out by the ignore file, or declare it in [image.build] generated",
        check: Git(check),
    }
}

fn check(context: &ContextFacts, git: &GitFacts, found: &mut Found<'_>) {
    // The Dockerfile has a rule of its own.
    let files = || git.untracked.difference(&git.generated).filter(|path| **path != context.dockerfile);
    if let Some(first) = files().next() {
        let paths = in_short(files().map(String::as_str));
        found.add(context.place(first), format!("not in the commit, and sent with the context: {paths}"));
    }
}
