//! `ignored-copy-source`.

use crate::rules::facts::{ContextFacts, named};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY` or an `ADD` of something that the ignore file leaves out of the context, so that nothing of it is sent.
    ///
    /// ## Why is this bad?
    /// The builder does not find the file and the build fails, although the file lies there. With a pattern that
    /// also matches other files, it is missing in the image without a word.
    ///
    /// ## Example
    /// ```text
    /// # .dockerignore
    /// dist
    ///
    /// # Dockerfile
    /// COPY dist /srv
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// node_modules
    ///
    /// # Dockerfile
    /// COPY dist /srv
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/copy-ignored-file/>
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    IMG218 "ignored-copy-source" {
        level: Warning,
        items: [BestPractice],
        aliases: ["CopyIgnoredFile"],
        remedy: "take the path out of the ignore file, or do not copy it",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let by = context.ignore_file.as_deref().unwrap_or("the default");
    for copies in context.copies.chunk_by(|one, next| one.place == next.place) {
        let mut ignored = copies.iter().filter(|copy| copy.ignored).peekable();
        let Some(first) = ignored.peek().copied() else { continue };
        let sources = named(ignored.map(|copy| copy.source.as_str()));
        let message = format!("{} takes {sources}, which {by} leaves out of the context", first.keyword);
        found.add(first.place.clone(), message);
    }
}
