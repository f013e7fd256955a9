//! `imgbuild deploy NAME [REF]` and `imgbuild rollback NAME`: an image takes the place of the one that runs on a host, or what
//! ran before does so again.

use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::time::Duration;

use super::gather;
use super::registries::{self, Registries};
use super::session::Session;
use super::supervise::{Ended, Late, supervise_then};
use super::{deploy_service, facts, hosts, verify};
use crate::config::{DeploySettings, Flags, Settings};
use crate::deploy::{
    self, Admitted, Busy, Kept, Lock, Names, Passed, Record, Rollout, Swap, Values, Wanted, cut_off,
    deployments, run_before,
};
use crate::engine::{AuthEntry, Engine, Keeper, Owner};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stage};
use crate::image::{Digest, Reference, Tag};
use crate::publish::auth_entry;
use crate::report::RunReport;
use crate::report::run_report::ImageFacts;

/// The longest silence of a pull.
const IDLE: Duration = Duration::from_secs(60);
/// The longest that a deployment takes beside what its settings say: its pull above all.
const MOST: Duration = Duration::from_secs(60 * 60);

/// What a deployment is asked for.
#[derive(Debug, Clone, Default)]
pub struct DeployOptions {
    /// The table `[deploy.NAME]`.
    pub name: String,
    /// A reference, or a tag or digest of the configured repository.
    pub reference: Option<String>,
    /// Where the engine is, in place of what the environment says.
    pub host: Option<String>,
    /// Replace a container that imgbuild did not make.
    pub adopt: bool,
    /// Take a lock from whoever holds it.
    pub break_lock: bool,
}

/// Which image is to run.
#[derive(Debug, Clone)]
enum Choice {
    /// What a reference resolves to.
    Asked(Option<String>),
    /// One that the host has kept: the last before the one that runs, or that with this digest or tag.
    Kept(Option<String>),
}

/// An image that the engine has.
struct OnHost {
    /// What was asked for.
    reference: String,
    /// The digest of its manifest.
    digest: String,
    /// By which the engine finds it.
    name: String,
    /// The login that it came with.
    login: Option<AuthEntry>,
}

/// What a run that is cut off has to bring back.
#[derive(Default)]
struct Open {
    /// The lock.
    lock: RefCell<Option<(Engine, Lock)>>,
    /// The swap.
    begun: OnceCell<Begun>,
    /// In place of one, that of a service.
    rollout: OnceCell<Rollout>,
    /// Whether a change is under way.
    busy: Busy,
    /// Whether the new container has passed.
    passed: OnceCell<Passed>,
}

/// What is needed to go back.
struct Begun {
    deploy: DeploySettings,
    admitted: Admitted,
    values: Values,
    record: Record,
    lock: Lock,
}

/// Deploys.
pub async fn deploy(session: &Session, flags: &Flags, options: &DeployOptions) -> Ended {
    run(session, flags, "deploy", options, Choice::Asked(options.reference.clone())).await
}

/// Deploys what ran before; `options.reference` names one of what the host has kept.
pub async fn rollback(session: &Session, flags: &Flags, options: &DeployOptions) -> Ended {
    run(session, flags, "rollback", options, Choice::Kept(options.reference.clone())).await
}

async fn run(
    session: &Session,
    flags: &Flags,
    command: &str,
    options: &DeployOptions,
    choice: Choice,
) -> Ended {
    let open = Open::default();
    supervise_then(
        session,
        command,
        Late::ComesToNothing,
        async |report, slot| {
            let stages = stages(session, flags, options, choice, report, slot, &open);
            session.stage(Stage::Deploy, stages).await
        },
        async |keeper, result| settle(session, &open, keeper, result).await,
    )
    .await
}

/// The end of every deployment: one that was cut off in the middle is taken back, and the lock is let go of.
async fn settle(session: &Session, open: &Open, keeper: &Keeper, result: Result<()>) -> Result<()> {
    let result = match (result, open.begun.get(), open.rollout.get()) {
        (Err(error), _, Some(rollout)) if is_cut_off(&error) => Err(rollout.failed(error).await),
        (Err(error), Some(begun), None) if is_cut_off(&error) && begun.deploy.service.is_none() => {
            let swap = begun.swap(session, keeper, open);
            Err(swap.failed(error).await)
        }
        (result, ..) => result,
    };
    let Some((engine, lock)) = open.lock.take() else { return result };
    let released = lock.release(&engine).await;
    match (result, released) {
        (Err(error), Err(left)) => Err(error.hint(format!("the lock stayed: {left}"))),
        (Ok(()), Err(left)) => {
            session.events.warn(format!("the lock stayed, and the next run takes it over: {left}"));
            Ok(())
        }
        (result, Ok(())) => result,
    }
}

