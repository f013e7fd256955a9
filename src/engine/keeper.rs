//! The one way to make things on an engine that must be gone again: noted, labelled, removed.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, RwLock};

use super::landing::Landing;
use super::teardown::{CANCELLED, UNHURRIED};
use super::{ContainerSpec, Engine, Journal, Owner, Record, Teardown, TeardownReport};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// How long a clean-up waits for creations that were under way when the run was cancelled.
const IN_FLIGHT: Duration = Duration::from_millis(1500);

/// Makes containers, networks and images for one run. Each gets a name of the run's, goes into the journal before it exists,
/// carries the run's owner labels (an image never does), and is removed by [`finish`](Keeper::finish).
#[derive(Debug)]
pub struct Keeper {
    engine: Engine,
    owner: Owner,
    journal: Journal,
    teardown: Mutex<Teardown>,
    /// Read-held by every creation under way: dropping a future does not stop the engine, and what it makes after
    /// the clean-up looked would stay.
    creating: Arc<RwLock<()>>,
    count: AtomicU32,
    leaves_images: AtomicBool,
    network: OnceCell<String>,
    executable: PathBuf,
    withheld: Vec<OsString>,
    helper: OnceCell<Result<String, String>>,
    building: AtomicBool,
}

impl Keeper {
    /// Begins to keep what `owner`'s run makes on `engine`, with its journal below `journal_dir`.
    pub fn begin(engine: Engine, owner: Owner, journal_dir: &Path) -> Result<Keeper> {
        let journal = Journal::open(journal_dir, engine.info(), &owner)?;
        Ok(Keeper {
            teardown: Mutex::new(Teardown::new(&owner)),
            engine,
            owner,
            journal,
            creating: Arc::default(),
            count: AtomicU32::new(1),
            leaves_images: AtomicBool::new(false),
            network: OnceCell::new(),
            // It leads to the file even where that was replaced meanwhile.
            executable: PathBuf::from(format!("/proc/{}/exe", std::process::id())),
            withheld: Environment::default().withheld().map(OsStr::to_owned).collect(),
            helper: OnceCell::new(),
            building: AtomicBool::new(false),
        })
    }

    /// Names the variables of `environment` that no command of the run on this machine is handed: those that hold a key.
    #[must_use]
    pub fn withholding(mut self, environment: &Environment) -> Keeper {
        self.withheld = environment.withheld().map(OsStr::to_owned).collect();
        self
    }

    /// The names of variables that no command of the run on this machine is handed.
    pub fn withheld(&self) -> &[OsString] {
        &self.withheld
    }

    /// Names the imgbuild that helper containers run. Without it, it is this process's own executable, which a program
    /// that only uses this crate cannot be.
    #[must_use]
    pub fn with_executable(mut self, executable: PathBuf) -> Keeper {
        self.executable = executable;
        self
    }

