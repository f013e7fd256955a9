//! `cloned-branch`.

use crate::dockerfile::shell::{Command, Context};
use crate::dockerfile::{Keyword, Span};
use crate::rules::analysis::{Analysis, Operand, Step};
use crate::rules::words::{inside, is_git, is_moving, shown_url};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `git clone` of a branch, where the same `RUN` checks out no tag or commit afterwards, and `ADD`
    /// of a git repository without one.
    ///
    /// ## Why is this bad?
    /// A branch moves. The same commit of this repository gives another image tomorrow, and the cache of the
    /// builder decides which one.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN git clone https://example.com/tool.git /src
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ADD https://example.com/tool.git#v1.2.3 /src
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#adding-files-from-a-git-repository>
    /// - <https://git-scm.com/docs/git-clone>
    IMG413 "cloned-branch" {
        level: Warning,
        items: [Repeatable],
        aliases: [],
        remedy: "clone a tag (--branch v1.2.3), check out a commit, or ADD the repository with #v1.2.3",
        check: Text(check),
    }
}

/// Flags of git itself that take the next word.
const GLOBAL: [&str; 5] = ["c", "C", "git-dir", "work-tree", "namespace"];

/// Those of `git clone`, too.
const CLONE: [&str; 25] = [
    "c",
    "C",
    "git-dir",
    "work-tree",
    "namespace",
    "b",
    "branch",
    "depth",
    "o",
    "origin",
    "config",
    "j",
    "jobs",
    "u",
    "upload-pack",
    "template",
    "reference",
    "reference-if-able",
    "separate-git-dir",
    "shallow-since",
    "shallow-exclude",
    "filter",
    "server-option",
    "revision",
    "bundle-uri",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in &file.steps {
        let first = match step.instruction.keyword {
            Keyword::Run => in_script(step),
            Keyword::Add => in_add(file, step),
            _ => None,
        };
        if let Some((span, url)) = first {
            let message = format!("which commit of {} is used changes with time", shown_url(&url));
            found.add(file.place_at(step, span), message);
        }
    }
}

fn in_script(step: &Step<'_>) -> Option<(Span, String)> {
    let scripts: Vec<_> = step.bodies.iter().map(|body| (body, inside(body))).collect();
    if scripts.iter().any(|(_, script)| script.commands.iter().any(checks_out)) {
        return None;
    }
    scripts.iter().find_map(|(body, script)| {
        script.commands.iter().filter(|command| !command.context.has(Context::Condition)).find_map(
            |command| {
                let bare = command.unwrapped();
                let url = cloned(&bare)?;
                Some((step.span(body, command.range.clone()), url))
            },
        )
    })
}

/// The subcommand of git.
fn verb(command: &Command) -> Option<&str> {
    (command.name() == "git").then(|| command.positional(&GLOBAL))?.first().map(|word| word.text.as_str())
}

/// The address that is cloned at a branch.
fn cloned(command: &Command) -> Option<String> {
    if verb(command)? != "clone" || command.has_flag(&["revision"]) {
        return None;
    }
    if command.flag_value(&["b", "branch"]).is_some_and(|name| is_fixed(&name.text)) {
        return None;
    }
    let operands = command.positional(&CLONE);
    let url = &operands.get(1)?.text;
    let is_local = url.starts_with(['.', '/', '~']) || url.starts_with("file:");
    (!is_local).then(|| url.clone())
}

/// Whether a name may be a tag or a commit: it has a digit or a variable in it, and is none of the usual branches.
fn is_fixed(name: &str) -> bool {
    let bare = name.rsplit('/').next().unwrap_or(name);
    !is_moving(bare)
        && (name.contains(|c: char| c.is_ascii_digit() || matches!(c, '$' | '`')) || has_hash(name))
}

/// Whether it is an abbreviated commit without a digit.
fn has_hash(name: &str) -> bool {
    name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the command goes to a tag or a commit.
fn checks_out(command: &Command) -> bool {
    let command = command.unwrapped();
    matches!(verb(&command), Some("checkout" | "reset" | "switch"))
        && command.positional(&GLOBAL).iter().skip(1).any(|word| is_fixed(&word.text))
}

fn in_add(file: &Analysis<'_>, step: &Step<'_>) -> Option<(Span, String)> {
    if step.instruction.flag("checksum").is_some() {
        return None;
    }
    let mut sources = file.transfer(step)?.sources.into_iter();
    let moving = |source: &Operand| is_git(&source.text) && !names_commit(&source.text);
    sources.find(moving).map(|source| (source.span, source.text))
}

/// Whether a tag or a commit stands behind the `#` or in the query.
fn names_commit(url: &str) -> bool {
    let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
    let reference = fragment.split(':').next().unwrap_or_default();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    is_fixed(reference)
        || query.split('&').any(|pair| {
            pair.split_once('=').is_some_and(|(key, value)| match key {
                "tag" | "commit" | "checksum" => !value.is_empty(),
                "ref" => is_fixed(value),
                _ => false,
            })
        })
}
