//! `ignored-file-in-context`.

use crate::rules::context_files::in_short;
use crate::rules::facts::{ContextFacts, GitFacts};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports files of the build context that git ignores and that `[image.build] generated` does not declare.
    ///
    /// ## Why is this bad?
    /// What git ignores is in no commit: it was made on this machine, or lies there by chance. The image then holds what
    /// nobody can find out from the commit, and two machines make different images of it.
    ///
    /// ## Example
    /// ```text
    /// # .gitignore
    /// dist/
    ///
    /// # no .dockerignore: dist/ is sent
    /// ```
    ///
    /// ## Use instead
    /// ```toml
    /// # imgbuild.toml
    /// [image.build]
    /// generated = ["dist/**"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/build-release-run>
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    IMG609 "ignored-file-in-context" {
        level: Warning,
        items: [SourceControl, Repeatable],
        aliases: [],
        remedy: "leave it out by the ignore file, make it in a build step, or declare it in [image.build] generated",
        check: Git(check),
    }
}

fn check(context: &ContextFacts, git: &GitFacts, found: &mut Found<'_>) {
    let files = || git.ignored.difference(&git.generated).filter(|path| **path != context.dockerfile);
    if let Some(first) = files().next() {
        let paths = in_short(files().map(String::as_str));
        found.add(context.place(first), format!("ignored by git, and sent with the context: {paths}"));
    }
}
