//! `ambiguous-dockerignore`.

use crate::rules::facts::ContextFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a pattern of the ignore file that takes files back in by a wildcard out of folders that an earlier pattern excludes as
    /// a whole.
    ///
    /// ## Why is this bad?
    /// Engines disagree about such a pattern: today's BuildKit looks into the excluded folders, docker's classic client and
    /// older BuildKits do not. So one commit gives images with different files, depending on who builds it.
    ///
    /// ## Example
    /// ```text
    /// # .dockerignore
    /// *
    /// !**/*.go
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// *
    /// !cmd
    /// !internal
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    /// - <https://docs.docker.com/build/concepts/context/#negating-matches>
    IMG607 "ambiguous-dockerignore" {
        level: Warning,
        items: [Repeatable],
        aliases: [],
        remedy: "name the folder itself: `!dir` and `!dir/file` are understood by every engine",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let shown = context.ignore_warnings.first();
    for (line, message) in &context.ambiguities {
        let place = Place { line: *line, column: 1, ..context.ignore_place() };
        let finding = found.add(place, message);
        if let Some(shown) = shown {
            finding.evidence(shown);
        }
    }
    if let Some(shown) = shown.filter(|_| context.ambiguities.is_empty()) {
        found.add(context.ignore_place(), shown);
    }
}
