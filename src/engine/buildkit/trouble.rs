//! What went wrong in a build, for people: which step, in which line, and whose fault it is.

use super::progress::{Announced, Failed};
use crate::engine::build::is_network_trouble;
use crate::engine::fault::{cap, with_space_hint};
use crate::error::{Error, Kind};

/// Characters of an instruction that an error shows.
const SHOWN: usize = 100;

/// `step 2/5 of builder (Dockerfile:7) RUN make`.
pub(super) fn place(announced: &Announced, dockerfile: &str) -> String {
    let step = &announced.step;
    let stage = if step.stage.is_empty() { String::new() } else { format!(" of {}", step.stage) };
    let line = announced.line.map(|line| format!(" ({dockerfile}:{line})")).unwrap_or_default();
    let mut shown: String = step.instruction.chars().take(SHOWN).collect();
    if step.instruction.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("step {}/{}{stage}{line} {shown}", step.index, step.total)
}

/// The error of what failed.
pub(super) fn of(failed: &Failed, dockerfile: &str) -> Error {
    let text = plain(&failed.error);
    if let Some(announced) = &failed.step {
        let place = place(announced, dockerfile);
        if let Some(code) = exit_code(text) {
            return with_space_hint(
                Error::new(Kind::Build, format!("{place} failed: exit code {code}")),
                text,
            );
        }
        let from = announced.step.is_from();
        let kind = if from && is_network_trouble(text) { Kind::Registry } else { Kind::Build };
        return hinted(Error::new(kind, format!("{place} failed: {}", cap(text))), text);
    }
    if let Some(error) = not_allowed(text) {
        return error;
    }
    let unreadable = [
        "dockerfile parse error",
        "Dockerfile parse error",
        "failed to read dockerfile",
        "failed to parse dockerfile",
        "unknown instruction",
        "could not be found",
        "no build stage in current context",
        "file with no instructions",
    ];
    // What the builder itself calls `load metadata for` or `resolve image config for` is a question to a registry.
    let asks = failed.name.contains("load metadata for") || failed.name.contains("resolve image config");
    let exports = failed.name.strip_prefix("exporting cache to ");
    let kind = if exports == Some("registry") {
        Kind::Registry
    } else if unreadable.iter().any(|word| text.contains(word)) && !asks {
        Kind::Config
    } else if asks {
        Kind::Registry
    } else {
        Kind::Build
    };
    let what = match failed.name.rsplit_once(" for ").filter(|_| asks) {
        Some((_, image)) => format!("the base image {} cannot be had", cap(image)),
        None if exports.is_some() => "the cache cannot be filled".to_owned(),
        None => "the build failed".to_owned(),
    };
    hinted(Error::new(kind, format!("{what}: {}", cap(text))), text)
}

/// Whether the builder says that it can ask us for nothing any more.
pub(super) fn is_lost_session(text: &str) -> bool {
    // What a step wrote stands in front.
    let text = text.rsplit("exit code: ").next().unwrap_or(text);
    ["no active session", "session healthcheck failed"].iter().any(|words| text.contains(words))
}

/// The error of an entitlement that somebody did not give: the daemon (`granting entitlement security.insecure is not allowed by
/// build daemon configuration`), or the request (`security.insecure is not allowed`).
fn not_allowed(text: &str) -> Option<Error> {
    let name = ["network.host", "security.insecure"].into_iter().find(|name| text.contains(name))?;
    if !text.contains("is not allowed") && !text.contains("entitlement") {
        return None;
    }
    let error = |what: &str| Error::new(Kind::Config, format!("{what} {name}: {}", cap(text)));
    if text.contains("daemon") || text.contains("granting") {
        let short = name.replace('.', "-");
        return Some(
            error("the builder does not allow the entitlement")
                .hint(format!("an engine from 25 on: \"builder\": {{\"entitlements\": {{\"{short}\": true}}}} in daemon.json"))
                .hint(format!("buildkitd: --allow-insecure-entitlement {name}")),
        );
    }
    Some(
        error("a step asks for the entitlement")
            .hint(format!("where that is meant: entitlements = [\"{name}\"] in [image.build]")),
    )
}

fn hinted(error: Error, text: &str) -> Error {
    let error = with_space_hint(error, text);
    if text.contains("could not find bridge") {
        return error.hint("the engine's default bridge is gone: restart the engine").hint(
            "or give the steps another network (--network none, host), or build with --builder classic",
        );
    }
    let login = ["pull access denied", "unauthorized", "insufficient_scope", "denied:"];
    if login.iter().any(|word| text.contains(word)) {
        error.hint("log in to the base image's registry, or check its name")
    } else {
        error
    }
}

