//! What a CI shows beyond lines of text: folded stages, annotations, outputs, a summary. A file for each protocol; whose
//! page it is, is for `cli` to know ([`Surface`]).
//!
//! Text that is not imgbuild's own never becomes a command: [`escape`](super::escape) breaks the markers that count
//! anywhere in a line, lines begin with something of ours, and GitHub is told not to listen meanwhile.

mod agent;
mod annotation;
mod azure;
mod buildkite;
mod dotenv;
mod fold;
mod github;
mod gitlab;
mod markdown;
mod outputs;
mod page;
mod runner_file;
mod surface;
mod teamcity;
#[cfg(test)]
mod tests;

pub use agent::Agent;
pub use annotation::Annotation;
pub(super) use dotenv::dotenv;
pub(super) use fold::Fold;
pub(super) use github::annotation as github_annotation;
pub use outputs::Outputs;
pub use page::page;
pub use runner_file::append;
pub use surface::Surface;
