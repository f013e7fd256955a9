//! The flag by which blocking loops learn of a signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Kind, Result};

/// Set once, by the first signal. Asynchronous work is cancelled by dropping it; blocking work polls this.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks every holder to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error where somebody asked. The flow that set the flag knows the signal and so the exit code.
    pub fn check(&self) -> Result<()> {
        if self.is_set() { Err(Error::new(Kind::Interrupted, "cancelled")) } else { Ok(()) }
    }
}
