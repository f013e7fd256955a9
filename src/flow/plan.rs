//! `imgbuild plan` and `imgbuild config`: what a run would do, and by which settings.

use super::gather;
use super::policy::Base;
use super::prepare::{Need, prepare};
use super::session::Session;
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::plan::Command;
use crate::report::RunReport;
use crate::report::ci::Outputs;

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
    let command = match run {
        Run::Ci => Command::Ci,
        Run::Build => Command::Build,
    };
    let mut report = RunReport::new("plan", &session.run, String::new());
    let plan = prepare(session, command, Need::Nothing, flags, &mut report).await?.plan;
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
