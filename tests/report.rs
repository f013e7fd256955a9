//! The reporter's thread with real pipes, floods and reporters that block.

#![cfg(test)]

use std::io::{self, BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use imgbuild::event::{Event, Events, Outcome, Stage, Stamped};
use imgbuild::report::{
    Finished, Format, Masker, Ndjson, OutputFlags, OutputMode, Plain, Progress, Reporter, RunReport,
    Surroundings, resolve, spawn, standard, summary,
};

fn mode() -> OutputMode {
    resolve(&OutputFlags::default(), &Surroundings::default())
}

/// Text that outlives the reporter that wrote it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn done(exit_code: u8) -> Event {
    Event::RunFinished { exit_code, error: None, hints: Vec::new() }
}

fn log(line: &str) -> Event {
    Event::BuildLog { step: Some(1), line: line.to_owned() }
}

/// Runs `emit` against a reporter's thread until both are done.
fn report<F: Future<Output = ()>>(
    reporters: Vec<Box<dyn Reporter + Send>>,
    masker: Masker,
    emit: impl FnOnce(Events) -> F,
) -> Finished {
    let (events, receiver) = Events::channel();
    let thread = spawn(receiver, reporters, masker).unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(emit(events));
    thread.join().unwrap()
}

#[test]
fn a_closed_pipe_ends_its_reporter_alone() {
    let (reader, writer) = io::pipe().unwrap();
    let kept = Shared::default();
    let reporters: Vec<Box<dyn Reporter + Send>> =
        vec![Box::new(Plain::new(writer, &mode())), Box::new(Ndjson::new(kept.clone()))];
    let finished = report(reporters, Masker::default(), async |events| {
        events.note("first");
        let mut line = String::new();
        let mut reader = BufReader::new(reader);
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "[+0.0s] note: first\n");
        drop(reader);
        events.note("second");
        events.note("third");
    });
    assert!(finished.lost.is_empty(), "{:?}", finished.lost);
    assert_eq!(kept.text().lines().count(), 3);
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    finished.recording.complete(&mut report);
    assert_eq!(report.notes, ["first", "second", "third"]);
}

#[test]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let finished =
        report(vec![Box::new(Ndjson::new(full))], Masker::default(), async |events| events.note("x"));
    let [(name, error)] = finished.lost.as_slice() else { panic!("{:?}", finished.lost) };
    assert_eq!((*name, error.kind()), ("ndjson", io::ErrorKind::StorageFull));
}

/// Resident memory in kB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_million_lines_take_no_memory() {
    let before = resident();
    let finished =
        report(vec![Box::new(Plain::new(io::sink(), &mode()))], Masker::default(), async |events| {
            events.emit(Event::StageStarted { stage: Stage::Build });
            let instruction = "RUN yes".to_owned();
            events.emit(Event::BuildStep {
                step: 1,
                stage: None,
                index: 1,
                total: 1,
                instruction,
                line: Some(2),
            });
            for i in 0..1_000_000 {
                events.log(log(&format!("line {i} of a build that does not know when to stop"))).await;
            }
            events.emit(Event::StageFinished { stage: Stage::Build, outcome: Outcome::Failed, ms: 1 });
            events.emit(done(5));
        });
    let grown = resident().saturating_sub(before);
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    finished.recording.complete(&mut report);
    let tail = report.build.unwrap().failed_step.unwrap().tail;
    assert_eq!(tail.len(), 20);
    assert!(tail[19].starts_with("line 999999 "), "{tail:?}");
    assert!(grown < 32 * 1024, "{grown} kB for a million lines");
}

/// A reporter that shows one event for each permission.
struct Slow(Receiver<()>);

impl Reporter for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }
    fn event(&mut self, _: &Stamped) -> io::Result<()> {
        let _ = self.0.recv();
        Ok(())
    }
}

#[test]
fn a_blocked_reporter_stops_floods_and_nothing_else() {
    let (permit, permits) = channel();
    let finished = report(vec![Box::new(Slow(permits))], Masker::default(), async |events| {
        let said = std::cell::Cell::new(0);
        let mut flood = std::pin::pin!(async {
            for i in 0..10_000 {
                events.log(log(&i.to_string())).await;
                said.set(i);
            }
        });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        // Many times, since the runtime cuts a task off now and then for reasons of its own.
        for _ in 0..1000 {
            assert!(flood.as_mut().poll(&mut context).is_pending());
            tokio::task::yield_now().await;
        }
        assert!(said.get() < 1000, "{} lines are waiting", said.get());
        // The room is taken, and a stage still says what it has to.
        for _ in 0..1000 {
            events.note("stages never wait");
        }
        drop(permit);
        flood.await;
    });
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    finished.recording.complete(&mut report);
    assert_eq!(report.notes.len(), 1000);
}

#[test]
fn the_thread_ends_with_the_run_though_a_handle_lives() {
    let (events, receiver) = Events::channel();
    let kept = Shared::default();
    let thread = spawn(receiver, vec![Box::new(Ndjson::new(kept.clone()))], Masker::default()).unwrap();
    events.note("before");
    events.emit(done(0));
    thread.join().unwrap();
    events.note("into the void");
    assert_eq!(kept.text().lines().count(), 2);
}

