//! Options of deployments.

use clap::Args;

/// Where.
#[derive(Debug, Clone, Args, Default)]
pub struct HostArgs {
    /// The host's engine, as ssh://USER@HOST, tcp://HOST:PORT or unix:///PATH, in place of the environment's.
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
}

/// Options of `deploy`.
#[derive(Debug, Clone, Args)]
pub struct DeployArgs {
    /// The deployment, as in [deploy.NAME] of imgbuild.toml.
    pub name: String,

    /// The image: a reference, or a tag or digest of the configured repository; without one, what is configured.
    #[arg(value_name = "REF")]
    pub reference: Option<String>,

    /// Where.
    #[command(flatten)]
    pub host: HostArgs,

    /// Replace a container of this name that imgbuild did not make.
    #[arg(long)]
    pub adopt: bool,

    /// Take the deployment's lock from whoever holds it.
    #[arg(long)]
    pub break_lock: bool,
}

/// Options of `rollback`.
#[derive(Debug, Clone, Args)]
pub struct RollbackArgs {
    /// The deployment, as in [deploy.NAME] of imgbuild.toml.
    pub name: String,

    /// The image to go back to, by its digest or tag; without it, the one before the one that runs.
    #[arg(long, value_name = "DIGEST|TAG")]
    pub to: Option<String>,

    /// List what the host has kept, and do nothing.
    #[arg(long)]
    pub list: bool,

    /// Where.
    #[command(flatten)]
    pub host: HostArgs,

    /// Take the deployment's lock from whoever holds it.
    #[arg(long)]
    pub break_lock: bool,
}
