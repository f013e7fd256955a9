//! `several-services`.

use crate::dockerfile::shell::{Command, Context, Link, Script};
use crate::rules::analysis::Analysis;
use crate::rules::words::{daemon, listed, starts_service};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `CMD` or an `ENTRYPOINT` of the image that is built that starts several services (`a & b`,
    /// `php-fpm -D && nginx`), or tells an init script to start one in the background (`service nginx start`).
    ///
    /// ## Why is this bad?
    /// The container lives and dies with one process. If another one ends, nothing notices; signals do not reach it; its
    /// log is mixed into that of the first, or lost.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD php-fpm -D && nginx -g "daemon off;"
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    /// - <https://docs.docker.com/build/building/best-practices/#decouple-applications>
    IMG507 "several-services" {
        level: Warning,
        items: [OneService],
        aliases: [],
        remedy: "start one service in the foreground, and make an image for each other one",
        check: Text(check),
    }
}

/// What prepares, waits or ends, and is no service in the foreground or the background.
const HELPERS: [&str; 42] = [
    "", ":", ".", "[", "[[", "test", "true", "false", "echo", "printf", "sleep", "wait", "tail", "cat",
    "trap", "cd", "set", "export", "unset", "exit", "source", "read", "mkdir", "chown", "chmod", "cp", "mv",
    "ln", "rm", "touch", "sed", "envsubst", "kill", "date", "ls", "bash", "sh", "ash", "tee", "logger",
    "ulimit", "umask",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.starters() {
        let script = file.started(step);
        let name = step.instruction.keyword.name();
        let Some((command, message)) = judge(&script) else { continue };
        let place = file.place_at(step, file.started_span(step, command));
        found.add(place, format!("{name} {message}"));
    }
}

/// What is wrong, and the command that shows it.
fn judge(script: &Script) -> Option<(&Command, String)> {
    if let Some((command, tool)) = script.commands.iter().find_map(|c| Some((c, runs_several(c)?))) {
        return Some((command, format!("starts several commands by {tool}")));
    }
    if let Some((command, service)) = script.commands.iter().find_map(|c| Some((c, starts_service(c)?))) {
        let service = listed(&[service]);
        return Some((command, format!("starts {service} in the background, where nothing watches it")));
    }
    // What branches and functions do is done instead of something else, or not at all.
    let apart = [Context::Condition, Context::If, Context::Case, Context::Function, Context::Substitution];
    let runs = |command: &&Command| {
        let is_apart = apart.iter().any(|context| command.context.has(*context));
        let is_other = matches!(command.link, Link::Or | Link::Pipe);
        !is_apart && !is_other && command.inner_script().is_none()
    };
    let commands: Vec<&Command> = script.commands.iter().filter(runs).collect();
    let mut first = None;
    let mut names: Vec<String> = Vec::new();
    for (at, command) in commands.iter().enumerate() {
        let bare = command.unwrapped();
        let is_last = at + 1 == commands.len();
        let is_helper = HELPERS.contains(&bare.name());
        let stays = is_last && !command.context.has(Context::Loop) || command.background;
        if daemon(&bare).is_some() || stays && !is_helper {
            first.get_or_insert(*command);
            names.push(bare.name().to_owned());
        }
    }
    (names.len() > 1).then(|| first.map(|command| (command, format!("starts {}", listed(&names))))).flatten()
}

/// The program that runs several commands side by side.
fn runs_several(command: &Command) -> Option<&'static str> {
    let command = command.unwrapped();
    let name = match command.name() {
        "npx" | "yarn" | "pnpm" | "bunx" => command.subcommand(),
        name => name,
    };
    match name {
        "concurrently" => Some("concurrently"),
        "run-p" => Some("run-p"),
        "npm-run-all" if command.has_flag(&["p", "parallel"]) => Some("npm-run-all"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn services_are_counted() {
        for (text, want) in [
            ("nginx && php-fpm", "starts nginx and php-fpm"),
            ("node a.js & node b.js", "starts node and node"),
            ("sh -c 'sshd && exec app'", "starts sshd and app"),
            ("(sleep 5; a) & b", "starts a and b"),
            ("crond && exec gosu app app", "starts crond and app"),
            ("service cron start && app", "starts cron in the background, where nothing watches it"),
            ("npx concurrently a b", "starts several commands by concurrently"),
            ("migrate && serve", ""),
            ("app & wait", ""),
            ("app & pid=$!; trap 'kill $pid' TERM; wait $pid", ""),
            ("nginx -t && nginx", ""),
            ("if [ -n \"$A\" ]; then nginx; else httpd; fi", ""),
            ("nginx || httpd", ""),
            ("cron && tail -f /dev/null", ""),
            ("app 2>&1 | tee log", ""),
            ("while true; do a; sleep 60; done", ""),
            ("curl 'http://x?a=1&b=2'", ""),
        ] {
            let script = parse(text).with_inner(text);
            assert_eq!(judge(&script).map(|(_, message)| message).unwrap_or_default(), want, "{text}");
        }
    }
}