#[test]
fn events_are_lines_of_json() {
    let kept = Shared::default();
    let _ = report(vec![Box::new(Ndjson::new(kept.clone()))], Masker::default(), async |events| {
        events.emit(Event::StageStarted { stage: Stage::Build });
        events.emit(log("##[group]\u{1b}[31m\u{202e}\n::stop::"));
        events.emit(done(0));
    });
    let text = kept.text();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["v"], 1);
    assert_eq!(
        (lines[0]["type"].as_str(), lines[0]["stage"].as_str()),
        (Some("stage-started"), Some("build"))
    );
    assert_eq!(lines[1]["line"], "##[group]\u{1b}[31m\u{202e}\n::stop::");
    assert!(text.is_ascii() && !text.contains("##[") && !text.contains('\u{1b}'), "{text}");
    assert_eq!((lines[2]["type"].as_str(), lines[2]["exit_code"].as_u64()), (Some("run-finished"), Some(0)));
}

/// What a build, a container or a registry may send to fool a terminal or a CI.
const HOSTILE: [&str; 8] = [
    "::set-output name=a::b",
    "  ::add-mask::x",
    "##[error]x",
    "\r##vso[task.complete]",
    "\u{1b}[2K\u{1b}[1G::stop-commands::x",
    "[+0.0s] publish: verified",
    "\n::error::x\n",
    "\u{202e}\u{200b}::x",
];

#[test]
fn no_output_begins_a_line() {
    let kept = Shared::default();
    let _ = report(vec![Box::new(Plain::new(kept.clone(), &mode()))], Masker::default(), async |events| {
        for text in HOSTILE.map(str::to_owned) {
            let problems = vec![text.clone(), format!("x\n{text}")];
            events.emit(log(&text));
            events.emit(Event::ContainerLog { test: text.clone(), line: text.clone() });
            events.emit(Event::PushStatus { line: text.clone() });
            events.emit(Event::BuildStep {
                step: 1,
                stage: None,
                index: 1,
                total: 1,
                instruction: text.clone(),
                line: None,
            });
            events.emit(Event::TestFinished {
                name: text.clone(),
                outcome: Outcome::Failed,
                ms: 0,
                problems,
                checks: Vec::new(),
                evidence: Vec::new(),
            });
            events.emit(Event::TagPushing { reference: text.clone(), before: Some(text.clone()) });
            events.note(text.clone());
            events.warn(text);
        }
    });
    for line in kept.text().lines() {
        let ours = ["[+0.", "build | ", "push | ", "test "].iter().any(|prefix| line.starts_with(prefix));
        assert!(ours && !line.contains("##[") && !line.contains("##vso"), "{line:?}");
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        if line.starts_with("[+0.") {
            let known = ["build: ", "smoke: ", "publish: pushing ", "note: ", "warning: "];
            let said = line.split_once("] ").unwrap().1;
            assert!(known.iter().any(|word| said.starts_with(word)), "{line:?}");
        }
    }
}

#[test]
fn secrets_reach_no_reporter() {
    let masker = Masker::default();
    let (plain, json) = (Shared::default(), Shared::default());
    let reporters: Vec<Box<dyn Reporter + Send>> =
        vec![Box::new(Plain::new(plain.clone(), &mode())), Box::new(Ndjson::new(json.clone()))];
    let finished = report(reporters, masker.clone(), async |events| {
        // Known only once the run is under way, and before anything can say it.
        masker.add("s3cr3t");
        events.emit(Event::StageStarted { stage: Stage::Build });
        events.emit(Event::BuildStep {
            step: 1,
            stage: None,
            index: 1,
            total: 1,
            instruction: "RUN s3cr3t".to_owned(),
            line: None,
        });
        events.log(log("TOKEN=s3cr3t")).await;
        events.emit(Event::StageFinished { stage: Stage::Build, outcome: Outcome::Failed, ms: 1 });
        events.warn("s3cr3t");
    });
    let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
    finished.recording.complete(&mut report);
    let quiet = OutputMode { progress: Progress::Quiet, ..mode() };
    let summary = summary(&report, &quiet, None);
    assert!(plain.text().contains("build | TOKEN=***\n"), "{}", plain.text());
    assert!(summary.contains("  | TOKEN=***\n"), "{summary}");
    for text in [plain.text(), json.text(), report.to_json().unwrap(), summary] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn a_mode_chooses_its_reporters() {
    let names = |progress, format| -> Vec<&'static str> {
        standard(&OutputMode { progress, format, ..mode() }).iter().map(|reporter| reporter.name()).collect()
    };
    assert_eq!(names(Progress::Live, Format::Human), ["live"]);
    assert_eq!(names(Progress::Plain, Format::Ndjson), ["plain", "ndjson"]);
    assert!(names(Progress::Quiet, Format::Json).is_empty());
}
