//! Which names, images and containers of an engine may go: a pure decision over what stands there.
//!
//! A name is ours where an earlier run noted that it gave it, or where all of this holds: it is in a repository of this
//! configuration, has the form of a run's own tag, its image says that imgbuild made it, and the engine did not get it from a
//! registry. An image without a name is ours where an earlier run noted that its build made it. What a container uses,
//! whosever, stays, and so does what a run that goes on works with.

use std::collections::{BTreeMap, BTreeSet};

use super::holds::span;
use super::unique::UniqueTag;
use super::verdict::{Item, Thing, Verdict};
use crate::engine::{ContainerSummary, DiskUsage, ImageSummary, Liveness, Owner, Standing};
use crate::image::label;

/// No run takes so long: a pushed tag that is older is of none that goes on elsewhere. Seconds.
const LONGEST_RUN: i64 = 86_400;

/// What is there.
#[derive(Debug)]
pub struct Found<'a> {
    /// Images, containers, and who works with them.
    pub standing: &'a Standing,
    /// What takes how much, where the engine was asked.
    pub usage: Option<&'a DiskUsage>,
    /// Ids of what goes anyway, as dead runs left it.
    pub leftovers: BTreeSet<String>,
}

/// What is to be kept. Times are unix seconds, lengths of time seconds.
#[derive(Debug, Clone, Default)]
pub struct EngineRules {
    /// The repositories of the configuration, as people write them.
    pub repositories: BTreeSet<String>,
    /// How many development images of a branch stay.
    pub keep_dev: u32,
    /// Development images that are older go, however many there are.
    pub dev_older_than: Option<i64>,
    /// Names that this very run gave, which stay.
    pub own_names: BTreeSet<String>,
    /// Images that a name was taken from.
    pub left_behind: BTreeSet<String>,
    /// Any image without a name and any container that ended goes, whosever it is.
    pub all_dangling: bool,
    /// Now.
    pub now: i64,
}

/// What may go, in the order in which it can be removed; and what would, if nothing used it.
pub fn of_engine(found: &Found<'_>, rules: &EngineRules) -> Vec<Item> {
    let containers = containers(found, rules);
    let going = |id: &str| containers.iter().any(|item| item.id == id && item.verdict == Verdict::Remove);
    let stays =
        |container: &&ContainerSummary| !found.leftovers.contains(&container.id) && !going(&container.id);
    let used = found.standing.containers.iter().filter(stays);
    let used: BTreeMap<&str, &str> = used.map(|one| (one.image_id.as_str(), one.name.as_str())).collect();
    let judge = Judge { found, rules, used };
    let names = judge.names();
    let images = judge.images(&names);
    containers.into_iter().chain(names).chain(images).collect()
}

/// Containers that ended, where any of them goes.
fn containers(found: &Found<'_>, rules: &EngineRules) -> Vec<Item> {
    let ended = |container: &&ContainerSummary| {
        rules.all_dangling && container.status == "exited" && !found.leftovers.contains(&container.id)
    };
    let judged = |container: &ContainerSummary| {
        let owner = Owner::from_labels(&container.labels);
        let alive = owner.is_some_and(|owner| {
            matches!(owner.liveness(rules.now), Liveness::Alive | Liveness::Foreign { expired: false })
        });
        let standing = found.standing;
        let building = standing.busy_containers.contains(&container.id)
            || standing.busy_images.contains(&container.image_id);
        let (verdict, why) = if alive || building {
            (Verdict::Keep, "a run that goes on works with it")
        } else if container.labels.keys().any(|key| key.starts_with(label::deploy::PREFIX)) {
            (Verdict::Keep, "it is of a deployment, which may go back to it")
        } else {
            (Verdict::Remove, "it ended")
        };
        let why = format!("{why} ({})", container.name);
        let bytes = found.usage.and_then(|usage| usage.containers.get(&container.id).copied());
        Item { thing: Thing::Container, id: container.id.clone(), image: None, verdict, why, bytes }
    };
    found.standing.containers.iter().filter(ended).map(judged).collect()
}

/// A name of a run's own, in a repository of ours.
struct Name<'a> {
    listed: &'a str,
    image: &'a ImageSummary,
    unique: UniqueTag<'a>,
}

/// Names of which the newest stay: repository, branch, variant.
type Group<'a> = (&'a str, &'a str, Option<&'a str>);

