//! What dead runs left on an engine, for `imgbuild clean`.
//!
//! Ours is what carries an owner label, an id in a dead run's journal, or an untagged descendant of such an id. Names
//! and ages only ever take something off the list.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Result;

use super::client::Engine;
use super::containers::ContainerSummary;
use super::journal::{Journal, JournalOfARun, Record};
use super::owner::{Liveness, Owner};
use super::sweep_images;

/// How long the end of a killed run's build is waited for; it takes up to two seconds.
const CALM: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// One kind of thing on an engine, in the order in which they let go of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A container.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// A name of an image, given by a run that was killed.
    Tag,
    /// An image without a name.
    Image,
}

impl Thing {
    /// The word for it.
    pub fn noun(self) -> &'static str {
        match self {
            Thing::Container => "container",
            Thing::Network => "network",
            Thing::Volume => "volume",
            Thing::Tag => "tag",
            Thing::Image => "image",
        }
    }
}

/// Something that a dead run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is.
    pub thing: Thing,
    /// Its id; the reference of a tag, the name of a volume.
    pub id: String,
    /// The run that left it.
    pub run: String,
    /// Why it is taken for that run's.
    pub why: String,
}

/// What was found. It holds the journals it read, so that no second `clean` works on them.
#[derive(Debug, Default)]
pub struct Sweep {
    /// In the order in which they can be removed.
    pub leftovers: Vec<Leftover>,
    /// What the journals tell beside that: tags that moved, or may have moved, in a registry.
    pub notes: Vec<String>,
    /// Of runs that are over.
    journals: Vec<JournalOfARun>,
}

impl Sweep {
    /// Journals of runs that are over; their files go when nothing of the run is left.
    pub fn journals(&self) -> &[JournalOfARun] {
        &self.journals
    }
}

/// What a clean-up did.
#[derive(Debug, Default)]
pub struct SweepReport {
    /// What is gone.
    pub removed: Vec<Leftover>,
    /// Images that something began to use after they were found: another build found them in the cache. Had it begun
    /// earlier, they would not have been taken for leftovers.
    pub used: Vec<Leftover>,
    /// What could not be removed, and why.
    pub failed: Vec<(Leftover, String)>,
}

/// Everything of one kind that a decision needs.
pub(super) struct Journals {
    pub(super) over: Vec<JournalOfARun>,
    pub(super) live: Vec<JournalOfARun>,
}

impl Engine {
    /// Finds what dead runs left, by label and by the journals below `journal_dir`; `now` in unix seconds.
    pub async fn find_leftovers(&self, journal_dir: &Path, now: i64) -> Result<Sweep> {
        let (over, live) =
            Journal::read_all(journal_dir, &self.info().id)?.into_iter().partition(|j| j.is_over(now));
        let journals = Journals { over, live };
        let containers = self.calm(&journals).await?;
        let mut leftovers = self.containers_left(&containers, &journals, now).await?;
        let filter = [Owner::filter().to_owned()];
        for (id, _, labels) in self.list_networks(&filter).await? {
            leftovers.extend(by_label(Thing::Network, &id, &labels, now));
        }
        for (name, labels) in self.list_volumes(&filter).await? {
            leftovers.extend(by_label(Thing::Volume, &name, &labels, now));
        }
        // An image that somebody's container uses is no leftover; one that only our leftovers use is.
        let ours =
            |c: &&ContainerSummary| leftovers.iter().any(|l| l.thing == Thing::Container && l.id == c.id);
        let used: Vec<&str> = containers.iter().filter(|c| !ours(c)).map(|c| c.image_id.as_str()).collect();
        let images = self.list_images(&[], true).await?;
        leftovers.extend(sweep_images::left(&images, &used, &journals));
        let notes = journals.over.iter().flat_map(notes).collect();
        Ok(Sweep { leftovers, notes, journals: journals.over })
    }

