//! A build: the request, what the builder asks of us, what it tells, and the limits on all of it, side by side.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::{SolveResponse, StatusRequest, StatusResponse};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Code, Response, Status, Streaming};

use super::connect::BuildKit;
use super::content::Caches;
use super::progress::{Failed, Progress};
use super::request::BuildKitRequest;
use super::session::{Files, Sent, Services, Session};
use super::trouble;
use super::warnings::Warnings;
use crate::context::Listing;
use crate::engine::build_progress::{BuildObserver, Origin};
use crate::engine::fault::{SPACE_HINT, cap, is_full_disk, seconds};
use crate::engine::{BuiltImage, Landing};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::Digest;
use crate::stop::Stop;
use crate::token::token;

/// How often limits are looked at, and the transfer is told of.
const TICK: Duration = Duration::from_millis(200);
/// How long the last news of a build that has ended are waited for.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long they may keep coming.
const BACKLOG: Duration = Duration::from_secs(10);
/// A message may hold the whole log of a moment, or the source that a warning is about.
const MOST_MESSAGE: usize = 64 << 20;
/// Bytes of a log that become events at once: each may be a line.
const LOG_PIECE: usize = 16 * 1024;

/// What the builder calls the image in its answer.
const IMAGE: &str = "containerimage.digest";
/// And its configuration, which is the same on every engine.
const CONFIG: &str = "containerimage.config.digest";