fn is_cut_off(error: &Error) -> bool {
    matches!(error.kind(), Kind::Interrupted | Kind::Terminated)
}

impl Begun {
    fn swap<'a>(&'a self, session: &'a Session, keeper: &'a Keeper, open: &'a Open) -> Swap<'a> {
        Swap {
            keeper,
            wanted: Wanted { deploy: &self.deploy, image: self.admitted.image(), values: &self.values },
            record: self.record.clone(),
            events: &session.events,
            lock: &self.lock,
            busy: open.busy.clone(),
            passed: &open.passed,
        }
    }
}

async fn stages(
    session: &Session,
    flags: &Flags,
    options: &DeployOptions,
    choice: Choice,
    report: &mut RunReport,
    slot: &OnceCell<Keeper>,
    open: &Open,
) -> Result<()> {
    let (settings, ci) = gather::settings_for_registries(session, flags, Some(gather::DEPLOYS)).await?;
    facts::policy(report, &settings);
    let deploy = chosen(&settings, &options.name)?;
    // What a swarm remembers of a service has its values.
    let remembered = deploy.service.is_some() && matches!(choice, Choice::Kept(None));
    let values = match remembered {
        true => Values::default(),
        false => deploy::values(&deploy, &session.environment, &settings.config_dir, |secret| {
            session.masker.add(secret);
        })?,
    };
    let engine = hosts::connect(session, options.host.as_deref()).await?;
    report.engine = Some(facts::engine(engine.info()));
    let owner = Owner::current(&session.run, lifetime(&deploy))?;
    let keeper = Keeper::begin(engine.clone(), owner.clone(), &session.journal_dir())?
        .withholding(&session.environment);
    let keeper = slot.get_or_init(|| keeper);

    let by = hosts::who(session, &ci);
    tell(session, &deploy.name, "lock");
    let names = Names::of(&deploy.container);
    let taking = Lock::take(&engine, &names, &owner, (&by, session.now), options.break_lock, &session.events);
    let lock = taking.await?;
    *open.lock.borrow_mut() = Some((engine.clone(), lock.clone()));

    let seen = match deploy.service {
        None => None,
        Some(_) => {
            engine.require_manager().await?;
            let seen = engine.find_service(&deploy.container).await?;
            deploy::may_replace(&deploy, seen.as_ref(), options.adopt, options.break_lock)?;
            seen
        }
    };
    let rollout = |deploy: &DeploySettings, auth: Option<AuthEntry>| {
        deploy_service::rollout(session, &engine, deploy, auth, open.busy.clone())
    };
    if remembered && let Some(rollout) = rollout(&deploy, None) {
        let rollout = open.rollout.get_or_init(|| rollout);
        return deploy_service::previous(session, rollout, seen.as_ref(), &by).await;
    }

    let (mut published, ran_before) = (None, matches!(choice, Choice::Kept(_)));
    let mut undoes = false;
    let found = match choice {
        Choice::Asked(reference) => {
            let reference = asked(&deploy, reference.as_deref())?;
            published = Some(reference.repository().clone());
            tell(session, &deploy.name, "pull");
            pull(session, &settings, &engine, &reference).await?
        }
        Choice::Kept(Some(wanted)) if deploy.service.is_some() => {
            let (reference, asked_for) = deploy_service::named(&deploy, seen.as_ref(), &wanted)?;
            tell(session, &deploy.name, "pull");
            let pulled = pull(session, &settings, &engine, &reference).await?;
            OnHost { reference: asked_for, ..pulled }
        }
        Choice::Kept(wanted) => {
            let before = kept(&engine, &deploy, wanted.as_deref()).await;
            let cut = match wanted {
                None => cut_off(&engine, &deploy.name, &names).await?,
                Some(_) => None,
            };
            match (cut, before) {
                // What ran before is what the swap that was cut off would have replaced.
                (Some(cut), before) if cut.moved || before.is_err() => {
                    undoes = true;
                    OnHost {
                        reference: cut.past.reference,
                        digest: cut.past.digest,
                        name: cut.image_id,
                        login: None,
                    }
                }
                (_, before) => {
                    let Kept { name, past, .. } = before?;
                    session.events.note(format!("{} ran before, and the host has kept it", past.reference));
                    OnHost { reference: past.reference, digest: past.digest, name, login: None }
                }
            }
        }
    };
    let (name, login) = (found.name, found.login);
    let image = engine.require_image(&name).await?;
    tell(session, &deploy.name, "check");
    // What the host has kept was judged when it came, and no registry may be there to be asked.
    let evidence = async |digest: &str| match (&published, digest.parse::<Digest>()) {
        (Some(place), Ok(digest)) => verify::require(session, &settings, place.at(&digest)).await,
        _ => Ok(()),
    };
    let admitted = deploy::admit(&deploy, image, found.reference, found.digest, ran_before, evidence).await?;
    report.image = Some(ImageFacts {
        id: admitted.image().id.parse().ok(),
        digest: admitted.digest().parse::<Digest>().ok(),
        ..ImageFacts::default()
    });
    let record = Record {
        name: deploy.name.clone(),
        reference: admitted.reference().to_owned(),
        digest: admitted.digest().to_owned(),
        run: session.run.clone(),
        by,
        at: session.now,
        spec: Wanted { deploy: &deploy, image: admitted.image(), values: &values }.record(),
        replaces: None,
        history: Vec::new(),
    };
    let rollout = rollout(&deploy, login);
    let begun = open.begun.get_or_init(|| Begun { deploy, admitted, values, record, lock });
    if let Some(rollout) = rollout {
        let rollout = open.rollout.get_or_init(|| rollout);
        let swap = begun.swap(session, keeper, open);
        return deploy_service::deploy(session, rollout, seen.as_ref(), &swap, (&name, &settings.config_dir))
            .await;
    }
    let swap = begun.swap(session, keeper, open);
    if undoes {
        return swap.bring_back().await;
    }
    swap_in(&swap, options.adopt, &settings.config_dir).await
}