    /// The imgbuild that helper containers run.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Where the run keeps the id of the image of its helper containers, once it made one, or why it could not.
    pub fn helper(&self) -> &OnceCell<Result<String, String>> {
        &self.helper
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The label `key=value` that everything carries that is made here.
    pub fn run_label(&self) -> String {
        format!("{}={}", Owner::filter(), self.owner.run)
    }

    /// Notes something in the journal, synced before it returns.
    pub fn note(&self, record: Record) -> Result<()> {
        self.journal.note(record)
    }

    /// The run's journal, which is told what a build makes.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Runs a build. Where it is cut off, the engine works on for a moment after its client has gone, so that the run
    /// counts as one that was killed: `clean` then waits for what is still being made.
    pub async fn build<T>(&self, build: impl Future<Output = Result<T>>) -> Result<T> {
        self.building.store(true, Ordering::Relaxed);
        let built = build.await;
        self.building.store(false, Ordering::Relaxed);
        built
    }

    /// Says that the run leaves images without a name, as a build that failed does: the journal stays for `clean`.
    pub fn leaves_images(&self, leaves: bool) {
        self.leaves_images.store(leaves, Ordering::Relaxed);
    }

    /// The network of the run's own, by name; it is created when it is first asked for. Builds and tests use it, since
    /// the engine's default bridge may be missing, and is shared with whatever else runs there.
    pub async fn network(&self) -> Result<&str> {
        self.network.get_or_try_init(|| self.network_of("net", false)).await.map(String::as_str)
    }

    /// A further network of the run's own, by name; `what` becomes a part of it. `internal` networks reach nothing
    /// outside.
    pub async fn network_of(&self, what: &str, internal: bool) -> Result<String> {
        let name = self.name(what);
        self.note(Record::Network { name: name.clone() })?;
        self.teardown().network(&name);
        let (engine, labels, called) = (self.engine.clone(), self.owner.labels(), name.clone());
        let id = self
            .uninterrupted(async move { engine.create_network(&called, &labels, internal).await })
            .await?;
        self.teardown().made(&name, id);
        Ok(name)
    }

    /// Creates a container and gives its id. Name and owner labels of `spec` are set here.
    pub async fn container(&self, mut spec: ContainerSpec) -> Result<String> {
        let name = self.name("test");
        self.note(Record::ContainerName { name: name.clone() })?;
        self.teardown().container(&name);
        spec.name = Some(name.clone());
        spec.labels.extend(self.owner.labels());
        let engine = self.engine.clone();
        let id = self.uninterrupted(async move { engine.create_container(&spec).await }).await?;
        self.teardown().made(&name, &id);
        Ok(id)
    }

    /// Removes a container that was made here, at once. Where that fails it is left to [`finish`](Keeper::finish).
    pub async fn remove(&self, id: &str) -> Result<()> {
        self.engine.remove_container(id).await?;
        self.teardown().gone(id);
        Ok(())
    }

    /// Makes an image of what a container wrote and gives its id. It inherits the container's configuration, save the
    /// run's labels, and is gone with the run.
    pub async fn commit(&self, container: &str) -> Result<String> {
        let name = self.own_image("commit")?;
        // With the owner's labels, containers of the image would seem to have them from it, and `clean` would leave
        // them for a stranger's.
        let labels: Vec<String> = self.owner.labels().keys().map(|key| format!("{key}=\"\"")).collect();
        let changes = [format!("LABEL {}", labels.join(" "))];
        let (engine, container) = (self.engine.clone(), container.to_owned());
        let id = self
            .uninterrupted(async move { engine.commit_as(&container, Some(&name), &changes).await })
            .await?;
        self.note(Record::Image { id: id.clone(), made: true, proven: true })?;
        Ok(id)
    }

    /// Makes an image of the file system that `tar` writes and gives its id; it is gone with the run. As
    /// [`Engine::import_image`].
    pub async fn import<W>(&self, tar: W, changes: &[String]) -> Result<String>
    where
        W: FnOnce(&mut dyn Write) -> Result<()> + Send + 'static,
    {
        let name = self.own_image("import")?;
        let (engine, changes) = (self.engine.clone(), changes.to_vec());
        let id =
            self.uninterrupted(async move { engine.import_as(Some(&name), tar, &changes).await }).await?;
        self.note(Record::Image { id: id.clone(), made: true, proven: true })?;
        Ok(id)
    }

    /// Where an image goes that a builder hands over as an archive. It gets a name of the run's, and is gone with the run
    /// unless it was given another one.
    pub fn landing(&self) -> Result<Landing> {
        let name = self.own_image("build")?;
        Ok(Landing::new(self.engine.clone(), name, Arc::clone(&self.creating)))
    }

    /// A name for an image that is about to be made: the engine gives it in the same step, so that there is no moment at
    /// which an image is there and `clean` would not know it.
    fn own_image(&self, what: &str) -> Result<String> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let reference = format!("{}:{what}-{count}", self.owner.repository());
        self.note(Record::TagOnEngine { reference: reference.clone(), before: None })?;
        self.teardown().image(&reference);
        Ok(reference)
    }

    /// Says that the run is about to pull `name`, which the engine does not have: it is noted now, and goes again with
    /// the run. `ids` are what the engine may call the image.
    pub fn will_pull(&self, name: &str, ids: &[&Digest]) -> Result<()> {
        for id in ids {
            self.note(Record::Image { id: id.to_string(), made: false, proven: false })?;
        }
        self.note(Record::TagOnEngine { reference: name.to_owned(), before: None })?;
        self.teardown().image(name);
        Ok(())
    }

    /// Removes everything that was made here, within seconds, and closes the journal if nothing is left to clean.
    pub async fn finish(self) -> Result<TeardownReport> {
        self.end(CANCELLED).await
    }

    /// As [`finish`](Keeper::finish), for a run that came to its own end and need not be gone at once.
    pub async fn finish_unhurried(self) -> Result<TeardownReport> {
        self.end(UNHURRIED).await
    }

    async fn end(self, within: Duration) -> Result<TeardownReport> {
        // A creation that hangs is left to the journal.
        let hangs = tokio::time::timeout(IN_FLIGHT, self.creating.write()).await.is_err();
        let mut teardown = std::mem::replace(&mut *self.teardown(), Teardown::new(&self.owner));
        let report = teardown.finish_within(within, &self.engine).await;
        if self.building.load(Ordering::Relaxed) {
            // Without its last record the file says what is the case.
            drop(self.journal);
        } else if report.failed.is_empty() && !hangs && !self.leaves_images.load(Ordering::Relaxed) {
            self.journal.close()?
        } else {
            self.journal.leave()?
        }
        Ok(report)
    }

    /// Runs a creation to its end even where the caller is cancelled.
    async fn uninterrupted<T: Send + 'static>(
        &self,
        creation: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let held = Arc::clone(&self.creating).read_owned().await;
        let task = tokio::spawn(async move {
            let made = creation.await;
            drop(held);
            made
        });
        task.await.map_err(|cause| {
            Error::new(Kind::Internal, "a creation on the engine broke off").because(cause)
        })?
    }

    fn name(&self, what: &str) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("imgbuild-{}-{what}-{count}", self.owner.run)
    }

    fn teardown(&self) -> MutexGuard<'_, Teardown> {
        // A list of names is whole whatever panicked while it was held.
        self.teardown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
