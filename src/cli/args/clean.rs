//! Arguments of `clean`.

use clap::Args;

use crate::config::model::{Age, Size};

/// Options of `clean`.
#[derive(Debug, Args, Default)]
pub struct CleanArgs {
    /// Remove, rather than list.
    #[arg(long)]
    pub yes: bool,

    /// Remove development images that are older, too, as 36h or 7d.
    #[arg(long, value_name = "AGE", value_parser = str::parse::<Age>)]
    pub dev_older_than: Option<Age>,

    /// Make the engine's build cache no larger than this, as 10GB.
    #[arg(long, value_name = "SIZE", value_parser = str::parse::<Size>)]
    pub cache_max: Option<Size>,

    /// Remove any image without a name and any container that ended, whosever they are.
    #[arg(long)]
    pub all_dangling: bool,

    /// Remove images that deployments keep which have no container here any more, whosever they were.
    #[arg(long)]
    pub gone_deployments: bool,

    /// Clean up this repository of a registry, in place of the engine.
    #[arg(long, value_name = "REPO", conflicts_with_all = ["dev_older_than", "cache_max", "all_dangling", "gone_deployments"])]
    pub registry: Option<String>,

    /// A tag, in which * stands for anything, or a digest that stays in the registry; may be given more than once.
    #[arg(long, value_name = "TAG", requires = "registry")]
    pub keep: Vec<String>,
}
