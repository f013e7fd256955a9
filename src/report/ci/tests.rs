//! What the agents of CIs do with what is written for them, and with what others wrote.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::environment::Environment;
use crate::error::{Error, Kind};
use crate::event::{Event, Outcome, Stage};
use crate::image::Digest;
use crate::report::run_report::{
    BuildFacts, Ended, FailedStep, ImageFacts, SourceFacts, TagFacts, TagState, TestFacts,
};
use crate::report::{Masker, OutputMode, Plain, Reporter, RunReport, sample, summary};
use crate::rules::{FindingRecord, Level};

mod outputs;

#[path = "../../../tests/support/ci_agents.rs"]
mod ci_agents;

use ci_agents::{HOSTILE, Obeyed, controls, names};

const ALL: [Surface; 7] = [
    Surface::Lines,
    Surface::GitHub,
    Surface::Gitea,
    Surface::GitLab,
    Surface::Azure,
    Surface::TeamCity,
    Surface::Buildkite,
];

fn mode(surface: Surface) -> OutputMode {
    OutputMode { surface, ..sample::mode(4096) }
}

fn agents(log: &str) -> [(Surface, Vec<Obeyed>); 5] {
    [
        (Surface::GitHub, ci_agents::github(log)),
        (Surface::GitLab, ci_agents::gitlab(log)),
        (Surface::Azure, ci_agents::azure(log)),
        (Surface::TeamCity, ci_agents::teamcity(log)),
        (Surface::Buildkite, ci_agents::buildkite(log)),
    ]
}

fn of(surface: Surface, log: &str) -> Vec<Obeyed> {
    let surface = if surface == Surface::Gitea { Surface::GitHub } else { surface };
    agents(log).into_iter().find(|(known, _)| *known == surface).map(|(_, obeyed)| obeyed).unwrap_or_default()
}

/// No agent but that of `surface` finds anything in its log.
fn others_are_silent(surface: Surface, log: &str) {
    let own = if surface == Surface::Gitea { Surface::GitHub } else { surface };
    for (agent, obeyed) in agents(log) {
        // GitHub's older commands are written as Azure's.
        let is_kin = (own, agent) == (Surface::Azure, Surface::GitHub);
        assert!(agent == own || is_kin || obeyed.is_empty(), "{surface:?}, {agent:?}: {obeyed:?}\n{log}");
    }
}

/// A run in which every text that somebody else may choose is hostile.
fn hostile_run() -> Vec<(u64, Event)> {
    let mut events = vec![(0, Event::StageStarted { stage: Stage::Build })];
    let start = Event::RunStarted { command: "ci".to_owned(), run: HOSTILE[0].to_owned() };
    events.insert(0, (0, start));
    for word in HOSTILE.map(str::to_owned) {
        events.extend([
            (1, Event::Note { text: word.clone() }),
            (1, Event::Warning { text: word.clone() }),
            (
                1,
                Event::Finding {
                    rule: "IMG001".to_owned(),
                    name: "x".to_owned(),
                    level: "error".to_owned(),
                    place: word.clone(),
                    message: word.clone(),
                    remedy: word.clone(),
                },
            ),
            (
                1,
                Event::BuildStep {
                    step: 1,
                    stage: None,
                    index: 1,
                    total: 1,
                    instruction: word.clone(),
                    line: None,
                },
            ),
            (1, Event::BuildLog { step: Some(1), line: word.clone() }),
            (1, Event::TestStarted { name: word.clone() }),
            (1, Event::ContainerLog { test: word.clone(), line: word.clone() }),
            (
                1,
                Event::TestFinished {
                    name: word.clone(),
                    outcome: Outcome::Failed,
                    ms: 1,
                    problems: vec![word.clone()],
                    checks: Vec::new(),
                    evidence: Vec::new(),
                },
            ),
            (1, Event::TagPushing { reference: word.clone(), before: None }),
            (1, Event::PushStatus { line: word.clone() }),
            (1, Event::TagRemoved { reference: word, before: None }),
        ]);
    }
    events.push((2, Event::StageFinished { stage: Stage::Build, outcome: Outcome::Failed, ms: 2 }));
    events.push((3, Event::StageStarted { stage: Stage::Teardown }));
    events.push((3, Event::StageFinished { stage: Stage::Teardown, outcome: Outcome::Ok, ms: 0 }));
    events.push((4, Event::RunFinished { exit_code: 5, error: None, hints: Vec::new() }));
    events
}

