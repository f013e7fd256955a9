//! `inside`: what imgbuild does in a helper container. It needs no engine, no folder and no settings.

pub use crate::smoke::{Inside, inside};
