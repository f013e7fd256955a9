//! `consecutive-runs`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{self, Command};
use crate::rules::analysis::{Analysis, Step};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` of a single command right behind another one, both with the same mounts and flags.
    ///
    /// ## Why is this bad?
    /// Each `RUN` is a layer. What the second one deletes or changes still takes its space in the first.
    /// Two steps that always belong together are easier to cache as one.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN mkdir /srv/data
    /// RUN chown 1000 /srv/data
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN mkdir /srv/data && chown 1000 /srv/data
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#run>
    IMG408 "consecutive-runs" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3059"],
        remedy: "join it with the RUN before by && where nobody needs the step in between",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for pair in file.steps.windows(2) {
        let [before, step] = pair else { continue };
        if is_single(before) && is_single(step) && flags(before) == flags(step) {
            found.add(file.place(step), "RUN follows another RUN and could be one with it");
        }
    }
}

fn is_single(step: &Step<'_>) -> bool {
    if step.instruction.keyword != Keyword::Run || step.onbuild {
        return false;
    }
    let single = |commands: &mut dyn Iterator<Item = &Command>| {
        commands.filter(|command| is_known(command)).take(2).count() < 2
    };
    if step.is_posix() {
        single(&mut step.commands().map(|(_, command)| command))
    } else {
        // Other shells part their commands by much the same signs.
        single(&mut shell::parse(&step.instruction.arguments).commands.iter())
    }
}

/// Whether the command's name is written out. Tests, and what a variable names, are glue between commands.
fn is_known(command: &Command) -> bool {
    command.words.first().is_some_and(|name| {
        name.literal
            && !name.text.starts_with("((")
            && (name.quoted || !name.text.contains(['[', '*', '?', '{']))
    })
}

/// The flags in no order, the pieces of a mount neither.
fn flags<'a>(step: &'a Step<'_>) -> BTreeSet<(&'a str, BTreeSet<(&'a str, &'a str)>)> {
    let pieces = |value| {
        let value: &str = value;
        value
            .split(',')
            .map(|piece| {
                let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
                let key = match key {
                    "dst" | "destination" => "target",
                    "src" => "source",
                    other => other,
                };
                (key, value.trim_matches('"'))
            })
            .filter(|piece| *piece != ("type", "bind"))
            .collect()
    };
    let flags = step.instruction.flags.iter();
    flags.map(|flag| (flag.name.as_str(), pieces(flag.value.as_deref().unwrap_or_default()))).collect()
}
