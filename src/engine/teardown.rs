//! What this run made and must be gone when it ends, whatever way it ends. Explicit and awaited: a `Drop` cannot wait.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::{Error, Kind, Result};

use super::client::Engine;
use super::owner::Owner;

/// Everything to remove. Things are announced before they are made, so that a cancelled creation is covered too.
///
/// What is known by its name only is removed where it carries the run's owner label: the creation may have failed
/// because somebody else has that name.
#[derive(Debug)]
pub struct Teardown {
    run: String,
    things: Vec<Planned>,
    /// References and ids, in the order in which they were added.
    images: Vec<String>,
}

#[derive(Debug)]
struct Planned {
    group: Group,
    name: String,
    id: Option<String>,
}

/// The promise of the design: a cancelled run is gone within 5 s.
pub(super) const CANCELLED: Duration = Duration::from_secs(5);
/// How long a run that nobody waits to be gone cleans up: an engine that has other containers to start and to kill may
/// take seconds for one removal.
pub(super) const UNHURRIED: Duration = Duration::from_secs(30);
/// An engine finishes a creation although its client is gone: how long a thing that was announced is waited for.
const LATE: Duration = Duration::from_secs(3);
/// Between two tries of what is still in use, or not there yet.
const PAUSE: Duration = Duration::from_millis(50);

impl Teardown {
    /// Nothing to remove yet for the run of this owner.
    pub fn new(owner: &Owner) -> Teardown {
        Teardown { run: owner.run.clone(), things: Vec::new(), images: Vec::new() }
    }

    /// A container of this name will be made, with the owner's labels.
    pub fn container(&mut self, name: impl Into<String>) {
        self.plan(Group::Container, name.into());
    }

    /// A network of this name will be made, with the owner's labels.
    pub fn network(&mut self, name: impl Into<String>) {
        self.plan(Group::Network, name.into());
    }

    /// A volume of this name will be made, with the owner's labels.
    pub fn volume(&mut self, name: impl Into<String>) {
        self.plan(Group::Volume, name.into());
    }

    /// The container or network `name` was made and is `id`: it needs no further proof.
    pub fn made(&mut self, name: &str, id: impl Into<String>) {
        if let Some(thing) = self.things.iter_mut().rev().find(|thing| thing.name == name) {
            thing.id = Some(id.into());
        }
    }

    /// What has this name or id was removed already.
    pub fn gone(&mut self, name_or_id: &str) {
        self.things.retain(|thing| thing.name != name_or_id && thing.id.as_deref() != Some(name_or_id));
    }

    /// A name of an image on the engine, or an image without one; never by force, and untagged parents stay, as cache.
    pub fn image(&mut self, reference: impl Into<String>) {
        self.images.push(reference.into());
    }

    /// Forgets the images, which a run that succeeded keeps.
    pub fn keep_images(&mut self) {
        self.images.clear();
    }

    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.things.is_empty() && self.images.is_empty()
    }

    fn plan(&mut self, group: Group, name: String) {
        self.things.push(Planned { group, name, id: None });
    }

    /// Removes everything, in the order in which things let go of each other, within 5 s. What is absent is fine. A
    /// second call finds nothing to do.
    pub async fn finish(&mut self, engine: &Engine) -> TeardownReport {
        self.finish_within(CANCELLED, engine).await
    }

    /// As [`finish`](Teardown::finish), in the given time.
    pub async fn finish_within(&mut self, total: Duration, engine: &Engine) -> TeardownReport {
        let (things, images) = (std::mem::take(&mut self.things), std::mem::take(&mut self.images));
        let mut report = TeardownReport::default();
        let deadline = Instant::now() + total;
        let late = Instant::now() + LATE;
        for group in [Group::Container, Group::Network, Group::Volume] {
            let planned = things.iter().filter(|thing| thing.group == group);
            let removals = planned.rev().map(|thing| async {
                let removal = remove(engine, &self.run, thing, late);
                (
                    thing.name.as_str(),
                    timeout_at(deadline, removal).await.unwrap_or_else(|_| Err(too_slow(total))),
                )
            });
            for (name, outcome) in join_all(removals).await {
                report.add(format!("{} {name}", group.noun()), outcome);
            }
        }
        for image in images.into_iter().rev() {
            let removal = persist(async || engine.remove_image(&image, false).await);
            let outcome = timeout_at(deadline, removal).await.unwrap_or_else(|_| Err(too_slow(total)));
            report.add(format!("image {image}"), outcome);
        }
        report
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Container,
    Network,
    Volume,
}

impl Group {
    fn noun(self) -> &'static str {
        match self {
            Group::Container => "container",
            Group::Network => "network",
            Group::Volume => "volume",
        }
    }

    async fn remove(self, engine: &Engine, id: &str) -> Result<bool> {
        match self {
            Group::Container => engine.remove_container(id).await,
            Group::Network => engine.remove_network(id).await,
            Group::Volume => engine.remove_volume(id).await,
        }
    }

    /// The id of what is called `name` and carries the label.
    async fn find(self, engine: &Engine, label: &str, name: &str) -> Result<Option<String>> {
        let label = [label.to_owned()];
        Ok(match self {
            Group::Container => {
                engine.list_containers(&label).await?.into_iter().find(|c| c.name == name).map(|c| c.id)
            }
            Group::Network => {
                engine.list_networks(&label).await?.into_iter().find(|n| n.1 == name).map(|n| n.0)
            }
            Group::Volume => {
                engine.list_volumes(&label).await?.into_iter().find(|v| v.0 == name).map(|v| v.0)
            }
        })
    }
}

