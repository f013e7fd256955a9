//! The build: which builder does it, and what that one is told.

use std::sync::Arc;

use super::builder::{self, Chosen};
use super::prepare::Prepared;
use super::session::Session;
use super::{by_hand, caches};
use crate::config::{Handed, Sourced};
use crate::context;
use crate::dockerfile;
use crate::engine::{
    BuildKit, BuildKitRequest, BuildObserver, BuildRequest, BuildWarning, BuiltImage, Journal, Keeper, Origin,
};
use crate::error::{Kind, Result};
use crate::rules::Fact;

/// Builds the image of the plan. `said` gets what the builder said of the Dockerfile, also where the build failed.
pub(super) async fn build(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    said: &mut Fact<Vec<BuildWarning>>,
) -> Result<BuiltImage> {
    *said = Fact::Missing("the build did not begin".to_owned());
    let mut chosen = builder::choose(session, prepared, keeper.engine()).await?;
    let built = match &mut chosen {
        Chosen::BuildKit(builder) => {
            let request = for_buildkit(session, prepared, builder, keeper)?;
            let listing = Arc::clone(&prepared.listing);
            let has_checks = builder.has_checks() || prepared.dockerfile.directives.syntax.is_some();
            let mut heard = Heard {
                keeper,
                journal: keeper.journal(),
                lands: request.landing.is_some(),
                warnings: Vec::new(),
            };
            let build = builder.build(&request, listing, &session.stop, &mut heard, &session.events);
            let built = keeper.build(build).await;
            *said = if !heard.warnings.is_empty() || (has_checks && builder.has_told()) {
                Fact::Known(heard.warnings)
            } else if has_checks {
                Fact::Missing(format!("{} did not tell of the build", builder.name()))
            } else {
                Fact::Missing(format!("{} has no checks of its own", builder.name()))
            };
            built
        }
        Chosen::Classic => {
            // A build that fails leaves its finished steps as cache for the next try.
            keeper.leaves_images(true);
            *said = Fact::Missing("the classic builder has no checks of its own".to_owned());
            classic(session, prepared, keeper).await
        }
    };
    built.map_err(|error| match error.kind() {
        Kind::Build => error.hint(by_hand::build(session, prepared, &chosen)),
        _ => error,
    })
}

/// Notes what is made, and keeps what is said.
struct Heard<'a> {
    keeper: &'a Keeper,
    journal: &'a Journal,
    /// The image is brought to the engine under a name of the run's, and goes with that.
    lands: bool,
    warnings: Vec<BuildWarning>,
}

impl BuildObserver for Heard<'_> {
    fn on_image(&mut self, id: &str, origin: Origin) -> Result<()> {
        // It stays where the run fails later, to be looked at; the journal says so.
        if origin != Origin::Found && !self.lands {
            self.keeper.leaves_images(true);
        }
        self.journal.on_image(id, origin)
    }

    fn on_step(&mut self, instruction: &str) -> Result<()> {
        self.journal.on_step(instruction)
    }

    fn on_container(&mut self, id: &str) -> Result<()> {
        self.journal.on_container(id)
    }

    fn on_warning(&mut self, warning: BuildWarning) {
        self.warnings.push(warning);
    }
}

async fn classic(session: &Session, prepared: &Prepared, keeper: &Keeper) -> Result<BuiltImage> {
    let network = match &prepared.settings.network {
        Some(network) => network.value.clone(),
        None => keeper.network().await?.to_owned(),
    };
    let gzip = keeper.engine().info().remote;
    let lines = Arc::clone(&prepared.dockerfile);
    let request = BuildRequest {
        network: Some(network),
        gzip,
        step_line: Box::new(move |step| match step.stage {
            None => dockerfile::step_line(&lines, step.index),
            Some(stage) => dockerfile::numbered_stage_line(&lines, stage, step.index, step.instruction),
        }),
        ..request(prepared)
    };
    let (listing, created) = (Arc::clone(&prepared.listing), prepared.plan.created);
    let stop = session.stop.clone();
    let stream = move |sink: &mut dyn std::io::Write| {
        let write =
            |sink: &mut dyn std::io::Write| context::write_tar(&listing, created, sink, &stop, &mut |_| {});
        // Over a Unix socket, compressing takes ten times as long as sending.
        if gzip { context::gzip(sink, write) } else { write(sink) }
    };
    let mut journal = keeper.journal();
    let build = keeper.engine().build(&request, stream, &mut journal, &session.events);
    keeper.build(build).await
}

