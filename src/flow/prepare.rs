//! From the folder to the plan: everything that is read and decided before anything is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::courses::courses;
use super::gather::{self, Files};
use super::policy::Base;
use super::registries::{self, Answer, Asked, Registries};
use super::session::Session;
use super::{base, builder, facts, of_commit, verification};
use crate::config::{Builder, Flags, Located, Origin, Settings, SourceDate, Sourced};
use crate::context::Listing;
use crate::dockerfile::Dockerfile;
use crate::engine::{AuthEntry, Engine};
use crate::error::Result;
use crate::event::Stage;
use crate::expect::TestSpec;
use crate::image::{IMAGE_CONTEXT, InPlace, context_in_place_of};
use crate::plan::{self, BaseImage, Command, Inputs, Plan, PushDecision};
use crate::registry::Registry;
use crate::report::RunReport;
use crate::source::{self, CiContext, Revision, SourceState};

/// Everything that later stages need.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    /// The tests that somebody wrote.
    pub(super) tests: Vec<TestSpec>,
    pub(super) ci: CiContext,
    pub(super) source: Arc<SourceState>,
    pub(super) dockerfile: Arc<Dockerfile>,
    /// The Dockerfile's bytes.
    pub(super) dockerfile_bytes: Arc<Vec<u8>>,
    pub(super) listing: Arc<Listing>,
    pub(super) located: Located,
    pub(super) base: Option<BaseImage>,
    /// The first line of the Dockerfile that only BuildKit can build, and why.
    pub(super) needs_buildkit: Option<(u32, String)>,
    /// Labels that the Dockerfile sets itself, with the line.
    pub(super) own_labels: BTreeMap<String, u32>,
    pub(super) plan: Plan,
    /// `None` where the engine could not be reached and the command can do without.
    pub(super) engine: Option<Engine>,
    /// Opens any registry.
    pub(super) registries: Registries,
    /// `None` where the run does not push.
    pub(super) registry: Option<Registry>,
    /// The login that the engine pushes with.
    pub(super) push_login: Option<AuthEntry>,
    /// Logins for pulling bases, by registry.
    pub(super) base_logins: BTreeMap<String, AuthEntry>,
}

/// What a command cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It builds.
    Engine,
    /// It only plans: without an engine it knows less of the base image.
    Nothing,
}

/// Reads source, configuration, Dockerfile, context, engine and registry, and plans. Makes nothing anywhere.
pub(super) async fn prepare(
    session: &Session,
    command: Command,
    need: Need,
    flags: &Flags,
    report: &mut RunReport,
) -> Result<Prepared> {
    let ci = gather::ci_context(session);
    let (source, revision) = session
        .stage(Stage::Source, async {
            let source = gather::source(session, &ci).await?;
            let revision = source::reconcile(&ci, &source)?;
            facts::source(report, &source, &ci, &revision);
            Ok((source, revision))
        })
        .await?;
    let (settings, tests, files, listing) = session
        .stage(Stage::Context, async {
            let settings = gather::settings(session, flags, &ci, Base::In(&source), &source.root).await?;
            facts::policy(report, &settings);
            let foreign = verification::runs_foreign_code(&ci, Some(&source.commit));
            let (settings, tests) = verification::tests(session, settings, foreign).await?;
            let site = of_commit::site(session, &ci, &settings, Some(&source)).await?;
            let files = gather::files(&site, &settings, &source.root)?;
            let listing = site.list(session, &settings, &files.located, Some(&source)).await?;
            gather::one_dockerfile(&files, &listing)?;
            gather::tell(session, &listing);
            if listing.commit().is_some() {
                let own = gather::own(session, &settings);
                of_commit::tell(session, &ci, &source, &listing, &files.located, &own)?;
            }
            Ok((settings, tests, files, listing))
        })
        .await?;
    session
        .stage(Stage::Plan, async {
            let gathered = Gathered { command, need, settings, tests, source, ci, revision, files, listing };
            let prepared = plan_it(session, gathered, report).await?;
            facts::plan(report, &prepared.plan);
            Ok(prepared)
        })
        .await
}

/// What the plan is made of.
struct Gathered {
    command: Command,
    need: Need,
    settings: Settings,
    tests: Vec<TestSpec>,
    source: Arc<SourceState>,
    ci: CiContext,
    revision: Revision,
    files: Files,
    listing: Arc<Listing>,
}

