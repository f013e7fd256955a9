//! Completions for shells, made from the command tree. They are committed below `completions/`.

use clap_complete::{Generator as _, Shell, generate};

use super::args;
use super::tree;

/// Every shell.
pub const SHELLS: [args::Shell; 4] =
    [args::Shell::Bash, args::Shell::Zsh, args::Shell::Fish, args::Shell::PowerShell];

/// The script for `shell`.
pub fn script(shell: args::Shell) -> String {
    let mut script = Vec::new();
    generate(of(shell), &mut tree::visible(), "imgbuild", &mut script);
    // Lines of zsh's end in blanks where a list is empty.
    let text = String::from_utf8_lossy(&script);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// The name under which the shell looks for it.
pub fn file_name(shell: args::Shell) -> String {
    of(shell).file_name("imgbuild")
}

fn of(shell: args::Shell) -> Shell {
    match shell {
        args::Shell::Bash => Shell::Bash,
        args::Shell::Zsh => Shell::Zsh,
        args::Shell::Fish => Shell::Fish,
        args::Shell::PowerShell => Shell::PowerShell,
    }
}