impl BuildKit {
    /// Builds an image of `listing`. Every message becomes an event; `observer` hears of steps as they come, and of the
    /// image.
    ///
    /// Errors are of kind `Build` where the Dockerfile is to blame, `Config` where it cannot be read, `Registry` where a
    /// base could not be fetched, `Engine` where the builder was lost or hangs; an entry of the context that changed wins
    /// over all. Dropping the future cancels the build.
    pub async fn build(
        &mut self,
        request: &BuildKitRequest,
        listing: Arc<Listing>,
        stop: &Stop,
        observer: &mut dyn BuildObserver,
        events: &Events,
    ) -> Result<BuiltImage> {
        self.told.store(false, Ordering::Relaxed);
        let caches = Caches::open(&request.cache_from, &request.cache_to, events).await?;
        let files = Files::new(listing, request.times, stop.clone());
        let sent = files.sent();
        let services = Services {
            files,
            logins: request.build.registry_auth.clone(),
            secrets: request.secrets.clone(),
            agents: request.agents.clone(),
            landing: request.landing.clone(),
            content: caches.content(),
        };
        let (id, reference) = (token(), token());
        let session = Session::open(self, id, &request.shared_key, services)
            .await
            .map_err(|fault| self.told(fault, "open a session with BuildKit"))?;
        let solve = request.solve(&reference, session.id(), &caches)?;

        let mut builder = self.control.clone().max_decoding_message_size(MOST_MESSAGE);
        let mut teller = builder.clone();
        let solving = async move { builder.solve(solve).await.map(Response::into_inner) };
        let telling = async move { teller.status(StatusRequest { r#ref: reference }).await };
        let mut run = Run {
            builder: self,
            request,
            observer,
            events,
            is_full: false,
            progress: Progress::new(&*request.stage_line),
            warnings: Warnings::new(&request.build.dockerfile),
            sent: &sent,
            told: 0,
            landed: 0,
            began: Instant::now(),
            moved: Instant::now(),
        };
        // In a task of its own: while a terminal is slow to take what is told, the builder still has its answers.
        let mut serving = JoinSet::new();
        serving.spawn(session.serve());
        let solved = run.drive(solving, telling, &mut serving).await;
        serving.shutdown().await;
        run.tell_sent();
        let last = run.progress.finish();
        run.pass(last).await?;
        if let Some(more) = run.warnings.left_out() {
            events.warn(more);
        }
        // First of all, so that an image that is there is noted whatever comes next.
        let settled = run.settle(solved).await;
        // An entry that changed says more than the builder's word for a transfer that broke off.
        if let Some(error) = sent.failure() {
            return Err(error);
        }
        // So does the engine's word for an image that it does not take.
        if let Some(error) = request.landing.as_ref().and_then(Landing::failure) {
            return Err(error);
        }
        let built = match settled {
            Ok(built) => built,
            // A folder that is full says more than the builder's word for it.
            Err(error) => {
                let error = caches.failure().unwrap_or(error);
                return Err(if run.is_full { error.hint(SPACE_HINT) } else { error });
            }
        };
        caches.finish(events).await?;
        Ok(built)
    }
}

/// How waiting ended.
enum End {
    Solved(SolveResponse),
    Refused(Status),
    /// The session broke while the builder worked on.
    Session(String),
    Failed(Error),
}

struct Run<'a> {
    builder: &'a BuildKit,
    request: &'a BuildKitRequest,
    observer: &'a mut dyn BuildObserver,
    events: &'a Events,
    /// A step has said that the disk is full.
    is_full: bool,
    progress: Progress<'a>,
    warnings: Warnings<'a>,
    sent: &'a Sent,
    told: u64,
    landed: u64,
    began: Instant,
    /// When something was last told or sent.
    moved: Instant,
}

impl Run<'_> {
    async fn drive(
        &mut self,
        solving: impl Future<Output = Result<SolveResponse, Status>>,
        telling: impl Future<Output = Result<Response<Streaming<StatusResponse>>, Status>>,
        serving: &mut JoinSet<Result<(), String>>,
    ) -> End {
        let (mut solving, mut telling) = (std::pin::pin!(solving), std::pin::pin!(telling));
        let (mut news, mut asked) = (None::<Streaming<StatusResponse>>, false);
        let mut tick = tokio::time::interval(TICK);
        let end = loop {
            let told = async {
                match news.as_mut() {
                    Some(news) => news.message().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                solved = &mut solving => {
                    break match solved {
                        Ok(answer) => End::Solved(answer),
                        Err(status) => End::Refused(status),
                    };
                }
                message = told => match self.heard(message) {
                    Some(message) => {
                        if let Err(error) = self.take(message).await {
                            return End::Failed(error);
                        }
                    }
                    // What the build came to, its own answer tells.
                    None => news = None,
                },
                opened = &mut telling, if !asked => {
                    asked = true;
                    news = opened.ok().map(Response::into_inner);
                }
                Some(ended) = serving.join_next() => {
                    let ended = ended.unwrap_or_else(|cause| Err(cause.to_string()));
                    if let Err(cause) = ended {
                        return End::Session(cause);
                    }
                }
                _ = tick.tick() => {
                    self.tell_sent();
                    if let Some(error) = self.late() {
                        return End::Failed(error);
                    }
                }
            }
        };
        // The builder tells the end of the last steps after its answer.
        let last = async {
            if !asked {
                let told = tokio::time::timeout(FAREWELL, telling).await;
                news = told.ok().and_then(std::result::Result::ok).map(Response::into_inner);
            }
            // None is broken off in the middle: a terminal may be slow to take it.
            let solved = Instant::now();
            while let Ok(told) = tokio::time::timeout(FAREWELL, news.as_mut()?.message()).await {
                let Some(message) = self.heard(told) else { break };
                if let Err(error) = self.take(message).await {
                    return Some(error);
                }
                if solved.elapsed() > BACKLOG {
                    break;
                }
            }
            None
        };
        match last.await {
            Some(error) => End::Failed(error),
            None => end,
        }
    }

    /// The next message; `None` where there are no more. Notes whether the builder tells of the build.
    fn heard(&self, message: Result<Option<StatusResponse>, Status>) -> Option<StatusResponse> {
        match message {
            Ok(None) => return None,
            Ok(Some(_)) => self.builder.told.store(true, Ordering::Relaxed),
            Err(_) => self.builder.told.store(false, Ordering::Relaxed),
        }
        message.ok().flatten()
    }

    async fn take(&mut self, message: StatusResponse) -> Result<()> {
        self.moved = Instant::now();
        let events = self.progress.vertices(message.vertexes);
        self.pass(events).await?;
        for log in message.logs {
            for piece in log.msg.chunks(LOG_PIECE) {
                let events = self.progress.log(&log.vertex, piece);
                self.pass(events).await?;
            }
        }
        for warning in message.warnings {
            if let Some(warning) = self.warnings.take(warning) {
                self.observer.on_warning(warning);
            }
        }
        let events = self.progress.ended();
        self.pass(events).await?;
        // Who is slow to take what was told is not a builder that is silent.
        self.moved = Instant::now();
        Ok(())
    }

    async fn pass(&mut self, events: Vec<Event>) -> Result<()> {
        for event in events {
            match event {
                Event::BuildLog { .. } => {
                    self.is_full |= matches!(&event, Event::BuildLog { line, .. } if is_full_disk(line));
                    self.events.log(event).await;
                }
                event => {
                    if let Event::BuildStep { instruction, .. } = &event {
                        self.observer.on_step(instruction)?;
                    }
                    self.events.emit(event);
                }
            }
        }
        Ok(())
    }

    fn tell_sent(&mut self) {
        let bytes = self.sent.bytes();
        if bytes > self.told {
            (self.told, self.moved) = (bytes, Instant::now());
            self.events.emit(Event::ContextSent { bytes });
        }
        let landed = self.request.landing.as_ref().map_or(0, Landing::bytes);
        if landed > self.landed {
            (self.landed, self.moved) = (landed, Instant::now());
        }
    }

    /// The error of a limit that has passed.
    fn late(&self) -> Option<Error> {
        let build = &self.request.build;
        if self.began.elapsed() > build.total_timeout {
            return Some(Error::new(
                Kind::Build,
                format!("the build took longer than {}{}", seconds(build.total_timeout), self.at()),
            ));
        }
        if self.moved.elapsed() <= build.idle_timeout {
            return None;
        }
        let kind = if self.progress.running().next().is_some() { Kind::Build } else { Kind::Engine };
        let silent = seconds(build.idle_timeout);
        Some(Error::new(kind, format!("the build hangs{}: nothing was said or sent for {silent}", self.at())))
    }

    /// ` at step 2/5 (Dockerfile:7) RUN make` of what runs; nothing where that is not one step.
    fn at(&self) -> String {
        let mut running = self.progress.running();
        match (running.next(), running.next()) {
            (Some(step), None) => format!(" at {}", trouble::place(step, &self.request.build.dockerfile)),
            _ => String::new(),
        }
    }

    async fn settle(&mut self, end: End) -> Result<BuiltImage> {
        let answer = match end {
            End::Solved(answer) => answer,
            End::Failed(error) => return Err(error),
            End::Session(cause) => return Err(self.lost(cause)),
            End::Refused(status) => return Err(self.refused(&status)),
        };
        if let Some(landing) = &self.request.landing {
            let id = self.landed(landing, &answer).await?;
            self.observer.on_image(id.as_str(), Origin::Result)?;
            return Ok(BuiltImage::of(id));
        }
        let Some(id) = answer.exporter_response.get(IMAGE) else {
            return Err(Error::new(Kind::Build, "BuildKit ended the build without an image"));
        };
        let id: Digest = id.parse().map_err(|_| {
            Error::new(
                Kind::Engine,
                format!("BuildKit named the built image by {:?}, which is no id", cap(id)),
            )
        })?;
        self.observer.on_image(id.as_str(), Origin::Result)?;
        Ok(BuiltImage::of(id))
    }

    /// The image that was handed over, by the engine's word, held against the builder's.
    async fn landed(&self, landing: &Landing, answer: &SolveResponse) -> Result<Digest> {
        let builder = self.builder.name();
        if !landing.is_loaded() {
            return Err(Error::new(
                Kind::Engine,
                format!("{builder} ended the build and handed over no image"),
            ));
        }
        let engine = &self.builder.engine;
        let Some(image) = engine.inspect_image(landing.name()).await? else {
            return Err(Error::new(Kind::Engine, "the engine loaded the image, and does not have it")
                .hint("see whether somebody cleans up there meanwhile: `docker image prune`"));
        };
        let id: Digest = image.id.parse().map_err(|cause| {
            Error::new(Kind::Engine, format!("the engine names an image by {:?}", cap(&image.id)))
                .because(cause)
        })?;
        let said = |key: &str| answer.exporter_response.get(key).map(String::as_str);
        // A store of containerd's names it by its manifest.
        if said(IMAGE) == Some(id.as_str()) || said(CONFIG) == Some(id.as_str()) {
            return Ok(id);
        }
        let config = engine.config_digest(&image).await?;
        if said(CONFIG) == Some(config.as_str()) {
            return Ok(id);
        }
        let built = match said(CONFIG).or(said(IMAGE)) {
            Some(built) => format!("says that it built {:?}", cap(built)),
            None => "does not say which image it built".to_owned(),
        };
        Err(Error::new(Kind::Engine, format!("the engine loaded the image {config}, and {builder} {built}"))
            .hint("what came is not what was built: see who is in between, and whether buildkitd is at least 0.11"))
    }

    fn refused(&self, status: &Status) -> Error {
        // What the builder itself answers has no cause behind it.
        let broke = matches!(status.code(), Code::Unavailable | Code::Cancelled)
            || std::error::Error::source(status).is_some();
        match self.progress.failed() {
            Some(failed) if trouble::is_lost_session(&failed.error) => self.lost(failed.error.clone()),
            Some(failed) => trouble::of(failed, &self.request.build.dockerfile),
            None if broke || trouble::is_lost_session(status.message()) => {
                self.lost(status.message().to_owned())
            }
            None => {
                let failed = Failed { name: String::new(), step: None, error: status.message().to_owned() };
                trouble::of(&failed, &self.request.build.dockerfile)
            }
        }
    }

    fn lost(&self, cause: String) -> Error {
        self.builder.lost(&self.at(), &cap(&cause))
    }
}
