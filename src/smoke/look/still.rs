//! The container that is never started: what the image holds is read in it.

use tokio::sync::OnceCell;

use crate::engine::{ContainerSpec, Image, Keeper};
use crate::error::Result;

/// One created container of the image, for all that look into it in a run. It is created when it is first asked for, by
/// whoever comes first, and goes with all else that the keeper made.
#[derive(Debug, Default)]
pub(in crate::smoke) struct Still(OnceCell<String>);

impl Still {
    /// Its id. What is in `binds` counts for whoever comes first.
    pub(in crate::smoke) async fn id(
        &self,
        keeper: &Keeper,
        image: &Image,
        binds: Vec<String>,
    ) -> Result<&str> {
        let spec = || ContainerSpec {
            image: image.id.clone(),
            // The engine creates none without a command, and looks for it only at the start.
            entrypoint: Some(vec!["never-started".to_owned()]),
            network: Some("none".to_owned()),
            binds,
            ..ContainerSpec::default()
        };
        self.0.get_or_try_init(|| keeper.container(spec())).await.map(String::as_str)
    }
}
