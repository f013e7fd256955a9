//! The practices in a run: judged before the build, once more when there is an image, and when it was run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::gather;
use super::inventory::judge_layers;
use super::judging::{self, Judging, TextFile};
use super::prepare::Prepared;
use super::session::Session;
use super::site::Site;
use super::supervise::missing;
use crate::config::Settings;
use crate::engine::BuildWarning;
use crate::error::Result;
use crate::event::{Event, Outcome};
use crate::image::Digest;
use crate::inventory::Inventory;
use crate::plan::Command;
use crate::report::RunReport;
use crate::report::findings::Judged;
use crate::rules::{
    Check, Fact, Finding, FindingRecord, Item, Judgement, Level, Score, Shown, scorecard, sightings,
};
use crate::smoke::{Subject, Verification};

/// What was judged so far, and what was told of it.
#[derive(Debug)]
pub(super) struct Practices {
    judging: Judging,
    /// How findings name the Dockerfile; empty where none is judged.
    dockerfile: String,
    /// Findings stop `ci` and `test`; `build` tells them.
    stops: bool,
    /// An earlier run built the image, and heard the builder.
    adopts: bool,
    told: BTreeSet<String>,
    /// What the image holds, where its layers were read.
    inventory: Option<Arc<Inventory>>,
    /// What the run did itself, or saw, beyond the rules.
    proven: Proven,
}

type Proven = BTreeMap<Item, Shown>;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    BeforeBuild,
    Built,
    Run,
}

impl Moment {
    /// Whether what a rule judges by comes later.
    fn awaits(self, check: &Check) -> bool {
        match check {
            Check::Image(_) | Check::Layers(_) | Check::Builder => self < Moment::Built,
            Check::Running(_) => self < Moment::Run,
            _ => false,
        }
    }
}

/// Judges the Dockerfile, its bases and the context.
pub(super) async fn before_build(
    session: &Session,
    prepared: &Prepared,
    report: &mut RunReport,
) -> Result<Practices> {
    let source = &prepared.source;
    let mut judging = Judging::new(session, &prepared.settings, &prepared.ci, Some(source))?;
    // Who names none builds for the engine's.
    let own = || prepared.engine.as_ref().map(|engine| engine.info().platform());
    judging.expectations.platform = judging.expectations.platform.take().or_else(own);
    judging.use_configured_baseline(
        session,
        &prepared.settings,
        Some(source),
        &source.root,
        &Site::Folder,
    )?;
    let path = prepared.located.context.join(&prepared.located.dockerfile);
    // As `check` names it, whose waivers and baseline hold here.
    let shown = judging::shown(session, &path);
    let files = vec![TextFile {
        path: shown.clone(),
        bytes: Arc::clone(&prepared.dockerfile_bytes),
        file: Some(path),
    }];
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
    judging.without_builder("the builder's own checks are made while it builds");
    judging.without_running("containers of the image are judged once it is run");
    let mut practices = Practices {
        judging,
        dockerfile: shown,
        stops: prepared.plan.command == Command::Ci,
        adopts: prepared.plan.adopts.is_some(),
        told: BTreeSet::new(),
        inventory: None,
        proven: judging::before_a_run(),
    };
    practices.conclude(session, report, Moment::BeforeBuild)?;
    Ok(practices)
}

/// The practices of running containers alone, for an image that somebody else built.
pub(super) fn of_running(session: &Session, settings: &Settings) -> Result<Practices> {
    let ci = gather::ci_context(session);
    let mut judging = Judging::new(session, settings, &ci, None)?;
    // A baseline of the base branch is not to be had without a repository.
    if settings.checks.baseline.as_ref().is_some_and(|baseline| baseline.value.revision.is_none()) {
        let root = gather::root_of(&session.directory);
        judging.use_configured_baseline(session, settings, None, root, &Site::Folder)?;
    }
    judging.running_alone();
    Ok(Practices {
        judging,
        dockerfile: String::new(),
        stops: true,
        adopts: false,
        told: BTreeSet::new(),
        inventory: None,
        proven: Proven::new(),
    })
}