fn log(surface: Surface, events: Vec<(u64, Event)>) -> String {
    let mut out = Vec::new();
    let mut plain = Plain::new(&mut out, &mode(surface));
    sample::stamp(events).iter().for_each(|stamped| plain.event(stamped).unwrap());
    plain.finish().unwrap();
    drop(plain);
    String::from_utf8(out).unwrap()
}

fn finding(word: &str, level: Level) -> FindingRecord {
    FindingRecord {
        rule: "IMG101".to_owned(),
        name: "name".to_owned(),
        aliases: Vec::new(),
        level,
        path: word.to_owned(),
        line: Some(3),
        column: Some(5),
        region: None,
        field: Some(word.to_owned()),
        message: word.to_owned(),
        evidence: None,
        remedy: word.to_owned(),
        items: Vec::new(),
        fix: None,
        excused: None,
        fingerprint: String::new(),
    }
}

/// A report whose every text is `word`.
fn report_of(word: &str) -> RunReport {
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    let text = || Some(word.to_owned());
    report.source = Some(SourceFacts {
        commit: word.to_owned(),
        branch: text(),
        pr: text(),
        tag: text(),
        ..SourceFacts::default()
    });
    report.tags.push(TagFacts {
        reference: word.to_owned(),
        digest: Some(Digest::of(b"x")),
        before: None,
        state: TagState::Verified,
    });
    report.image = Some(ImageFacts { repository: text(), ..ImageFacts::default() });
    report.labels.insert("org.opencontainers.image.ref.name".to_owned(), word.to_owned());
    report.tests.push(TestFacts {
        name: word.to_owned(),
        outcome: Ended::Failed,
        problems: vec![word.to_owned(), format!("first\n{word}")],
        log: vec![word.to_owned()],
        ..TestFacts::default()
    });
    report.findings.push(finding(word, Level::Error));
    report.conclude("2026-01-01T00:00:01Z", Some(&Error::new(Kind::Tests, word).hint(word)));
    report
}

/// All that stands in the log of a run with that report.
fn last_words(surface: Surface, report: &RunReport) -> String {
    let text = summary(report, &mode(surface), None);
    let own = surface.annotations(&Annotation::of_report(report));
    let outputs = surface.outputs(&Outputs::of_report(report));
    format!("{}{}{own}{outputs}", surface.heading("result"), surface.shielded(&text))
}

#[test]
fn stages_are_groups_and_nothing_else_is_a_command() {
    let expected: [&[&str]; 7] = [
        &[],
        &["group", "endgroup", "group", "endgroup"],
        &["group", "endgroup", "group", "endgroup"],
        &["start", "end", "start", "end"],
        &["group", "endgroup", "group", "endgroup"],
        &["blockOpened", "blockClosed", "blockOpened", "blockClosed"],
        &["---", "^^^", "~~~"],
    ];
    for (surface, expected) in ALL.into_iter().zip(expected) {
        let log = log(surface, hostile_run());
        assert_eq!(names(&of(surface, &log)), expected, "{surface:?}\n{log}");
        others_are_silent(surface, &log);
        assert_eq!(controls(&log), "", "{surface:?}\n{log}");
    }
}

#[test]
fn titles_and_ids_are_ours() {
    let log = log(Surface::GitLab, hostile_run());
    let sections = ci_agents::gitlab(&log);
    let ids: Vec<&str> = sections.iter().map(|section| section.property("id")).collect();
    assert!(ids[0].starts_with("imgbuild_build_") && ids[2].starts_with("imgbuild_teardown_"), "{ids:?}");
    assert_eq!((ids[0], ids[2]), (ids[1], ids[3]));
    assert_eq!((sections[0].data.as_str(), sections[0].property("options")), ("build", "collapsed=true"));
    let log = self::log(Surface::TeamCity, hostile_run());
    let blocks = ci_agents::teamcity(&log);
    assert!(blocks.iter().take(2).all(|block| block.property("name") == "build"), "{blocks:?}");
    assert_eq!(ci_agents::azure(&self::log(Surface::Azure, hostile_run()))[0].data, "build");
}

