//! `imgbuild plan` and `imgbuild config`: what a run would do, and by which settings.

use super::gather;
use super::policy::Base;
use super::prepare::{Need, prepare};
use super::session::Session;
use super::supervise::{Ended, supervise};
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::plan::Command;
use crate::report::RunReport;
use crate::report::ci::Outputs;

/// The command, as reports name it.
const NAME: &str = "plan";

/// Which run is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// `imgbuild ci`.
    Ci,
    /// `imgbuild build`.
    Build,
}

/// A plan, ready to be printed.
#[derive(Debug)]
pub struct Planned {
    /// For people; values in it may be hostile.
    pub text: String,
    /// For programs.
    pub json: String,
    /// For later steps of a pipeline.
    pub outputs: Outputs,
}

/// Plans the run and makes nothing. The registry is asked as a run would ask it; an engine is not needed.
pub async fn plan(session: &Session, run: Run, flags: &Flags) -> Result<Planned> {
    foresee(session, run, flags, &mut RunReport::new(NAME, &session.run, String::new())).await
}

/// The same as a run with a report, `flags` that could not be had included: a signal ends it, and why the run would be refused
/// is told in there, too.
pub async fn plan_reported(session: &Session, run: Run, flags: Result<Flags>) -> (Ended, Option<Planned>) {
    let mut planned = None;
    let ended = supervise(session, NAME, async |report, _| {
        planned = Some(foresee(session, run, &flags?, report).await?);
        Ok(())
    })
    .await;
    (ended, planned)
}

async fn foresee(session: &Session, run: Run, flags: &Flags, report: &mut RunReport) -> Result<Planned> {
    let command = match run {
        Run::Ci => Command::Ci,
        Run::Build => Command::Build,
    };
    let plan = prepare(session, command, Need::Nothing, flags, report).await?.plan;
    let json = serde_json::to_string_pretty(&plan)
        .map_err(|cause| Error::new(Kind::Internal, "cannot serialise the plan").because(cause))?;
    let references = plan.tags.iter().map(|tag| plan.reference(tag).to_string()).collect();
    let mut labels = plan.labels.clone();
    labels.values_mut().for_each(|value| *value = session.masker.text(std::mem::take(value)));
    let outputs = Outputs::new(&plan.repository.to_string(), None, references, labels);
    Ok(Planned { text: plan.to_string(), json, outputs })
}

/// The settings in force. They can be looked at where there is no repository yet.
pub async fn settings(session: &Session, flags: &Flags) -> Result<Settings> {
    let ci = gather::ci_context(session);
    let source = gather::source(session, &ci).await;
    let root = source.as_ref().map_or(&session.directory, |source| &source.root);
    gather::settings(session, flags, &ci, Base::from(&source), root).await
}
