//! `POST /build`, the classic builder, with a streamed context.
//!
//! Over our own wire and not through bollard, whose decoder keeps a whole message in memory whatever its size, takes
//! two messages without a newline between them for an error, and whose request cannot be told apart from its
//! connection: here, dropping the future closes the socket, and the engine cancels the build.

use std::collections::VecDeque;
use std::future::Future;
use std::io::Write;
use std::time::Duration;

use http::Method;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::Digest;

use super::build_messages::{Message, Messages};
use super::build_progress::{BuildObserver, Progress, Signal, Step};
use super::build_request::BuildRequest;
use super::client::Engine;
use super::fault::{Fault, SPACE_HINT, cap, is_full_disk, seconds, with_space_hint};
use super::upload;
use super::wire::Reply;

/// An image that this process built, by the id of the engine's aux message.
///
/// Nothing else can make one:
///
/// ```compile_fail
/// let id = imgbuild::image::Digest::of(b"");
/// let image = imgbuild::engine::BuiltImage { id };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltImage {
    id: Digest,
}

impl BuiltImage {
    /// The image that a builder of this engine said it built.
    pub(super) fn of(id: Digest) -> BuiltImage {
        BuiltImage { id }
    }

    /// The engine's id of the image.
    pub fn id(&self) -> &Digest {
        &self.id
    }
}

/// How often progress of the upload is told, and limits are looked at.
const TICK: Duration = Duration::from_millis(200);
/// How long a context writer that nobody reads from any more is waited for.
const FAREWELL: Duration = Duration::from_secs(5);

impl Engine {
    /// Builds an image from the context that `context` writes (a tar stream, gzipped or not; it runs on a blocking
    /// thread and is stopped by `BrokenPipe`). Every message becomes an event; `observer` hears every id as it comes.
    ///
    /// Errors are of kind `Build` where the Dockerfile is to blame, `Config` where it cannot be read, `Registry` where
    /// a base could not be fetched, `Engine` where the engine was lost or hangs; the error of `context` wins over all.
    /// Dropping the future cancels the build.
    pub async fn build<C>(
        &self,
        request: &BuildRequest,
        context: C,
        observer: &mut dyn BuildObserver,
        events: &Events,
    ) -> Result<BuiltImage>
    where
        C: FnOnce(&mut dyn Write) -> Result<u64> + Send + 'static,
    {
        let (body, progress, producer) = upload::from_writer(context);
        let watch = Watch::new(request, progress, events);
        let mut run = Run {
            engine: self,
            request,
            events,
            observer,
            is_full: false,
            watch,
            progress: Progress::new(&*request.step_line),
        };
        let built = run.drive(body).await;
        let last = run.progress.finish();
        if let Some(signal) = last {
            run.pass(vec![signal]).await?;
        }
        let is_full = run.is_full;
        let settled = settle(built, producer, &mut run.watch).await;
        settled.map_err(|error| if is_full { error.hint(SPACE_HINT) } else { error })
    }
}

/// Joins the outcome of the stream with that of the context's writer.
async fn settle(
    built: Result<BuiltImage>,
    producer: JoinHandle<Result<Option<u64>>>,
    watch: &mut Watch<'_>,
) -> Result<BuiltImage> {
    watch.tell_sent();
    match tokio::time::timeout(FAREWELL, producer).await {
        Ok(Ok(Err(error))) => Err(error),
        Ok(Ok(Ok(Some(_)))) => built,
        Ok(Ok(Ok(None))) | Err(_) => built.and_then(|_| {
            Err(Error::new(Kind::Engine, "the engine ended the build before it had read the whole context"))
        }),
        Ok(Err(panic)) => Err(Error::new(Kind::Internal, "writing the context panicked").because(panic)),
    }
}

struct Run<'a> {
    engine: &'a Engine,
    request: &'a BuildRequest,
    events: &'a Events,
    /// A step has said that the disk is full.
    is_full: bool,
    observer: &'a mut dyn BuildObserver,
    watch: Watch<'a>,
    progress: Progress<'a>,
}

