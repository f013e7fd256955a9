//! The practices in a run that builds: judged before the build, and once more when there is an image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::judging::{self, Judging, TextFile};
use super::prepare::Prepared;
use super::session::Session;
use super::supervise::missing;
use crate::error::Result;
use crate::event::Event;
use crate::image::Digest;
use crate::plan::Command;
use crate::report::RunReport;
use crate::rules::{Check, Fact, Finding, FindingRecord, Item, Judgement, Level, scorecard};

/// What was judged so far, and what was told of it.
#[derive(Debug)]
pub(super) struct Practices {
    judging: Judging,
    /// Findings stop `ci`; `build` tells them.
    stops: bool,
    told: BTreeSet<String>,
}

/// Judges the Dockerfile, its bases and the context.
pub(super) async fn before_build(
    session: &Session,
    prepared: &Prepared,
    report: &mut RunReport,
) -> Result<Practices> {
    let source = &prepared.source;
    let mut judging = Judging::new(session, &prepared.settings, &prepared.ci, Some(source))?;
    judging.use_configured_baseline(session, &prepared.settings, Some(source), &source.root)?;
    let path = prepared.located.context.join(&prepared.located.dockerfile);
    let root = source.root.canonicalize().unwrap_or_else(|_| source.root.clone());
    let shown = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
    let files =
        vec![TextFile { path: shown, bytes: Arc::clone(&prepared.dockerfile_bytes), file: Some(path) }];
    if !judging.use_shellcheck(session) {
        session
            .events
            .note("shellcheck is not on PATH: the shell of RUN is judged by imgbuild's own rules alone");
    }
    judging.ask_registries(session, &prepared.registries, &files).await;
    judging.files(session, files).await?;
    let (settings, listing) = (&prepared.settings, &prepared.listing);
    let source = Fact::Known(Arc::clone(source));
    judging.context(session, settings, &prepared.located, listing, &source).await?;
    judging.without_image("the image is judged once it is built");
    let mut practices =
        Practices { judging, stops: prepared.plan.command == Command::Ci, told: BTreeSet::new() };
    practices.conclude(session, report, &judging::before_a_run(), true)?;
    Ok(practices)
}

impl Practices {
    /// Judges the image that was built, before it is run.
    pub(super) async fn after_build(
        &mut self,
        session: &Session,
        prepared: &Prepared,
        image: &Digest,
        report: &mut RunReport,
    ) -> Result<()> {
        let engine = prepared.engine.as_ref().ok_or_else(|| missing("the engine"))?;
        // A base whose digest is not known was not read.
        let base = prepared.base.as_ref().filter(|base| base.digest.is_some());
        let base_labels = base.map(|base| Fact::Known(base.labels.clone()));
        let name = prepared.plan.repository.familiar();
        self.judging.image(engine, image.as_str(), &name, base_labels).await?;
        self.conclude(session, report, &judging::before_a_run(), false)
    }

    /// The scorecard of a run that came to its end: what it did itself counts with what the rules say.
    pub(super) fn finish(&self, report: &mut RunReport, tests: usize) {
        let held = report.not_pushed_because.as_ref().map(|why| format!("nothing was pushed: {why}"));
        let pushed = |how: &str| held.clone().map_or(Ok(how.to_owned()), Err);
        let proven = BTreeMap::from([
            (Item::Tags, pushed("the unique tag and the versions were read back")),
            (Item::Latest, pushed("moving tags only move forward")),
            (Item::Tests, Ok(format!("{tests} passed on a running container"))),
            (
                Item::Automated,
                match self.stops {
                    true => Ok("built by `imgbuild ci`".to_owned()),
                    false => Err("a development build, marked as one".to_owned()),
                },
            ),
        ]);
        record(report, &self.judging.settle(), &proven);
    }

    /// Tells what is new, and fails where it stops the run. `awaits_image` says that rules on images come later.
    fn conclude(
        &mut self,
        session: &Session,
        report: &mut RunReport,
        proven: &BTreeMap<Item, std::result::Result<String, String>>,
        awaits_image: bool,
    ) -> Result<()> {
        let awaited = |check: &Check| awaits_image && matches!(check, Check::Image(_));
        let judgement =
            if self.stops { self.judging.settle_strictly(awaited) } else { self.judging.settle() };
        for finding in judgement.standing().filter(|finding| finding.level > Level::Info) {
            if self.told.insert(finding.fingerprint.clone()) {
                session.events.emit(event(finding));
            }
        }
        record(report, &judgement, proven);
        match judging::failure(&judgement).filter(|_| self.stops) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

fn record(
    report: &mut RunReport,
    judgement: &Judgement,
    proven: &BTreeMap<Item, std::result::Result<String, String>>,
) {
    report.findings = judgement.findings.iter().map(FindingRecord::from).collect();
    report.scorecard = scorecard(judgement, proven);
    let skipped = judgement.skipped.iter();
    report.rules_skipped = skipped.map(|(rule, why)| (rule.code.to_owned(), why.clone())).collect();
}

fn event(finding: &Finding) -> Event {
    let place = match finding.place.line {
        0 => finding.place.path.clone(),
        line => format!("{}:{line}", finding.place.path),
    };
    Event::Finding {
        rule: finding.rule.code.to_owned(),
        name: finding.rule.name.to_owned(),
        level: finding.level.to_string(),
        place,
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    }
}
