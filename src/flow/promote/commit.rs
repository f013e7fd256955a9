//! What this clone knows of the commit that an image names.

use std::sync::Arc;

use crate::environment::Environment;
use crate::error::Result;
use crate::flow::session::{Session, blocking};
use crate::promotion::{self, Commit, Reach};
use crate::source::{self, Ancestry, Refs, SourceState};
use crate::stop::Stop;

/// The branches and tags of the clone.
pub(super) async fn refs(session: &Session, state: &Arc<SourceState>) -> Result<Refs> {
    let (state, environment, stop) = (Arc::clone(state), session.environment.clone(), session.stop.clone());
    blocking(move || source::refs(&state.root, state.reader, &environment, &stop)).await
}

/// The commit `id`, which is whatever an image says: its tree, and which of the allowed branches holds it.
pub(super) async fn commit(
    session: &Session,
    state: &Arc<SourceState>,
    refs: &Refs,
    id: &str,
    branches: &[String],
) -> Result<Commit> {
    let (state, environment, stop) = (Arc::clone(state), session.environment.clone(), session.stop.clone());
    let (refs, id, branches) = (refs.clone(), id.to_owned(), branches.to_vec());
    blocking(move || {
        let tree = source::tree_of(&state.root, state.reader, &environment, &id, &stop)?;
        let reach = reach(&state, &environment, &refs, &id, &branches, &stop)?;
        Ok(Commit { id, tree, reach })
    })
    .await
}

fn reach(
    state: &SourceState,
    environment: &Environment,
    refs: &Refs,
    id: &str,
    branches: &[String],
    stop: &Stop,
) -> Result<Reach> {
    let is_allowed = |name: &str| branches.iter().any(|pattern| promotion::matches(pattern, name));
    let allowed = refs.branches.iter().filter(|branch| branch.name.to_str().is_some_and(is_allowed));
    let mut reach = Reach::NoBranch;
    for branch in allowed {
        match source::ancestry(&state.root, state.reader, environment, &branch.commit, id, stop)? {
            Ancestry::Same | Ancestry::Descendant => return Ok(Reach::On(branch.name.clone())),
            Ancestry::Unknown => reach = Reach::Unknown,
            Ancestry::NotDescendant if reach == Reach::NoBranch => reach = Reach::Nowhere,
            Ancestry::NotDescendant => {}
        }
    }
    Ok(reach)
}
