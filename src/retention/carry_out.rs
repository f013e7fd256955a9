//! Deletes what was decided, and looks again before each deletion: others push while this goes on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::graph::Graph;
use super::holds::Holds;
use super::read::add;
use super::repository::{Decision, Judged, of_repository};
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, tag_shape};
use crate::registry::{Deleted, Registry};

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;
/// How long a look at the repository's tags counts. A tag of what is deleted is looked at right before, whatever this is.
const FRESH: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is gone.
    pub deleted: Vec<Judged>,
    /// What stays after all, since something came to it meanwhile; as it was judged then.
    pub spared: Vec<Judged>,
    /// What could not be deleted, and why.
    pub failed: Vec<(Judged, String)>,
}

/// Deletes what of `graph` may go by `holds`. Failures do not keep the rest from going, save where the registry lets nothing be
/// deleted.
pub async fn carry_out(registry: &Registry, path: &str, mut graph: Graph, mut holds: Holds) -> Outcome {
    let mut outcome = Outcome::default();
    let mut decision = of_repository(&graph, &holds);
    let planned = decision.deleted.clone();
    let mut looked: Option<Instant> = None;
    let mut repository = Repository { registry, path, gone: BTreeSet::new() };
    for one in planned {
        let is_old = looked.is_none_or(|at| at.elapsed() > FRESH);
        match repository.look_again(&mut graph, &mut holds, is_old, &one).await {
            Err(error) => {
                outcome.failed.push((one, error.to_string()));
                continue;
            }
            Ok(changed) => {
                if is_old {
                    looked = Some(Instant::now());
                }
                if changed {
                    decision = of_repository(&graph, &holds);
                }
            }
        }
        if let Some(kept) = stays(&decision, &one) {
            outcome.spared.push(kept);
            continue;
        }
        match repository.delete(&one).await {
            Ok(true) => {
                // The graph keeps it: what hung on it alone is still judged by it.
                repository.gone.extend(one.tags.iter().cloned());
                outcome.deleted.push(one);
            }
            Ok(false) => {
                let why =
                    "the registry lets nothing be deleted by way of its API: its own clean-up has to do it";
                outcome.failed.push((one, why.to_owned()));
                if outcome.deleted.is_empty() {
                    break;
                }
            }
            Err(error) => outcome.failed.push((one, error.to_string())),
        }
    }
    outcome
}

fn stays(decision: &Decision, one: &Judged) -> Option<Judged> {
    decision.kept.iter().find(|kept| kept.digest == one.digest).cloned()
}

struct Repository<'a> {
    registry: &'a Registry,
    path: &'a str,
    /// Tags that were deleted.
    gone: BTreeSet<String>,
}

impl Repository<'_> {
    /// Brings the graph up to date as far as it matters for `one`: its own tags, and where `all` is asked for, those that are
    /// new or may have moved. What a tag came to is held. Whether anything had changed.
    async fn look_again(
        &self,
        graph: &mut Graph,
        holds: &mut Holds,
        all: bool,
        one: &Judged,
    ) -> Result<bool> {
        let mut asked: BTreeSet<String> = one.tags.iter().cloned().collect();
        if all {
            let listed = self.registry.tags(self.path).await?;
            let matters = |tag: &String| {
                !graph.tags.contains_key(tag) || !tag_shape(tag).is_fixed() || self.gone.contains(tag)
            };
            asked.extend(listed.into_iter().filter(matters));
        }
        let heads = asked.into_iter().map(|tag| async move {
            let digest = self.registry.head(self.path, &tag).await?;
            Ok::<_, Error>((tag, digest))
        });
        let heads: Vec<(String, Option<Digest>)> =
            stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
        let moved = heads.into_iter().filter(|(tag, digest)| {
            graph.tags.get(tag) != digest.as_ref() && !(digest.is_none() && self.gone.contains(tag))
        });
        let moved: Vec<(String, Option<Digest>)> = moved.collect();
        if moved.is_empty() {
            return Ok(false);
        }
        for (tag, digest) in &moved {
            if let Some(digest) = digest {
                holds.used.insert(digest.clone(), format!("{tag} came to it just now"));
            }
        }
        // What a tag has left is not judged by that tag any more, and may have none: it is looked at by the next clean-up.
        add(self.registry, self.path, graph, moved.into_iter().map(|(tag, _)| tag).collect()).await?;
        Ok(true)
    }

    /// Deletes one manifest with its tags. `false` where the registry deletes nothing.
    async fn delete(&self, one: &Judged) -> Result<bool> {
        let digest = one.digest.as_str();
        match self.registry.delete(self.path, digest).await? {
            Deleted::Gone => {}
            Deleted::Unsupported => return Ok(false),
            // Only on this answer: after a fault that passes the manifest would stay without them.
            Deleted::HasTags => {
                for tag in &one.tags {
                    self.registry.delete(self.path, tag).await?;
                }
                self.registry.delete(self.path, digest).await?;
            }
        }
        if self.registry.head(self.path, digest).await?.is_some() {
            let message = format!("the registry said that {digest} is gone, and has it still");
            return Err(Error::new(Kind::Registry, message));
        }
        Ok(true)
    }
}