    /// Every container, once no step of a killed run's build is at work any more: the engine ends it by itself, a
    /// moment after its client has gone, and commits or removes what would otherwise be missed here.
    async fn calm(&self, journals: &Journals) -> Result<Vec<ContainerSummary>> {
        let building =
            |j: &&JournalOfARun| !j.is_finished() && j.records().any(|r| matches!(r, Record::Image { .. }));
        let builds: Vec<&JournalOfARun> = journals.over.iter().filter(building).collect();
        let deadline = Instant::now() + CALM;
        let mut was_quiet = false;
        loop {
            let containers = self.list_containers(&[]).await?;
            let quiet = !containers.iter().any(|c| builds.iter().any(|journal| is_step_of(c, journal)));
            if builds.is_empty() || (quiet && was_quiet) || Instant::now() >= deadline {
                return Ok(containers);
            }
            was_quiet = quiet;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Removes what was found, and the journals of which nothing is left.
    pub async fn remove_leftovers(&self, sweep: Sweep) -> Result<SweepReport> {
        let mut report = SweepReport::default();
        for leftover in sweep.leftovers {
            match self.remove_leftover(&leftover).await {
                Ok(true) => report.removed.push(leftover),
                Ok(false) => report.used.push(leftover),
                Err(error) => report.failed.push((leftover, error.to_string())),
            }
        }
        for journal in sweep.journals {
            let run = journal.owner().map(|owner| owner.run.clone()).unwrap_or_default();
            if !report.failed.iter().any(|(leftover, _)| leftover.run == run) {
                journal.remove()?;
            }
        }
        Ok(report)
    }

    /// Removes one leftover; one that has gone meanwhile is fine. Whether it is gone: an image that something began to
    /// use stays.
    pub async fn remove_leftover(&self, leftover: &Leftover) -> Result<bool> {
        let id = &leftover.id;
        match leftover.thing {
            Thing::Container => self.remove_container(id).await,
            Thing::Network => self.remove_network(id).await,
            Thing::Volume => self.remove_volume(id).await,
            Thing::Tag => self.remove_image(id, false).await,
            Thing::Image => return self.remove_unused_image(id).await,
        }
        .map(|_| true)
    }

    async fn containers_left(
        &self,
        all: &[ContainerSummary],
        journals: &Journals,
        now: i64,
    ) -> Result<Vec<Leftover>> {
        let mut found = Vec::new();
        for container in all {
            if let Some(left) = by_label(Thing::Container, &container.id, &container.labels, now) {
                // A container inherits its image's labels: an image that carries ours would condemn a stranger's.
                let image = self.inspect_image(&container.image_id).await?;
                if image.is_none_or(|image| image.labels.get(Owner::filter()) != Some(&left.run)) {
                    found.push(left);
                }
            } else if Owner::from_labels(&container.labels).is_none() {
                found.extend(journals.over.iter().find_map(|journal| builders_container(container, journal)));
            }
        }
        Ok(found)
    }
}

/// Something with owner labels of a run that is over.
fn by_label(thing: Thing, id: &str, labels: &BTreeMap<String, String>, now: i64) -> Option<Leftover> {
    let owner = Owner::from_labels(labels)?;
    let why = match owner.liveness(now) {
        Liveness::Dead => format!("its process {} is gone", owner.pid),
        Liveness::Foreign { expired: true } => "a run of another host or boot, past its deadline".to_owned(),
        Liveness::Alive | Liveness::Foreign { expired: false } => return None,
    };
    Some(Leftover { thing, id: id.to_owned(), run: owner.run, why })
}

/// Whether the container runs, or may run, a step of the build: no labels, younger than the run, on one of its images.
fn is_step_of(container: &ContainerSummary, journal: &JournalOfARun) -> bool {
    let image = journal
        .records()
        .any(|r| matches!(r, Record::Image { id, .. } if is_cut_of(id, &container.image_id)));
    let younger = began(journal).is_some_and(|began| container.created >= began);
    image && younger && Owner::from_labels(&container.labels).is_none()
}

/// Whether the container runs the step that the build announced last: the engine, or the run, was gone before the id
/// of its container was told.
fn is_last_step_of(container: &ContainerSummary, journal: &JournalOfARun) -> bool {
    let step = journal.records().filter_map(|record| match record {
        Record::Step { instruction } => instruction.strip_prefix("RUN "),
        _ => None,
    });
    // The engine quotes what it lists.
    let bare = |text: &str| text.chars().filter(|c| !['\'', '"', '\\'].contains(c)).collect::<String>();
    step.last().is_some_and(|step| !step.is_empty() && bare(&container.command).ends_with(&bare(step)))
}

/// The container of a step, which has no labels. Its id came out of a build's output, where a RUN can print any id: it
/// must be younger than the run and made from an image that the same build named.
fn builders_container(container: &ContainerSummary, journal: &JournalOfARun) -> Option<Leftover> {
    let named =
        journal.records().any(|r| matches!(r, Record::Container { id } if is_cut_of(id, &container.id)));
    let ours = named || is_last_step_of(container, journal);
    (ours && is_step_of(container, journal)).then(|| Leftover {
        thing: Thing::Container,
        id: container.id.clone(),
        run: journal.owner().map(|owner| owner.run.clone()).unwrap_or_default(),
        why: "a step of its build ran in it".to_owned(),
    })
}

/// When the run began by the engine's clock; this machine's where it had none.
pub(super) fn began(journal: &JournalOfARun) -> Option<i64> {
    journal.engine_clock().or_else(|| journal.noted().first().map(|noted| noted.at))
}

/// Whether `cut` is the beginning (or the whole) of the id `whole`.
pub(super) fn is_cut_of(cut: &str, whole: &str) -> bool {
    let bare = |id: &str| id.strip_prefix("sha256:").unwrap_or(id).to_owned();
    let cut = bare(cut);
    cut.len() >= 11 && bare(whole).starts_with(&cut)
}

/// What a dead run did, or may have done, to tags in registries.
fn notes(journal: &JournalOfARun) -> Vec<String> {
    let run = journal.owner().map_or("?", |owner| owner.run.as_str());
    let mut notes = BTreeMap::new();
    for record in journal.records() {
        match record {
            Record::TagMoving { reference, before, .. } => {
                let was = before.as_deref().unwrap_or("nothing");
                notes.insert(
                    reference,
                    (was.to_owned(), format!("run {run} may have moved {reference}, which was {was}")),
                );
            }
            Record::TagMoved { reference, digest } => {
                let was = notes.get(reference).map_or("unknown", |(was, _)| was.as_str()).to_owned();
                let text = format!("run {run} moved {reference} from {was} to {digest}");
                notes.insert(reference, (was, text));
            }
            _ => {}
        }
    }
    // A run that ended by itself has told this in its report.
    if journal.is_finished() { Vec::new() } else { notes.into_values().map(|(_, text)| text).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_ids() {
        let whole = format!("sha256:0123456789ab{}", "c".repeat(52));
        assert!(
            is_cut_of("0123456789ab", &whole)
                && is_cut_of(&whole, &whole)
                && is_cut_of("0123456789a", &whole)
        );
        for other in ["", "sha256:", "0123", "1123456789ab"] {
            assert!(!is_cut_of(other, &whole), "{other}");
        }
    }
}
