//! What publishing works with, and what it gives: the ways to engine and registry, and the tags that are out.

use std::time::Duration;

use crate::engine::{AuthEntry, Keeper, Record};
use crate::error::Result;
use crate::event::{Event, Events};
use crate::image::{Digest, Repository};
use crate::plan::PlannedTag;
use crate::registry::Registry;

/// What was published, and what each tag was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The digest of the manifest, computed over the bytes that the registry returned.
    pub digest: Digest,
    /// The digest of the config: the identity of what was tested, and of what every tag was found to hold.
    pub config_digest: Digest,
    /// The tags, in the order they were published.
    pub tags: Vec<PublishedTag>,
}

/// One tag that was pushed, read back and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTag {
    /// The full reference.
    pub reference: String,
    /// What it resolved to before; `None` where it did not exist.
    pub before: Option<Digest>,
}

/// How patient publishing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishLimits {
    /// How long a push that failed may be tried again.
    pub retry_for: Duration,
    /// The longest that a push may stand still.
    pub idle_timeout: Duration,
    /// The longest push of one image.
    pub timeout: Duration,
}

/// The ways to engine and registry.
#[derive(Debug)]
pub struct Channel<'a> {
    /// Notes every tag before it moves.
    pub keeper: &'a Keeper,
    /// The registry that is asked what it holds, and told what further tags are to hold.
    pub registry: &'a Registry,
    /// The login that the engine pushes with.
    pub auth: Option<&'a AuthEntry>,
    /// How patient it is.
    pub limits: PublishLimits,
    /// Told of every tag.
    pub events: &'a Events,
}

impl<'a> Channel<'a> {
    /// What the tags of `repository` need of it.
    pub(super) fn way(&self, repository: &'a Repository) -> Way<'a> {
        Way { repository, registry: self.registry, events: self.events, keeper: Some(self.keeper) }
    }
}

/// What it takes to put a tag on a manifest that is in the repository.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Its registry.
    pub registry: &'a Registry,
    /// Told of every tag.
    pub events: &'a Events,
    /// Notes every tag before it moves. `None` where no engine has a part in the run, and so no journal: such a run is
    /// finished by running it again.
    pub keeper: Option<&'a Keeper>,
}

impl Way<'_> {
    /// The full reference of a tag.
    pub(super) fn reference(&self, planned: &PlannedTag) -> String {
        self.repository.tag(&planned.tag).to_string()
    }

    /// Notes it where there is a journal.
    pub(super) fn note(&self, record: Record) -> Result<()> {
        self.keeper.map_or(Ok(()), |keeper| keeper.note(record))
    }

    /// Tells that the tag holds `digest` now, read back and compared.
    pub(super) fn published(&self, reference: &str, digest: &Digest, before: Option<Digest>) -> PublishedTag {
        self.events.emit(Event::TagPublished {
            reference: reference.to_owned(),
            digest: digest.to_string(),
            before: before.as_ref().map(Digest::to_string),
        });
        PublishedTag { reference: reference.to_owned(), before }
    }
}
