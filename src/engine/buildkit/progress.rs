//! What the builder tells of its work, as events. Steps run beside each other, so each has a number of its own.

use std::collections::HashMap;

use bollard_buildkit_proto::moby::buildkit::v1::Vertex;

use super::step::Step;
use crate::engine::fault::cap;
use crate::engine::lines::Lines;
use crate::event::Event;

/// Steps, and what else the builder does, that are remembered; no Dockerfile that anybody wrote has as many.
const MOST: usize = 10_000;
/// Bytes of a digest, by which vertices are told apart.
const MOST_DIGEST: usize = 256;
/// Characters of a name that are kept.
const MOST_NAME: usize = 4 * 1024;
/// How it calls the look into a cache, whose name follows.
const IMPORT: &str = "importing cache manifest from ";
/// Characters of an error that are kept.
const MOST_ERROR: usize = 16 * 1024;

/// The line of a step in the Dockerfile: of a stage, its index, the stage's number of steps, and the instruction.
pub(super) type StageLine = dyn Fn(&str, u32, u32, &str) -> Option<u32> + Send + Sync;

/// Reads what the builder tells, in order.
pub(super) struct Progress<'a> {
    line: &'a StageLine,
    known: HashMap<String, Known>,
    steps: u32,
    failed: Option<Failed>,
    /// What had ended when a piece of its log came.
    late: Vec<String>,
    /// That it ended is told behind its log.
    ending: Vec<Event>,
}

/// Something that the builder does.
#[derive(Default)]
struct Known {
    name: String,
    step: Option<Announced>,
    cached: bool,
    ended: bool,
    lines: Lines,
}

/// A step that was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    /// Its number in this build, from 1.
    pub(super) number: u32,
    pub(super) step: Step,
    /// Its line in the Dockerfile.
    pub(super) line: Option<u32>,
}

/// What failed, in the builder's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// As the builder calls it.
    pub(super) name: String,
    /// The step that it is, if it is one.
    pub(super) step: Option<Announced>,
    pub(super) error: String,
}

impl<'a> Progress<'a> {
    pub(super) fn new(line: &'a StageLine) -> Progress<'a> {
        Progress { line, known: HashMap::new(), steps: 0, failed: None, late: Vec::new(), ending: Vec::new() }
    }

    /// What failed first.
    pub(super) fn failed(&self) -> Option<&Failed> {
        self.failed.as_ref()
    }

    /// The steps that run.
    pub(super) fn running(&self) -> impl Iterator<Item = &Announced> {
        self.known.values().filter(|known| !known.ended).filter_map(|known| known.step.as_ref())
    }

    /// What a message tells first: of vertices.
    pub(super) fn vertices(&mut self, vertices: Vec<Vertex>) -> Vec<Event> {
        let mut events = Vec::new();
        for vertex in vertices {
            self.vertex(vertex, &mut events);
        }
        events
    }

    /// What it tells then: a piece of the log of a vertex.
    pub(super) fn log(&mut self, vertex: &str, piece: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(known) = self.known.get_mut(vertex) {
            let step = known.number();
            known.lines.push(piece, |line| events.push(Event::BuildLog { step, line }));
            if known.ended && self.late.last().is_none_or(|last| last != vertex) {
                self.late.push(vertex.to_owned());
            }
        }
        events
    }

    /// The last lines of what ended, and that it ended, once all of a message was read: its log comes with it or before it.
    pub(super) fn ended(&mut self) -> Vec<Event> {
        let late = std::mem::take(&mut self.late);
        let rest = late.iter().filter_map(|vertex| self.known.get_mut(vertex)?.rest());
        let mut events: Vec<Event> = rest.collect();
        events.append(&mut self.ending);
        events
    }

    /// The last lines, where they had no line end.
    pub(super) fn finish(&mut self) -> Vec<Event> {
        self.known.values_mut().filter_map(Known::rest).collect()
    }

    fn vertex(&mut self, vertex: Vertex, events: &mut Vec<Event>) {
        let is_new = !self.known.contains_key(&vertex.digest);
        if is_new && (self.known.len() >= MOST || vertex.digest.len() > MOST_DIGEST) {
            return;
        }
        let digest = vertex.digest;
        let known = self.known.entry(digest.clone()).or_default();
        if known.name.is_empty() {
            known.name = vertex.name.chars().take(MOST_NAME).collect();
        }
        let began = vertex.started.is_some() || vertex.cached || vertex.completed.is_some();
        if began
            && known.step.is_none()
            && let Some(step) = Step::of(&known.name)
        {
            self.steps = self.steps.saturating_add(1);
            let line = (self.line)(&step.stage, step.index, step.total, &step.instruction);
            let announced = Announced { number: self.steps, step, line };
            events.push(Event::BuildStep {
                step: announced.number,
                stage: Some(announced.step.stage.clone()).filter(|stage| !stage.is_empty()),
                index: announced.step.index,
                total: announced.step.total,
                instruction: announced.step.instruction.clone(),
                line,
            });
            known.step = Some(announced);
        }
        let number = known.step.as_ref().map(|announced| announced.number);
        if vertex.cached && !std::mem::replace(&mut known.cached, true) {
            events.extend(number.map(|step| Event::BuildCached { step }));
        }
        // What is only cut off since something else failed says so, too.
        // At the end, since what was run may hold the words.
        let failed = !vertex.error.is_empty() && !vertex.error.trim_end().ends_with("context canceled");
        let is_import = known.name.starts_with(IMPORT);
        if vertex.completed.is_some() && !std::mem::replace(&mut known.ended, true) {
            if let Some(cache) = known.name.strip_prefix(IMPORT).filter(|_| failed) {
                let why = cap(&vertex.error);
                events.push(Event::Note {
                    text: format!("nothing is taken from the cache {}: {why}", cap(cache)),
                });
            }
            self.ending.extend(number.map(|step| Event::BuildStepEnded { step, failed }));
            self.late.push(digest.clone());
        }
        // A build goes on without a cache.
        if failed && !is_import && self.failed.is_none() {
            let error = vertex.error.chars().take(MOST_ERROR).collect();
            self.failed = Some(Failed { name: known.name.clone(), step: known.step.clone(), error });
        }
    }
}

impl Known {
    fn number(&self) -> Option<u32> {
        self.step.as_ref().map(|announced| announced.number)
    }

    fn rest(&mut self) -> Option<Event> {
        let step = self.number();
        self.lines.finish().map(|line| Event::BuildLog { step, line })
    }
}

#[cfg(test)]
mod tests;
