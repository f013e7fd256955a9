//! What the builder's text means: steps, cache hits, ids. A RUN prints into the same stream, so only whole messages
//! in the places where the builder itself speaks are believed, and never for the result.

use crate::error::Result;
use crate::event::Event;

use super::build_messages::Message;
use super::build_request::{StepLine, StepPlace};
use super::build_warning::BuildWarning;
use super::lines::Lines;

/// Where an image that the builder named comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was there: a base, or a step found in the cache.
    Found,
    /// This build made it, by what its output says.
    Made,
    /// The builder gave it as the build's result, apart from all output. Its layers may be older, and with them its date.
    Result,
}

/// Told of everything a build makes, as it comes, to note it in the journal. An error stops the build.
pub trait BuildObserver: Send {
    /// An image; the id may be cut to 12 digits.
    fn on_image(&mut self, id: &str, origin: Origin) -> Result<()>;
    /// A step is about to be made; its instruction as the builder prints it, capped.
    fn on_step(&mut self, instruction: &str) -> Result<()> {
        let _ = instruction;
        Ok(())
    }
    /// A container in which a step runs; the id may be cut to 12 digits.
    fn on_container(&mut self, id: &str) -> Result<()>;
    /// The builder warns of something in the Dockerfile; each once, and no more than a few hundred.
    fn on_warning(&mut self, warning: BuildWarning) {
        let _ = warning;
    }
}

/// Something to pass on.
#[derive(Debug)]
pub(super) enum Signal {
    Event(Event),
    Image(String, Origin),
    Container(String),
}

/// The step that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) index: u32,
    pub(super) total: u32,
    pub(super) instruction: String,
    pub(super) line: Option<u32>,
    /// Podman counts by stage, docker over the whole build.
    stage: Option<u32>,
}

/// Instructions are shown in one line; a heredoc of a megabyte is not.
const MAX_INSTRUCTION: usize = 500;

/// Reads messages in order.
pub(super) struct Progress<'a> {
    step_line: &'a StepLine,
    lines: Lines,
    /// How many steps were announced: the number of the one that runs.
    count: u32,
    step: Option<Step>,
    cached: bool,
    /// The container whose output the text is.
    running: Option<String>,
    result: Option<String>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(step_line: &'a StepLine) -> Self {
        Progress {
            step_line,
            lines: Lines::default(),
            count: 0,
            step: None,
            cached: false,
            running: None,
            result: None,
        }
    }

    /// The step announced last.
    pub(super) fn step(&self) -> Option<&Step> {
        self.step.as_ref()
    }

    /// The id of the aux message behind the last step; `None` as long as steps are missing.
    pub(super) fn result(&self) -> Option<&str> {
        let missing = self.step.as_ref().is_some_and(|step| step.stage.is_none() && step.index < step.total);
        self.result.as_deref().filter(|_| !missing)
    }

    /// What one message tells. [`Message::Failed`] is the caller's.
    pub(super) fn read(&mut self, message: Message) -> Vec<Signal> {
        let mut signals = Vec::new();
        match message {
            Message::Text(text) => {
                let text = uncoloured(&text);
                self.builder(text, &mut signals);
                if !self.is_builders(text) {
                    let step = self.number();
                    self.lines.push(text.as_bytes(), |line| signals.push(log(step, line)));
                }
            }
            Message::Status(text) => self.own_line(text, &mut signals),
            Message::Oversized(length) => {
                self.own_line(format!("… ({length} bytes of output left out)"), &mut signals);
            }
            Message::Result(id) => {
                signals.push(Signal::Image(id.clone(), Origin::Made));
                self.result = Some(id);
            }
            Message::Failed { .. } => {}
        }
        signals
    }

    /// The last line, where it had no line end.
    pub(super) fn finish(&mut self) -> Option<Signal> {
        let step = self.number();
        self.lines.finish().map(|line| log(step, line))
    }

    /// The number of the step that runs.
    fn number(&self) -> Option<u32> {
        Some(self.count).filter(|count| *count > 0)
    }

    fn own_line(&mut self, text: String, signals: &mut Vec<Signal>) {
        let step = self.number();
        signals.extend(self.finish());
        let mut line = Lines::default();
        line.push(text.as_bytes(), |line| signals.push(log(step, line)));
        signals.extend(line.finish().map(|line| log(step, line)));
    }

    /// What the builder says itself, each in one message: `Step 1/7 : RUN make`, ` ---> Using cache`, ` ---> 0123456789ab`,
    /// ` ---> Running in 0123456789ab`, `Removing intermediate container 0123456789ab`.
    fn builder(&mut self, text: &str, signals: &mut Vec<Signal>) {
        let line = text.trim_end_matches(['\n', '\r']);
        if let Some(running) = &self.running {
            // Until the builder removes its container, all text is a RUN's.
            let removed = ["Removing intermediate container ", " ---> Removed intermediate container "];
            if removed.iter().any(|start| line.strip_prefix(start) == Some(running)) {
                self.running = None;
            }
            return;
        }
        if let Some(step) = parse_step(line).filter(|step| self.follows(step)) {
            signals.extend(self.finish());
            let place = StepPlace { stage: step.stage, index: step.index, instruction: &step.instruction };
            let line = (self.step_line)(place);
            let step = Step { line, ..step };
            if self.count > 0 {
                signals.push(Signal::Event(Event::BuildStepEnded { step: self.count, failed: false }));
            }
            self.count = self.count.saturating_add(1);
            signals.push(Signal::Event(Event::BuildStep {
                step: self.count,
                stage: None,
                index: step.index,
                total: step.total,
                instruction: step.instruction.clone(),
                line,
            }));
            // Each stage has a result; only that of the last one is the build's.
            (self.step, self.cached, self.result) = (Some(step), false, None);
        } else if line == " ---> Using cache" || line.starts_with("--> Using cache ") {
            self.cached = true;
            signals.push(Signal::Event(Event::BuildCached { step: self.count }));
        } else if let Some(id) = line.strip_prefix(" ---> Running in ").filter(|id| is_id(id)) {
            self.running = Some(id.to_owned());
            signals.push(Signal::Container(id.to_owned()));
        } else if let Some(id) =
            line.strip_prefix(" ---> ").or_else(|| line.strip_prefix("--> ")).filter(|id| is_id(id))
        {
            let base = self.step.as_ref().is_some_and(|step| is_from(&step.instruction));
            let origin = if base || self.cached { Origin::Found } else { Origin::Made };
            signals.push(Signal::Image(id.to_owned(), origin));
        }
    }

    /// Steps come in order, and docker's number of them is fixed.
    fn follows(&self, next: &Step) -> bool {
        match &self.step {
            None => next.index == 1,
            Some(step) if step.stage.is_none() => {
                next.stage.is_none() && next.index == step.index.saturating_add(1) && next.total == step.total
            }
            Some(_) => next.stage.is_some(),
        }
    }

    /// Whether the text is one of the builder's own lines, which became an event and is not shown twice.
    fn is_builders(&self, text: &str) -> bool {
        let line = text.trim_end_matches(['\n', '\r']);
        let arrow = line.strip_prefix(" ---> ").or_else(|| line.strip_prefix("--> "));
        match &self.running {
            Some(running) => arrow.and_then(|rest| rest.strip_prefix("Running in ")) == Some(running),
            None => {
                // The builder ends its step line with a message of its own.
                (line.is_empty() && self.lines.is_at_start())
                    || parse_step(line)
                        .is_some_and(|step| self.step.as_ref().is_some_and(|now| now.index == step.index))
                    || arrow.is_some_and(|rest| rest.starts_with("Using cache") || is_id(rest))
                    || line.starts_with("Removing intermediate container ")
                    || line.strip_prefix("Successfully built ").is_some_and(is_id)
            }
        }
    }
}

