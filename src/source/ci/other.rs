//! A CI that says no more than that it is one: `CI=true`. Everything else has to come by `IMGBUILD_*`.

use super::CiContext;
use super::fork::Fork;
use super::look::Look;
use super::systems::set;
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "CI")
}

pub(super) fn read(_: &Look<'_>, _: &mut CiContext) {}

pub(super) fn fork(_: &Look<'_>) -> Option<Fork> {
    None
}
