//! What stands on an engine when images are to be cleared away: images, containers, what earlier runs left on purpose, and
//! what runs that go on work with.

use std::collections::BTreeSet;
use std::path::Path;

use super::client::Engine;
use super::containers::ContainerSummary;
use super::images::ImageSummary;
use super::journal::{Journal, JournalOfARun, Record};
use super::keeper::Keeper;
use super::ledger::{GivenName, Ledger};
use super::owner::now;
use super::sweep::is_cut_of;
use super::sweep_images::{Tree, is_name};
use crate::error::Result;

/// Everything that a decision about images needs.
#[derive(Debug, Default)]
pub struct Standing {
    /// Every image, the builder's intermediate ones among them.
    pub images: Vec<ImageSummary>,
    /// Every container.
    pub containers: Vec<ContainerSummary>,
    /// What earlier runs left.
    pub ledger: Ledger,
    /// References that runs which go on gave, or are about to give.
    pub busy_names: BTreeSet<String>,
    /// Images that such runs build on, with their parents.
    pub busy_images: BTreeSet<String>,
    /// Containers that such runs noted, by whole ids.
    pub busy_containers: BTreeSet<String>,
    /// Each image has a name with a digest, whether or not it ever was in a registry.
    pub always_has_digest: bool,
}

impl Standing {
    /// Whether the engine's `listed` name is `noted`.
    pub fn is_name(listed: &str, noted: &str) -> bool {
        is_name(listed, noted)
    }
}

impl Engine {
    /// What stands now; journals lie below `journal_dir`.
    pub async fn standing(&self, journal_dir: &Path) -> Result<Standing> {
        let images = self.list_images(&[], true).await?;
        self.standing_of(images, journal_dir, None).await
    }

    /// The same, of `images` that were listed just before; the journal at `own`, this very run's, counts for nothing.
    async fn standing_of(
        &self,
        images: Vec<ImageSummary>,
        journal_dir: &Path,
        own: Option<&Path>,
    ) -> Result<Standing> {
        let containers = self.list_containers(&[]).await?;
        // Read last: what a run named before the list was made is in its journal by now.
        let ledger = Ledger::read(journal_dir, &self.info().id)?;
        let mut live = Journal::read_all(journal_dir, &self.info().id)?;
        live.retain(|journal| !journal.is_over(now()) && Some(journal.path()) != own);
        let mut standing =
            Standing { ledger, always_has_digest: self.info().containerd_store, ..Standing::default() };
        let tree = Tree::new(&images);
        for record in live.iter().flat_map(JournalOfARun::records) {
            match record {
                Record::TagOnEngine { reference, .. } => {
                    standing.busy_names.insert(reference.clone());
                }
                Record::Image { id, .. } => {
                    let lineage = tree.find(id).into_iter().flat_map(|id| tree.lineage(id));
                    standing.busy_images.extend(lineage.map(str::to_owned));
                }
                Record::Container { id } => {
                    let whole = containers.iter().filter(|container| is_cut_of(id, &container.id));
                    standing.busy_containers.extend(whole.map(|container| container.id.clone()));
                }
                _ => {}
            }
        }
        Ok(Standing { images, containers, ..standing })
    }
}

impl Keeper {
    /// Notes for later runs what this one's build made, where it came to the image `result`, and which names it gave. Gives
    /// what stands then.
    pub async fn remember(
        &self,
        journal_dir: &Path,
        result: &str,
        names: &[String],
        pushed: bool,
        variant: Option<&str>,
    ) -> Result<Standing> {
        let images = self.engine().list_images(&[], true).await?;
        let tree = Tree::new(&images);
        let mut made = BTreeSet::new();
        let mut found = BTreeSet::new();
        for record in
            JournalOfARun::read(self.journal().path().to_owned())?.iter().flat_map(JournalOfARun::records)
        {
            if let Record::Image { id, made: by_us, .. } = record
                && let Some(id) = tree.find(id)
            {
                if *by_us {
                    made.insert(id.to_owned())
                } else {
                    found.insert(id.to_owned())
                };
            }
        }
        // A build that failed left its steps to the next one, and a note in its journal.
        let mut over = Journal::read_all(journal_dir, &self.engine().info().id)?;
        over.retain(|journal| journal.is_over(now()));
        let failed: BTreeSet<&str> =
            over.iter().flat_map(|journal| tree.named(journal, |made| made)).collect();
        let given = GivenName { image: result.to_owned(), pushed, variant: variant.map(str::to_owned) };
        Ledger::change(journal_dir, &self.engine().info().id, |ledger| {
            let exists = |id: &str| tree.rows.contains_key(id);
            let is_named = |reference: &str, id: &str| {
                tree.rows.get(id).is_some_and(|row| row.tags.iter().any(|tag| is_name(tag, reference)))
            };
            made.extend(found.into_iter().filter(|id| ledger.made(id) || failed.contains(id.as_str())));
            ledger.builds.entry(result.to_owned()).or_default().extend(made);
            ledger.names.extend(names.iter().map(|name| (name.clone(), given.clone())));
            ledger.forget(exists, is_named);
        })?;
        self.engine().standing_of(images, journal_dir, Some(self.journal().path())).await
    }

    /// Images that a name of this run's was taken from.
    pub fn left_behind(&self) -> Result<BTreeSet<String>> {
        let own = JournalOfARun::read(self.journal().path().to_owned())?;
        let before = own.iter().flat_map(JournalOfARun::records).filter_map(|record| match record {
            Record::TagOnEngine { before, .. } => before.clone(),
            _ => None,
        });
        Ok(before.collect())
    }
}
