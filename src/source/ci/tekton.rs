//! Tekton. A task's steps know nothing of the run but what the task hands them: `IMGBUILD_CI_PROVIDER=tekton` and the
//! other overrides, filled from the task's parameters.
//!
//! Source: tektoncd/pipeline `docs/workspaces.md`.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look};
use crate::environment::Environment;

pub(super) fn marker(_: &Environment) -> Option<&'static str> {
    None
}

pub(super) fn read(_: &Look<'_>, ci: &mut CiContext) {
    // Where workspaces are mounted that name no place of their own.
    ci.put(Said { workspace: Some(Fact::fixed("/workspace".into(), "tekton")), ..Said::default() });
}

pub(super) fn fork(_: &Look<'_>) -> Option<Fork> {
    None
}
