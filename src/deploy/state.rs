//! What of deployments is found on a host.

use std::collections::BTreeMap;

use super::decide::way_back;
use super::name::{Name, Names};
use super::record::{Attached, Past, Record, Replaced};
use crate::engine::{Container, Engine, Restart};
use crate::error::Result;
use crate::image::label::deploy as label;

/// The containers of one deployment's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What has the deployment's own name.
    pub current: Option<Seen>,
    /// What served before.
    pub previous: Option<Seen>,
    /// What is to serve.
    pub next: Option<Seen>,
}

/// One container, as far as a swap depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// The id of its image.
    pub image_id: String,
    /// Its first process runs, or the engine is about to start it again.
    pub running: bool,
    /// When the engine starts it again.
    pub restart: Restart,
    /// Its networks, and its names there.
    pub networks: BTreeMap<String, Vec<String>>,
    /// What its labels say; `None` where it is none of this deployment's.
    pub record: Option<Record>,
}

impl Seen {
    /// What a container that takes its place has to know of it.
    pub fn replaced(&self) -> Replaced {
        let attached = |(network, aliases): (&String, &Vec<String>)| Attached {
            network: network.clone(),
            aliases: aliases.clone(),
        };
        Replaced {
            id: self.id.clone(),
            running: self.running,
            restart: self.restart.clone(),
            networks: self.networks.iter().map(attached).collect(),
        }
    }
}

/// A deployment that is found on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The container's name.
    pub container: String,
    /// As the engine calls it: `running`, `exited` …
    pub status: String,
    /// What its labels say.
    pub record: Record,
}

/// Looks for the containers of deployment `deployment`, which are called `names`.
pub async fn find(engine: &Engine, deployment: &str, names: &Names) -> Result<Found> {
    let look = async |name: Name| match engine.inspect_container(&names.get(name)).await? {
        None => Ok(None),
        Some(container) => see(engine, deployment, container).await.map(Some),
    };
    Ok(Found {
        current: look(Name::Current).await?,
        previous: look(Name::Previous).await?,
        next: look(Name::Next).await?,
    })
}

async fn see(engine: &Engine, deployment: &str, container: Container) -> Result<Seen> {
    let record = record_of(engine, &container.image_id, &container.labels).await?;
    Ok(Seen {
        id: container.id,
        image_id: container.image_id,
        running: container.running || container.restarting,
        restart: container.restart,
        networks: container.networks,
        record: record.filter(|record| record.name == deployment),
    })
}

/// What the labels of a container say. Where its image has such labels, they prove nothing: imgbuild deploys no such image.
async fn record_of(
    engine: &Engine,
    image: &str,
    labels: &BTreeMap<String, String>,
) -> Result<Option<Record>> {
    let Some(record) = Record::from_labels(labels) else { return Ok(None) };
    let image = engine.inspect_image(image).await?;
    let forged = image.is_some_and(|image| image.labels.keys().any(|key| key.starts_with(label::PREFIX)));
    Ok((!forged).then_some(record))
}

/// What is known of the image of a container.
pub(super) async fn past(engine: &Engine, seen: &Seen) -> Result<Past> {
    if let Some(record) = &seen.record {
        return Ok(record.past());
    }
    // Made by hand.
    let image = engine.inspect_image(&seen.image_id).await?;
    let name = image.and_then(|image| image.tags.first().cloned());
    let (digest, reference) = (seen.image_id.clone(), name.unwrap_or_else(|| seen.image_id.clone()));
    Ok(Past { reference, digest, run: String::new(), at: 0 })
}

/// What served before a swap that was cut off, and is on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOff {
    /// The engine's id of its image.
    pub image_id: String,
    /// What is known of it.
    pub past: Past,
    /// It has lost its name already; else the swap was cut off before anything was done to it.
    pub moved: bool,
}

/// Whether a swap of deployment `deployment`, whose containers are called `names`, was cut off. Where something else is in the
/// way, that is for whoever does something about it to tell.
pub async fn cut_off(engine: &Engine, deployment: &str, names: &Names) -> Result<Option<CutOff>> {
    let found = find(engine, deployment, names).await?;
    let Ok(Some((_, old))) = way_back(&found) else { return Ok(None) };
    let moved = found.previous.is_some();
    Ok(Some(CutOff { image_id: old.image_id.clone(), past: past(engine, old).await?, moved }))
}

/// Every deployment on a host, whatever state its container is in, by its container's name.
pub async fn deployments(engine: &Engine) -> Result<Vec<Deployed>> {
    let mut all = Vec::new();
    for row in engine.list_containers(&[label::NAME.to_owned()]).await? {
        if let Some(record) = record_of(engine, &row.image_id, &row.labels).await? {
            all.push(Deployed { container: row.name, status: row.status, record });
        }
    }
    all.sort_by(|a, b| a.container.cmp(&b.container));
    Ok(all)
}
