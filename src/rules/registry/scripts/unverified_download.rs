//! `unverified-download`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Command, Context, Link, Script};
use crate::rules::analysis::Analysis;
use crate::rules::words::{downloads, has_commit, inside, is_proof, shown_url, verifies};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that downloads a file and compares it with no checksum or signature, above all where it
    /// runs it at once (`curl … | sh`). Keys, addresses with a git commit in them, and answers that are only
    /// read (`| jq …`, `$(curl …)`) are left alone.
    ///
    /// ## Why is this bad?
    /// Who controls the server, the account of the project or the way in between decides what is in the image,
    /// and the build does not notice. A file that was cut off is not noticed either.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSL https://example.com/install-1.2.sh | sh
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSLo /tmp/install.sh https://example.com/install-1.2.sh \
    ///  && echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /tmp/install.sh" | sha256sum -c \
    ///  && sh /tmp/install.sh
    /// ```
    ///
    /// ## References
    /// - <https://www.gnu.org/software/coreutils/manual/html_node/sha2-utilities.html>
    /// - <https://slsa.dev/spec/v1.0/threats>
    IMG412 "unverified-download" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "compare it with a checksum in the same RUN (echo \"SUM  FILE\" | sha256sum -c), or check its signature",
        check: Text(check),
    }
}

/// How far away, in commands, what belongs together is looked for.
const NEAR: usize = 64;

/// Programs that run what they are given.
const RUNNERS: [&str; 9] = ["sh", "bash", "dash", "ash", "zsh", "python", "python3", "perl", "node"];

/// Programs that only read, and those that keep keys.
const READERS: [&str; 16] = [
    "jq",
    "grep",
    "egrep",
    "sed",
    "awk",
    "cut",
    "head",
    "tail",
    "tr",
    "wc",
    "apt-key",
    "gpg",
    "gpg2",
    "xargs",
    "sort",
    "apt-add-repository",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        let scripts: Vec<_> = step.bodies.iter().map(|body| (body, inside(body))).collect();
        if scripts.iter().any(|(_, script)| script.commands.iter().any(verifies)) {
            continue;
        }
        let first = scripts.iter().find_map(|(body, script)| {
            let indices = 0..script.commands.len();
            indices
                .into_iter()
                .find_map(|at| unverified(script, at).map(|(range, message)| (body, range, message)))
        });
        if let Some((body, range, message)) = first {
            found.add(file.place_at(step, step.span(body, range)), message);
        }
    }
}

/// What is wrong with the command at `at`, and where.
fn unverified(script: &Script, at: usize) -> Option<(std::ops::Range<usize>, String)> {
    let command = script.commands.get(at)?;
    let bare = command.unwrapped();
    let word = downloads(&bare).into_iter().find(|word| !is_proof(&word.text) && !has_commit(&word.text))?;
    let url = shown_url(&word.text);
    if runs_substitution(script, at) {
        return Some((word.range.clone(), format!("what comes from {url} is run unseen")));
    }
    if command.context.has(Context::Substitution) {
        return None;
    }
    match behind(script, at) {
        Some(next) if RUNNERS.contains(&next.unwrapped().name()) => {
            Some((word.range.clone(), format!("what comes from {url} is run unseen")))
        }
        Some(next) if READERS.contains(&next.unwrapped().name()) => None,
        _ => Some((word.range.clone(), format!("nothing checks what comes from {url}"))),
    }
}

/// The command that the pipe behind `at` leads to.
fn behind(script: &Script, at: usize) -> Option<&Command> {
    let pipeline = script.commands.get(at)?.pipeline;
    let mut later = script.commands.iter().skip(at + 1).take(NEAR);
    later.find(|command| command.pipeline == pipeline && command.link == Link::Pipe)
}

/// Whether the command is in the `$(…)` or `<(…)` of one that runs what that gives: `sh -c "$(curl …)"`, `eval`.
fn runs_substitution(script: &Script, at: usize) -> bool {
    let Some(command) = script.commands.get(at).filter(|c| c.context.has(Context::Substitution)) else {
        return false;
    };
    let around = script
        .commands
        .iter()
        .take(at)
        .rev()
        .take(NEAR)
        .find(|outer| outer.range.start <= command.range.start && command.range.end < outer.range.end);
    around.is_some_and(|outer| {
        let bare = outer.unwrapped();
        RUNNERS.contains(&bare.name())
            || matches!(bare.name(), "eval" | "source" | ".")
            // A name that is an output itself.
            || bare.raw_name().starts_with("$(")
            || bare.raw_name().starts_with('`')
    })
}
