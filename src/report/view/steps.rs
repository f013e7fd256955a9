//! The steps of a build, as the live view shows them: one of those that run, and in the end the one that failed.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::report::look::Look;
use crate::report::tail::Tail;
use crate::report::words;

/// The steps so far.
#[derive(Default)]
pub(super) struct Steps {
    /// Those that run, by number.
    running: BTreeMap<u32, Step>,
    /// The one that ended last, and the first that failed.
    last: Option<Step>,
    failed: Option<Step>,
    pub(super) count: u32,
    pub(super) cached: u32,
}

/// A step. Its text is escaped already.
pub(super) struct Step {
    text: String,
    pub(super) log: Tail,
}

impl Steps {
    pub(super) fn take(&mut self, look: Look, event: &Event) {
        match event {
            Event::BuildStep { step, stage, index, total, instruction, line } => {
                self.count = self.count.saturating_add(1);
                // An instruction with a heredoc in it can be as long as its file.
                let instruction = look.escape(instruction, look.width);
                let stage = stage.as_ref().map(|stage| look.escape(stage, look.width));
                let text = words::step((*index, *total), stage.as_deref(), &instruction, *line);
                self.running.insert(*step, Step { text, log: Tail::default() });
            }
            Event::BuildCached { .. } => self.cached = self.cached.saturating_add(1),
            Event::BuildLog { step, line } => {
                let step = match step {
                    Some(step) => self.running.get_mut(step),
                    None => {
                        self.running.last_entry().map(std::collections::btree_map::OccupiedEntry::into_mut)
                    }
                };
                if let Some(step) = step {
                    step.log.push(line);
                }
            }
            Event::BuildStepEnded { step, failed } => {
                let ended = self.running.remove(step);
                match failed {
                    true if self.failed.is_none() => self.failed = ended,
                    _ => self.last = ended.or(self.last.take()),
                }
            }
            _ => {}
        }
    }

    /// The one to show.
    pub(super) fn shown(&self) -> Option<&Step> {
        let running = || self.running.last_key_value().map(|(_, step)| step);
        self.failed.as_ref().or_else(running).or(self.last.as_ref())
    }

    /// What is being done: `step 2/5: RUN make (Dockerfile:7)`, and how many more run beside it.
    pub(super) fn doing(&self) -> Option<String> {
        let step = self.shown()?;
        Some(match self.running.len() {
            more @ 2.. if self.failed.is_none() => format!("{} and {} more", step.text, more - 1),
            _ => step.text.clone(),
        })
    }
}
