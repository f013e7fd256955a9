//! For the tests of this room: runs as events, with times that do not depend on a clock, and a plain mode.

use super::{Format, OutputMode, Progress, Surface};
use crate::event::{Event, Events, Outcome, Stage, Stamped};

/// Text without colour, `width` columns wide.
pub(super) fn mode(width: usize) -> OutputMode {
    OutputMode {
        format: Format::Human,
        progress: Progress::Plain,
        color: false,
        stdout_color: false,
        unicode: true,
        width,
        surface: Surface::Lines,
        verbose: false,
    }
}

/// `events` with the given times.
pub(super) fn stamp(events: Vec<(u64, Event)>) -> Vec<Stamped> {
    let (handle, mut receiver) = Events::channel();
    let stamp = |(at_ms, event)| {
        handle.emit(event);
        let mut stamped = receiver.try_recv().ok()?;
        stamped.at_ms = at_ms;
        Some(stamped)
    };
    events.into_iter().filter_map(stamp).collect()
}

fn started(stage: Stage) -> Event {
    Event::StageStarted { stage }
}

fn finished(stage: Stage, outcome: Outcome, ms: u64) -> Event {
    Event::StageFinished { stage, outcome, ms }
}

pub(super) fn step(index: u32, instruction: &str) -> Event {
    Event::BuildStep {
        step: index,
        stage: None,
        index,
        total: 3,
        instruction: instruction.to_owned(),
        line: Some(index + 2),
    }
}

pub(super) fn log(line: &str) -> Event {
    Event::BuildLog { step: Some(2), line: line.to_owned() }
}

fn context() -> Vec<(u64, Event)> {
    vec![
        (0, Event::RunStarted { command: "ci".to_owned(), run: "01jabc".to_owned() }),
        (0, started(Stage::Source)),
        (40, finished(Stage::Source, Outcome::Ok, 40)),
        (40, started(Stage::Context)),
        (200, Event::ContextListed { entries: 130, bytes: 12_900_000, digest: digest('c'), commit: None }),
        (210, finished(Stage::Context, Outcome::Ok, 170)),
    ]
}

pub(super) fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A run whose second step fails, with hostile output.
pub(super) fn failed_run() -> Vec<Stamped> {
    let mut events = context();
    events.extend([
        (300, started(Stage::Build)),
        (400, Event::ContextSent { bytes: 12_900_000 }),
        (500, step(1, "FROM busybox")),
        (510, Event::BuildCached { step: 1 }),
        (600, Event::BuildStepEnded { step: 1, failed: false }),
        (600, step(2, "RUN make\u{202e}")),
        (700, log("::set-output name=x::y")),
        (700, log("\x1b[31mred\x1b[0m ##[group]\r")),
        (700, log(&"x".repeat(3_000_000))),
        (900, finished(Stage::Build, Outcome::Failed, 600)),
        (
            950,
            Event::RunFinished {
                exit_code: 5,
                error: Some("the build failed".to_owned()),
                hints: vec!["look at it".to_owned()],
            },
        ),
    ]);
    stamp(events)
}

/// A run that publishes two tags, with one failing test among the others for the sake of the views.
pub(super) fn published_run() -> Vec<Stamped> {
    let test = |name: &str| Event::TestStarted { name: name.to_owned() };
    let ended = |name: &str, outcome, problems: &[&str]| Event::TestFinished {
        name: name.to_owned(),
        outcome,
        ms: 120,
        problems: problems.iter().map(|&text| text.to_owned()).collect(),
        checks: Vec::new(),
        evidence: Vec::new(),
    };
    let reference = |tag: &str| format!("ghcr.io/acme/api:{tag}");
    let mut events = context();
    events.extend([
        (300, Event::Warning { text: "the base is pinned to no digest".to_owned() }),
        (300, Event::Note { text: "read git through the git command".to_owned() }),
        (300, started(Stage::Build)),
        (500, step(1, "FROM busybox")),
        (510, Event::BuildCached { step: 1 }),
        (600, Event::BuildStepEnded { step: 1, failed: false }),
        (600, step(2, "RUN make")),
        (700, log("compiling")),
        (12_600, Event::ImageBuilt { id: digest('b') }),
        (12_645, finished(Stage::Build, Outcome::Ok, 12_345)),
        (12_700, started(Stage::Smoke)),
        (12_700, test("starts")),
        (12_820, ended("starts", Outcome::Ok, &[])),
        (12_820, test("serves ::health")),
        (
            12_900,
            Event::ContainerLog { test: "serves ::health".to_owned(), line: "::stop::\x1b[H".to_owned() },
        ),
        (12_940, ended("serves ::health", Outcome::Failed, &["answered 500\n::not 200"])),
        (12_950, finished(Stage::Smoke, Outcome::Ok, 250)),
        (13_000, started(Stage::Publish)),
        (13_000, Event::TagPushing { reference: reference("main-abc1234-17"), before: None }),
        (13_100, Event::PushStatus { line: "layer 1: pushed".to_owned() }),
        (
            13_200,
            Event::TagPublished {
                reference: reference("main-abc1234-17"),
                digest: digest('d'),
                before: None,
            },
        ),
        (13_200, Event::TagPushing { reference: reference("1.2"), before: Some(digest('e')) }),
        (
            13_300,
            Event::TagPublished {
                reference: reference("1.2"),
                digest: digest('d'),
                before: Some(digest('e')),
            },
        ),
        (13_300, finished(Stage::Publish, Outcome::Ok, 300)),
        (13_310, Event::Cancelling { signal: "SIGINT".to_owned() }),
        (13_310, started(Stage::Teardown)),
        (13_400, finished(Stage::Teardown, Outcome::Cancelled, 90)),
        (13_400, Event::RunFinished { exit_code: 0, error: None, hints: Vec::new() }),
    ]);
    stamp(events)
}
