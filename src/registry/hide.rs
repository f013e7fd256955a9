//! Whom to tell what must never be shown.

use std::fmt;
use std::sync::Arc;

/// Is told every secret before anybody can show it. Clones tell the same place.
#[derive(Clone)]
pub struct Hide(Arc<dyn Fn(&str) + Send + Sync>);

impl Hide {
    /// Calls `hide` with every secret; the same one may come several times.
    pub fn new(hide: impl Fn(&str) + Send + Sync + 'static) -> Hide {
        Hide(Arc::new(hide))
    }

    /// Says that `secret` must not be shown from now on.
    pub fn tell(&self, secret: &str) {
        (self.0)(secret);
    }
}

impl fmt::Debug for Hide {
    /// A closure may hold what it was told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hide")
    }
}
