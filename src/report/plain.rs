//! Progress where nothing can be redrawn, in CI logs and pipes: lines that are only ever appended, each with the
//! time since the run's start. Output of builds and containers stands behind a prefix of ours, so that no line of it
//! begins a line here.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::ci::Fold;
use super::look::Look;
use super::{OutputMode, Reporter, Surface, escape, words};
use crate::event::{Event, Outcome, Stage, Stamped};

/// Silence after which a line says that the run is alive: CI systems kill jobs that say nothing for ten minutes.
const HEARTBEAT_MS: u64 = 30_000;
/// Columns for a name inside a line.
const NAME_COLUMNS: usize = 100;

/// Appends lines to a log.
pub struct Plain<W> {
    out: W,
    look: Look,
    surface: Surface,
    /// The stage of the log that is folded away.
    fold: Option<Fold>,
    verbose: bool,
    running: BTreeMap<Stage, u64>,
    /// The steps of the build that run, by number.
    steps: BTreeMap<u32, Step>,
    /// The step that the last line was of.
    speaking: Option<u32>,
    /// The tests under way, as they are shown.
    tests: Vec<String>,
    last_ms: u64,
    sent: u64,
}

/// A step of the build that runs, as it is shown.
struct Step {
    name: String,
    /// It is one of ours, and not shown.
    own: bool,
}

impl<W: Write> Plain<W> {
    /// A reporter that writes to `out`: stderr, or what the CI reads; one write for each line.
    pub fn new(out: W, mode: &OutputMode) -> Self {
        Plain {
            out,
            look: mode.into(),
            surface: mode.surface,
            fold: None,
            verbose: mode.verbose,
            running: BTreeMap::new(),
            steps: BTreeMap::new(),
            speaking: None,
            tests: Vec::new(),
            last_ms: 0,
            sent: 0,
        }
    }

    fn say(&mut self, at_ms: u64, text: &str) -> io::Result<()> {
        let time = format!("[+{}.{}s]", at_ms / 1000, at_ms % 1000 / 100);
        self.write(at_ms, format!("{} {text}\n", self.look.dim(&time)))
    }

    fn quote(&mut self, at_ms: u64, prefix: &str, line: &str) -> io::Result<()> {
        let text = self.look.escape(line, escape::LOG_COLUMNS);
        self.write(at_ms, format!("{} {text}\n", self.look.dim(&format!("{prefix} |"))))
    }

    fn write(&mut self, at_ms: u64, line: String) -> io::Result<()> {
        self.last_ms = self.last_ms.max(at_ms);
        self.out.write_all(line.as_bytes())
    }

    fn open(&mut self, at_ms: u64, stage: Stage) -> io::Result<()> {
        self.close(at_ms, false)?;
        let Some((fold, lines)) = Fold::open(self.surface, stage) else { return Ok(()) };
        self.fold = Some(fold);
        self.write(at_ms, lines)
    }

    fn close(&mut self, at_ms: u64, failed: bool) -> io::Result<()> {
        match self.fold.take() {
            Some(fold) => self.write(at_ms, fold.close(failed)),
            None => Ok(()),
        }
    }

    fn outcome(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Ok => self.look.green("ok"),
            Outcome::Failed => self.look.red("failed"),
            Outcome::Cancelled => self.look.yellow("cancelled"),
        }
    }

    fn short(&self, text: &str) -> String {
        self.look.escape(text, NAME_COLUMNS)
    }

    /// A line of a message, which may be as long as a line of output.
    fn text(&self, text: &str) -> String {
        self.look.escape(text, escape::LOG_COLUMNS)
    }
}

