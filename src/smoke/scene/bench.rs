//! What a check finds at hand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::Watcher;
use crate::engine::{Container, Engine, Image, Keeper};
use crate::error::Result;
use crate::event::Events;
use crate::expect::{Mount, TestSpec};
use crate::smoke::look::{Place, Still};

/// One test under way.
pub(in crate::smoke) struct Bench<'a> {
    /// Makes what must be gone again.
    pub(in crate::smoke) keeper: &'a Keeper,
    /// Tells what happens to containers.
    pub(in crate::smoke) watcher: &'a Watcher,
    /// Takes the output of commands on the host.
    pub(in crate::smoke) events: &'a Events,
    /// The image under test.
    pub(in crate::smoke) image: &'a Image,
    /// The test.
    pub(in crate::smoke) test: &'a TestSpec,
    /// The container that is never started, in which the image's files are looked at.
    still: &'a Still,
    /// The same with the test's own mounts, where it has some.
    mounted: Still,
    /// The container that was started for the test and is up, as it was looked at last.
    pub(in crate::smoke) running: Option<Container>,
    /// The test's own network, once something needed it.
    network: OnceCell<String>,
    /// Containers that were made for it and are still there.
    containers: Mutex<Vec<String>>,
}

impl<'a> Bench<'a> {
    /// A test of `image` that has not begun.
    pub(in crate::smoke) fn new(
        keeper: &'a Keeper,
        watcher: &'a Watcher,
        events: &'a Events,
        image: &'a Image,
        still: &'a Still,
        test: &'a TestSpec,
    ) -> Bench<'a> {
        Bench {
            keeper,
            watcher,
            events,
            image,
            test,
            still,
            mounted: Still::default(),
            running: None,
            network: OnceCell::new(),
            containers: Mutex::default(),
        }
    }

    /// The engine.
    pub(in crate::smoke) fn engine(&self) -> &Engine {
        self.keeper.engine()
    }

    /// What people call the image, or its id where it has no name.
    pub(in crate::smoke) fn image_name(&self) -> &str {
        self.image.tags.first().unwrap_or(&self.image.id)
    }

    /// Where files are looked at: the container that is up, else the one that is never started.
    pub(in crate::smoke) async fn place(&self) -> Result<Place<'_>> {
        let id = match &self.running {
            Some(container) => &container.id,
            None => self.still().await?,
        };
        Ok(Place { engine: self.engine(), id })
    }

    /// The container that is never started.
    pub(in crate::smoke) async fn still(&self) -> Result<&str> {
        let mounts = self.test.container.mounts.iter();
        let binds: Vec<String> = mounts
            .filter_map(|mount| match mount {
                Mount::Bind(bind) => Some(bind.clone()),
                Mount::Tmpfs(..) => None,
            })
            .collect();
        let still = if binds.is_empty() { self.still } else { &self.mounted };
        still.id(self.keeper, self.image, binds).await
    }

    /// The name of the test's own network, which is made when it is first asked for.
    pub(in crate::smoke) async fn own_network(&self) -> Result<&str> {
        self.network.get_or_try_init(|| self.keeper.network_of("test", false)).await.map(String::as_str)
    }

    /// The network for containers of the image: the one that the test names, or its own.
    pub(in crate::smoke) async fn network(&self) -> Result<&str> {
        match &self.test.container.network {
            Some(network) => Ok(network),
            None => self.own_network().await,
        }
    }

    /// Says that the container `id` was made for the test, so that it goes with it.
    pub(in crate::smoke) fn made(&self, id: &str) {
        self.containers().push(id.to_owned());
    }

    /// Removes the container `id`, which is of no use any more.
    pub(in crate::smoke) async fn remove(&self, id: &str) -> Result<()> {
        self.keeper.remove(id).await?;
        self.containers().retain(|made| made != id);
        Ok(())
    }

    /// Removes all that was made for the test. What cannot be removed now is left to the end of the run.
    pub(in crate::smoke) async fn clear(&self) {
        let containers = std::mem::take(&mut *self.containers());
        join_all(containers.iter().map(|id| self.keeper.remove(id))).await;
        if let Some(network) = self.network.get() {
            // Engines have few of them. Another try comes at the end of the run.
            let _ = self.engine().remove_network(network).await;
        }
    }

    fn containers(&self) -> MutexGuard<'_, Vec<String>> {
        // A list of names is whole whatever panicked while it was held.
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