/// The steps on the host: order after an earlier run, then what may fail without any harm, then the swap.
async fn swap_in(swap: &Swap<'_>, adopt: bool, folder: &Path) -> Result<()> {
    swap.may_restart().await?;
    swap.settle().await?;
    swap.may_replace(adopt).await?;
    run_before(swap, folder).await?;
    swap.preflight().await?;
    // All of this took its time.
    swap.lock.require(swap.keeper.engine(), "nothing was swapped").await?;
    swap.run().await
}

fn tell(session: &Session, name: &str, step: &str) {
    session.events.emit(Event::DeployStep {
        name: name.to_owned(),
        step: step.to_owned(),
        container: None,
        task: None,
        node: None,
        back: false,
    });
}

/// The settings of the deployment `name`.
pub(super) fn chosen(settings: &Settings, name: &str) -> Result<DeploySettings> {
    settings.deploys.get(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = settings.deploys.keys().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => "the configuration has none: add a table [deploy.NAME] to it".to_owned(),
            known => format!("there are: {}", known.join(", ")),
        };
        Error::new(Kind::Usage, format!("there is no deployment {name:?}")).hint(hint)
    })
}

/// What a command names, or what is configured: a reference with a tag or a digest.
fn asked(deploy: &DeploySettings, given: Option<&str>) -> Result<Reference> {
    let repository = deploy.image.repository();
    let wrong = |text: &str| {
        Error::new(
            Kind::Usage,
            format!("{text:?} is neither a reference nor a tag or digest of {repository}"),
        )
    };
    let reference = match given {
        None => deploy.image.clone(),
        Some(text) if text.parse::<Digest>().is_ok() => {
            repository.at(&text.parse().map_err(|_| wrong(text))?)
        }
        // A tag alone; the name of another repository has a slash.
        Some(text) if !text.contains(['/', '@', ':']) => {
            repository.tag(&text.parse::<Tag>().map_err(|cause| wrong(text).because(cause))?)
        }
        Some(text) => text.parse().map_err(|cause| wrong(text).because(cause))?,
    };
    Ok(reference.or_latest())
}

