//! Which program a command runs.

use crate::dockerfile::shell::{Command, Word};

/// The words of the program that runs, its name first: the command's own, or what `exec`, `command`, `builtin` and
/// `busybox` run in their place. Other than [`Command::unwrapped`], it leaves `sudo` and `env` as they are: they are
/// programs.
pub(in crate::rules) fn called(command: &Command) -> &[Word] {
    let words = command.words.as_slice();
    let behind = match command.raw_name() {
        "command" | "builtin" | "busybox" => 1,
        "exec" if words.get(1).is_some_and(|word| word.text == "-a") => 3,
        "exec" => 1,
        _ => 0,
    };
    match words.get(behind..) {
        Some(rest) if rest.first().is_some_and(|word| !word.text.starts_with('-')) => rest,
        _ => words,
    }
}

/// The name of the program as it is written, with its folder; empty where there is none.
pub(in crate::rules) fn called_name(command: &Command) -> &str {
    called(command).first().map_or("", |word| &word.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn names_behind_what_only_passes_on() {
        for (text, want) in [
            ("cd /x", "cd"),
            ("\\cd /x", "cd"),
            ("command cd /x", "cd"),
            ("command -v cd", "command"),
            ("exec -a name top", "top"),
            ("exec top", "top"),
            ("exec > log", "exec"),
            ("busybox wget x", "wget"),
            ("sudo wget x", "sudo"),
            ("/bin/ps", "/bin/ps"),
            ("A=1", ""),
        ] {
            assert_eq!(called_name(&parse(text).commands[0]), want, "{text}");
        }
    }
}
