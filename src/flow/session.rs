//! What every command runs with, and how a stage is told and timed.

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events, Outcome, Stage, millis};
use crate::report::Masker;
use crate::stop::Stop;

/// The surroundings of one run, made once by `cli`.
#[derive(Debug)]
pub struct Session {
    /// The environment.
    pub environment: Environment,
    /// The folder the run was started in.
    pub directory: PathBuf,
    /// The configuration file that was named, in place of the one that is found.
    pub config: Option<PathBuf>,
    /// Where stages say what happens.
    pub events: Events,
    /// Hides every login from the moment it is known.
    pub masker: Masker,
    /// What the run itself writes, as absolute paths: it neither enters the context nor makes the tree unclean.
    pub own: Vec<PathBuf>,
    /// Set by the first signal.
    pub stop: Stop,
    /// The run's id: its start and a random part, so that ids sort by time and never meet.
    pub run: String,
    /// The run's start, unix seconds.
    pub now: i64,
}

impl Session {
    /// A session that starts now. `IMGBUILD_NOW` (unix seconds) replaces the clock, so that a run can be repeated;
    /// what is no such time is [`Kind::Usage`], since going on with the clock would be silent.
    pub fn begin(
        environment: Environment,
        directory: PathBuf,
        config: Option<PathBuf>,
        events: Events,
        masker: Masker,
    ) -> Result<Session> {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let clock = i64::try_from(clock).unwrap_or(i64::MAX);
        let now = environment.get("IMGBUILD_NOW").map(given_time).transpose()?.unwrap_or(clock);
        // Seeded by the system's randomness, which is all that is needed here.
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
        let run = format!("{clock:x}-{:08x}", random & 0xffff_ffff);
        let (own, stop) = (Vec::new(), Stop::default());
        Ok(Session { environment, directory, config, events, masker, own, stop, run, now })
    }

    /// Where the journals of runs lie.
    pub fn journal_dir(&self) -> PathBuf {
        let state =
            self.environment.get_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || self.environment.home().map(|home| home.join(".local/state"));
        // Without a home there is still one place that outlives the process.
        let temporary = || {
            let folder =
                self.environment.get_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
            folder.join(format!("imgbuild-{}", rustix::process::getuid().as_raw()))
        };
        state.or_else(home).unwrap_or_else(temporary).join("imgbuild").join("journal")
    }

    /// Runs a stage: says that it begins, how it ended, and how long it took.
    pub(super) async fn stage<T>(&self, stage: Stage, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.events.emit(Event::StageStarted { stage });
        let began = Instant::now();
        // Boxed: the state of all that a stage does would lie on the stack of every caller.
        let result = Box::pin(work).await;
        let outcome = match &result {
            Ok(_) => Outcome::Ok,
            Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Terminated) => Outcome::Cancelled,
            Err(_) => Outcome::Failed,
        };
        self.events.emit(Event::StageFinished { stage, outcome, ms: millis(began.elapsed()) });
        result
    }
}

fn given_time(text: &str) -> Result<i64> {
    let time = text.parse().ok().filter(|seconds| *seconds >= 0);
    time.filter(|seconds| jiff::Timestamp::from_second(*seconds).is_ok()).ok_or_else(|| {
        Error::new(Kind::Usage, format!("IMGBUILD_NOW is {text:?}, and not a time in seconds since 1970"))
    })
}

/// Runs blocking work beside the runtime; it has to poll the session's stop flag by itself.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|cause| Error::new(Kind::Internal, "a worker thread broke off").because(cause))?
}
