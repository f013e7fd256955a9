//! `uncommitted-dockerfile`.

use crate::rules::facts::{ContextFacts, GitFacts};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a Dockerfile that is not in the commit as it lies there: new, ignored by git, or changed.
    ///
    /// ## Why is this bad?
    /// The image says which commit it comes from, and nobody can build it again from that commit.
    ///
    /// ## Example
    /// ```text
    /// # git status
    ///  M Dockerfile
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # git status
    /// nothing to commit, working tree clean
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/codebase>
    IMG610 "uncommitted-dockerfile" {
        level: Warning,
        items: [SourceControl, Repeatable],
        aliases: [],
        remedy: "commit it",
        check: Git(check),
    }
}

fn check(context: &ContextFacts, git: &GitFacts, found: &mut Found<'_>) {
    if !git.dockerfile_committed {
        let message = format!("{} is not in the commit as it is", context.dockerfile);
        found.add(context.place(&context.dockerfile), message);
    }
}
