//! A stage of the log that can be folded away.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Surface, azure, buildkite, github, gitlab, teamcity};
use crate::event::Stage;
use crate::token::token;

/// A stage whose beginning was written. It has to be closed before another one is opened: GitHub's do not nest.
#[derive(Debug)]
pub(in crate::report) struct Fold {
    surface: Surface,
    stage: Stage,
    /// What ends it, known to nobody else.
    token: String,
}

impl Fold {
    /// The fold and its first lines; `None` where the log has no folds.
    pub(in crate::report) fn open(surface: Surface, stage: Stage) -> Option<(Fold, String)> {
        let fold = Fold { surface, stage, token: token() };
        let (name, token) = (stage.name(), &fold.token);
        let lines = match surface {
            Surface::Lines => return None,
            Surface::GitHub | Surface::Gitea => github::open(name, token),
            Surface::GitLab => gitlab::open(name, token, now()),
            Surface::Azure => azure::open(name),
            Surface::TeamCity => teamcity::open(name),
            Surface::Buildkite => buildkite::open(stage),
        };
        Some((fold, lines))
    }

    /// Its stage.
    pub(in crate::report) fn stage(&self) -> Stage {
        self.stage
    }

    /// Its last lines.
    pub(in crate::report) fn close(self, failed: bool) -> String {
        let (name, token) = (self.stage.name(), &self.token);
        match self.surface {
            Surface::Lines => String::new(),
            Surface::GitHub | Surface::Gitea => github::close(token),
            Surface::GitLab => gitlab::close(name, token, now()),
            Surface::Azure => azure::close(),
            Surface::TeamCity => teamcity::close(name),
            Surface::Buildkite => buildkite::close(failed),
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