impl Run<'_> {
    async fn drive(&mut self, body: upload::Upload) -> Result<BuiltImage> {
        let wire = &self.engine.wire;
        let query = self.request.query();
        let mut post =
            wire.request(Method::POST, "/build", &query, body).map_err(|fault| self.lost(fault))?;
        let tar = http::HeaderValue::from_static("application/x-tar");
        post.headers_mut().insert(http::header::CONTENT_TYPE, tar);
        if let Some(config) = self.request.registry_config()
            && let Ok(mut value) = http::HeaderValue::try_from(config)
        {
            value.set_sensitive(true);
            post.headers_mut().insert("x-registry-config", value);
        }
        let reply = self.watch.over(wire.open(post)).await.map_err(|end| self.ended(end))?;
        if !reply.status.is_success() {
            return Err(refused(reply.refusal().await, self.engine));
        }
        self.messages(reply).await
    }

    async fn messages(&mut self, mut reply: Reply) -> Result<BuiltImage> {
        // The classic builder says nothing before it has the whole context.
        self.watch.tell_sent();
        let mut messages = Messages::default();
        loop {
            let chunk = match self.watch.over(reply.chunk()).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(end) => return Err(self.ended(end)),
            };
            for message in messages.push(&chunk) {
                if let Message::Failed { code, text } = &message {
                    return Err(failure(self.progress.step(), &self.request.dockerfile, *code, text));
                }
                let signals = self.progress.read(message);
                self.pass(signals).await?;
            }
        }
        let Some(id) = self.progress.result() else {
            return Err(Error::new(
                Kind::Build,
                format!("the engine ended the build without an image{}", self.place()),
            ));
        };
        let id = id.parse().or_else(|_| format!("sha256:{id}").parse()).map_err(|_| {
            Error::new(
                Kind::Engine,
                format!("the engine named the built image by {:?}, which is no id", cap(id)),
            )
        })?;
        Ok(BuiltImage::of(id))
    }

    async fn pass(&mut self, signals: Vec<Signal>) -> Result<()> {
        for signal in signals {
            match signal {
                Signal::Event(event @ Event::BuildLog { .. }) => {
                    self.is_full |= matches!(&event, Event::BuildLog { line, .. } if is_full_disk(line));
                    self.events.log(event).await;
                }
                Signal::Event(event) => {
                    if let Event::BuildStep { instruction, .. } = &event {
                        self.observer.on_step(instruction)?;
                    }
                    self.events.emit(event);
                }
                Signal::Image(id, origin) => self.observer.on_image(&id, origin)?,
                Signal::Container(id) => self.observer.on_container(&id)?,
            }
        }
        Ok(())
    }

    /// ` at step 3/7 (Dockerfile:5) RUN make`, or nothing before the first step.
    fn place(&self) -> String {
        self.progress
            .step()
            .map(|step| format!(" at {}", place(step, &self.request.dockerfile)))
            .unwrap_or_default()
    }

    fn ended(&self, end: End) -> Error {
        match end {
            End::Fault(fault) => self.lost(fault),
            End::Idle(limit) => {
                let kind = if self.progress.step().is_some() { Kind::Build } else { Kind::Engine };
                Error::new(
                    kind,
                    format!(
                        "the build hangs{}: nothing was said or sent for {}",
                        self.place(),
                        seconds(limit)
                    ),
                )
            }
            End::Total(limit) => Error::new(
                Kind::Build,
                format!("the build took longer than {}{}", seconds(limit), self.place()),
            ),
        }
    }

    fn lost(&self, fault: Fault) -> Error {
        match fault {
            Fault::Lost(cause) => lost_in_the_middle(self.engine, &self.place(), &cause),
            fault => self.engine.told(fault, "build"),
        }
    }
}

/// The error of an engine that went away; `place` is where the build was, as ` at step 2/5 …`.
pub(super) fn lost_in_the_middle(engine: &Engine, place: &str, cause: &str) -> Error {
    let endpoint = engine.endpoint();
    Error::new(
        Kind::Engine,
        format!("the engine at {endpoint} was lost in the middle of the build{place}: {cause}"),
    )
    .hint("see whether it still runs: `docker info`, `journalctl -u docker`")
}

/// The engine refused the build as a whole: the Dockerfile cannot be parsed, the target does not exist.
fn refused(fault: Fault, engine: &Engine) -> Error {
    match fault {
        Fault::Refused { status: 400..=499, message } => {
            Error::new(Kind::Config, format!("the engine refuses the build: {}", cap(message.trim())))
        }
        // 20.10 answers 500 for most of what is wrong with a Dockerfile.
        Fault::Refused { message, .. } if !message.is_empty() => {
            let known = [
                "dockerfile parse error",
                "Dockerfile parse error",
                "Cannot locate specified Dockerfile",
                "failed to reach build target",
                "unknown instruction",
            ];
            let kind =
                if known.iter().any(|word| message.contains(word)) { Kind::Config } else { Kind::Build };
            with_space_hint(Error::new(kind, format!("the build failed: {}", cap(message.trim()))), &message)
        }
        fault => engine.told(fault, "build"),
    }
}