/// Removes one thing; where no id ever came back, after waiting for it to appear.
async fn remove(engine: &Engine, run: &str, thing: &Planned, late: Instant) -> Result<bool> {
    let label = format!("{}={run}", Owner::filter());
    let id = loop {
        if let Some(id) = &thing.id {
            break id.clone();
        }
        match thing.group.find(engine, &label, &thing.name).await? {
            Some(id) => break id,
            None if Instant::now() >= late => return Ok(false),
            None => sleep(PAUSE).await,
        }
    };
    persist(async || thing.group.remove(engine, &id).await).await
}

/// Tries until it works: a container lets go of its network a moment after its removal was answered.
async fn persist(attempt: impl AsyncFn() -> Result<bool>) -> Result<bool> {
    let mut outcome = attempt().await;
    for _ in 0..20 {
        if outcome.is_ok() {
            break;
        }
        sleep(PAUSE).await;
        outcome = attempt().await;
    }
    outcome
}

fn too_slow(total: Duration) -> Error {
    Error::new(Kind::Engine, format!("not gone after {} s", total.as_secs()))
}

/// What a teardown did.
#[derive(Debug, Default)]
pub struct TeardownReport {
    /// What was there and is gone.
    pub removed: Vec<String>,
    /// What is still there, and why.
    pub failed: Vec<(String, String)>,
}

impl TeardownReport {
    fn add(&mut self, name: String, outcome: Result<bool>) {
        match outcome {
            Ok(true) => self.removed.push(name),
            Ok(false) => {}
            Err(error) => self.failed.push((name, error.to_string())),
        }
    }

    /// An error that lists what is left.
    pub fn into_result(self) -> Result<()> {
        if self.failed.is_empty() {
            return Ok(());
        }
        let left: Vec<String> =
            self.failed.into_iter().map(|(what, why)| format!("{what} ({why})")).collect();
        Err(Error::new(
            Kind::Engine,
            format!("the clean-up stayed incomplete; left on the engine: {}", left.join(", ")),
        )
        .hint("`imgbuild clean` shows what is left, `imgbuild clean --yes` removes it"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    fn teardown() -> Teardown {
        Teardown::new(&Owner::current("r", Duration::from_secs(60)).unwrap())
    }

    fn answer(status: u16, body: &str) -> Act {
        Act::Answer(status, body.to_owned())
    }

    #[tokio::test]
    async fn a_container_that_appears_after_the_cancel_is_removed() {
        let script = vec![
            ("GET /v1.51/containers/json?*", answer(200, "[]")),
            ("GET /v1.51/containers/json?*", answer(200, r#"[{"Id":"abc","Names":["/n"]}]"#)),
            ("DELETE /v1.51/containers/abc?*", answer(204, "")),
        ];
        let mut teardown = teardown();
        teardown.container("n");
        let report = Fake::engine(script).serves(async |engine| teardown.finish(&engine).await).await;
        assert_eq!(report.removed, ["container n"]);
    }

    #[tokio::test]
    async fn removal_in_progress_is_waited_for_and_a_network_in_use_is_tried_again() {
        let busy = r#"{"message":"removal of container c is already in progress"}"#;
        let script = vec![
            ("DELETE /v1.51/containers/c?*", answer(409, busy)),
            ("DELETE /v1.51/containers/c?*", answer(404, r#"{"message":"No such container"}"#)),
            ("DELETE /v1.51/networks/n", answer(403, r#"{"message":"network n has active endpoints"}"#)),
            ("DELETE /v1.51/networks/n", answer(204, "")),
        ];
        let mut teardown = teardown();
        for (name, id) in [("cc", "c"), ("nn", "n")] {
            if id == "c" {
                teardown.container(name)
            } else {
                teardown.network(name)
            }
            teardown.made(name, id);
        }
        let report = Fake::engine(script).serves(async |engine| teardown.finish(&engine).await).await;
        assert_eq!((report.removed, report.failed.len()), (vec!["network nn".to_owned()], 0));
    }

    #[tokio::test]
    async fn what_stays_is_an_error_that_lists_it() {
        let refusal = || answer(500, r#"{"message":"driver failed to remove root filesystem"}"#);
        let script = (0..21).map(|_| ("DELETE /v1.51/containers/c?*", refusal())).collect();
        let mut teardown = teardown();
        teardown.container("name");
        teardown.made("name", "c");
        let report = Fake::engine(script).serves(async |engine| teardown.finish(&engine).await).await;
        let error = report.into_result().unwrap_err();
        assert!(error.kind() == Kind::Engine && error.message().contains("container name"), "{error}");
        assert!(error.hints()[0].contains("imgbuild clean") && teardown.is_empty());
    }
}
