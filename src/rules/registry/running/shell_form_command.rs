//! `shell-form-command`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::{Analysis, Start, Step};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD` that are not a JSON array of strings. It is only a remark for
    /// `HEALTHCHECK`, where the stage names its `SHELL`, and where the shell hands over with `exec`.
    ///
    /// ## Why is this bad?
    /// Text that is not JSON runs as `/bin/sh -c "…"`. The shell is process 1 then and passes no signal on: `docker stop`
    /// waits for its whole time and kills the service. The image needs a shell, an `ENTRYPOINT` in this form ignores `CMD`
    /// and the arguments of `docker run`, and an array with a mistake in it becomes such text without a word.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD nginx -c /etc/nginx.conf
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-c", "/etc/nginx.conf"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/json-args-recommended/>
    /// - <https://docs.docker.com/reference/dockerfile/#shell-and-exec-form>
    IMG501 "shell-form-command" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3025", "JSONArgsRecommended"],
        remedy: "write a JSON array of strings, [\"program\", \"argument\"]; what needs a shell goes into a script that ends with exec",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let shells = named_shells(file);
    for (index, step) in file.steps.iter().enumerate() {
        let Some(Start::Shell(text)) = file.start(step).filter(|_| !step.onbuild) else { continue };
        if text.is_empty() {
            continue;
        }
        let keyword = step.instruction.keyword;
        let is_check = keyword == Keyword::Healthcheck;
        let named = shells.get(index).copied().unwrap_or_default();
        let command = only(file, step);
        let hands_over = command.is_some_and(|command| command.raw_name() == "exec");
        let title = if is_check { "HEALTHCHECK CMD" } else { keyword.name() };
        let message = match text.starts_with('[') {
            true => format!("{title} begins like a JSON array and is none, so a shell runs it as text"),
            false => format!("{title} is run by a shell"),
        };
        let finding = found.add(file.place(step), message);
        if is_check || named || hands_over {
            finding.level(Level::Info);
        }
        if is_check || named {
            finding.known_as("DL3025");
        }
        if let Some(words) = command.and_then(exec_form) {
            finding.remedy(format!("write {title} {words}"));
        }
    }
}

/// For each step, whether its stage or one that the stage continues names a `SHELL` before it.
fn named_shells(file: &Analysis<'_>) -> Vec<bool> {
    let mut at_end = vec![false; file.file.stages.len()];
    let mut shells = Vec::with_capacity(file.steps.len());
    let mut named = false;
    for step in &file.steps {
        if step.instruction.keyword == Keyword::From && !step.onbuild {
            let parent = step.stage.and_then(|stage| file.parent(stage));
            named = parent.and_then(|parent| at_end.get(parent)).copied().unwrap_or_default();
        }
        named |= step.instruction.keyword == Keyword::Shell && !step.onbuild;
        if let Some(end) = step.stage.and_then(|stage| at_end.get_mut(stage)) {
            *end = named;
        }
        shells.push(named);
    }
    shells
}

/// The command, where the text is a single one.
fn only<'a>(file: &Analysis<'_>, step: &'a Step<'_>) -> Option<&'a Command> {
    let [body] = step.bodies.as_slice() else { return None };
    let [command] = body.script.commands.as_slice() else { return None };
    (body.script.complete && !command.background && command.context.is_empty() && file.escape() == '\\')
        .then_some(command)
}

/// The JSON array that runs the same without a shell; `None` where the shell has something to do, or where a word could
/// be a secret.
fn exec_form(command: &Command) -> Option<String> {
    const MOST: usize = 120;
    let words = match command.raw_name() {
        "exec" => command.args(),
        _ => &command.words,
    };
    let expands =
        |text: &str| text.contains(['*', '?', '[', '{', '~', '!']) || text.contains(char::is_control);
    let confides = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["pass", "secret", "token", "key", "auth", "://"].iter().any(|word| text.contains(word))
    };
    let plain = |text: &str| !expands(text) && !confides(text);
    let done = command.assignments.is_empty() && command.redirects.is_empty();
    let all = words.iter().all(|word| word.literal && plain(&word.text));
    let program = words.first().is_some_and(|word| !word.text.starts_with('-') && !is_builtin(&word.text));
    if !(done && all && program) {
        return None;
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let list: Vec<String> = words.iter().map(|word| quoted(&word.text)).collect();
    Some(format!("[{}]", list.join(", "))).filter(|text| text.len() <= MOST)
}

/// What only a shell can run.
fn is_builtin(name: &str) -> bool {
    [
        "cd", "exit", "source", ".", ":", "eval", "set", "export", "ulimit", "umask", "trap", "wait",
        "command", "type",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn arrays_are_given_where_the_shell_does_nothing() {
        for (text, want) in [
            ("nginx -g 'daemon off;'", Some(r#"["nginx", "-g", "daemon off;"]"#)),
            ("exec a \"b\\\\c\"", Some(r#"["a", "b\\c"]"#)),
            ("a $B", None),
            ("a *.txt", None),
            ("A=1 a", None),
            ("a > b", None),
            ("exit 1", None),
            ("redis-server --requirepass x", None),
            ("exec", None),
        ] {
            assert_eq!(exec_form(&parse(text).commands[0]).as_deref(), want, "{text}");
        }
    }
}
