//! Caches of package managers: what fills them, and what empties them in the same `RUN`.

use super::commands::has_verb;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::Found;
use crate::rules::analysis::{Analysis, Step};

/// What a command does to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Effect {
    /// It leaves files in it.
    Fills,
    /// It empties it.
    Empties,
    /// Nothing.
    None,
}

/// Adds a finding for each `RUN` whose last word on a cache is a command that fills it. `judge` gets each command without
/// `sudo` and the like; `may` says which steps are looked at.
pub(in crate::rules) fn report_left(
    file: &Analysis<'_>,
    found: &mut Found<'_>,
    may: impl Fn(&Step<'_>) -> bool,
    judge: impl Fn(&Command) -> Effect,
    message: impl Fn(&Command) -> String,
) {
    for step in file.of(Keyword::Run).filter(|step| may(step)) {
        let mut left = None;
        for (body, command) in step.commands() {
            match judge(&command.unwrapped()) {
                Effect::Fills if left.is_none() => left = Some((body, command)),
                Effect::Empties => left = None,
                Effect::Fills | Effect::None => {}
            }
        }
        if let Some((body, command)) = left {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, message(&command.unwrapped()));
        }
    }
}

/// A tool that keeps its cache below `/var/cache`.
pub(in crate::rules) struct Tool<'a> {
    /// Its program.
    pub(in crate::rules) name: &'a str,
    /// What fills the cache.
    pub(in crate::rules) fills: &'a [&'a str],
    /// What empties it.
    pub(in crate::rules) empties: &'a [&'a str],
    /// The folders on which a mount keeps it out of the layer.
    pub(in crate::rules) mounts: &'a [&'a str],
}

/// Adds a finding for each `RUN` that leaves the cache of `tool` in its layer.
pub(in crate::rules) fn report_tool(file: &Analysis<'_>, found: &mut Found<'_>, tool: &Tool<'_>) {
    let judge = |command: &Command| {
        let is_tool = command.name() == tool.name;
        if is_tool && has_verb(command, tool.empties) || removes(command, &["/var/cache"]) {
            Effect::Empties
        } else if is_tool && has_verb(command, tool.fills) {
            Effect::Fills
        } else {
            Effect::None
        }
    };
    let message = |_: &Command| format!("the cache of {} install stays in the layer", tool.name);
    report_left(file, found, |step| !step.has_scratch_mount(tool.mounts), judge, message);
}

/// Whether the command deletes something whose path holds one of `parts`, or whose path cannot be told.
pub(in crate::rules) fn removes(command: &Command, parts: &[&str]) -> bool {
    let name = command.name();
    let deletes = name == "rm" || name == "find" && has_any(command, &["-delete", "rm"]);
    deletes
        && command.args().iter().any(|word| {
            let text = word.text.as_str();
            let is_path = text.contains('/') || text.starts_with('$');
            is_path && (text.starts_with('$') || parts.iter().any(|part| text.contains(part)))
        })
}

fn has_any(command: &Command, words: &[&str]) -> bool {
    command.args().iter().any(|word| words.contains(&word.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn what_is_removed() {
        for (text, want) in [
            ("rm -rf /var/lib/apt/lists/*", true),
            ("rm -fr /var/lib/apt", true),
            ("rm -rf /tmp/x /var/lib/apt/lists/partial", true),
            ("rm -rf \"$CACHES\"", true),
            ("find /var/lib/apt/lists -type f -delete", true),
            ("find /var/lib/apt/lists -type f", false),
            ("rm -rf /tmp/x", false),
            ("rm -rf node.tar.gz", false),
            ("ls /var/lib/apt/lists", false),
        ] {
            let command = &parse(text).commands[0];
            assert_eq!(removes(command, &["/var/lib/apt"]), want, "{text}");
        }
    }
}
