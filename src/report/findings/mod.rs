//! What a check came to, in each format that it can be asked for. Pure: results in, text out. Texts from the files that
//! were judged are hostile here as everywhere in this room.

mod checkstyle;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod hush;
mod json;
mod judged;
mod results;
#[cfg(test)]
mod sample;
mod sarif;
mod scores;
#[cfg(test)]
mod tests;

pub use checkstyle::checkstyle;
pub(super) use excerpt::{line_that_may_be_shown, marked_line};
pub use github::github;
pub use gitlab::gitlab;
pub use human::human;
pub(super) use hush::{HUSHED, is_hushed};
pub use json::{json, ndjson};
pub use judged::Judged;
pub use results::{PolicyRef, Results};
pub use sarif::{sarif, sarif_unjudged};