async fn plan_it(session: &Session, gathered: Gathered, report: &mut RunReport) -> Result<Prepared> {
    let Gathered { command, need, settings, tests, source, ci, revision, files, listing } = gathered;
    let folder = source.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let destination = plan::destination(&plan::Request {
        command,
        settings: &settings,
        ci: &ci,
        remote_url: source.remote_url.as_deref(),
        folder: &folder,
    })?;
    let (changes, untracked) = match listing.commit() {
        Some(_) => {
            let steering = of_commit::steering(&settings, &tests, &source, &gather::own(session, &settings));
            if of_commit::run_on_host(&tests) && steering != Default::default() {
                session
                    .events
                    .note("tests run commands on this machine (exec): every change of the folder counts");
            }
            steering
        }
        None => {
            let entering = gather::entering(&source.root, &source.untracked, &listing, &files.located);
            (source.changes.clone(), entering)
        }
    };
    if let (Some(_), Some(source)) = (listing.commit(), &mut report.source) {
        source.clean = changes.is_empty() && untracked.is_empty();
    }
    let dockerfile = listing.dockerfile().to_string_lossy().into_owned();
    let mut inputs = Inputs {
        command,
        settings: &settings,
        source: &source,
        ci: &ci,
        revision: &revision,
        facts: &files.facts,
        dockerfile: &dockerfile,
        dockerfile_digest: &files.digest,
        context_digest: listing.digest(),
        context_commit: listing.commit(),
        changes: &changes,
        untracked: &untracked,
        base: None,
        destination: &destination,
        registry: None,
        courses: &BTreeMap::new(),
        source_date: match settings.builder.source_date.value {
            SourceDate::At(seconds) => Some(seconds),
            SourceDate::Commit | SourceDate::None => None,
        },
        now: session.now,
    };
    // What can be refused without asking anybody is refused first.
    plan::precheck(&inputs)?;
    builder::no_secret_arguments(&settings)?;
    builder::nothing_to_rewrite_without_a_time(&settings)?;
    builder::one_time_of_the_source(&settings, source.commit_time)?;
    builder::address(session, &settings)?;
    builder::nothing_in_disguise(&settings, &destination.repository)?;
    let engine = engine(session, need).await?;
    report.engine = engine.as_ref().map(|engine| facts::engine(engine.info()));
    let mut store = registries::store(session)?;
    if destination.push == PushDecision::Push && owns_registry(&settings, &ci) {
        store = store.publishing_to(destination.repository.registry());
    }
    let registries = Registries::new(session, &settings, store, engine.as_ref().map(Engine::info));
    let base = base(session, &files, engine.as_ref(), &registries, &settings).await?;
    inputs.base = base.as_ref();
    let mut destination = destination.clone();
    let asked = match destination.push {
        PushDecision::Push => {
            let wanted = |listed: &[String]| plan::tags_to_ask(&inputs, listed);
            match registries::ask(session, &registries, &destination.repository, wanted).await? {
                Answer::Yes(asked) => Some(*asked),
                Answer::Denied(error) => {
                    destination.push = plan::without_rights(&settings, &ci, error)?;
                    None
                }
            }
        }
        PushDecision::Hold { .. } => None,
    };
    inputs.destination = &destination;
    let courses = match &asked {
        Some(asked) => courses(session, &source, &revision.commit, &asked.state).await?,
        None => BTreeMap::new(),
    };
    inputs.courses = &courses;
    inputs.registry = asked.as_ref().map(|asked| &asked.state);
    let plan = plan::plan(&inputs)?;
    for warning in &plan.warnings {
        session.events.warn(warning);
    }
    for note in &plan.notes {
        session.events.note(note);
    }
    let mut images = files.facts.images.clone();
    images.extend(builder::further_images(&settings));
    let images = registries::of_images(&images);
    let base_logins = registries::logins(&registries.store, &images).await?;
    let (registry, push_login) = asked.map(|Asked { registry, login, .. }| (registry, login)).unzip();
    Ok(Prepared {
        dockerfile: files.dockerfile,
        dockerfile_bytes: files.bytes,
        located: files.located,
        needs_buildkit: files.facts.needs_buildkit,
        own_labels: files.facts.labels,
        push_login: push_login.flatten(),
        settings,
        tests,
        ci,
        source,
        listing,
        base,
        plan,
        engine,
        registries,
        registry,
        base_logins,
    })
}

/// Whether the registry is named by somebody other than the author of a pull request, who must not have a login sent to
/// wherever they like: by `[registries]`, which is the base branch's, by a flag, a variable or the CI.
pub(super) fn owns_registry(settings: &Settings, ci: &CiContext) -> bool {
    let from_file =
        |repository: &Sourced<String>| matches!(repository.origin, Origin::File(_) | Origin::Profile { .. });
    !ci.is_pr() || !settings.registries.is_empty() || !settings.repository.as_ref().is_some_and(from_file)
}

async fn engine(session: &Session, need: Need) -> Result<Option<Engine>> {
    match (gather::connect(session).await, need) {
        (Ok(engine), _) => Ok(Some(engine)),
        (Err(error), Need::Engine) => Err(error),
        (Err(error), Need::Nothing) => {
            session.events.note(format!("planned without an engine: {error}"));
            Ok(None)
        }
    }
}

async fn base(
    session: &Session,
    files: &Files,
    engine: Option<&Engine>,
    registries: &Registries,
    settings: &Settings,
) -> Result<Option<BaseImage>> {
    let contexts = &settings.builder.contexts;
    // One in the place of a stage says nothing of itself beforehand.
    let mut named = files.dockerfile.stages.iter().filter_map(|stage| Some((stage.name.as_ref()?, stage)));
    if named.any(|(name, stage)| context_in_place_of(contexts, name, stage.platform.as_deref()).is_some()) {
        return Ok(None);
    }
    let platform = settings.platform.as_ref().map(|platform| platform.value.as_str());
    // Which stage the base is of is not known here.
    let one_for_all = files.dockerfile.stages.iter().all(|stage| stage.platform.is_none());
    let own = engine.map(|engine| engine.info().platform());
    let built = platform.or(own.as_deref()).filter(|_| one_for_all);
    let Some(named) = files.facts.final_base.as_ref() else { return Ok(None) };
    let reference = match context_in_place_of(contexts, named, built) {
        None => named.as_str(),
        Some(InPlace::Context(_, context)) => match context.strip_prefix(IMAGE_CONTEXT) {
            Some(reference) => reference,
            None => return Ok(None),
        },
        Some(InPlace::Maybe(name)) => {
            session.events.note(format!(
                "whether the context {name} takes the place of the base image is not known: its platform may be another"
            ));
            return Ok(None);
        }
    };
    // A builder at an address has images of its own, and takes none of the engine's.
    let stocked = engine.filter(|_| !matches!(settings.builder.builder.value, Builder::At(_)));
    let base = base::read(session, reference, stocked, registries, settings.pull.value, platform).await;
    if base.digest.is_none() {
        session
            .events
            .note(format!("the digest of the base image {reference} could not be read before the build"));
    }
    Ok(Some(base))
}