fn place(step: &Step, dockerfile: &str) -> String {
    const SHOWN: usize = 100;
    let line = step.line.map(|line| format!(" ({dockerfile}:{line})")).unwrap_or_default();
    let mut shown: VecDeque<char> = step.instruction.chars().take(SHOWN + 1).collect();
    if shown.len() > SHOWN {
        shown.pop_back();
        shown.push_back('…');
    }
    format!("step {}/{}{line} {}", step.index, step.total, shown.into_iter().collect::<String>())
}

/// A message of failure in the stream.
fn failure(step: Option<&Step>, dockerfile: &str, code: i64, text: &str) -> Error {
    let text = text.trim();
    let Some(step) = step else {
        return with_space_hint(Error::new(Kind::Build, format!("the build failed: {}", cap(text))), text);
    };
    let place = place(step, dockerfile);
    // `The command '/bin/sh -c make' returned a non-zero code: 2` repeats what the step says.
    if text.starts_with("The command ") && text.contains("returned a non-zero code") {
        return Error::new(Kind::Build, format!("{place} failed: exit code {code}"));
    }
    // Podman's: `building at STEP "RUN make": while running runtime: exit status 2`.
    if let Some((_, status)) = text.split_once("while running runtime: exit status ") {
        return Error::new(Kind::Build, format!("{place} failed: exit code {}", cap(status)));
    }
    if text.contains("Unknown instruction") {
        return Error::new(Kind::Config, format!("{place} is no instruction"));
    }
    let from = step.instruction.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("from"));
    if from && is_network_trouble(text) {
        return Error::new(Kind::Registry, format!("{place} failed: {}", cap(text)));
    }
    let error = with_space_hint(Error::new(Kind::Build, format!("{place} failed: {}", cap(text))), text);
    if from && (text.contains("pull access denied") || text.contains("unauthorized")) {
        error.hint("log in to the base image's registry, or check its name")
    } else {
        error
    }
}

/// Whether it is the way to a registry that an engine's text complains of.
pub(super) fn is_network_trouble(text: &str) -> bool {
    let signs = [
        "dial ",
        "no such host",
        "i/o timeout",
        "TLS handshake",
        "toomanyrequests",
        "EOF",
        "x509:",
        "server gave HTTP",
    ];
    signs.iter().any(|sign| text.contains(sign))
}

/// Why waiting ended without an answer.
enum End {
    Fault(Fault),
    Idle(Duration),
    Total(Duration),
}

/// Watches over silence and time while something is waited for, and tells how much of the context went out.
struct Watch<'a> {
    progress: upload::Progress,
    events: &'a Events,
    told: u64,
    started: Instant,
    idle: Duration,
    total: Duration,
}

impl<'a> Watch<'a> {
    fn new(request: &BuildRequest, progress: upload::Progress, events: &'a Events) -> Watch<'a> {
        let (idle, total) = (request.idle_timeout, request.total_timeout);
        Watch { progress, events, told: 0, started: Instant::now(), idle, total }
    }

    /// Awaits `wait`, which counts as silent while it is pending and no byte of the context is taken.
    async fn over<T>(&mut self, wait: impl Future<Output = Result<T, Fault>>) -> Result<T, End> {
        let mut wait = std::pin::pin!(wait);
        let (mut taken, mut moved) = (self.progress.taken(), Instant::now());
        loop {
            if self.started.elapsed() > self.total {
                return Err(End::Total(self.total));
            }
            if let Ok(outcome) = tokio::time::timeout(TICK.min(self.idle), wait.as_mut()).await {
                return outcome.map_err(End::Fault);
            }
            self.tell_sent();
            if self.progress.taken() != taken {
                (taken, moved) = (self.progress.taken(), Instant::now());
            } else if moved.elapsed() >= self.idle {
                return Err(End::Idle(self.idle));
            }
        }
    }

    fn tell_sent(&mut self) {
        let bytes = self.progress.taken();
        if bytes > self.told {
            self.told = bytes;
            self.events.emit(Event::ContextSent { bytes });
        }
    }
}

#[cfg(test)]
mod tests;