fn for_buildkit(
    session: &Session,
    prepared: &Prepared,
    builder: &BuildKit,
    keeper: &Keeper,
) -> Result<BuildKitRequest> {
    let settings = &prepared.settings.builder;
    let lines = Arc::clone(&prepared.dockerfile);
    let filled = builder::caches_to_fill(prepared);
    if filled.is_empty() && !settings.cache_to.is_empty() {
        session.events.note("no cache is filled: only a run that pushes does, and none of a pull request");
    }
    let withheld = builder::withheld(prepared);
    if let Some(why) = withheld.filter(|_| !settings.entitlements.is_empty()) {
        session.events.note(format!("no entitlement is given: {why}"));
    }
    if let Some(why) = withheld.filter(|_| !settings.secrets.is_empty() || !settings.agents.is_empty()) {
        session.events.note(format!("no secret and no ssh agent is handed over: {why}"));
    }
    if withheld.is_some() {
        builder::no_login_in_contexts(settings)?;
    }
    let handed = |list: &[Sourced<Handed>]| if withheld.is_some() { Vec::new() } else { list.to_vec() };
    let build = request(prepared);
    // A builder elsewhere would take its own platform.
    let info = keeper.engine().info();
    let own = || Some(info.platform()).filter(|_| builder.is_elsewhere());
    // An engine's own exporter unpacks what it exports, and refuses to rewrite it on the way.
    let lands = builder.is_elsewhere() || settings.rewrite_timestamp.value;
    Ok(BuildKitRequest {
        build: BuildRequest {
            network: prepared.settings.network.as_ref().map(|network| network.value.clone()),
            platform: build.platform.clone().or_else(own),
            ..build
        },
        name: None,
        landing: if lands { Some(keeper.landing()?) } else { None },
        source_date_epoch: prepared.plan.source_date_epoch,
        rewrite_timestamp: settings.rewrite_timestamp.value,
        entitlements: match withheld {
            None => settings.entitlements.iter().map(|one| one.value.clone()).collect(),
            Some(_) => Vec::new(),
        },
        shared_key: builder::shared_key(prepared),
        times: builder::times(settings.mtime.value),
        secrets: builder::secrets(session, &handed(&settings.secrets))?,
        agents: builder::agents(session, &handed(&settings.agents))?,
        contexts: settings.contexts.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
        cache_from: caches::to_begin_with(session, &settings.cache_from, withheld),
        cache_to: caches::to_fill(session, &filled)?,
        stage_line: Box::new(move |stage, index, total, instruction| {
            dockerfile::stage_step_line(&lines, stage, index, total, instruction)
        }),
    })
}

/// What every builder is told.
fn request(prepared: &Prepared) -> BuildRequest {
    let (plan, settings) = (&prepared.plan, &prepared.settings);
    BuildRequest {
        dockerfile: plan.dockerfile.clone(),
        args: plan.args.clone(),
        labels: plan.labels.clone(),
        target: plan.target.clone(),
        platform: plan.platform.clone(),
        pull: settings.pull.value,
        no_cache: settings.no_cache.value,
        registry_auth: prepared.base_logins.clone(),
        idle_timeout: settings.idle_timeout.value,
        total_timeout: settings.timeout.value,
        ..BuildRequest::default()
    }
}
