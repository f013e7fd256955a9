//! Which probes are made, and in what order: what does not disturb each other shares a container, the others run side by
//! side.

use futures_util::future::try_join5;
use tokio::sync::watch;

use super::rig::Rig;
use super::{ProbePlan, frozen, kind, offline, shared, variants};
use crate::engine::{Image, Keeper};
use crate::error::Result;
use crate::event::Events;
use crate::expect::{ImageKind, ProbeSet};
use crate::rules::Fact;
use crate::rules::facts::{KindSeen, RuntimeFacts};
use crate::smoke::look::Still;
use crate::smoke::scene::{Bench, Watcher};

/// Makes the probes of `plan` on `image`. What could not be looked at is missing in the facts, with the reason; an error
/// is a fault of the engine's.
pub(in crate::smoke) async fn run(
    keeper: &Keeper,
    watcher: &Watcher,
    image: &Image,
    still: &Still,
    plan: &ProbePlan,
    events: &Events,
) -> Result<RuntimeFacts> {
    let known = kind::by_configuration(image, plan);
    let unknown = |why: &str| {
        let mut facts = RuntimeFacts::unknown(&plan.reference, why);
        if let Some(kind) = &known {
            facts.kind = Fact::Known(kind.clone());
        }
        facts
    };
    if plan.set == ProbeSet::Off {
        return Ok(unknown("probes are switched off"));
    }
    if known.as_ref().is_some_and(|seen| seen.kind == ImageKind::Base) {
        return Ok(unknown("a base image is not run"));
    }
    let Some(test) = &plan.like else {
        return Ok(unknown("no test starts a container"));
    };
    if test.container.network.as_deref() == Some("host") {
        // All containers would want the same ports, and answer for each other.
        return Ok(unknown("its test shares the network of the host"));
    }
    let bench = Bench::new(keeper, watcher, events, image, still, test);
    let facts = match Rig::set(&bench, plan).await? {
        Fact::Known(rig) => probe(&rig, unknown("the probe was not made"), known.clone()).await,
        Fact::Missing(why) => Ok(unknown(&why)),
    };
    bench.clear().await;
    facts
}

async fn probe(rig: &Rig<'_>, mut facts: RuntimeFacts, known: Option<KindSeen>) -> Result<RuntimeFacts> {
    let plan = rig.plan;
    let full = plan.set == ProbeSet::Full;
    let (up, came) = watch::channel(None);
    // What only a service has.
    let is_job = known.as_ref().is_some_and(|seen| seen.kind == ImageKind::Job);
    let shared = async {
        let mut facts = facts.clone();
        let observed = shared::observe(rig, &mut facts, full, &up).await;
        // Nobody waits for a start that was never seen.
        up.send_if_modified(|up| up.is_none() && up.replace(None).is_none());
        observed.map(|()| facts)
    };
    let quick = "left out by --probes quick";
    let frozen = async {
        match full {
            true if is_job => none("a job has no service to freeze"),
            true => frozen::observe(rig, came.clone()).await,
            false => none(quick),
        }
    };
    let offline = async { if full { offline::observe(rig, came.clone()).await } else { none(quick) } };
    let read_only = async {
        match plan.read_only {
            true if full => variants::read_only(rig, came.clone()).await,
            true => none(quick),
            false => none("nobody says that the image works with a read-only root"),
        }
    };
    let hardened = async {
        match plan.hardened {
            true => variants::hardened(rig, came.clone()).await,
            false => none("the hardened profile was not asked for"),
        }
    };
    let (seen, frozen, offline, read_only, hardened) = match plan.disturbs() {
        false => try_join5(shared, frozen, offline, read_only, hardened).await?,
        true => (shared.await?, frozen.await?, offline.await?, read_only.await?, hardened.await?),
    };
    facts = seen;
    (facts.frozen, facts.offline, facts.read_only, facts.hardened) = (frozen, offline, read_only, hardened);
    if !full {
        facts.stop = Fact::Missing(quick.to_owned());
        facts.restart = Fact::Missing(quick.to_owned());
    }
    let by_start = facts.start.as_ref().ok().map(|start| kind::by_start(rig.image(), start));
    if let Some(seen) = known.or(by_start) {
        facts.kind = Fact::Known(seen);
    }
    Ok(facts)
}

fn none<T>(why: &str) -> Result<Fact<T>> {
    Ok(Fact::Missing(why.to_owned()))
}