impl<W: Write> Reporter for Plain<W> {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn event(&mut self, stamped: &Stamped) -> io::Result<()> {
        let at_ms = stamped.at_ms;
        match &stamped.event {
            Event::RunStarted { command, run } => {
                self.say(at_ms, &format!("imgbuild {}: run {}", self.short(command), self.short(run)))
            }
            Event::StageStarted { stage } => {
                self.running.insert(*stage, at_ms);
                self.open(at_ms, *stage)?;
                self.say(at_ms, &format!("{}: started", stage.name()))
            }
            Event::StageFinished { stage, outcome, ms } => {
                if self.running.remove(stage).is_none() {
                    return Ok(());
                }
                let text =
                    format!("{}: {} after {}", stage.name(), self.outcome(*outcome), words::duration(*ms));
                self.say(at_ms, &text)?;
                match self.fold.as_ref().is_some_and(|fold| fold.stage() == *stage) {
                    true => self.close(at_ms, *outcome != Outcome::Ok),
                    false => Ok(()),
                }
            }
            Event::Note { text } => self.say(at_ms, &format!("note: {}", self.text(text))),
            Event::Warning { text } => {
                self.say(at_ms, &format!("{} {}", self.look.yellow("warning:"), self.text(text)))
            }
            Event::Finding { rule, name, level, place, message, .. } => {
                let (level, place) = (self.look.level(level), self.short(place));
                self.say(at_ms, &format!("check: {level} {rule} {name} at {place}: {}", self.text(message)))
            }
            Event::ContextListed { entries, bytes, digest, commit } => {
                let (entries, size) = (words::count(*entries, "entry"), words::size(*bytes));
                let commit = commit.as_ref().and_then(|commit| commit.get(..7));
                let of = commit.map(|commit| format!(", of the commit {commit}")).unwrap_or_default();
                self.say(at_ms, &format!("context: {entries}, {size}, {}{of}", self.short(digest)))
            }
            Event::ContextSent { bytes } => {
                self.sent = *bytes;
                match self.verbose {
                    true => self.say(at_ms, &format!("context: {} sent", words::size(*bytes))),
                    false => Ok(()),
                }
            }
            Event::BuildStep { step, stage, index, total, instruction, line } => {
                // The labels of the run: one step each, of which the Dockerfile knows nothing.
                let own = !self.verbose && line.is_none() && instruction.starts_with("LABEL ");
                let stage = stage.as_ref().map(|stage| self.look.escape(stage, NAME_COLUMNS));
                let instruction = self.look.escape(instruction, 4 * NAME_COLUMNS);
                let text = words::step((*index, *total), stage.as_deref(), &instruction, *line);
                let name = words::numbered((*index, *total), stage.as_deref());
                self.steps.insert(*step, Step { name, own });
                self.speaking = Some(*step);
                if own { Ok(()) } else { self.say(at_ms, &format!("build: {text}")) }
            }
            Event::BuildCached { step } => match self.steps.get(step).filter(|step| !step.own) {
                Some(step) => self.say(at_ms, &format!("build: {}: cached", step.name)),
                None => Ok(()),
            },
            Event::BuildStepEnded { step, .. } => {
                self.steps.remove(step);
                Ok(())
            }
            Event::BuildLog { step, line } => {
                // Steps run beside each other, and their lines come as they are written.
                if *step != self.speaking {
                    self.speaking = *step;
                    if let Some(step) = step.and_then(|step| self.steps.get(&step)) {
                        self.say(at_ms, &format!("build: {} says", step.name))?;
                    }
                }
                self.quote(at_ms, "build", line)
            }
            Event::ImageBuilt { id } => self.say(at_ms, &format!("build: image {}", self.short(id))),
            Event::TestStarted { name } => {
                let name = self.short(name);
                self.say(at_ms, &format!("smoke: {name}: started"))?;
                self.tests.push(name);
                Ok(())
            }
            Event::ContainerLog { test, line } => {
                let prefix = format!("test {}", self.look.escape(test, NAME_COLUMNS / 2));
                self.quote(at_ms, &prefix, line)
            }
            Event::TestFinished { name, outcome, ms, problems, .. } => {
                let (outcome, ms) = (self.outcome(*outcome), words::duration(*ms));
                let name = self.short(name);
                if let Some(at) = self.tests.iter().position(|running| *running == name) {
                    self.tests.remove(at);
                }
                self.say(at_ms, &format!("smoke: {name}: {outcome} after {ms}"))?;
                problems.iter().flat_map(|text| text.lines()).try_for_each(|problem| {
                    let problem = self.text(problem);
                    self.say(at_ms, &format!("smoke: {name}: {problem}"))
                })
            }
            Event::TagPushing { reference, before } => {
                let now = before.as_deref().map(|digest| format!(" (now {})", self.short(digest)));
                let reference = self.text(reference);
                self.say(at_ms, &format!("publish: pushing {reference}{}", now.unwrap_or_default()))
            }
            // Every tag after the first has all its layers there.
            Event::PushStatus { line } if !self.verbose && line.ends_with("Layer already exists") => Ok(()),
            Event::PushStatus { line } => self.quote(at_ms, "push", line),
            Event::TagPublished { reference, digest, before } if before.as_ref() == Some(digest) => {
                let (reference, digest) = (self.text(reference), self.short(digest));
                self.say(at_ms, &format!("publish: {reference} is already published as {digest}"))
            }
            Event::TagPublished { reference, digest, before } => {
                let was = before.as_deref().map(|digest| format!(" (was {})", self.short(digest)));
                let (reference, digest) = (self.text(reference), self.short(digest));
                self.say(at_ms, &format!("publish: {reference} is {digest}{}", was.unwrap_or_default()))
            }
            Event::EvidenceAttached { kind, place, signed, .. } => {
                let how = if *signed { "signed" } else { "not signed" };
                let (kind, place) = (self.text(kind), self.short(place));
                self.say(at_ms, &format!("publish: {kind} is attached, {how}: {place}"))
            }
            Event::TagRemoved { reference, .. } => {
                let reference = self.text(reference);
                self.say(at_ms, &format!("publish: {reference} is removed"))
            }
            Event::DeployStep { name, step, container, task, node, back } => {
                let mut on = task
                    .as_ref()
                    .or(container.as_ref())
                    .map(|id| format!(" {}", self.short(id)))
                    .unwrap_or_default();
                on.extend(node.as_ref().map(|node| format!(" on {}", self.short(node))));
                let back = if *back { "back: " } else { "" };
                let (name, step) = (self.short(name), self.short(step));
                self.say(at_ms, &format!("deploy: {name}: {back}{step}{on}"))
            }
            Event::Deployed { name, reference, digest, gap_ms, .. } => {
                let gap = match gap_ms {
                    None => String::new(),
                    Some(0) => ", no gap".to_owned(),
                    Some(ms) => format!(", nothing served for {} at most", words::duration(*ms)),
                };
                let (name, reference) = (self.short(name), self.text(reference));
                self.say(at_ms, &format!("deploy: {name}: runs {reference}, {}{gap}", self.short(digest)))
            }
            Event::Cancelling { signal } => {
                let signal = self.short(signal);
                self.say(at_ms, &format!("{signal}: cancelling and cleaning up"))?;
                // A stage that a signal cuts off never says so itself.
                let cut_off = self.outcome(Outcome::Cancelled);
                std::mem::take(&mut self.running).into_iter().try_for_each(|(stage, since)| {
                    let elapsed = words::duration(at_ms.saturating_sub(since));
                    self.say(at_ms, &format!("{}: {cut_off} after {elapsed}", stage.name()))
                })?;
                self.close(at_ms, true)
            }
            Event::RunFinished { exit_code, .. } => {
                self.close(at_ms, *exit_code != 0)?;
                self.say(at_ms, &format!("finished with exit code {exit_code}"))
            }
        }
    }

