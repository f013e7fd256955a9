//! What the containers of a deployment are called during a swap.

use std::fmt;

/// The names of one deployment's containers on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    current: String,
}

/// Which of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Of what serves.
    Current,
    /// Of what served, until the new one has proven itself.
    Previous,
    /// Of what is to serve.
    Next,
}

impl Names {
    /// Around the container's own name.
    pub fn of(container: &str) -> Names {
        Names { current: container.to_owned() }
    }

    /// The name.
    pub fn get(&self, name: Name) -> String {
        match name {
            Name::Current => self.current.clone(),
            Name::Previous => format!("{}-previous", self.current),
            Name::Next => format!("{}-next", self.current),
        }
    }

    /// The volume that is the deployment's lock.
    pub fn lock(&self) -> String {
        format!("imgbuild-deploy-{}", self.current)
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.current)
    }
}