/// Without what gRPC and the solver put before it, each several times.
fn plain(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let rest = ["failed to solve: ", "failed to solve with frontend dockerfile.v0: ", "rpc error: "]
            .iter()
            .find_map(|start| text.strip_prefix(start));
        let rest =
            rest.or_else(|| text.strip_prefix("code = ")?.split_once(" desc = ").map(|(_, rest)| rest));
        match rest {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// `executor failed running [/bin/sh -c make]: exit code: 2` (20.10), `process "/bin/sh -c make" did not complete
/// successfully: exit code: 2`.
fn exit_code(text: &str) -> Option<i64> {
    let runs = text.contains("executor failed running") || text.contains("did not complete successfully");
    let (_, code) = text.rsplit_once("exit code: ").filter(|_| runs)?;
    let digits = code.find(|c: char| !c.is_ascii_digit()).unwrap_or(code.len());
    code.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::step::Step;
    use super::*;

    fn failed(name: &str, step: Option<&str>, error: &str) -> Error {
        let step = step.map(|name| Announced { number: 1, step: Step::of(name).unwrap(), line: Some(7) });
        of(&Failed { name: name.to_owned(), step, error: error.to_owned() }, "Dockerfile")
    }

    #[test]
    fn whose_fault_it_is() {
        let cases = [
            (
                "",
                Some("[builder 2/5] RUN make"),
                "process \"/bin/sh -c make\" did not complete successfully: exit code: 2",
                Kind::Build,
                "step 2/5 of builder (Dockerfile:7) RUN make failed: exit code 2",
            ),
            (
                "",
                Some("[2/5] RUN make"),
                "executor failed running [/bin/sh -c make]: exit code: 127: runc did not terminate successfully",
                Kind::Build,
                "step 2/5 (Dockerfile:7) RUN make failed: exit code 127",
            ),
            (
                "",
                Some("[2/5] COPY a b"),
                "failed to compute cache key: \"/a\" not found: not found",
                Kind::Build,
                "step 2/5 (Dockerfile:7) COPY a b failed: failed to compute cache key: \"/a\" not found: not found",
            ),
            (
                "[internal] load metadata for example.org/base:1",
                None,
                "failed to do request: Head \"https://example.org\": dial tcp: no such host",
                Kind::Registry,
                "the base image example.org/base:1 cannot be had: failed to do request: Head \"https://example.org\": dial tcp: no such host",
            ),
            (
                "",
                None,
                "failed to solve: rpc error: code = Unknown desc = dockerfile parse error line 2: unknown instruction: FOO",
                Kind::Config,
                "the build failed: dockerfile parse error line 2: unknown instruction: FOO",
            ),
            (
                "",
                None,
                "granting entitlement security.insecure is not allowed by build daemon configuration",
                Kind::Config,
                "the builder does not allow the entitlement security.insecure: granting entitlement security.insecure is not allowed by build daemon configuration",
            ),
            (
                "",
                None,
                "failed to solve: failed to load LLB: network.host is not allowed",
                Kind::Config,
                "a step asks for the entitlement network.host: failed to load LLB: network.host is not allowed",
            ),
            (
                "exporting cache to registry",
                None,
                "failed to push example.org/app:cache: could not be found",
                Kind::Registry,
                "the cache cannot be filled: failed to push example.org/app:cache: could not be found",
            ),
            (
                "",
                None,
                "rpc error: code = Unknown desc = target stage x could not be found",
                Kind::Config,
                "the build failed: target stage x could not be found",
            ),
        ];
        for (name, step, text, kind, expected) in cases {
            let error = failed(name, step, text);
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, expected));
        }
    }

    #[test]
    fn a_session_that_is_gone_and_a_step_that_speaks_of_one() {
        for (text, expected) in [
            ("failed to solve: no active session for abc: context deadline exceeded", true),
            ("failed to copy: session healthcheck failed fatally", true),
            (
                "process \"/bin/sh -c echo no active session\" did not complete successfully: exit code: 1",
                false,
            ),
            ("failed to compute cache key: \"/a\" not found", false),
        ] {
            assert_eq!(is_lost_session(text), expected, "{text}");
        }
    }
}
