//! `imgbuild ci` and `imgbuild build`: the straight line of stages.

use std::cell::OnceCell;
use std::sync::Arc;

use super::attest::Attesting;
use super::practices::Practices;
use super::prepare::{Need, Prepared, prepare};
use super::session::{Session, blocking};
use super::supervise::{Ended, missing, supervise};
use super::{
    adopt, attest, base, build_image, facts, gather, keys, of_commit, practices, services, tidy, verification,
};
use crate::config::Flags;
use crate::engine::{BuildWarning, BuiltImage, Engine, Image, Keeper, Owner};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stage};
use crate::expect::ProbeSet;
use crate::image::label;
use crate::plan::{BaseImage, Command, Plan, PushDecision};
use crate::publish::{Channel, PublishLimits, publish, tag_on_engine};
use crate::registry::Manifest;
use crate::report::RunReport;
use crate::rules::Fact;
use crate::smoke::{self, Candidate, VerifiedImage};
use crate::source::{self, SourceState};

/// Builds, tests, and publishes what was tested.
pub async fn ci(session: &Session, flags: &Flags) -> Ended {
    supervise(session, "ci", async |report, slot| stages(session, Command::Ci, flags, report, slot).await)
        .await
}

/// The same for the tree as it is: the image is a development image.
pub async fn build(session: &Session, flags: &Flags) -> Ended {
    supervise(session, "build", async |report, slot| {
        stages(session, Command::Build, flags, report, slot).await
    })
    .await
}

async fn stages(
    session: &Session,
    command: Command,
    flags: &Flags,
    report: &mut RunReport,
    slot: &OnceCell<Keeper>,
) -> Result<()> {
    let prepared = prepare(session, command, Need::Engine, flags, report).await?;
    let engine = prepared.engine.clone().ok_or_else(|| missing("the engine"))?;
    let key = keys::signing(session, &prepared.settings.evidence, &prepared.ci)?;
    let practices = practices::before_build(session, &prepared, report);
    let mut practices = session.stage(Stage::Check, practices).await?;
    let keeper = keep(session, engine, &prepared, slot)?;

    let mut said = Fact::Missing("nothing was built: an earlier run had built the image".to_owned());
    let built = session.stage(Stage::Build, image(session, &prepared, keeper, &mut said)).await;
    practices.hear_builder(said);
    let candidate = match built {
        Ok(candidate) => candidate,
        Err(error) => {
            practices.after_failed_build(session, report);
            return Err(error);
        }
    };
    report.image = Some(facts::image(&candidate, &prepared.plan));
    practices.after_build(session, &prepared, candidate.id(), report).await?;
    let probes = if command == Command::Ci { ProbeSet::Full } else { ProbeSet::Quick };
    let verify = verify(session, &prepared, keeper, candidate, probes, &mut practices, report);
    let verified = session.stage(Stage::Smoke, verify).await?;
    // Read before the first tag is up: what cannot be read holds up nothing that was published.
    let contents = attest::contents(session, &prepared, keeper, &verified, practices.inventory()).await?;
    let attesting = Attesting { key, contents };
    session
        .stage(Stage::Publish, publish_tags(session, &prepared, keeper, &verified, &attesting, report))
        .await?;
    tidy::after(session, &prepared, keeper, &verified).await;
    practices.finish(report);
    Ok(())
}

/// From here on, whatever the run makes on the engine is noted before it exists.
fn keep<'a>(
    session: &Session,
    engine: Engine,
    prepared: &Prepared,
    slot: &'a OnceCell<Keeper>,
) -> Result<&'a Keeper> {
    let tests = verification::lifetime(&prepared.tests);
    // Elsewhere only the deadline tells that a run is over: build, tests, and as much again for the push.
    let lifetime = prepared.settings.timeout.value.saturating_add(tests).saturating_mul(2);
    let owner = Owner::current(&session.run, lifetime)?;
    let keeper = Keeper::begin(engine, owner, &session.journal_dir())?.withholding(&session.environment);
    Ok(slot.get_or_init(|| keeper))
}