fn log(step: Option<u32>, line: String) -> Signal {
    Signal::Event(Event::BuildLog { step, line })
}

/// The classic builder paints each piece of a RUN's standard error red.
fn uncoloured(text: &str) -> &str {
    text.strip_prefix("\u{1b}[91m").and_then(|rest| rest.strip_suffix("\u{1b}[0m")).unwrap_or(text)
}

/// `Step 1/7 : FROM x` (docker), `STEP 1/7: FROM x` or `[1/2] STEP 1/3: FROM x` (podman, which counts by stage).
fn parse_step(line: &str) -> Option<Step> {
    let (stage, rest) = match line.strip_prefix("Step ") {
        Some(rest) => (None, rest),
        None => {
            let staged = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
            let (stage, rest) = staged.map_or((Some(1), line), |(stages, rest)| {
                (stages.split_once('/').and_then(|(stage, _)| stage.parse().ok()), rest)
            });
            (Some(stage?), rest.strip_prefix("STEP ")?)
        }
    };
    let (index, rest) = rest.split_once('/')?;
    let (total, instruction) = rest.split_once(':')?;
    let (index, total) = (index.parse().ok()?, total.trim_end().parse().ok()?);
    let instruction = instruction.trim().chars().take(MAX_INSTRUCTION).collect();
    (index >= 1 && index <= total).then_some(Step { index, total, instruction, line: None, stage })
}

fn is_from(instruction: &str) -> bool {
    instruction.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "))
}

