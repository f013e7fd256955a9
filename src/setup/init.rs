//! `imgbuild init`: what a repository lacks is worked out first ([`propose()`]), shown ([`Proposal::text`]) and then written
//! ([`Proposal::apply`]). A file that is there is never touched.
//!
//! What stands in the repository is a stranger's: it is read within bounds, never through links that lead out, and what of
//! it gets into a file is either quoted for that file or of a grammar that needs no quotes.

mod bake;
mod ci;
mod compose;
mod config_file;
mod description;
mod dockerfile;
mod ignore_file;
mod language;
mod look;
mod program;
mod proposal;
mod propose;
mod registry;
mod release;
mod suite_files;
mod template;
#[cfg(test)]
mod testing;
mod value;
mod write;

pub use ci::Ci;
pub use language::Language;
pub use proposal::{Addition, Proposal};
pub use propose::{Options, propose};