/// Groups never nest, and each that is opened is closed, whatever ends a run.
#[test]
fn a_group_ends_with_its_stage_a_signal_or_the_run() {
    let start = |stage| (1, Event::StageStarted { stage });
    let end = |outcome| (2, Event::StageFinished { stage: Stage::Build, outcome, ms: 1 });
    let last = (9, Event::RunFinished { exit_code: 70, error: None, hints: Vec::new() });
    let runs = [
        vec![start(Stage::Build), end(Outcome::Ok)],
        vec![start(Stage::Build), last],
        vec![start(Stage::Build)],
        vec![
            start(Stage::Build),
            (2, Event::Cancelling { signal: "SIGINT".to_owned() }),
            end(Outcome::Cancelled),
        ],
    ];
    for run in runs {
        let log = log(Surface::GitHub, run);
        assert_eq!(names(&ci_agents::github(&log)), ["group", "endgroup"], "{log}");
    }
    let log = log(Surface::GitHub, vec![start(Stage::Build), start(Stage::Smoke), end(Outcome::Ok)]);
    assert_eq!(names(&ci_agents::github(&log)), ["group", "endgroup", "group", "endgroup"], "{log}");
}

#[test]
fn the_end_of_a_run_has_our_commands_and_no_others() {
    let outputs: Vec<&str> = vec!["task.setvariable"; 6];
    for word in HOSTILE {
        for surface in ALL {
            let log = last_words(surface, &report_of(word));
            let expected: Vec<&str> = match surface {
                Surface::GitHub => vec!["error"; 3],
                Surface::Azure => [vec!["task.logissue"; 3], outputs.clone()].concat(),
                Surface::TeamCity => [vec!["buildProblem"], vec!["setParameter"; 6]].concat(),
                Surface::Buildkite => vec!["+++"],
                _ => Vec::new(),
            };
            assert_eq!(names(&of(surface, &log)), expected, "{surface:?} {word:?}\n{log}");
            if !matches!(surface, Surface::Azure | Surface::TeamCity) {
                others_are_silent(surface, &log);
            }
            assert_eq!(controls(&log), "", "{surface:?}\n{log}");
        }
    }
}

#[test]
fn lines_that_would_be_groups_of_buildkites_get_a_space() {
    let text = "--- a\nb --- c\n+++ d\n\n~~~ e\n^^^ +++";
    assert_eq!(Surface::Buildkite.guarded(text), " --- a\nb --- c\n +++ d\n\n ~~~ e\n ^^^ +++");
    assert_eq!(ci_agents::buildkite(&Surface::Buildkite.guarded(text)), []);
    assert_eq!(Surface::GitHub.guarded(text), text);
}

#[test]
fn an_annotation_says_where_and_what() {
    let mut report = report_of("50%: a, b; [c]\nd");
    report.findings[0].path = "./api/Docker, file:1]".to_owned();
    let marks = Surface::GitHub.annotations(&Annotation::of_report(&report));
    let obeyed = ci_agents::github(&marks);
    assert_eq!(obeyed[0].property("title"), "imgbuild ci");
    assert_eq!(obeyed[0].data, "50%: a, b; [c]\nd\nhint: 50%: a, b; [c]\nd");
    assert_eq!(obeyed[1].property("title"), "test 50%: a, b; [c]\\nd failed");
    let of_finding = &obeyed[2];
    assert_eq!(of_finding.property("file"), "api/Docker, file:1]");
    assert_eq!((of_finding.property("line"), of_finding.property("col")), ("3", "5"));
    assert_eq!(of_finding.property("title"), "IMG101 name");

    let obeyed = ci_agents::azure(&Surface::Azure.annotations(&Annotation::of_report(&report)));
    assert_eq!(obeyed[2].property("sourcepath"), "api/Docker, file:1]");
    assert_eq!((obeyed[2].property("linenumber"), obeyed[2].property("code")), ("3", "IMG101"));
    assert!(obeyed[0].data.starts_with("imgbuild ci: 50%: a, b; [c] / d / hint:"), "{obeyed:?}");

    let obeyed = ci_agents::teamcity(&Surface::TeamCity.annotations(&Annotation::of_report(&report)));
    assert!(obeyed[0].property("description").starts_with("imgbuild: 50%: a, b; [c] / d"), "{obeyed:?}");
}

#[test]
fn ten_of_a_level_are_shown_the_worst_first() {
    let mut findings: Vec<FindingRecord> = (0..30).map(|_| finding("a", Level::Warning)).collect();
    findings.extend((0..12).map(|_| finding("b", Level::Info)));
    findings.extend((0..3).map(|_| finding("c", Level::Error)));
    findings.push(FindingRecord { excused: Some("for now".to_owned()), ..finding("d", Level::Error) });
    let obeyed = ci_agents::github(&Surface::GitHub.annotations(&Annotation::of_findings(&findings)));
    let expected = [vec!["error"; 3], vec!["warning"; 10], vec!["notice"; 10]].concat();
    assert_eq!(names(&obeyed), expected);
    // Azure has no word for the last ones.
    let obeyed = ci_agents::azure(&Surface::Azure.annotations(&Annotation::of_findings(&findings)));
    assert_eq!(obeyed.len(), 13);
}

