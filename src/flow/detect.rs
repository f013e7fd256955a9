//! What the output has to know of the CI.

use crate::environment::Environment;
use crate::report::Surface;
use crate::source::{self, Provider};

/// Where a run's output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// A CI was detected.
    pub is_ci: bool,
    /// Whether its log page renders colour; `None` where that is not known.
    pub renders_color: Option<bool>,
    /// What its log page takes for commands.
    pub surface: Surface,
}

/// Looks at the environment alone.
pub fn detect(environment: &Environment) -> Around {
    let ci = source::detect(environment, None);
    Around {
        is_ci: ci.is_ci(),
        renders_color: match ci.provider {
            Some(
                Provider::GitHub
                | Provider::Gitea
                | Provider::Forgejo
                | Provider::GitLab
                | Provider::Buildkite
                | Provider::CircleCi
                | Provider::Azure
                | Provider::Drone
                | Provider::Woodpecker
                | Provider::Travis,
            ) => Some(true),
            // Its page shows the codes as they are, unless a plugin takes them.
            Some(Provider::Jenkins) => Some(false),
            _ => None,
        },
        surface: match ci.provider {
            Some(Provider::GitHub) => Surface::GitHub,
            Some(Provider::Gitea | Provider::Forgejo) => Surface::Gitea,
            Some(Provider::GitLab) => Surface::GitLab,
            Some(Provider::Azure) => Surface::Azure,
            Some(Provider::TeamCity) => Surface::TeamCity,
            Some(Provider::Buildkite) => Surface::Buildkite,
            _ => Surface::Lines,
        },
    }
}