    fn tick(&mut self, at_ms: u64) -> io::Result<()> {
        if at_ms.saturating_sub(self.last_ms) < HEARTBEAT_MS {
            return Ok(());
        }
        let Some((stage, since)) = self.running.last_key_value() else { return Ok(()) };
        let mut text =
            format!("{}: running for {}", stage.name(), words::duration(at_ms.saturating_sub(*since)));
        match (stage, self.steps.values().next(), self.tests.as_slice()) {
            (Stage::Build, None, _) if self.sent > 0 => {
                text.push_str(&format!(", {} of the context sent", words::size(self.sent)));
            }
            (Stage::Build, Some(step), _) => {
                text.push_str(&format!(", {}", step.name));
                if self.steps.len() > 1 {
                    text.push_str(&format!(" and {} more", self.steps.len() - 1));
                }
            }
            (Stage::Smoke, _, [first, more @ ..]) => {
                text.push_str(&format!(", in {first}"));
                if !more.is_empty() {
                    text.push_str(&format!(" and {} more", more.len()));
                }
            }
            _ => {}
        }
        self.say(at_ms, &text)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.close(self.last_ms, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{OutputFlags, Surroundings, resolve, sample};

    fn log(events: Vec<Stamped>, color: bool) -> String {
        let mode = OutputMode { color, ..resolve(&OutputFlags::default(), &Surroundings::default()) };
        let mut plain = Plain::new(Vec::new(), &mode);
        for stamped in &events {
            plain.event(stamped).unwrap();
        }
        plain.finish().unwrap();
        String::from_utf8(plain.out).unwrap()
    }

    #[test]
    fn a_failed_run_line_by_line() {
        let text = log(sample::failed_run(), false).replace(&"x".repeat(1978), "xx");
        assert_eq!(
            text,
            "\
[+0.0s] imgbuild ci: run 01jabc
[+0.0s] source: started
[+0.0s] source: ok after 0.0s
[+0.0s] context: started
[+0.2s] context: 130 entries, 12.3 MiB, sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
[+0.2s] context: ok after 0.1s
[+0.3s] build: started
[+0.5s] build: step 1/3: FROM busybox (Dockerfile:3)
[+0.5s] build: step 1/3: cached
[+0.6s] build: step 2/3: RUN make\\u{202e} (Dockerfile:4)
build | \\u{3a}:set-output name=x::y
build | red \\u{23}#[group]
build | xx... [+2,998,022 bytes]
[+0.9s] build: failed after 0.6s
[+0.9s] finished with exit code 5
"
        );
    }

    #[test]
    fn a_published_run_line_by_line() {
        let text = log(sample::published_run(), false);
        assert_eq!(
            text,
            "\
[+0.0s] imgbuild ci: run 01jabc
[+0.0s] source: started
[+0.0s] source: ok after 0.0s
[+0.0s] context: started
[+0.2s] context: 130 entries, 12.3 MiB, sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
[+0.2s] context: ok after 0.1s
[+0.3s] warning: the base is pinned to no digest
[+0.3s] note: read git through the git command
[+0.3s] build: started
[+0.5s] build: step 1/3: FROM busybox (Dockerfile:3)
[+0.5s] build: step 1/3: cached
[+0.6s] build: step 2/3: RUN make (Dockerfile:4)
build | compiling
[+12.6s] build: image sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
[+12.6s] build: ok after 12.3s
[+12.7s] smoke: started
[+12.7s] smoke: starts: started
[+12.8s] smoke: starts: ok after 0.1s
[+12.8s] smoke: serves ::health: started
test serves ::health | \\u{3a}:stop::\\u{1b}[H
[+12.9s] smoke: serves ::health: failed after 0.1s
[+12.9s] smoke: serves ::health: answered 500
[+12.9s] smoke: serves ::health: \\u{3a}:not 200
[+12.9s] smoke: ok after 0.2s
[+13.0s] publish: started
[+13.0s] publish: pushing ghcr.io/acme/api:main-abc1234-17
push | layer 1: pushed
[+13.2s] publish: ghcr.io/acme/api:main-abc1234-17 is sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
[+13.2s] publish: pushing ghcr.io/acme/api:1.2 (now sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee)
[+13.3s] publish: ghcr.io/acme/api:1.2 is sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd (was sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee)
[+13.3s] publish: ok after 0.3s
[+13.3s] SIGINT: cancelling and cleaning up
[+13.3s] teardown: started
[+13.4s] teardown: cancelled after 0.0s
[+13.4s] finished with exit code 0
"
        );
    }

    #[test]
    fn a_signal_ends_what_is_running() {
        let text = log(
            sample::stamp(vec![
                (100, Event::StageStarted { stage: Stage::Build }),
                (900, Event::Cancelling { signal: "SIGTERM".to_owned() }),
                (910, Event::StageFinished { stage: Stage::Build, outcome: Outcome::Cancelled, ms: 810 }),
                (920, Event::StageStarted { stage: Stage::Teardown }),
            ]),
            false,
        );
        assert_eq!(
            text,
            "\
[+0.1s] build: started
[+0.9s] SIGTERM: cancelling and cleaning up
[+0.9s] build: cancelled after 0.8s
[+0.9s] teardown: started
"
        );
    }

    #[test]
    fn colour_is_only_on_what_is_ours() {
        let text = log(sample::failed_run(), true);
        assert!(text.contains("\n\x1b[2mbuild |\x1b[0m red \\u{23}#[group]\n"), "{text:?}");
        assert!(text.contains("build: \x1b[31m\x1b[1mfailed\x1b[0m after 0.6s\n"), "{text:?}");
    }

    #[test]
    fn silence_is_broken_every_30_seconds() {
        let mode = resolve(&OutputFlags::default(), &Surroundings::default());
        let mut plain = Plain::new(Vec::new(), &mode);
        plain.tick(60_000).unwrap();
        for stamped in sample::stamp(vec![
            (1000, Event::StageStarted { stage: Stage::Build }),
            (2000, Event::ContextSent { bytes: 3 << 20 }),
        ]) {
            plain.event(&stamped).unwrap();
        }
        for at_ms in (1000..62_000).step_by(100) {
            plain.tick(at_ms).unwrap();
        }
        let text = String::from_utf8(plain.out).unwrap();
        assert_eq!(
            text,
            "\
[+1.0s] build: started
[+31.0s] build: running for 30.0s, 3.0 MiB of the context sent
[+61.0s] build: running for 1m00s, 3.0 MiB of the context sent
"
        );
    }

    #[test]
    fn silence_says_what_is_waited_for() {
        let mode = resolve(&OutputFlags::default(), &Surroundings::default());
        let mut plain = Plain::new(Vec::new(), &mode);
        let started = |name: &str| Event::TestStarted { name: name.to_owned() };
        let step = Event::BuildStep {
            step: 1,
            stage: None,
            index: 2,
            total: 3,
            instruction: "RUN make".to_owned(),
            line: Some(4),
        };
        let ok = Outcome::Ok;
        let finished = Event::StageFinished { stage: Stage::Build, outcome: ok, ms: 40_000 };
        let events = vec![
            (1000, Event::StageStarted { stage: Stage::Build }),
            (2000, step),
            (41_000, finished),
            (41_000, Event::StageStarted { stage: Stage::Smoke }),
            (42_000, started("serves\x1b[2J")),
            (43_000, started("migrates")),
        ];
        for stamped in sample::stamp(events) {
            plain.tick(stamped.at_ms).unwrap();
            plain.event(&stamped).unwrap();
        }
        plain.tick(73_000).unwrap();
        let text = String::from_utf8(plain.out).unwrap();
        let beats: Vec<&str> = text.lines().filter(|line| line.contains("running for")).collect();
        assert_eq!(
            beats,
            [
                "[+41.0s] build: running for 40.0s, step 2/3",
                "[+73.0s] smoke: running for 32.0s, in serves\\u{1b}[2J and 1 more"
            ]
        );
    }
}
