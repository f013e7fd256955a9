//! How the commits of what the registry holds lie to the commit of this run: so that no tag moves backwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::session::{Session, blocking};
use crate::error::Result;
use crate::image::label;
use crate::plan::Course;
use crate::registry::RegistryState;
use crate::source::{self, Ancestry, SourceState};

/// More commits than the tags of one run name.
const MOST: usize = 32;

/// The course of each commit that an image of `state` names, seen from `ours`.
pub(super) async fn courses(
    session: &Session,
    source: &Arc<SourceState>,
    ours: &str,
    state: &RegistryState,
) -> Result<BTreeMap<String, Course>> {
    let revisions = state.images.values().filter_map(|image| image.label(label::oci::REVISION));
    let revisions: BTreeSet<String> =
        revisions.filter(|revision| *revision != ours).map(str::to_owned).take(MOST).collect();
    if revisions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (source, ours, stop) = (Arc::clone(source), ours.to_owned(), session.stop.clone());
    let environment = session.environment.clone();
    blocking(move || {
        let descends = |descendant: &str, ancestor: &str| {
            let ancestry =
                source::ancestry(&source.root, source.reader, &environment, descendant, ancestor, &stop)?;
            Ok(ancestry == Ancestry::Descendant)
        };
        let course = |theirs: String| {
            let course = if descends(&theirs, &ours)? {
                Course::Ahead
            } else if descends(&ours, &theirs)? {
                Course::Behind
            } else {
                Course::Apart
            };
            Ok((theirs, course))
        };
        revisions.into_iter().map(course).collect()
    })
    .await
}