impl Practices {
    /// Takes what the builder said of the Dockerfile, or why it said nothing; it counts with what is judged next.
    pub(super) fn hear_builder(&mut self, said: Fact<Vec<BuildWarning>>) {
        self.judging.builder(&self.dockerfile, said);
    }

    /// Tells what the builder said before it failed, for which the run ends.
    pub(super) fn after_failed_build(&mut self, session: &Session, report: &mut RunReport) {
        // It was not stopped by a finding before, and its failure is the build's now.
        let _ = self.conclude(session, report, Moment::BeforeBuild);
    }

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
        if self.stops {
            let (settings, judging) = (&prepared.settings, &mut self.judging);
            let judged = judge_layers(session, settings, engine, image.as_str(), &name, judging);
            self.inventory = Box::pin(judged).await?;
        } else {
            self.judging
                .layers(&name, Fact::Missing("`imgbuild ci` reads the layers of the image".to_owned()));
        }
        self.conclude(session, report, Moment::Built)
    }

    /// What the image holds, where a rule had it read.
    pub(super) fn inventory(&self) -> Option<Arc<Inventory>> {
        self.inventory.clone()
    }

    /// Judges what running containers of the image showed, before it is published.
    pub(super) fn after_run(
        &mut self,
        session: &Session,
        subject: &Subject,
        verification: &Verification,
        report: &mut RunReport,
    ) -> Result<()> {
        let (tests, seen) = (verification.tests(), verification.seen());
        self.judging.running(seen, &subject.probes);
        self.proven.extend(sightings(seen).into_iter().map(|(item, line)| (item, Shown::Kept(line))));
        let failed = tests.iter().filter(|test| test.outcome != Outcome::Ok).count();
        let told = match failed {
            0 => Shown::Kept(format!("{} passed on a running container", tests.len())),
            _ => Shown::Broken(format!("{failed} of {} tests failed", tests.len())),
        };
        self.proven.insert(Item::Tests, told);
        self.conclude(session, report, Moment::Run)
    }

    /// The scorecard of a run that came to its end: what it did itself counts with what the rules say.
    pub(super) fn finish(&mut self, report: &mut RunReport) {
        let held = report.not_pushed_because.as_ref().map(|why| format!("nothing was pushed: {why}"));
        let pushed = |how: &str| held.clone().map_or(Shown::Kept(how.to_owned()), Shown::Open);
        self.proven.extend([
            (Item::Tags, pushed("the unique tag and the versions were read back")),
            (Item::Latest, pushed("moving tags only move forward")),
            (
                Item::Automated,
                match self.stops {
                    true => Shown::Kept("built by `imgbuild ci`".to_owned()),
                    false => Shown::Open("a development build, marked as one".to_owned()),
                },
            ),
        ]);
        self.record(report, self.judging.settle());
    }

    /// Tells what is new, and fails where it stops the run.
    fn conclude(&mut self, session: &Session, report: &mut RunReport, moment: Moment) -> Result<()> {
        let judgement = if self.stops {
            let heard = |check: &Check| self.adopts && matches!(check, Check::Builder);
            self.judging.settle_strictly(|check| moment.awaits(check) || heard(check))
        } else {
            self.judging.settle()
        };
        for finding in judgement.standing().filter(|finding| finding.level > Level::Info) {
            if self.told.insert(finding.fingerprint.clone()) {
                session.events.emit(event(finding));
            }
        }
        let failure = judging::failure(&judgement).filter(|_| self.stops);
        self.record(report, judgement);
        failure.map_or(Ok(()), Err)
    }

    fn record(&self, report: &mut RunReport, judgement: Judgement) {
        let scores = scorecard(&judgement, &self.proven);
        record(report, Judged { judgement, texts: self.judging.texts.clone() }, scores);
    }
}

/// Puts what was judged into the report.
pub(super) fn record(report: &mut RunReport, judged: Judged, scorecard: Vec<Score>) {
    let judgement = &judged.judgement;
    report.findings = judgement.findings.iter().map(FindingRecord::from).collect();
    report.scorecard = scorecard;
    let skipped = judgement.skipped.iter();
    report.rules_skipped = skipped.map(|(rule, why)| (rule.code.to_owned(), why.clone())).collect();
    report.judged = Some(judged);
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
