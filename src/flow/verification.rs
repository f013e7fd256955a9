//! What is put to an image, by the settings.

use std::collections::BTreeSet;

use crate::config::Settings;
use crate::expect::ProbeSet;
use crate::smoke::{ProbePlan, Subject};

/// Tests and probes for the image that findings call `reference`.
pub(super) fn subject(settings: &Settings, reference: &str) -> Subject {
    let tests = settings.test_specs();
    let like = tests.iter().find(|test| test.start.is_some()).cloned();
    Subject {
        tests,
        probes: ProbePlan {
            set: ProbeSet::Off,
            kind: None,
            read_only: false,
            hardened: false,
            companions: BTreeSet::new(),
            like,
            reference: reference.to_owned(),
        },
    }
}