#[test]
fn who_cancels_a_run_is_told_nothing_new() {
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    let error = Error::new(Kind::Interrupted, "cancelled");
    report.conclude("2026-01-01T00:00:01Z", Some(&error));
    assert_eq!(Annotation::of_report(&report), []);
    assert_eq!(Annotation::of_error(&error, &Masker::default()), None);
    let masker = Masker::default();
    masker.add("s3cr%t");
    let mark = Annotation::of_error(&Error::new(Kind::Io, "s3cr%t").hint("s3cr%t"), &masker).unwrap();
    assert_eq!(mark.message, "***\nhint: ***");
}

/// Markdown that holds nothing from outside but text.
#[test]
fn the_page_holds_no_markup_of_others() {
    for word in HOSTILE.into_iter().chain([
        "<script>x</script>",
        "![x](https://evil.example/x.png) [a](b)",
        "| a | b |",
        "```\n# big\n````",
        "**bold** _it_ ~~no~~ www.evil.example https://evil.example @all #1",
    ]) {
        let text = page(&report_of(word), 0);
        assert_eq!(controls(&text), "", "{text}");
        let mut fence: Option<&str> = None;
        for line in text.lines() {
            match fence {
                Some(end) if line == end => fence = None,
                Some(end) => assert!(!line.starts_with(end), "{text}"),
                None if line.starts_with("```") => fence = line.strip_suffix("text"),
                None => {
                    let known = line.is_empty() || line.starts_with(['#', '|', '*', '-']);
                    assert!(known, "{line:?}\n{text}");
                    assert!(
                        !["<script", "](", "![", "www.", "://", "@"].iter().any(|mark| line.contains(mark)),
                        "{line:?}"
                    );
                    assert!([0, 3, 5].contains(&line.matches('|').count()), "{line:?}");
                }
            }
        }
        assert_eq!(fence, None, "{text}");
    }
}

#[test]
fn the_page_says_what_came_of_the_run() {
    let mut report = report_of("main");
    let text = page(&report, 0);
    assert!(text.starts_with("### ❌ imgbuild ci failed\n\n**error:** main\n"), "{text}");
    assert!(text.contains("\n**test <code>main</code> failed** after 0.0s\n"), "{text}");
    assert!(text.contains("| error | IMG101 name | <code>main&#58;3</code> | main |\n"), "{text}");
    report.conclude("2026-01-01T00:00:01Z", None);
    report.tests.clear();
    let text = page(&report, 0);
    assert!(text.starts_with("### ✅ imgbuild ci passed\n"), "{text}");
    assert!(text.contains("\n| <code>main</code> | <code>sha256&#58;"), "{text}");
}

#[test]
fn the_page_is_cut_where_the_ci_would_refuse_it() {
    let mut report = report_of("main");
    report.tests[0].log = vec!["x".repeat(300); 10_000];
    let cut = |text: &str| text.contains("The summary is cut here");
    let text = page(&report, 0);
    assert!(text.len() < 1000 * 1024 && cut(&text), "{}", text.len());
    report.tests[0].log.truncate(100);
    assert!(!cut(&page(&report, 0)));
    let text = page(&report, 899 * 1024);
    assert!(text.len() < 2 * 1024 && cut(&text), "{}", text.len());
    assert!(page(&report, u64::MAX).starts_with("\nThe summary is cut here"));
}

#[test]
fn a_step_that_failed_is_marked_at_its_line() {
    let mut report = RunReport::new("ci", "r", "2026-01-01T00:00:00Z");
    let step = FailedStep { file: Some("app/Dockerfile".to_owned()), line: Some(7), ..FailedStep::default() };
    report.build = Some(BuildFacts { failed_step: Some(step), ..BuildFacts::default() });
    report.conclude("2026-01-01T00:00:01Z", Some(&Error::new(Kind::Build, "RUN make failed")));
    let obeyed = ci_agents::github(&Surface::GitHub.annotations(&Annotation::of_report(&report)));
    assert_eq!(
        (obeyed[0].property("file"), obeyed[0].property("line")),
        ("app/Dockerfile", "7"),
        "{obeyed:#?}"
    );
}
