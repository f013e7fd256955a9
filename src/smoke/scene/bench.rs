//! What a check finds at hand.

use crate::engine::{Container, Engine, Image, Keeper};
use crate::expect::TestSpec;

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
    /// The container that was started for the test and is up, as it was looked at last.
    pub(in crate::smoke) running: Option<Container>,
}

impl Bench<'_> {
    /// The engine.
    pub(in crate::smoke) fn engine(&self) -> &Engine {
        self.keeper.engine()
    }
}
