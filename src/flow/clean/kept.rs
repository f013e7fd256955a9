//! What deployments of this configuration keep on the engine beyond their `keep`, and what any kept that is no more.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::DeploySettings;
use crate::deploy::{Fallen, Lock, Names, fallen, find, forsaken, kept_for};
use crate::engine::{DiskUsage, Engine, Standing};
use crate::error::Result;
use crate::image::label::deploy as label;
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
        let why = format!("the deployment {} keeps {} newer ones", deploy.name, deploy.keep);
        let judged = |one| judged(one, stays.as_deref(), &why, standing, usage);
        items.extend(all.into_iter().flat_map(judged));
    }
    Ok(items)
}

/// Names of images that deployments kept which have no container here any more, whosever they were; they go where they were
/// `asked` for.
pub(super) async fn left_over(
    engine: &Engine,
    asked: bool,
    standing: &Standing,
    usage: Option<&DiskUsage>,
) -> Result<Vec<Item>> {
    let is_deployed = |labels: &BTreeMap<String, String>| labels.contains_key(label::NAME);
    let containers = standing.containers.iter().filter(|container| is_deployed(&container.labels));
    let mut names: Vec<String> = containers.map(|container| container.name.clone()).collect();
    // Between two containers of a swap there may be none for a moment.
    names.extend(Lock::all(engine).await?);
    let held: BTreeSet<String> = names.iter().flat_map(|name| kept_for(name)).collect();
    let why = "the deployment that kept it has no container here any more";
    let stays = (!asked).then(|| format!("{why}: --gone-deployments removes it"));
    let all = forsaken(&standing.images, &held).into_iter();
    Ok(all.flat_map(|one| judged(one, stays.as_deref(), why, standing, usage)).collect())
}

/// Each name of `one`, which go for the reason `goes`, unless the image is used, or they stay for another one.
fn judged(
    one: Fallen,
    stays: Option<&str>,
    goes: &str,
    standing: &Standing,
    usage: Option<&DiskUsage>,
) -> Vec<Item> {
    let user = standing.containers.iter().find(|container| container.image_id == one.image);
    let user = user.map(|container| format!("the container {} uses its image", container.name));
    let (verdict, why) = match user.or(stays.map(str::to_owned)) {
        Some(why) => (Verdict::Keep, why),
        None => (Verdict::Remove, goes.to_owned()),
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
