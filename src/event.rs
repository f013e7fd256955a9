//! The only way a stage says anything. Stages hold an [`Events`] handle and emit values; one reporter consumes
//! them. The JSON form of [`Event`] is public (`--format ndjson`) and versioned by [`SCHEMA`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::expect::{CheckResult, Evidence};

/// Version of the JSON form of events; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// The stages of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reading the git state.
    Source,
    /// Reading Dockerfile and context: the first pass.
    Context,
    /// Deciding everything that will be done, or refusing.
    Plan,
    /// Judging by the practices what will be built.
    Check,
    /// Streaming the build.
    Build,
    /// Running the image.
    Smoke,
    /// Tagging and pushing.
    Publish,
    /// Putting the image in the place of the one that runs on a host.
    Deploy,
    /// Removing what the run made.
    Teardown,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; 9] = [
        Stage::Source,
        Stage::Context,
        Stage::Plan,
        Stage::Check,
        Stage::Build,
        Stage::Smoke,
        Stage::Publish,
        Stage::Deploy,
        Stage::Teardown,
    ];

    /// The name used in events, reports and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Source => "source",
            Stage::Context => "context",
            Stage::Plan => "plan",
            Stage::Check => "check",
            Stage::Build => "build",
            Stage::Smoke => "smoke",
            Stage::Publish => "publish",
            Stage::Deploy => "deploy",
            Stage::Teardown => "teardown",
        }
    }
}

/// How a stage or a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what it was there for.
    Ok,
    /// It failed, or was refused.
    Failed,
    /// It was cut off by a signal.
    Cancelled,
}

