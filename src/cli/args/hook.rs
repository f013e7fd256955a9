//! The arguments of `hook`.

use clap::{Args, Subcommand, ValueEnum};

/// What is done about hooks.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Set up the pre-push hook, beside husky, lefthook, pre-commit or a hook that is there.
    Install {
        /// What runs the hooks, in place of what is found.
        #[arg(long, value_enum)]
        manager: Option<Manager>,
        /// How it goes about it.
        #[command(flatten)]
        how: HookArgs,
    },
    /// Take it out again; what was there before comes back byte for byte.
    Uninstall {
        /// How it goes about it.
        #[command(flatten)]
        how: HookArgs,
    },
    /// Be the hook: judge the commits that git is about to push. git says on stdin which.
    PrePush {
        /// The name of the remote, or its URL.
        #[arg(allow_hyphen_values = true)]
        remote: Option<std::ffi::OsString>,
        /// Its URL.
        #[arg(allow_hyphen_values = true)]
        url: Option<std::ffi::OsString>,
    },
}

/// How hooks are changed.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// Do not ask first; without a terminal nobody is asked.
    #[arg(long)]
    pub yes: bool,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What runs hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manager {
    /// Git 2.54 or later, by its configuration.
    GitConfig,
    /// husky.
    Husky,
    /// lefthook.
    Lefthook,
    /// pre-commit.
    PreCommit,
    /// Git, by a file in its folder of hooks.
    Plain,
}
