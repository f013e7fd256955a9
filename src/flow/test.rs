//! `imgbuild test IMAGE`: the configured tests on any image, and the practices of its running containers.

use std::cell::OnceCell;

use super::session::Session;
use super::supervise::{Ended, supervise};
use super::{facts, gather, practices, services, verification};
use crate::config::Flags;
use crate::engine::{Engine, Image, Keeper, Owner};
use crate::error::{Error, Kind, Result};
use crate::event::Stage;
use crate::expect::ProbeSet;
use crate::image::{Digest, Reference};
use crate::report::RunReport;
use crate::report::run_report::ImageFacts;
use crate::smoke;

/// Runs the tests of `imgbuild.toml` on `name`, which the engine has or can pull.
pub async fn test(session: &Session, flags: &Flags, name: &str) -> Ended {
    supervise(session, "test", async |report, slot| stages(session, flags, name, report, slot).await).await
}

async fn stages(
    session: &Session,
    flags: &Flags,
    name: &str,
    report: &mut RunReport,
    slot: &OnceCell<Keeper>,
) -> Result<()> {
    let (settings, ci) = gather::settings_without_source(session, flags).await?;
    facts::policy(report, &settings);
    let mut practices = practices::of_running(session, &settings)?;
    let foreign = verification::runs_foreign_code(&ci, None);
    let (settings, tests) = verification::tests(session, settings, foreign).await?;
    let engine = gather::connect(session).await?;
    report.engine = Some(facts::engine(engine.info()));
    let image = get(session, &engine, name).await?;
    report.image = Some(ImageFacts { id: image.id.parse::<Digest>().ok(), ..ImageFacts::default() });

    let owner = Owner::current(&session.run, verification::lifetime(&tests).saturating_mul(2))?;
    let keeper = Keeper::begin(engine, owner, &session.journal_dir())?.withholding(&session.environment);
    let keeper = slot.get_or_init(|| keeper);
    session
        .stage(Stage::Smoke, async {
            let subject = verification::subject(&settings, tests, &image, name, ProbeSet::Full, true)?;
            services::fetch(session, keeper, &subject.tests).await?;
            let verification = smoke::put(keeper, &image, &subject, &session.events).await?;
            let judged = practices.after_run(session, &subject, &verification, report);
            smoke::judge(verification.tests())?;
            judged
        })
        .await
}

/// The image, pulled where the engine does not have it.
async fn get(session: &Session, engine: &Engine, name: &str) -> Result<Image> {
    // An id is a name for the engine only.
    let is_id = name.parse::<Digest>().is_ok() || format!("sha256:{name}").parse::<Digest>().is_ok();
    let reference = match name.parse::<Reference>() {
        Ok(reference) => Some(reference.or_latest()),
        Err(_) if is_id => None,
        Err(cause) => {
            return Err(Error::new(Kind::Usage, format!("{name:?} is no name of an image")).because(cause));
        }
    };
    if let Some(image) = engine.inspect_image(name).await? {
        return Ok(image);
    }
    let Some(reference) = reference else {
        return Err(Error::new(Kind::Usage, format!("the engine has no image {name}")));
    };
    services::pull(session, engine, &reference).await?;
    engine.require_image(name).await
}
