//! `missing-dockerignore`.

use crate::rules::facts::ContextFacts;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a build context that is a git repository and has no ignore file.
    ///
    /// ## Why is this bad?
    /// imgbuild leaves `.git` out by itself; `docker build` and others send it: the history, and in a CI often the token that
    /// was cloned with. Without an ignore file everything else goes along, too: local settings, build results, editors' files.
    ///
    /// ## Example
    /// ```text
    /// # the context
    /// .git/
    /// Dockerfile
    /// src/
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # the context
    /// .dockerignore
    /// .git/
    /// Dockerfile
    /// src/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    /// - <https://docs.docker.com/build/building/best-practices/#exclude-with-dockerignore>
    IMG606 "missing-dockerignore" {
        level: Info,
        items: [BestPractice, Configuration],
        aliases: [],
        remedy: "add a .dockerignore that names .git and what the build does not need",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    if context.ignore_file.is_none() && context.has_repository {
        found.add(
            context.ignore_place(),
            "there is no ignore file, and other engines would send the folder .git",
        );
    }
}
