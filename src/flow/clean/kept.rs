//! What deployments of this configuration keep on the engine beyond their `keep`.

use std::collections::BTreeMap;

use crate::config::DeploySettings;
use crate::deploy::{Fallen, Lock, Names, fallen, find};
use crate::engine::{DiskUsage, Engine, Standing};
use crate::error::Result;
use crate::retention::{Item, Thing, Verdict};

/// Names of images that the deployments may not go back to any more.
pub(super) async fn beyond(
    engine: &Engine,
    deploys: &BTreeMap<String, DeploySettings>,
    standing: &Standing,
    usage: Option<&DiskUsage>,
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for deploy in deploys.values() {
        let names = Names::of(&deploy.container);
        let found = find(engine, &deploy.name, &names).await?;
        let is_cut_off = found.previous.is_some() || found.next.is_some();
        // What is kept is known of the container alone.
        let Some(record) = found.current.and_then(|seen| seen.record) else { continue };
        let all = fallen(&standing.images, &deploy.container, &record, deploy.keep);
        let stays = match all.is_empty() {
            true => None,
            false if is_cut_off => Some(format!("a deployment of {} was cut off, or goes on", deploy.name)),
            false => {
                Lock::holder(engine, &names).await?.map(|_| format!("{} is being deployed", deploy.name))
            }
        };
        items.extend(all.into_iter().flat_map(|one| judged(deploy, one, stays.as_deref(), standing, usage)));
    }
    Ok(items)
}

fn judged(
    deploy: &DeploySettings,
    one: Fallen,
    stays: Option<&str>,
    standing: &Standing,
    usage: Option<&DiskUsage>,
) -> Vec<Item> {
    let user = standing.containers.iter().find(|container| container.image_id == one.image);
    let user = user.map(|container| format!("the container {} uses its image", container.name));
    let (verdict, why) = match stays.map(str::to_owned).or(user) {
        Some(why) => (Verdict::Keep, why),
        None => (Verdict::Remove, format!("the deployment {} keeps {} newer ones", deploy.name, deploy.keep)),
    };
    let last = one.names.len().saturating_sub(1);
    let of_image = usage.and_then(|usage| usage.images.get(&one.image).copied());
    let item = |(nth, name): (usize, String)| Item {
        thing: Thing::Tag,
        id: name,
        image: Some(one.image.clone()),
        verdict,
        why: why.clone(),
        // With the last of its names the image goes.
        bytes: if one.goes && nth == last && verdict == Verdict::Remove { of_image } else { Some(0) },
    };
    one.names.into_iter().enumerate().map(item).collect()
}