/// Something that happened. All text in it may be hostile: reporters escape and cap it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// First of all: the command and the run's id.
    RunStarted {
        /// `ci`, `build`, `test` …
        command: String,
        /// The id under which journal, labels and report know the run.
        run: String,
    },
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
    },
    /// A stage ended.
    StageFinished {
        /// Which.
        stage: Stage,
        /// How.
        outcome: Outcome,
        /// Its wall time in milliseconds.
        ms: u64,
    },
    /// A fact worth a line: what was chosen and why, which fallback was taken.
    Note {
        /// One line.
        text: String,
    },
    /// Something that will bite, although the run goes on.
    Warning {
        /// One line.
        text: String,
    },
    /// Something that a rule of the practices found, and that nobody accepted.
    Finding {
        /// The rule's code.
        rule: String,
        /// The rule's name.
        name: String,
        /// `error`, `warning` or `info`.
        level: String,
        /// The file and line, or the image.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// The context as the first pass found it.
    ContextListed {
        /// Entries, folders included.
        entries: u64,
        /// Content bytes, without tar framing.
        bytes: u64,
        /// The context digest, `sha256:…`.
        digest: String,
        /// The commit whose files it is; none where it is the folder's.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// Progress of the upload of the context.
    ContextSent {
        /// Bytes of the (possibly compressed) stream handed to the engine so far.
        bytes: u64,
    },
    /// The engine began a step of the Dockerfile. Several may run at once.
    BuildStep {
        /// Its number in this build, 1-based: the events below name it.
        step: u32,
        /// The stage that the engine counts in, where it counts by stage and the stage has a name.
        #[serde(skip_serializing_if = "Option::is_none")]
        stage: Option<String>,
        /// 1-based, as the engine counts.
        index: u32,
        /// How many there are.
        total: u32,
        /// The instruction as the engine prints it.
        instruction: String,
        /// Line of the instruction in the Dockerfile, 1-based, where it could be told.
        line: Option<u32>,
    },
    /// A step came from the cache.
    BuildCached {
        /// Its number.
        step: u32,
    },
    /// A step ended.
    BuildStepEnded {
        /// Its number.
        step: u32,
        /// Whether it is why the build fails. One that was cut off since another failed is not.
        failed: bool,
    },
    /// One line of output of the build.
    BuildLog {
        /// The number of the step that wrote it; none where no step did.
        step: Option<u32>,
        /// Without its line end; capped by the sender.
        line: String,
    },
    /// The build ended with an image.
    ImageBuilt {
        /// The engine's id of the image.
        id: String,
    },
    /// A test of the image begins.
    TestStarted {
        /// Its name.
        name: String,
    },
    /// One line of a container's output, shown where a test failed.
    ContainerLog {
        /// The test whose container it is.
        test: String,
        /// Without its line end; capped by the sender.
        line: String,
    },
    /// A test of the image ended.
    TestFinished {
        /// Its name.
        name: String,
        /// How.
        outcome: Outcome,
        /// Wall time in milliseconds.
        ms: u64,
        /// Why it failed; empty where it passed.
        problems: Vec<String>,
        /// Its checks, in order.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        checks: Vec<CheckResult>,
        /// What its containers left to be read, where it failed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
    },
    /// A tag is about to be pushed.
    TagPushing {
        /// The full reference.
        reference: String,
        /// The digest it resolves to now, if any.
        before: Option<String>,
    },
    /// Progress of a push as the engine tells it.
    PushStatus {
        /// One line.
        line: String,
    },
    /// A tag was pushed, read back and compared.
    TagPublished {
        /// The full reference.
        reference: String,
        /// The manifest's digest.
        digest: String,
        /// The digest it resolved to before, if any.
        before: Option<String>,
    },
    /// Something that proves what was done was attached to a manifest that was pushed.
    EvidenceAttached {
        /// `provenance`, `tests`, `sbom`, `signature`, or `promotion`: the record of one.
        kind: String,
        /// The digest of the artifact; of a signature in cosign's older form, its tag.
        place: String,
        /// The digest of the manifest that it is about.
        subject: String,
        /// Whether it is signed.
        signed: bool,
    },
    /// A tag was taken out of the registry.
    TagRemoved {
        /// The full reference.
        reference: String,
        /// The digest it resolved to.
        before: Option<String>,
    },
    /// Something is about to be done to a deployment on its host.
    DeployStep {
        /// The deployment.
        name: String,
        /// What: `lock`, `pull`, `create`, `rename`, `restart-policy`, `connect`, `disconnect`, `start`, `stop`, `hold`,
        /// `remove`, `ready`, `watch`, `serves`, `keep`; of a service `create`, `update`, `rollback`, `remove`; of its tasks what became of one:
        /// `task-preparing`, `task-starting`, `task-running`, `task-failed`, `task-rejected`, `task-complete`, `task-shutdown`.
        step: String,
        /// To which container; none where it is to none. An id, cut as the engine prints it.
        #[serde(skip_serializing_if = "Option::is_none")]
        container: Option<String>,
        /// Of which task: the service's name and the number of the replica, `web.1`.
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// On which node of the swarm.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// Whether it is on the way back, or brings order into what an earlier run left.
        back: bool,
    },
    /// A deployment ended, and this serves.
    Deployed {
        /// The deployment.
        name: String,
        /// What was asked for.
        reference: String,
        /// The digest of what runs now.
        digest: String,
        /// The digest of what ran before, where something did.
        before: Option<String>,
        /// For how many milliseconds nothing served, at most; none of a service, whose tasks nobody asks.
        #[serde(skip_serializing_if = "Option::is_none")]
        gap_ms: Option<u64>,
    },
    /// A first signal arrived: the run stops and cleans up.
    Cancelling {
        /// `SIGINT` or `SIGTERM`.
        signal: String,
    },
    /// Last of all.
    RunFinished {
        /// The process's exit code.
        exit_code: u8,
        /// What failed, with its causes.
        error: Option<String>,
        /// What to do about it.
        hints: Vec<String>,
    },
}

/// An event with its time since the run's start.
#[derive(Debug, Serialize)]
pub struct Stamped {
    /// [`SCHEMA`].
    pub v: u32,
    /// Milliseconds since the run's start.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Held until the reporter is done with the event, so that a flood waits for a slow terminal.
    #[serde(skip)]
    _room: Option<OwnedSemaphorePermit>,
}

/// Lines of output that may be on their way to the reporter at once.
const LOG_BACKLOG: usize = 512;

/// The handle that stages hold: cheap to clone, never fails.
///
/// The channel itself is unbounded, since what stages [`emit`](Events::emit) is low traffic; output of builds and
/// containers goes through [`log`](Events::log), which waits for the reporter and so never piles up in memory. A
/// reporter that is gone must not stop a build.
#[derive(Debug, Clone)]
pub struct Events {
    started: Instant,
    sender: mpsc::UnboundedSender<Stamped>,
    room: Arc<Semaphore>,
}

impl Events {
    /// A handle and the end that the reporter reads; the stream ends when the last handle is dropped.
    pub fn channel() -> (Events, mpsc::UnboundedReceiver<Stamped>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Events { started: Instant::now(), sender, room: Arc::new(Semaphore::new(LOG_BACKLOG)) }, receiver)
    }

    /// A handle whose events nobody reads.
    pub fn discard() -> Events {
        Events::channel().0
    }

    /// Says that `event` happened now.
    pub fn emit(&self, event: Event) {
        self.send(event, None);
    }

    /// Says a line of output, after waiting for room.
    pub async fn log(&self, event: Event) {
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        self.send(event, room);
    }

    fn send(&self, event: Event, room: Option<OwnedSemaphorePermit>) {
        let at_ms = millis(self.started.elapsed());
        // A reporter that ended early (a closed pipe) is its own affair.
        let _ = self.sender.send(Stamped { v: SCHEMA, at_ms, event, _room: room });
    }

    /// Says one line about what was chosen and why.
    pub fn note(&self, text: impl Into<String>) {
        self.emit(Event::Note { text: text.into() });
    }

    /// Says one line about something that will bite.
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warning { text: text.into() });
    }
}

/// A duration in whole milliseconds, saturating.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
