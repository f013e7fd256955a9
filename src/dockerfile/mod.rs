//! Dockerfiles as data: instructions with their places, stages, and the facts that plan and rules need.
//!
//! [`parse()`] turns bytes into a [`Dockerfile`] and never fails; [`facts()`] says what the build of one target depends
//! on. Both follow BuildKit's frontend, checked against vectors made by running it. No I/O.

mod check;
mod directives;
mod excerpt;
mod expand;
mod facts;
mod flags;
mod graph;
mod heredoc;
mod json;
mod keyword;
mod lines;
mod needs;
mod parse;
mod pattern;
mod place;
mod position;
mod scopes;
pub mod shell;
mod stage_steps;
mod stages;
mod syntax;
mod words;

pub use excerpt::excerpt;
pub use expand::{ExpandError, Expanded, expand};
pub use facts::{BaseImage, Facts, facts, step_line};
pub use graph::{Graph, graph};
pub use json::Form;
pub use keyword::Keyword;
pub use parse::parse;
pub use position::{LineIndex, Position};
pub use scopes::{Resolution, Scope, Scopes, Variable, VariableKind, graph_and_scopes, scopes};
pub use stage_steps::{numbered_stage_line, stage_step_line};
pub use syntax::{
    Comment, Directive, Directives, Dockerfile, Flag, Heredoc, Instruction, Problem, ProblemKind, Span, Stage,
};
pub use words::Pair;