/// Gets what `reference` resolves to onto the host. A registry that cannot be reached
/// fails the deployment: nothing was done yet.
async fn pull(
    session: &Session,
    settings: &Settings,
    engine: &Engine,
    reference: &Reference,
) -> Result<OnHost> {
    let place = reference.repository();
    let failed = |error: Error| {
        let hints = error.hints().to_vec();
        let told = Error::new(Kind::Deploy, format!("cannot get {reference}: {error}"));
        hints.into_iter().fold(told, Error::hint)
    };
    let registries = Registries::new(session, settings, registries::store(session)?, Some(engine.info()));
    let registry = registries.open(session, place)?;
    let digest = match reference.digest() {
        Some(digest) => digest
            .parse::<Digest>()
            .map_err(|cause| Error::new(Kind::Usage, format!("cannot deploy {reference}")).because(cause))?,
        None => {
            let tag = reference.tag().map_or("latest", Tag::as_str);
            let head = registry.head(place.path(), tag).await.map_err(failed)?;
            head.ok_or_else(|| {
                Error::new(Kind::Deploy, format!("there is no {reference}"))
                    .hint(format!("`imgbuild tags {place}` lists what is there"))
            })?
        }
    };
    let login = registry.login().await.map_err(failed)?.as_ref().map(auth_entry);
    let pulled = engine.pull_digest(place, &digest, login.as_ref(), IDLE, &session.events);
    pulled.await.map_err(failed)?;
    Ok(OnHost {
        reference: reference.to_string(),
        digest: digest.to_string(),
        name: format!("{}@{digest}", place.familiar()),
        login,
    })
}

/// The image to go back to.
async fn kept(engine: &Engine, deploy: &DeploySettings, wanted: Option<&str>) -> Result<Kept> {
    let (current, all) = on_host(engine, &deploy.name, &deploy.container).await?;
    let found = all.into_iter().find(|kept| match wanted {
        None => kept.past.digest != current,
        Some(wanted) => kept.past.is_called(wanted),
    });
    found.ok_or_else(|| {
        let what =
            wanted.map_or_else(|| "no image of before".to_owned(), |wanted| format!("no image {wanted}"));
        Error::new(Kind::Refused, format!("the host has kept {what} of {}", deploy.name))
            .hint(format!("`imgbuild rollback {} --list` says what there is", deploy.name))
    })
}

/// The digest of what runs, and what the host has kept of the deployment, the last first. Read of whichever container of it
/// is there: in the middle of a swap that was cut off it has another name.
pub(super) async fn on_host(engine: &Engine, name: &str, container: &str) -> Result<(String, Vec<Kept>)> {
    let mut ours = deployments(engine).await?;
    let names = Names::of(container);
    let rank = |found: &deploy::Deployed| {
        let all = [deploy::Name::Current, deploy::Name::Previous, deploy::Name::Next];
        all.into_iter().position(|name| names.get(name) == found.container).unwrap_or(usize::MAX)
    };
    ours.retain(|found| found.record.name == name && rank(found) != usize::MAX);
    ours.sort_by_key(rank);
    let Some(first) = ours.first() else {
        return Err(Error::new(Kind::Refused, format!("the host has no container of the deployment {name}"))
            .hint("`imgbuild deployments` lists those that it has"));
    };
    Ok((first.record.digest.clone(), deploy::kept(engine, container, &first.record).await?))
}

/// How long the run may take.
fn lifetime(deploy: &DeploySettings) -> Duration {
    let tasks = deploy.service.map_or(1, |like| like.replicas.div_ceil(like.parallelism));
    let http: Duration = deploy.http.iter().map(|http| http.within).sum();
    let gates = deploy.ready.within.saturating_add(http).saturating_mul(tasks.saturating_mul(5));
    let before: Duration = deploy.before.iter().map(|command| command.within).sum();
    let stops = deploy.grace.saturating_mul(3).saturating_add(deploy.watch).saturating_mul(tasks);
    gates.saturating_add(before).saturating_add(stops).saturating_add(MOST)
}
