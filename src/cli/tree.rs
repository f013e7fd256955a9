//! The commands as users see them: completions, manual pages and the reference are made from this tree.

use clap::{Command, CommandFactory as _};

use super::args::Cli;

/// The tree without what is hidden, without a `help` command, and without the texts behind it.
pub(super) fn visible() -> Command {
    let whole = Cli::command();
    let mut tree = Command::new("imgbuild")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .args(whole.get_arguments().cloned())
        .subcommands(whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned())
        .subcommand_required(true)
        .disable_help_subcommand(true);
    tree.build();
    tree
}

/// `tree` and all below it, each before those below it.
pub(super) fn each(tree: &Command) -> Vec<&Command> {
    let mut all = vec![tree];
    all.extend(tree.get_subcommands().flat_map(each));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_every_command_that_is_shown_and_no_other() {
        let tree = visible();
        let names: Vec<&str> = each(&tree).into_iter().filter_map(Command::get_display_name).collect();
        assert!(names.contains(&"imgbuild-hook-pre-push") && names.contains(&"imgbuild-man"), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("inside") || name.contains("help")), "{names:?}");
        let shown = Cli::command().get_subcommands().filter(|command| !command.is_hide_set()).count();
        assert_eq!(tree.get_subcommands().count(), shown);
    }
}