/// The image that is tested: built, or one of this very release that the registry has already. `said` gets what the
/// builder said of the Dockerfile.
async fn image(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    said: &mut Fact<Vec<BuildWarning>>,
) -> Result<Candidate> {
    match &prepared.plan.adopts {
        Some(adoption) => adopt::pull(session, prepared, keeper, adoption).await.map(Candidate::Pulled),
        None => built(session, prepared, keeper, said).await.map(Candidate::Built),
    }
}

async fn built(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    said: &mut Fact<Vec<BuildWarning>>,
) -> Result<BuiltImage> {
    base_is_for(&prepared.plan, prepared.base.as_ref())?;
    let built = build_image::build(session, prepared, keeper, said).await?;
    session.events.emit(Event::ImageBuilt { id: built.id().to_string() });
    unchanged(session, prepared).await?;
    inherited(session, prepared, keeper, &built).await?;
    Ok(built)
}

/// `ci` looks at the tree again after its last byte was sent: what was built must be what the commit holds.
async fn unchanged(session: &Session, prepared: &Prepared) -> Result<()> {
    // Nothing of the folder is in an image of the commit's own files, but what tests it may be of the folder.
    let is_of_commit = prepared.listing.commit().is_some();
    let may_stay_unseen = is_of_commit && !of_commit::look_into_folder(&prepared.tests);
    if prepared.plan.command != Command::Ci || may_stay_unseen {
        return Ok(());
    }
    let (source, events, stop) = (Arc::clone(&prepared.source), session.events.clone(), session.stop.clone());
    let environment = session.environment.clone();
    let (head, changes, untracked) = blocking(move || {
        let head = source::head(&source.root, source.reader, &environment, &stop)?;
        let (changes, untracked) = source::status(&source.root, source.reader, &environment, &events, &stop)?;
        Ok((head, changes, untracked))
    })
    .await?;
    let (changes, untracked) = if is_of_commit {
        let now = SourceState { changes, untracked, ..(*prepared.source).clone() };
        let own = gather::own(session, &prepared.settings);
        of_commit::steering(&prepared.settings, &prepared.tests, &now, &own)
    } else {
        // A file that came after the first look at the tree and before the listing was sent, too.
        let root = &prepared.source.root;
        let sent = gather::entering(root, &untracked, &prepared.listing, &prepared.located);
        (changes, sent)
    };
    let what = match (changes.first(), untracked.first()) {
        (Some(change), _) => format!("{}: {}", change.kind.name(), change.path.display()),
        (None, Some(path)) => format!("untracked: {}", path.display()),
        (None, None) if head != prepared.source.commit => format!("HEAD moved to {head}"),
        (None, None) => return Ok(()),
    };
    Err(Error::new(Kind::Refused, format!("the tree changed while it was built: {what}"))
        .hint("nothing was tagged; run again, and let nothing write into the work tree meanwhile"))
}

/// What only the built image shows: a base that is a development image, labels that its base leaks, and labels that
/// no image may have.
async fn inherited(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    built: &BuiltImage,
) -> Result<()> {
    let image = keeper.engine().require_image(built.id().as_str()).await?;
    let plan = &prepared.plan;
    built_for(plan.platform.as_deref(), &image)?;
    if !plan.development {
        let nameless = || BaseImage { reference: "of the target".to_owned(), ..BaseImage::default() };
        let mut base = prepared.base.clone().unwrap_or_else(nameless);
        // Of a base that the build pulled, nothing may have been known before.
        base.labels.extend(image.labels.clone());
        if base.is_development() {
            return Err(base.refusal());
        }
    }
    let owner =
        |(key, value): &(&String, &String)| key.starts_with(label::owner::PREFIX) && !value.is_empty();
    if let Some((key, _)) = image.labels.iter().find(owner) {
        return Err(Error::new(
            Kind::Refused,
            format!(
                "the image has the label {key}, which marks a test's container: every container of it would"
            ),
        )
        .hint("its base or its Dockerfile sets the label: take it out there"));
    }
    for key in base::leaked(&image.labels, &plan.labels) {
        if !prepared.own_labels.contains_key(key) {
            session
                .events
                .warn(format!("the image inherits the label {key} of its base; set it under [image.labels]"));
        }
    }
    Ok(())
}

