//! `[retention]`.

use super::layers::Asked;
use crate::config::model::{self, Age};
use crate::config::origin::Sourced;
use crate::config::settings::Retention;

/// The values in force.
pub(super) fn retention(asked: &Asked<'_>) -> Retention {
    let age = |key: &str, default: u32, get: fn(&model::Retention) -> Option<Age>| {
        asked.file(key, |part| get(part.retention?)).unwrap_or(Sourced::default(Age::days(default)))
    };
    Retention {
        keep_newest: asked
            .file("retention.keep-newest", |part| part.retention?.keep_newest)
            .unwrap_or(Sourced::default(10)),
        keep_within: age("retention.keep-within", 7, |retention| retention.keep_within),
        pull_requests: age("retention.pull-requests", 30, |retention| retention.pull_requests),
        keep: asked
            .file("retention.keep", |part| part.retention?.keep.clone())
            .unwrap_or_else(|| Sourced::default(Vec::new())),
    }
}
