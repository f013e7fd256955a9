//! The thread that consumes a run's events. It never makes a stage wait, but for floods of output (see
//! [`Events::log`](crate::event::Events::log)), and it outlives a closed pipe.

use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::MissedTickBehavior;

use super::{Masker, Recorder, Recording};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stamped, millis};

/// How often reporters hear of the time: the live view draws on it.
const TICK: Duration = Duration::from_millis(100);

/// Something that shows events. An error ends it, and it alone.
pub trait Reporter {
    /// What it is, for messages about it.
    fn name(&self) -> &'static str;

    /// Shows one event. Its texts are masked and otherwise as hostile as they came.
    fn event(&mut self, stamped: &Stamped) -> io::Result<()>;

    /// The time since the run's start, in milliseconds, about ten times a second.
    fn tick(&mut self, _at_ms: u64) -> io::Result<()> {
        Ok(())
    }

    /// The last call: nothing more will happen.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the reporters leave.
#[derive(Debug, Default)]
pub struct Finished {
    /// What the run report takes from the events.
    pub recording: Recording,
    /// Reporters that ended early, and why. One whose reader closed its pipe is not among them: that is no failure.
    pub lost: Vec<(&'static str, io::Error)>,
}

/// Starts the thread. It ends with [`Event::RunFinished`], or when the last handle that emits is dropped; so a run
/// can join it even where a stage that was cut off still holds a handle. Fails where the system gives no thread.
pub fn spawn(
    receiver: UnboundedReceiver<Stamped>,
    reporters: Vec<Box<dyn Reporter + Send>>,
    masker: Masker,
) -> Result<JoinHandle<Finished>> {
    let cannot =
        |e: io::Error| Error::new(Kind::Internal, "cannot start the thread of the reporter").because(e);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(cannot)?;
    let crew = Crew {
        recorder: Recorder::new(masker.clone()),
        reporters,
        lost: Vec::new(),
        masker,
        clock: Clock::default(),
    };
    std::thread::Builder::new()
        .name("reporter".to_owned())
        .spawn(move || runtime.block_on(run(receiver, crew)))
        .map_err(cannot)
}

async fn run(mut receiver: UnboundedReceiver<Stamped>, mut crew: Crew) -> Finished {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => crew.tick(),
            received = receiver.recv() => {
                let Some(stamped) = received else { break };
                let last = matches!(stamped.event, Event::RunFinished { .. });
                crew.event(stamped);
                if last {
                    break;
                }
            }
        }
    }
    crew.finish()
}

struct Crew {
    recorder: Recorder,
    reporters: Vec<Box<dyn Reporter + Send>>,
    lost: Vec<(&'static str, io::Error)>,
    masker: Masker,
    clock: Clock,
}

impl Crew {
    fn event(&mut self, mut stamped: Stamped) {
        self.clock.set(stamped.at_ms);
        self.masker.event(&mut stamped.event);
        self.recorder.record(&stamped);
        self.each(|reporter| reporter.event(&stamped));
    }

    fn tick(&mut self) {
        if let Some(at_ms) = self.clock.now() {
            self.each(|reporter| reporter.tick(at_ms));
        }
    }

    fn finish(mut self) -> Finished {
        self.each(|reporter| reporter.finish());
        Finished { recording: self.recorder.into_recording(), lost: self.lost }
    }

    fn each(&mut self, mut call: impl FnMut(&mut dyn Reporter) -> io::Result<()>) {
        let lost = &mut self.lost;
        self.reporters.retain_mut(|reporter| match call(reporter.as_mut()) {
            Ok(()) => true,
            Err(error) => {
                if error.kind() != io::ErrorKind::BrokenPipe {
                    lost.push((reporter.name(), error));
                }
                false
            }
        });
    }
}

/// The run's clock, learnt from the stamps of its events.
#[derive(Default)]
struct Clock(Option<Instant>);

impl Clock {
    fn set(&mut self, at_ms: u64) {
        let start = Instant::now().checked_sub(Duration::from_millis(at_ms));
        // The earliest is the best guess: an event may have waited, and never comes before it happened.
        self.0 = match (self.0, start) {
            (Some(known), Some(start)) => Some(known.min(start)),
            (known, start) => known.or(start),
        };
    }

    fn now(&self) -> Option<u64> {
        self.0.map(|start| millis(start.elapsed()))
    }
}