struct Judge<'a> {
    found: &'a Found<'a>,
    rules: &'a EngineRules,
    /// Ids of images that containers use, and the container's name.
    used: BTreeMap<&'a str, &'a str>,
}

impl<'a> Judge<'a> {
    /// The names that may go.
    fn names(&self) -> Vec<Item> {
        let mut groups: BTreeMap<Group<'a>, Vec<Name<'a>>> = BTreeMap::new();
        for image in &self.found.standing.images {
            for listed in &image.tags {
                if let Some((group, name)) = self.name(image, listed) {
                    groups.entry(group).or_default().push(name);
                }
            }
        }
        let mut going: Vec<(Name<'a>, String)> = Vec::new();
        for names in groups.into_values() {
            going.extend(self.superseded(names));
        }
        let listed: BTreeSet<&str> = going.iter().map(|(name, _)| name.listed).collect();
        let judged = |(name, why): (Name<'a>, String)| {
            let id = name.listed.to_owned();
            let image = Some(name.image.id.clone());
            let item = |verdict, why, bytes| Item {
                thing: Thing::Tag,
                id: id.clone(),
                image: image.clone(),
                verdict,
                why,
                bytes,
            };
            let busy = &self.found.standing.busy_names;
            if busy.iter().any(|noted| Standing::is_name(name.listed, noted)) {
                return item(Verdict::Keep, "a run that goes on gave it".to_owned(), None);
            }
            match self.used.get(name.image.id.as_str()) {
                Some(container) => {
                    item(Verdict::Keep, format!("the container {container} uses its image"), None)
                }
                None => {
                    let others = name.image.tags.iter().any(|tag| !listed.contains(tag.as_str()));
                    let bytes = if others { Some(0) } else { self.bytes(&name.image.id) };
                    item(Verdict::Remove, why, bytes)
                }
            }
        };
        going.into_iter().map(judged).collect()
    }

    fn bytes(&self, id: &str) -> Option<u64> {
        self.found.usage.and_then(|usage| usage.images.get(id).copied())
    }

    /// The name `listed` where it is ours, with the group of which the newest stay.
    fn name(&self, image: &'a ImageSummary, listed: &'a str) -> Option<(Group<'a>, Name<'a>)> {
        if self.found.leftovers.contains(listed) {
            return None;
        }
        let standing = self.found.standing;
        let (path, tag) = listed.rsplit_once(':')?;
        let unique = UniqueTag::parse(tag)?;
        let repository = self.rules.repositories.iter().find(|ours| Standing::is_name(path, ours))?;
        let noted = standing.ledger.names.iter();
        let noted = noted.filter(|(name, given)| given.image == image.id && Standing::is_name(listed, name));
        let noted = noted.map(|(_, given)| given).next();
        let in_registry = || {
            let digests = image.repo_digests.iter().filter_map(|digest| digest.split('@').next());
            digests.into_iter().any(|path| Standing::is_name(path, repository))
        };
        let said = |key: &str| image.labels.get(key).is_some_and(|text| !text.is_empty());
        let by_us = said(label::TOOL_VERSION);
        let name = Name { listed, image, unique };
        let group = if unique.development {
            let dev = image.labels.get(label::DEV).is_some_and(|dev| dev == "true");
            let local = standing.always_has_digest || !in_registry();
            (noted.is_some() || (dev && by_us && local)).then_some((
                repository.as_str(),
                unique.reference,
                None,
            ))?
        } else if let Some(given) = noted {
            given.pushed.then_some((repository.as_str(), "", given.variant.as_deref()))?
        } else {
            // Of a run that noted it elsewhere, as one in a container of a CI does.
            let old = unique.seconds < self.rules.now.saturating_sub(LONGEST_RUN);
            (by_us && old && in_registry()).then_some((repository.as_str(), "-", None))?
        };
        Some((group, name))
    }

    /// Those of one group that are not among its newest.
    fn superseded(&self, mut names: Vec<Name<'a>>) -> Vec<(Name<'a>, String)> {
        names.sort_by(|a, b| b.unique.seconds.cmp(&a.unique.seconds).then_with(|| b.listed.cmp(a.listed)));
        let mut images: BTreeSet<&str> = BTreeSet::new();
        let mut going = Vec::new();
        for name in names {
            let development = name.unique.development;
            let keep = if development { self.rules.keep_dev.max(1) } else { 1 };
            let newer = images.len();
            let again = !images.insert(&name.image.id);
            if self.rules.own_names.iter().any(|own| Standing::is_name(name.listed, own)) {
                continue;
            }
            let limit = self.rules.dev_older_than.filter(|_| development);
            let why = if let Some(limit) =
                limit.filter(|limit| name.unique.seconds < self.rules.now.saturating_sub(*limit))
            {
                format!("a development image older than {}", span(limit))
            } else if again {
                // The same image has a newer tag of the same branch.
                "its image has a newer name of the kind".to_owned()
            } else if newer >= usize::try_from(keep).unwrap_or(usize::MAX) {
                let kind = if development { "development image" } else { "image that was pushed" };
                format!("a {kind}, superseded by {newer} newer")
            } else {
                continue;
            };
            going.push((name, why));
        }
        going
    }

    /// Images without a name that may go once `names` are gone, those on top of others first.
    fn images(&self, names: &[Item]) -> Vec<Item> {
        let standing = self.found.standing;
        let removed: BTreeSet<&str> = names
            .iter()
            .filter(|item| item.verdict == Verdict::Remove)
            .map(|item| item.id.as_str())
            .collect();
        let rows: BTreeMap<&str, &ImageSummary> =
            standing.images.iter().map(|image| (image.id.as_str(), image)).collect();
        let named = |image: &ImageSummary| {
            let gone = |digest: &String| {
                let path = digest.split('@').next().unwrap_or_default();
                removed.iter().any(|name| name.rsplit_once(':').is_some_and(|(own, _)| own == path))
            };
            let digests = image.repo_digests.iter();
            image.tags.iter().any(|tag| !removed.contains(tag.as_str()))
                || digests.into_iter().any(|digest| !gone(digest))
        };
        // They go with their last name.
        let with_name: BTreeSet<&str> = rows
            .values()
            .filter(|image| !image.tags.is_empty() && !named(image))
            .map(|image| image.id.as_str())
            .collect();
        // What a build that still has its image found in the cache, the next one will look for.
        let cached: BTreeSet<&str> = standing
            .ledger
            .builds
            .iter()
            .filter(|(result, _)| rows.get(result.as_str()).is_some_and(|image| named(image)))
            .flat_map(|(_, made)| made.iter().map(String::as_str))
            .collect();
        let ours = |image: &ImageSummary| {
            let id = image.id.as_str();
            let made = standing.ledger.made(id);
            let left = self.rules.left_behind.contains(id)
                && (made || image.labels.get(label::TOOL_VERSION).is_some_and(|by| !by.is_empty()));
            left || (made && !cached.contains(id))
        };
        let mut going: BTreeMap<&str, &str> = BTreeMap::new();
        for image in rows.values() {
            let id = image.id.as_str();
            let free = !self.used.contains_key(id)
                && !standing.busy_images.contains(id)
                && !self.found.leftovers.contains(id);
            if named(image) || !image.tags.is_empty() || !free {
                continue;
            }
            if ours(image) {
                going.insert(id, "an earlier build made it, and nothing names it or builds on it");
            } else if self.rules.all_dangling {
                going.insert(id, "nothing names it");
            }
        }
        // A parent of anything that stays is the cache of that.
        let gone = |id: &str, going: &BTreeMap<&str, &str>| {
            going.contains_key(id) || with_name.contains(id) || self.found.leftovers.contains(id)
        };
        loop {
            let held =
                |id: &str| rows.values().any(|child| child.parent == id && !gone(child.id.as_str(), &going));
            let Some(parent) = going.keys().find(|id| held(id)).copied() else { break };
            going.remove(parent);
        }
        let depth = |id: &str| {
            let up = |id: &&str| rows.get(id).map(|image| image.parent.as_str()).filter(|up| !up.is_empty());
            std::iter::successors(Some(id), up).take(rows.len()).count()
        };
        let mut order: Vec<(&str, &str)> = going.into_iter().collect();
        order.sort_by_cached_key(|(id, _)| (std::cmp::Reverse(depth(id)), (*id).to_owned()));
        let item = |(id, why): (&str, &str)| Item {
            thing: Thing::Image,
            id: id.to_owned(),
            image: None,
            verdict: Verdict::Remove,
            why: why.to_owned(),
            bytes: self.bytes(id),
        };
        order.into_iter().map(item).collect()
    }
}

#[cfg(test)]
mod tests;
