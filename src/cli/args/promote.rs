//! The options of `promote`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is promoted, and as what.
#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// The image or index, by tag or digest.
    #[arg(value_name = "REF")]
    pub reference: String,

    /// Where to.
    #[arg(long, value_enum)]
    pub to: PromoteTo,

    /// The version it becomes; a git tag at its commit has to name it. Default: the highest that such a tag names.
    #[arg(long = "as", value_name = "VERSION")]
    pub version: Option<String>,

    /// Make the git tag where there is none, and push it before anything is published.
    #[arg(long, requires = "version")]
    pub tag_git: bool,

    /// The suffix of its version tags.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,

    /// A public key, as PEM, whose signatures are believed; may be given more than once. Default: those of
    /// evidence.verify-keys.
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,

    /// The private key that signs the record of the promotion: a file of PEM, or env://NAME.
    #[arg(long, value_name = "KEY")]
    pub sign_key: Option<String>,

    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub plan: bool,
}

/// The registry that is promoted to, by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PromoteTo {
    /// That of registries.release.
    Release,
}
