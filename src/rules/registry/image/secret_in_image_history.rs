//! `secret-in-image-history`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::{holds_secret, listed, secret_in};
use crate::rules::{Found, Level, Place, rule};

rule! {
    /// ## What it does
    /// Reports secrets in the history of an image: build arguments and variables whose names say so and that
    /// have a value, tokens and private keys by their shape, and passwords in addresses. The shape of a value
    /// makes it an error. Values are never shown.
    ///
    /// ## Why is this bad?
    /// The builder notes each step with the values of its build arguments. `docker history --no-trunc` shows
    /// them to whoever has the image, and no later step takes them out.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ARG NPM_TOKEN
    /// RUN ./install
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN ./install
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/secrets/>
    /// - <https://docs.docker.com/reference/cli/docker/image/history/>
    IMG807 "secret-in-image-history" {
        level: Warning,
        items: [Configuration],
        aliases: ["CIS-DI-0010"],
        remedy: "give it to the build with RUN --mount=type=secret; what was published has to be changed",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    for (index, entry) in image.history.iter().enumerate() {
        let place = || Place::field(&image.reference, format!("History[{index}]"));
        let step = noted(&entry.created_by);
        if let Some(what) = secret_in(&entry.created_by) {
            let message = format!("step {} of the image's history holds {what}", index + 1);
            found.add(place(), message).level(Level::Error);
            continue;
        }
        let mut names: Vec<&str> = step
            .pairs
            .filter(|(name, value)| holds_secret(name, value) && !(step.is_env && has(image, name)))
            .map(|(name, _)| name)
            .collect();
        names.dedup();
        if !names.is_empty() {
            let message = format!("step {} of the image's history holds {}", index + 1, listed(&names));
            found.add(place(), message);
        }
    }
}

/// Whether the image still has the variable: what is in its environment is told there.
fn has(image: &ImageFacts, name: &str) -> bool {
    let value = |variable: &String| {
        variable.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).is_some_and(|v| !v.is_empty())
    };
    image.env.iter().any(value)
}

/// What a builder noted of a step.
struct Noted<P> {
    /// Names and values: of build arguments, or of an `ARG` or `ENV`.
    pairs: P,
    is_env: bool,
}

/// Reads `|2 A=b C=d /bin/sh -c …`, with `RUN` in front of it where BuildKit wrote it, and `ARG A=b`, with
/// `/bin/sh -c #(nop)` in front of it where the classic builder did.
fn noted(step: &str) -> Noted<impl Iterator<Item = (&str, &str)>> {
    let step = step.trim_start();
    let step = step.split_once("#(nop)").map_or(step, |(_, rest)| rest).trim_start();
    let (keyword, rest) = step.split_once(char::is_whitespace).unwrap_or((step, ""));
    let is_run = keyword.eq_ignore_ascii_case("RUN");
    let arguments = if is_run { rest.trim_start() } else { step };
    let is_env = keyword.eq_ignore_ascii_case("ENV");
    let (most, text) = if is_env || keyword.eq_ignore_ascii_case("ARG") {
        (usize::MAX, rest)
    } else {
        let counted = arguments.strip_prefix('|').and_then(|rest| rest.split_once(' '));
        counted.and_then(|(count, rest)| Some((count.parse().ok()?, rest))).unwrap_or((0, ""))
    };
    // Values with blanks are not marked; a word of one that looks like a pair counts as one.
    let words = text.split_whitespace().take_while(move |word| most == usize::MAX || !word.starts_with('/'));
    Noted { pairs: words.filter_map(|word| word.split_once('=')).take(most), is_env }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_builders_notes_are_read() {
        let pairs = |step| noted(step).pairs.collect::<Vec<_>>();
        for step in ["RUN |2 A=b C=d /bin/sh -c make X=y # buildkit", "|2 A=b C=d /bin/sh -c make X=y"] {
            assert_eq!(pairs(step), [("A", "b"), ("C", "d")], "{step}");
        }
        for step in ["ARG A=b", "/bin/sh -c #(nop)  ARG A=b"] {
            assert_eq!(pairs(step), [("A", "b")], "{step}");
        }
        assert!(noted("/bin/sh -c #(nop)  ENV A=b").is_env);
        for step in ["", "RUN /bin/sh -c make A=b", "/bin/sh -c make A=b", "|x A=b", "ARG A", "COPY a=b c"] {
            assert!(pairs(step).is_empty(), "{step}");
        }
    }
}