/// 12 or 64 hex digits, with or without `sha256:`.
fn is_id(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    // Podman cuts to 11.
    matches!(hex.len(), 11 | 12 | 64) && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Signals as short text: `step 1/2 FROM x @7`, `cached`, `log …`, `found id`, `made id`, `container id`.
    fn told(progress: &mut Progress<'_>, messages: impl IntoIterator<Item = Message>) -> Vec<String> {
        let mut signals: Vec<Signal> =
            messages.into_iter().flat_map(|message| progress.read(message)).collect();
        signals.extend(progress.finish());
        signals.retain(|signal| !matches!(signal, Signal::Event(Event::BuildStepEnded { .. })));
        let text = |signal| match signal {
            Signal::Event(Event::BuildStep { index, total, instruction, line, .. }) => {
                format!("step {index}/{total} {instruction} @{}", line.unwrap_or(0))
            }
            Signal::Event(Event::BuildCached { .. }) => "cached".to_owned(),
            Signal::Event(Event::BuildLog { line, .. }) => format!("log {line}"),
            Signal::Event(other) => format!("{other:?}"),
            Signal::Image(id, Origin::Found) => format!("found {id}"),
            Signal::Image(id, Origin::Made) => format!("made {id}"),
            Signal::Image(id, Origin::Result) => format!("result {id}"),
            Signal::Container(id) => format!("container {id}"),
        };
        signals.into_iter().map(text).collect()
    }

    fn texts<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = Message> + 'a {
        lines.iter().map(|line| Message::Text((*line).to_owned()))
    }

    #[test]
    fn a_build_of_engine_20_10() {
        let mut progress = Progress::new(&|place| Some(place.index * 10));
        let said = texts(&[
            "Step 1/4 : FROM base:1",
            "\n",
            " ---> 50f90157071e\n",
            "Step 2/4 : RUN echo hi",
            "\n",
            " ---> Using cache\n",
            " ---> 46cc6f8b7c06\n",
            "Step 3/4 : RUN echo hi; echo",
            "\n",
            " ---> Running in fa540ba5d747\n",
            "hi\n ---> 0123456789ab\nStep 4/4 : x\nno ",
            "newline",
            "Removing intermediate container fa540ba5d747\n",
            " ---> b7f42ec3529c\n",
        ]);
        assert_eq!(
            told(&mut progress, said),
            [
                "step 1/4 FROM base:1 @10",
                "found 50f90157071e",
                "step 2/4 RUN echo hi @20",
                "cached",
                "found 46cc6f8b7c06",
                "step 3/4 RUN echo hi; echo @30",
                "container fa540ba5d747",
                "log hi",
                "log  ---> 0123456789ab",
                "log Step 4/4 : x",
                "made b7f42ec3529c",
                "log no newline",
            ]
        );
    }

    #[test]
    fn a_run_cannot_speak_for_the_builder() {
        let mut progress = Progress::new(&|_| None);
        let said = texts(&[
            "Step 1/3 : RUN x",
            "\n",
            " ---> Running in aaaaaaaaaaaa\n",
            " ---> 0123456789ab\n",
            " ---> Running in 0123456789ab\n",
            "Step 2/3 : RUN y\n",
            " ---> Using cache\n",
            "Removing intermediate container 0123456789ab\n",
        ]);
        let got = told(&mut progress, said);
        assert_eq!(&got[..2], ["step 1/3 RUN x @0", "container aaaaaaaaaaaa"]);
        assert!(got[2..].iter().all(|line| line.starts_with("log ")), "{got:?}");
    }

    #[test]
    fn the_result_is_the_last_stages() {
        let mut progress = Progress::new(&|_| None);
        let aux = |id: &str| Message::Result(id.to_owned());
        told(&mut progress, texts(&["Step 1/2 : FROM a", "\n"]).chain([aux("one")]));
        assert_eq!(progress.result(), None);
        told(&mut progress, texts(&["Step 2/2 : FROM b", "\n", "Successfully built 0123456789ab\n"]));
        assert_eq!(progress.result(), None);
        told(&mut progress, [aux("two")]);
        assert_eq!(progress.result(), Some("two"));
    }

    #[test]
    fn the_builders_red_is_not_the_runs() {
        let mut progress = Progress::new(&|_| None);
        let said = texts(&["\u{1b}[91merr\n\u{1b}[0m", "\u{1b}[91mown\n"]);
        assert_eq!(told(&mut progress, said), ["log err", "log \u{1b}[91mown"]);
    }

    #[test]
    fn podman_counts_by_stage() {
        let mut progress = Progress::new(&|place| Some(place.stage.unwrap_or(0) * 10 + place.index));
        let said = texts(&[
            "[1/2] STEP 1/2: FROM a\n",
            "[1/2] STEP 2/2: RUN x\n",
            "out\n",
            "--> abcdef01234\n",
            "[2/2] STEP 1/1: FROM b\n",
            "--> Using cache abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789\n",
        ]);
        assert_eq!(
            told(&mut progress, said),
            [
                "step 1/2 FROM a @11",
                "step 2/2 RUN x @12",
                "log out",
                "made abcdef01234",
                "step 1/1 FROM b @21",
                "cached",
            ]
        );
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics_and_never_gives_a_result(lines in proptest::collection::vec("(Step |STEP |\\[1/2\\] STEP | ---> |--> )?[0-9a-f/: ]{0,14}\\PC{0,5}\n?", 0..20)) {
            let mut progress = Progress::new(&|_| None);
            told(&mut progress, lines.into_iter().map(Message::Text));
            prop_assert_eq!(progress.result(), None);
        }
    }
}
