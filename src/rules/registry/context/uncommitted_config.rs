//! `uncommitted-config`.

use crate::rules::facts::{ContextFacts, GitFacts};
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an `imgbuild.toml` that is not in the commit as it lies there: new, ignored by git, changed, or outside of the
    /// repository.
    ///
    /// ## Why is this bad?
    /// It decides about the image: arguments, labels, the target. Without it nobody can build the image again from the commit, and
    /// what it allows was reviewed by nobody.
    ///
    /// ## Example
    /// ```text
    /// # git status
    /// ?? imgbuild.toml
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
    IMG611 "uncommitted-config" {
        level: Warning,
        items: [SourceControl, Repeatable],
        aliases: [],
        remedy: "commit it",
        check: Git(check),
    }
}

fn check(_: &ContextFacts, git: &GitFacts, found: &mut Found<'_>) {
    if git.config_committed == Some(false) {
        let config = git.config.as_deref().unwrap_or("imgbuild.toml");
        found.add(Place::file(config), format!("{config} is not in the commit as it is"));
    }
}
