//! Programs that start and watch other services.

use crate::dockerfile::shell;

/// Init systems and process managers, by the name of the program.
const INIT_SYSTEMS: [&str; 21] = [
    "init",
    "systemd",
    "openrc-init",
    "upstart",
    "my_init",
    "runit",
    "runit-init",
    "runsvdir",
    "runsvdir-start",
    "s6-svscan",
    "s6-init",
    "supervisord",
    "supervisor",
    "monit",
    "circusd",
    "god",
    "bluepill",
    "forego",
    "foreman",
    "honcho",
    "overmind",
];

/// Programs that run another one in their place, or wait for that alone.
const WRAPPERS: [&str; 14] = [
    "tini",
    "tini-static",
    "dumb-init",
    "docker-init",
    "catatonit",
    "pid1",
    "gosu",
    "su-exec",
    "setpriv",
    "chroot",
    "env",
    "exec",
    "nice",
    "sudo",
];

const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The init system or process manager that is called so, with or without its folder.
pub(in crate::rules) fn init_system(program: &str) -> Option<&str> {
    let name = base(program);
    INIT_SYSTEMS.contains(&name).then_some(name)
}

/// The init system that the words of an ENTRYPOINT or CMD start, directly, behind a wrapper, or in a shell.
pub(in crate::rules) fn starts_init_system(words: &[String]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let name = base(first);
    if SHELLS.contains(&name) {
        // `-c`, alone or the last of several letters; the script is the word behind it.
        let at = rest.iter().position(|word| is_command_flag(word))?;
        return in_script(rest.get(at + 1)?);
    }
    if WRAPPERS.contains(&name) {
        let named = rest.iter().find_map(|word| init_system(word)).map(str::to_owned);
        return named.or_else(|| {
            let at = rest.iter().position(|word| SHELLS.contains(&base(word)))?;
            let flag = rest.get(at + 1).filter(|word| is_command_flag(word));
            flag.and_then(|_| in_script(rest.get(at + 2)?))
        });
    }
    init_system(first).map(str::to_owned)
}

fn is_command_flag(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
}

fn in_script(script: &str) -> Option<String> {
    let script = shell::parse(script);
    script.commands.iter().find_map(|command| {
        let bare = command.unwrapped();
        let words: Vec<&str> = bare.words.iter().map(|word| word.text.as_str()).collect();
        let (first, rest) = words.split_first()?;
        let found = if WRAPPERS.contains(&base(first)) {
            rest.iter().find_map(|word| init_system(word))
        } else {
            init_system(first)
        };
        found.map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_systems_behind_wrappers_and_in_shells() {
        for (words, found) in [
            (&["/usr/bin/supervisord", "-n"][..], Some("supervisord")),
            (&["/sbin/init"], Some("init")),
            (&["tini", "--", "supervisord"], Some("supervisord")),
            (&["/bin/sh", "-c", "exec supervisord -n"], Some("supervisord")),
            (&["/bin/bash", "-ec", "migrate && monit -I"], Some("monit")),
            (&["tini", "--", "sh", "-c", "runsvdir /etc/service"], Some("runsvdir")),
            (&["tini", "--", "nginx"], None),
            (&["nginx", "-g", "daemon off;"], None),
            (&["app", "init"], None),
            (&["sh", "-c", "echo init"], None),
            (&["sh"], None),
            (&["sh", "-c"], None),
            (&[], None),
        ] {
            let owned: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(starts_init_system(&owned).as_deref(), found, "{words:?}");
        }
    }
}
