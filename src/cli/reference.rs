//! `docs/reference/commands.md`: every command with its arguments and options, made from the command tree.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use super::{help, tree};

/// The page in Markdown.
pub fn commands() -> String {
    let tree = tree::visible();
    let mut page = "# Commands\n\n\
        Made from the command line itself; `imgbuild COMMAND --help` shows the same in a terminal, and `man imgbuild` \
        where the manual\npages are installed.\n\n"
        .to_owned();
    for command in tree::each(&tree).into_iter().skip(1) {
        let _ = writeln!(page, "- [`{}`](#{}): {}", name(command), anchor(command), about(command));
    }
    page.push_str("\n## Options of every command\n\n");
    table(&mut page, tree.get_arguments().filter(|argument| argument.is_global_set()));
    for command in tree::each(&tree).into_iter().skip(1) {
        section(&mut page, command);
    }
    page.push_str("\n## Exit codes\n\n| code | means |\n|---|---|\n");
    for (code, summary) in help::codes() {
        let _ = writeln!(page, "| {code} | {summary} |");
    }
    page
}

fn section(page: &mut String, command: &Command) {
    let _ = write!(page, "\n## {}\n\n{}.\n", name(command), about(command));
    if command.has_subcommands() {
        return;
    }
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set() && !argument.is_hide_set())
        .filter(|argument| {
            !matches!(argument.get_action(), ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort)
        })
        .collect();
    let positionals: String = own
        .iter()
        .filter(|argument| argument.is_positional())
        .map(|argument| format!(" {}", usage(argument)))
        .collect();
    let _ = write!(page, "\n```\n{} [OPTIONS]{positionals}\n```\n", name(command));
    if !own.is_empty() {
        page.push('\n');
        table(page, own.into_iter());
    }
}

fn table<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| option | what it does |\n|---|---|\n");
    for argument in arguments {
        let _ = writeln!(page, "| `{}` | {} |", cell(&usage(argument)), cell(&help(argument)));
    }
}

/// How it is written: `-f, --dockerfile <FILE>`, `[PATH]...`.
fn usage(argument: &Arg) -> String {
    if argument.is_positional() {
        return argument.to_string();
    }
    let names: Vec<String> = argument
        .get_short()
        .map(|short| format!("-{short}"))
        .into_iter()
        .chain(argument.get_long().map(|long| format!("--{long}")))
        .collect();
    let takes = argument.get_action().takes_values();
    let values = argument.get_value_names().filter(|_| takes).unwrap_or_default();
    let values: String = values.iter().map(|value| format!(" <{value}>")).collect();
    names.join(", ") + &values
}

/// What it does, its values with what they mean, and its default.
fn help(argument: &Arg) -> String {
    let text = argument.get_help().or_else(|| argument.get_long_help()).map(ToString::to_string);
    let mut text = text.unwrap_or_default().trim_end_matches('.').to_owned();
    if argument.is_required_set() && !argument.is_positional() {
        text.push_str(". Required");
    }
    if !argument.get_action().takes_values() {
        return text;
    }
    let values = argument.get_possible_values();
    let values: Vec<String> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({})", value.get_name(), help.to_string().trim_end_matches('.')),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(text, ". Values: {}", values.join("; "));
    }
    let defaults = argument.get_default_values();
    if let Some(default) = defaults.first() {
        let _ = write!(text, ". Default: `{}`", default.to_string_lossy());
    }
    text
}

fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default().trim_end_matches('.').to_owned()
}

/// As Markdown viewers make it of a heading.
fn anchor(command: &Command) -> String {
    name(command).replace(' ', "-")
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_every_command_stands_in_it() {
        let (page, tree) = (commands(), tree::visible());
        for command in tree::each(&tree) {
            for argument in command.get_arguments() {
                if let Some(long) = argument.get_long().filter(|long| *long != "version") {
                    assert!(page.contains(&format!("--{long}")), "{} --{long}", name(command));
                }
                if argument.is_positional() {
                    assert!(page.contains(&format!("`{argument}`")), "{} {argument}", name(command));
                }
            }
        }
        assert!(page.contains("| `-f, --dockerfile <FILE>` |"), "{page}");
        assert!(page.contains("`always` (Push, or refuse before the build)"), "{page}");
        assert!(!page.contains("`--pull <") && !page.contains("imgbuild inside"), "{page}");
    }
}
