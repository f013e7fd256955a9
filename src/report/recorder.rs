//! Keeps what the run report takes from the events: timings, tests, tags, warnings, the tail of a failed step.

use std::collections::BTreeMap;

use super::build_steps::BuildSteps;
use super::run_report::{
    BuildFacts, ContextFacts, DeployFacts, Ended, EvidenceFacts, RunReport, StageTiming, TagFacts, TagState,
    TestFacts,
};
use super::tail::Tail;
use super::{Masker, findings};
use crate::event::{Event, Outcome, Stage, Stamped};
use crate::image::Digest;

/// Notes and warnings that are kept of each; more are a flood, not information.
const MOST_REMARKS: usize = 1000;

/// Consumes events; the memory it takes does not grow with the output of builds and containers.
#[derive(Debug, Default)]
pub struct Recorder {
    recording: Recording,
    running: BTreeMap<Stage, u64>,
    /// When tests began that have not ended.
    testing: BTreeMap<String, u64>,
    steps: BuildSteps,
    logs: BTreeMap<String, Tail>,
    last_ms: u64,
}

/// What was recorded.
#[derive(Debug, Default)]
pub struct Recording {
    masker: Masker,
    context: Option<ContextFacts>,
    build: Option<BuildFacts>,
    image: Option<Digest>,
    tests: Vec<TestFacts>,
    tags: Vec<TagFacts>,
    evidence: Vec<EvidenceFacts>,
    deploy: Option<DeployFacts>,
    timings: Vec<StageTiming>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

impl Recorder {
    /// A recorder whose recording masks the whole report with `masker` in the end.
    pub fn new(masker: Masker) -> Self {
        Recorder { recording: Recording { masker, ..Recording::default() }, ..Recorder::default() }
    }

