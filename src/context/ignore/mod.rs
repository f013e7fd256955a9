//! `.dockerignore`: which paths of a context stay behind.
//!
//! The meaning of a pattern is whatever moby's `patternmatcher` makes of it, oddities included: a pattern is
//! cleaned as a path, checked against the grammar of Go's `filepath.Match`, and then, unless it is plain text or a
//! plain prefix or suffix, translated to a regular expression of Go. The same three steps are taken here, one file
//! each, with a matcher of our own behind them that takes linear time whatever the pattern.
//!
//! - [`lines`]: from the bytes of the file to cleaned patterns.
//! - [`mod@clean`], [`syntax`]: Go's `filepath.Clean`, and the grammar check of `filepath.Match`.
//! - [`translate`], [`regex`], [`compile`], [`program`]: from a pattern to something that matches.
//! - [`index`]: finds the few patterns that can match a path among very many.
//! - [`matcher`]: [`Ignore`], the whole file; [`below`]: which folders have to be looked into.
//! - [`ambiguous`]: pattern sets that engines read differently.

mod ambiguous;
mod below;
mod class;
mod clean;
mod compile;
mod index;
mod lines;
mod matcher;
mod pattern;
mod program;
mod regex;
mod runes;
mod syntax;
mod translate;

#[cfg(test)]
mod tests;

pub use ambiguous::Ambiguity;
pub(super) use below::Below;
pub(super) use clean::clean;
pub(super) use matcher::DirMatch;
pub use matcher::Ignore;
pub(super) use syntax::matches_name;
