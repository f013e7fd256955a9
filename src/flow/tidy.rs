//! After a run that succeeded: nothing that it made superfluous stays on the engine. A build replaces development images of its
//! branch, a push makes earlier local tags of the image superfluous, and a name that moved may leave an image without any.

use super::clean::{self, CleanOptions};
use super::prepare::Prepared;
use super::session::Session;
use crate::engine::Keeper;
use crate::error::Result;
use crate::retention::{EngineRules, Found, Verdict, of_engine};
use crate::smoke::VerifiedImage;

/// Notes what this run made, and removes what it made superfluous. A failure is told and is none of the run's.
pub(super) async fn after(session: &Session, prepared: &Prepared, keeper: &Keeper, image: &VerifiedImage) {
    if let Err(error) = tidy(session, prepared, keeper, image).await {
        session.events.warn(format!("what earlier runs left on the engine was not cleared away: {error}"));
    }
}

async fn tidy(session: &Session, prepared: &Prepared, keeper: &Keeper, image: &VerifiedImage) -> Result<()> {
    let plan = &prepared.plan;
    // What was adopted is gone with the run.
    if plan.adopts.is_some() {
        return Ok(());
    }
    let journals = session.journal_dir();
    let names = if plan.pushes() {
        // The others are in the registry alone.
        plan.tags.iter().take(1).map(|tag| plan.reference(tag).familiar()).collect::<Vec<_>>()
    } else {
        plan.tags.iter().map(|tag| plan.reference(tag).familiar()).collect()
    };
    let variant = prepared.settings.variant.as_ref().map(|variant| variant.value.as_str());
    let standing = keeper.remember(&journals, image.id().as_str(), &names, plan.pushes(), variant).await?;
    let rules = EngineRules {
        repositories: [plan.repository.familiar()].into(),
        keep_dev: prepared.settings.keep_dev.value,
        own_names: names.into_iter().collect(),
        left_behind: keeper.left_behind()?,
        now: session.now,
        ..EngineRules::default()
    };
    let found = Found { standing: &standing, usage: None, leftovers: Default::default() };
    let mut failed = Vec::new();
    for item in of_engine(&found, &rules).into_iter().filter(|item| item.verdict == Verdict::Remove) {
        // One that something began to use stays.
        if let Err(error) = clean::remove(keeper.engine(), &item, &CleanOptions::default()).await {
            failed.push(format!("{item} ({error})"));
        }
    }
    if !failed.is_empty() {
        session
            .events
            .warn(format!("what earlier runs left on the engine stays there: {}", failed.join(", ")));
    }
    Ok(())
}