    /// Takes what the report needs from an event.
    pub fn record(&mut self, stamped: &Stamped) {
        self.last_ms = self.last_ms.max(stamped.at_ms);
        self.steps.take(&stamped.event, stamped.at_ms, &mut self.recording.build);
        if matches!(
            &stamped.event,
            Event::ImageBuilt { .. } | Event::StageFinished { stage: Stage::Build, .. }
        ) {
            self.steps.end(stamped.at_ms, &mut self.recording.build);
        }
        let recording = &mut self.recording;
        match &stamped.event {
            Event::StageStarted { stage } => {
                self.running.insert(*stage, stamped.at_ms);
            }
            Event::StageFinished { stage, outcome, ms } => {
                if let Some(since) = self.running.remove(stage) {
                    recording.time(*stage, since, *ms, (*outcome).into());
                }
                if (*stage, *outcome) == (Stage::Build, Outcome::Failed)
                    && let Some(step) = std::mem::take(&mut self.steps).into_failed()
                {
                    recording.build.get_or_insert_default().failed_step = Some(step);
                }
            }
            Event::Note { text } => remark(&mut recording.notes, text),
            Event::Warning { text } => remark(&mut recording.warnings, text),
            Event::ContextListed { entries, bytes, digest, commit } => {
                recording.context = Some(ContextFacts {
                    entries: *entries,
                    bytes: *bytes,
                    digest: digest.parse().ok(),
                    commit: commit.clone(),
                });
            }
            Event::ImageBuilt { id } => recording.image = id.parse().ok(),
            Event::ContainerLog { test, line } => {
                // It may come on either side of the test's end.
                match recording.tests.iter_mut().rfind(|known| known.name == *test) {
                    Some(known) if known.outcome != Ended::Ok && !self.logs.contains_key(test) => {
                        let mut tail = Tail::from(std::mem::take(&mut known.log));
                        tail.push(line);
                        known.log = tail.into_vec();
                    }
                    _ => self.logs.entry(test.clone()).or_default().push(line),
                }
            }
            Event::TestFinished { name, outcome, ms, problems, checks, evidence } => {
                let log = self.logs.remove(name).map(Tail::into_vec).unwrap_or_default();
                recording.tests.push(TestFacts {
                    name: name.clone(),
                    outcome: (*outcome).into(),
                    start_ms: self.testing.remove(name),
                    ms: *ms,
                    problems: problems.clone(),
                    checks: checks.clone(),
                    evidence: evidence.clone(),
                    log: if *outcome == Outcome::Ok { Vec::new() } else { log },
                });
            }
            Event::TagPushing { reference, before } => {
                recording.tag(reference, None, before.as_deref(), TagState::Pushed);
            }
            Event::TagPublished { reference, digest, before } => {
                recording.tag(reference, digest.parse().ok(), before.as_deref(), TagState::Verified);
            }
            Event::TagRemoved { reference, before } => {
                recording.tag(reference, None, before.as_deref(), TagState::Removed);
            }
            Event::EvidenceAttached { kind, place, subject, signed } => {
                recording.evidence.push(EvidenceFacts {
                    kind: kind.clone(),
                    place: place.clone(),
                    subject: subject.clone(),
                    signed: *signed,
                });
            }
            Event::TestStarted { name } => {
                self.logs.remove(name);
                self.testing.insert(name.clone(), stamped.at_ms);
            }
            Event::Deployed { name, reference, digest, before, gap_ms } => {
                recording.deploy = Some(DeployFacts {
                    name: name.clone(),
                    reference: reference.clone(),
                    digest: digest.clone(),
                    before: before.clone(),
                    gap_ms: *gap_ms,
                });
            }
            Event::Cancelling { .. } => self.cut_off(stamped.at_ms),
            Event::RunStarted { .. }
            | Event::Finding { .. }
            | Event::BuildStep { .. }
            | Event::BuildCached { .. }
            | Event::BuildStepEnded { .. }
            | Event::BuildLog { .. }
            | Event::ContextSent { .. }
            | Event::PushStatus { .. }
            | Event::DeployStep { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// What was recorded; stages that never ended count as cut off by the signal, or at the last event.
    pub fn into_recording(mut self) -> Recording {
        self.cut_off(self.last_ms);
        self.recording
    }

    /// Ends every stage that runs; one that a signal cuts off never says so itself.
    fn cut_off(&mut self, at_ms: u64) {
        self.steps.end(at_ms, &mut self.recording.build);
        for (stage, since) in std::mem::take(&mut self.running) {
            self.recording.time(stage, since, at_ms.saturating_sub(since), Ended::Cancelled);
        }
    }
}

/// Puts the line of the Dockerfile to the step that failed there, where it is the only file that was judged.
fn show_failed_line(report: &mut RunReport) {
    let step = report.build.as_mut().and_then(|build| build.failed_step.as_mut());
    let (Some(step), Some(judged)) = (step, report.judged.as_ref()) else { return };
    let mut texts = judged.texts.iter();
    if let (Some(line), Some((file, text)), None) = (step.line, texts.next(), texts.next()) {
        step.file = Some(file.clone());
        step.source = findings::line_that_may_be_shown(text, line);
    }
}

impl Recording {
    fn time(&mut self, stage: Stage, since: u64, ms: u64, outcome: Ended) {
        let stage = stage.name().to_owned();
        self.timings.push(StageTiming { stage, start_ms: Some(since), ms, outcome });
    }

    fn tag(&mut self, reference: &str, digest: Option<Digest>, before: Option<&str>, state: TagState) {
        let before = before.and_then(|text| text.parse().ok());
        advance(&mut self.tags, TagFacts { reference: reference.to_owned(), digest, before, state });
    }

    /// Adds what the events told to what the flow set, which is never taken back, and masks every secret. The last
    /// change of a report before it is printed and written.
    pub fn complete(self, report: &mut RunReport) {
        report.context = report.context.take().or(self.context);
        report.build = report.build.take().or(self.build);
        show_failed_line(report);
        report.deploy = report.deploy.take().or(self.deploy);
        if let Some(id) = self.image {
            report.image.get_or_insert_default().id.get_or_insert(id);
        }
        if report.tests.is_empty() {
            report.tests = self.tests;
        }
        for tag in self.tags {
            advance(&mut report.tags, tag);
        }
        report.evidence.extend(self.evidence);
        report.timings.extend(self.timings);
        report.warnings.extend(self.warnings);
        report.notes.extend(self.notes);
        self.masker.report(report);
    }
}

/// Brings the tag of the same reference forward to `news`, never back; what is new in it is added.
fn advance(tags: &mut Vec<TagFacts>, news: TagFacts) {
    match tags.iter_mut().find(|known| known.reference == news.reference) {
        Some(known) => {
            known.state = known.state.max(news.state);
            known.digest = known.digest.take().or(news.digest);
            // The plan's word was of before the build, and the tag may have moved until its push.
            known.before = if news.state > TagState::Local { news.before } else { known.before.take() };
        }
        None => tags.push(news),
    }
}

/// What is kept of an instruction beside its times. The end is marked, by which a secret that was cut is known.
fn remark(remarks: &mut Vec<String>, text: &str) {
    if remarks.len() < MOST_REMARKS {
        remarks.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run_report::StepTiming;
    use crate::report::sample;

    fn digest(digit: char) -> Option<Digest> {
        sample::digest(digit).parse().ok()
    }

    fn complete(run: Vec<Stamped>, masker: Masker, mut report: RunReport) -> RunReport {
        let mut recorder = Recorder::new(masker);
        run.iter().for_each(|stamped| recorder.record(stamped));
        recorder.into_recording().complete(&mut report);
        report
    }

    fn report() -> RunReport {
        RunReport::new("ci", "01jabc", "2026-01-01T00:00:00Z")
    }

    #[test]
    fn a_report_is_completed_from_events() {
        let report = complete(sample::published_run(), Masker::default(), report());
        let stages: Vec<(&str, u64)> = report.timings.iter().map(|t| (t.stage.as_str(), t.ms)).collect();
        let expected = [
            ("source", 40),
            ("context", 170),
            ("build", 12_345),
            ("smoke", 250),
            ("publish", 300),
            ("teardown", 90),
        ];
        assert_eq!(stages, expected);
        assert_eq!(report.timings[5].outcome, Ended::Cancelled);
        assert_eq!(
            report.context,
            Some(ContextFacts { entries: 130, bytes: 12_900_000, digest: digest('c'), commit: None })
        );
        let step = |index, instruction: &str, start_ms, ms, cached| StepTiming {
            stage: None,
            index,
            instruction: instruction.to_owned(),
            line: Some(index + 2),
            start_ms,
            ms,
            cached,
        };
        let timings = vec![step(1, "FROM busybox", 500, 100, true), step(2, "RUN make", 600, 12_000, false)];
        assert_eq!(report.build, Some(BuildFacts { steps: 2, cached: 1, failed_step: None, timings }));
        let starts: Vec<Option<u64>> = report.timings.iter().map(|t| t.start_ms).collect();
        assert_eq!(starts, [0, 40, 300, 12_700, 13_000, 13_310].map(Some));
        let starts: Vec<Option<u64>> = report.tests.iter().map(|t| t.start_ms).collect();
        assert_eq!(starts, [12_700, 12_820].map(Some));
        assert_eq!(report.image.unwrap().id, digest('b'));
        let tests: Vec<(&str, Ended)> = report.tests.iter().map(|t| (t.name.as_str(), t.outcome)).collect();
        assert_eq!(tests, [("starts", Ended::Ok), ("serves ::health", Ended::Failed)]);
        assert_eq!(report.tests[1].log, ["::stop::\x1b[H"]);
        let tag = |name: &str, before| TagFacts {
            reference: format!("ghcr.io/acme/api:{name}"),
            digest: digest('d'),
            before,
            state: TagState::Verified,
        };
        assert_eq!(report.tags, [tag("main-abc1234-17", None), tag("1.2", digest('e'))]);
        assert_eq!(report.warnings, ["the base is pinned to no digest"]);
        assert_eq!(report.notes, ["read git through the git command"]);
    }

    #[test]
    fn a_failed_step_keeps_its_tail() {
        let report = complete(sample::failed_run(), Masker::default(), report());
        let step = report.build.unwrap().failed_step.unwrap();
        assert_eq!((step.index, step.total, step.line), (2, 3, Some(4)));
        assert_eq!(step.tail[0], "::set-output name=x::y");
        assert!(step.tail[2].len() < 4200 && step.tail[2].ends_with("x… [+2,995,904 bytes]"));
    }

    #[test]
    fn what_the_flow_set_is_never_taken_back() {
        let planned = |name: &str, state| TagFacts {
            reference: format!("ghcr.io/acme/api:{name}"),
            digest: None,
            before: None,
            state,
        };
        let mut own = report();
        own.image.get_or_insert_default().id = digest('9');
        own.tags = vec![planned("1.2", TagState::Planned), planned("latest", TagState::Planned)];
        own.warnings = vec!["first".to_owned()];
        let mut run = sample::published_run();
        // The push of 1.2 was begun, and the run died.
        run.retain(
            |s| !matches!(&s.event, Event::TagPublished { reference, .. } if reference.ends_with(":1.2")),
        );
        let report = complete(run, Masker::default(), own);
        assert_eq!(report.image.unwrap().id, digest('9'));
        let tags: Vec<(&str, TagState)> = report.tags.iter().map(|t| (&t.reference[17..], t.state)).collect();
        let expected = [
            ("1.2", TagState::Pushed),
            ("latest", TagState::Planned),
            ("main-abc1234-17", TagState::Verified),
        ];
        assert_eq!(tags, expected);
        assert_eq!(report.tags[0].before, digest('e'));
        assert_eq!(report.warnings, ["first", "the base is pinned to no digest"]);
    }

    #[test]
    fn stages_that_never_ended_were_cut_off() {
        let mut run = sample::failed_run();
        run.truncate(13);
        let ended = |run| {
            let report = complete(run, Masker::default(), report());
            let last = report.timings.last().unwrap();
            (last.stage.clone(), last.ms, last.outcome)
        };
        run.extend(sample::stamp(vec![(850, Event::BuildCached { step: 2 })]));
        assert_eq!(ended(run), ("build".to_owned(), 550, Ended::Cancelled));
        let mut run = sample::failed_run();
        run.truncate(13);
        run.extend(sample::stamp(vec![
            (750, Event::Cancelling { signal: "SIGINT".to_owned() }),
            (9000, Event::BuildCached { step: 2 }),
        ]));
        assert_eq!(ended(run), ("build".to_owned(), 450, Ended::Cancelled));
    }

    #[test]
    fn logs_count_on_either_side_of_the_end_of_their_test() {
        let log = |line: &str| Event::ContainerLog { test: "t".to_owned(), line: line.to_owned() };
        let end = |outcome| Event::TestFinished {
            name: "t".to_owned(),
            outcome,
            ms: 1,
            problems: Vec::new(),
            checks: Vec::new(),
            evidence: Vec::new(),
        };
        let run = |events: Vec<Event>| sample::stamp(events.into_iter().map(|event| (0, event)).collect());
        let failed = run(vec![log("before"), end(Outcome::Failed), log("after")]);
        assert_eq!(complete(failed, Masker::default(), report()).tests[0].log, ["before", "after"]);
        let passed = run(vec![log("before"), end(Outcome::Ok), log("after")]);
        assert!(complete(passed, Masker::default(), report()).tests[0].log.is_empty());
    }

    #[test]
    fn the_whole_report_is_masked_but_for_identities() {
        let masker = Masker::default();
        masker.add("s3cr3t");
        masker.add("dddd");
        let mut own = report();
        own.labels.insert("x".to_owned(), "s3cr3t".to_owned());
        own.not_pushed_because = Some("s3cr3t".to_owned());
        let error = crate::error::Error::new(crate::error::Kind::Build, "s3cr3t").hint("not s3cr3t");
        own.conclude("2026-01-01T00:00:01Z", Some(&error));
        let report = complete(sample::published_run(), masker, own);
        let json = report.to_json().unwrap();
        assert!(!json.contains("s3cr3t"), "{json}");
        assert_eq!(report.tags[0].digest, digest('d'));
    }
}