/// BuildKit builds on a base of another platform, and says of the image that it is for the one that was asked for.
fn base_is_for(plan: &Plan, base: Option<&BaseImage>) -> Result<()> {
    let Some((asked, base)) = plan.platform.as_deref().zip(base) else { return Ok(()) };
    let Some((os, arch)) = base.platform.as_deref().and_then(|own| own.split_once('/')) else {
        return Ok(());
    };
    let arch = arch.split('/').next().unwrap_or_default();
    if base::is_for(asked, os, arch) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Build,
        format!(
            "the platform {asked} was asked for, and the base image {} is for {os}/{arch}",
            base.reference
        ),
    )
    .hint("choose a base that is there for that platform"))
}

/// The classic builder takes a base of another platform from its store without a word.
fn built_for(platform: Option<&str>, image: &Image) -> Result<()> {
    let Some(platform) = platform.filter(|asked| !base::is_for(asked, &image.os, &image.arch)) else {
        return Ok(());
    };
    Err(Error::new(
        Kind::Build,
        format!("the platform {platform} was asked for, and the engine built {}/{}", image.os, image.arch),
    )
    .hint("its store has the base for that other platform: give --pull, or pull the base with --platform"))
}

async fn verify(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    candidate: Candidate,
    probes: ProbeSet,
    practices: &mut Practices,
    report: &mut RunReport,
) -> Result<VerifiedImage> {
    let image = keeper.engine().require_image(candidate.id().as_str()).await?;
    let (settings, name) = (&prepared.settings, prepared.plan.repository.familiar());
    let subject = verification::subject(settings, prepared.tests.clone(), &image, &name, probes, false)?;
    services::fetch(session, keeper, &subject.tests).await?;
    let verification = smoke::put(keeper, &image, &subject, &session.events).await?;
    // Both are told, and a test that failed says more of what the image does than how it is made.
    let judged = practices.after_run(session, &subject, &verification, report);
    let verified = smoke::verify(candidate, verification)?;
    judged.map(|()| verified)
}

async fn publish_tags(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    verified: &VerifiedImage,
    attesting: &Attesting,
    report: &mut RunReport,
) -> Result<()> {
    let plan = &prepared.plan;
    if let PushDecision::Hold { why } = &plan.push {
        let references = tag_on_engine(verified, plan, keeper).await?;
        keeper.leaves_images(false);
        report.tags = references.iter().map(facts::local_tag).collect();
        report.not_pushed_because = Some(why.clone());
        return Ok(());
    }
    let registry = prepared.registry.as_ref().ok_or_else(|| missing("the registry"))?;
    let limits = &prepared.settings.push_limits;
    let channel = Channel {
        keeper,
        registry,
        auth: prepared.push_login.as_ref(),
        limits: PublishLimits {
            retry_for: limits.retry_for.value,
            idle_timeout: limits.idle_timeout.value,
            timeout: limits.timeout.value,
        },
        events: &session.events,
    };
    let attach = async |manifest: &Manifest| {
        attest::attach(session, prepared, verified, manifest, attesting, report).await
    };
    let published = publish(verified, plan, &channel, attach).await?;
    keeper.leaves_images(false);
    report.pushed = true;
    if let Some(image) = &mut report.image {
        image.digest = Some(published.digest);
        image.config_digest = Some(published.config_digest);
    }
    Ok(())
}
