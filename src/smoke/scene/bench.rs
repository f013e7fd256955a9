//! What a check finds at hand.

use crate::engine::{Container, Engine, Image, Keeper};
use crate::error::Result;
use crate::expect::TestSpec;
use crate::smoke::look::{Place, Still};

/// One test under way.
pub(in crate::smoke) struct Bench<'a> {
    /// Makes what must be gone again.
    pub(in crate::smoke) keeper: &'a Keeper,
    /// The image under test.
    pub(in crate::smoke) image: &'a Image,
    /// The test.
    pub(in crate::smoke) test: &'a TestSpec,
    /// The name of the network of the test.
    pub(in crate::smoke) network: &'a str,
    /// The container that is never started, in which the image's files are read.
    pub(in crate::smoke) still: &'a Still,
    /// The container that was started for the test and is up, as it was looked at last.
    pub(in crate::smoke) running: Option<Container>,
}

impl Bench<'_> {
    /// The engine.
    pub(in crate::smoke) fn engine(&self) -> &Engine {
        self.keeper.engine()
    }

    /// Where files are looked at: the container that is up, else the one that is never started.
    pub(in crate::smoke) async fn place(&self) -> Result<Place<'_>> {
        let id = match &self.running {
            Some(container) => &container.id,
            None => self.still.id(self.keeper, self.image).await?,
        };
        Ok(Place { engine: self.engine(), id })
    }
}
