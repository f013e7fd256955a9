//! `imgbuild clean`: what dead runs left on the engine, and what of its images is of no more use.

mod kept;
mod registry;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use super::gather::{self, connect};
use super::policy::Base;
use super::session::Session;
use crate::config::{DeploySettings, Flags, Settings};
use crate::engine::{DiskUsage, Engine};
use crate::error::{Error, Kind, Result};
use crate::plan::{self, Command, Request};
use crate::retention::{EngineRules, Found, Item, Thing, Verdict, bytes_text, of_engine};
use crate::source::{CiContext, SourceState};

pub use registry::{RetentionOptions, clean_registry};
pub use report::Cleaned;

use report::Done;

/// What of the engine is looked at beyond what is ours and of no more use.
#[derive(Debug, Clone, Default)]
pub struct CleanOptions {
    /// Remove, rather than list.
    pub yes: bool,
    /// Development images that are older go, however many there are; seconds.
    pub dev_older_than: Option<i64>,
    /// The most that the builder's cache may take, in bytes.
    pub cache_max: Option<u64>,
    /// Images without a name and containers that ended go, whosever they are.
    pub all_dangling: bool,
    /// What deployments kept that have no container any more goes, whosever they were.
    pub gone_deployments: bool,
}

/// Lists what may go; with `yes`, removes it. Things of live runs and of other hosts within their deadline stay, and so does
/// all that is in use or not ours.
///
/// A failure does not keep the rest from going: it is in [`Cleaned::error`], of kind [`Kind::Engine`].
pub async fn clean(session: &Session, flags: &Flags, options: &CleanOptions) -> Result<Cleaned> {
    let engine = connect(session).await?;
    let rules = rules(session, flags, options).await;
    let usage = match engine.disk_usage().await {
        Ok(usage) => Some(usage),
        Err(error) => {
            session.events.note(format!("how much each gives back is not known: {error}"));
            None
        }
    };
    let sweep = engine.find_leftovers(&session.journal_dir(), session.now).await?;
    let standing = engine.standing(&session.journal_dir()).await?;
    let leftovers: BTreeSet<String> = sweep.leftovers.iter().map(|leftover| leftover.id.clone()).collect();
    let found = Found { standing: &standing, usage: usage.as_ref(), leftovers };
    let mut items = of_engine(&found, &rules);
    items.extend(kept::beyond(&engine, &deploys(session, flags).await, &standing, usage.as_ref()).await?);
    items.extend(kept::left_over(&engine, options.gone_deployments, &standing, usage.as_ref()).await?);
    items.extend(cache(options, usage.as_ref())?);

    let mut done = Done::new(options.yes, &sweep, usage.as_ref());
    if options.yes {
        let swept = engine.remove_leftovers(sweep).await?;
        done.swept(swept);
        for item in items {
            let outcome = match item.verdict {
                Verdict::Keep => Ok(true),
                Verdict::Remove => remove(&engine, &item, options).await,
            };
            done.item(item, outcome);
        }
    } else {
        items.into_iter().for_each(|item| done.item(item, Ok(true)));
    }
    Ok(done.cleaned())
}

/// Removes one thing. Whether it is gone: what something began to use stays.
pub(super) async fn remove(engine: &Engine, item: &Item, options: &CleanOptions) -> Result<bool> {
    match item.thing {
        Thing::Container => engine.remove_ended_container(&item.id).await,
        Thing::Tag => engine.remove_name(&item.id, item.image.as_deref().unwrap_or_default()).await,
        Thing::Image => engine.remove_unused_image(&item.id).await,
        Thing::Cache => engine.prune_build_cache(options.cache_max.unwrap_or(u64::MAX)).await.map(|_| true),
    }
}

/// What of the builder's cache is too much.
fn cache(options: &CleanOptions, usage: Option<&DiskUsage>) -> Result<Option<Item>> {
    let Some(most) = options.cache_max else { return Ok(None) };
    let Some(usage) = usage else {
        return Err(Error::new(Kind::Engine, "the engine does not tell how large its build cache is")
            .hint("leave out --cache-max"));
    };
    let over = usage.cache.saturating_sub(most);
    let item = |verdict, why, bytes| Item {
        thing: Thing::Cache,
        id: "of the engine".to_owned(),
        image: None,
        verdict,
        why,
        bytes: Some(bytes),
    };
    let takes = format!("it takes {}", bytes_text(usage.cache));
    Ok(Some(match over {
        0 => item(Verdict::Keep, takes, 0),
        over => item(
            Verdict::Remove,
            format!("{takes}, of which what was used longest ago goes"),
            over.min(usage.idle_cache),
        ),
    }))
}

/// The deployments of the configuration; where it cannot be read, what they keep is left alone, and that is told.
async fn deploys(session: &Session, flags: &Flags) -> BTreeMap<String, DeploySettings> {
    match gather::settings_for_registries(session, flags, None).await {
        Ok((settings, _)) => settings.deploys,
        Err(error) => {
            session.events.note(format!("what deployments keep is not looked at: {error}"));
            BTreeMap::new()
        }
    }
}

/// What the configuration says; where there is none to be read, development images are left alone, and that is told.
async fn rules(session: &Session, flags: &Flags, options: &CleanOptions) -> EngineRules {
    let rules = EngineRules {
        dev_older_than: options.dev_older_than,
        all_dangling: options.all_dangling,
        now: session.now,
        ..EngineRules::default()
    };
    match configured(session, flags).await {
        Ok((settings, repositories)) => {
            EngineRules { repositories, keep_dev: settings.keep_dev.value, ..rules }
        }
        Err(error) => {
            session.events.note(format!("images of a repository's builds are not looked at: {error}"));
            rules
        }
    }
}

/// The settings, and the repositories in which runs of either kind name images.
async fn configured(session: &Session, flags: &Flags) -> Result<(Settings, BTreeSet<String>)> {
    let ci = gather::ci_context(session);
    let source = gather::source(session, &ci).await?;
    let settings = gather::settings(session, flags, &ci, Base::In(&source), &source.root).await?;
    let repositories = repositories(&settings, &ci, &source)?;
    Ok((settings, repositories))
}

/// The names of the images that runs of either kind build, as people write them.
fn repositories(settings: &Settings, ci: &CiContext, source: &SourceState) -> Result<BTreeSet<String>> {
    let folder = source.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let named = |command| {
        let remote_url = source.remote_url.as_deref();
        plan::destination(&Request { command, settings, ci, remote_url, folder: &folder })
    };
    [Command::Build, Command::Ci].into_iter().map(|one| Ok(named(one)?.repository.familiar())).collect()
}
