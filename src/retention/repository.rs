//! What of a repository in a registry may go: a pure decision over its graph.
//!
//! A manifest is what is kept or deleted, with all of its tags: registries delete a manifest with every tag that it has.
//! Only what is known to be of no more use goes. Everything that leads to or from something that stays, stays.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{Graph, Node, followed};
use super::holds::{Holds, span};
use super::unique::{UniqueTag, pull_request};
use crate::image::{Digest, Reserved, TagShape, label, reserved, tag_shape};

/// One manifest, and what was decided of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The manifest.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// Why, as a sentence fragment for the reader.
    pub why: String,
    /// The bytes of those of its blobs that nothing which stays has; each is counted once. 0 for what stays.
    pub bytes: u64,
}

/// What stays and what goes. Each manifest of the graph is in one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// By their tags.
    pub kept: Vec<Judged>,
    /// In the order in which they can be deleted: what lists or has others first.
    pub deleted: Vec<Judged>,
}

/// Decides for every manifest of the graph.
pub fn of_repository(graph: &Graph, holds: &Holds) -> Decision {
    let walk = Walk { graph, tags: graph.tags_of_each(), attached: graph.attached() };
    let judge = Judge { graph, holds, groups: groups(graph, holds) };
    let mut roots = BTreeMap::new();
    let mut going = BTreeMap::new();
    for (digest, node) in &graph.nodes {
        match judge.manifest(digest, node, walk.tags(digest)) {
            Some(Ok(why)) => roots.insert(digest, why),
            Some(Err(why)) => going.insert(digest, why),
            None => None,
        };
    }
    let (kept, gone) = loop {
        let kept = walk.reached(&roots, true);
        going.retain(|digest, _| !kept.contains_key(digest));
        let gone = walk.reached(&going, false);
        let unknown =
            graph.nodes.keys().filter(|digest| !kept.contains_key(digest) && !gone.contains_key(digest));
        let before = roots.len();
        roots.extend(unknown.map(|digest| (digest, "nothing says that it may go".to_owned())));
        if roots.len() == before {
            break (kept, gone);
        }
    };
    let judged = |digest: &Digest, why: &str, bytes| Judged {
        digest: digest.clone(),
        tags: walk.tags(digest).iter().map(|tag| (*tag).to_owned()).collect(),
        why: why.to_owned(),
        bytes,
    };
    let mut decision = Decision::default();
    let staying = kept.keys().filter_map(|digest| graph.nodes.get(*digest));
    let mut counted: BTreeSet<&Digest> = staying.flat_map(|node| node.blobs.keys()).collect();
    let mut order: Vec<_> = gone.iter().filter(|(digest, _)| !kept.contains_key(*digest)).collect();
    order.sort_by_key(|(_, reached)| reached.nth);
    for (digest, reached) in order {
        let blobs = graph.nodes.get(*digest).into_iter().flat_map(|node| &node.blobs);
        let bytes = blobs.filter(|(blob, _)| counted.insert(blob)).map(|(_, size)| *size);
        let bytes = bytes.fold(0, u64::saturating_add);
        decision.deleted.push(judged(digest, &reached.why, bytes));
    }
    decision.kept.extend(kept.iter().map(|(digest, reached)| judged(digest, &reached.why, 0)));
    decision.kept.sort_by(|a, b| {
        (a.tags.is_empty(), &a.tags, &a.digest).cmp(&(b.tags.is_empty(), &b.tags, &b.digest))
    });
    decision
}

/// A manifest that was come to, as which, and why.
struct Reached {
    nth: usize,
    why: String,
}

/// The ways between manifests.
struct Walk<'g> {
    graph: &'g Graph,
    tags: BTreeMap<&'g Digest, Vec<&'g str>>,
    attached: BTreeMap<&'g Digest, BTreeSet<&'g Digest>>,
}

impl<'g> Walk<'g> {
    fn tags(&self, digest: &Digest) -> &[&'g str] {
        self.tags.get(digest).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everything that the roots lead to, nearer things first: what indexes list and what is attached, and with `subjects` also
    /// what attached things belong to.
    fn reached(&self, roots: &BTreeMap<&'g Digest, String>, subjects: bool) -> BTreeMap<&'g Digest, Reached> {
        let mut found = BTreeMap::new();
        let mut queue: VecDeque<(&Digest, String)> =
            roots.iter().map(|(digest, why)| (*digest, why.clone())).collect();
        while let Some((digest, why)) = queue.pop_front() {
            let Some((digest, node)) = self.graph.nodes.get_key_value(digest) else { continue };
            if found.contains_key(digest) {
                continue;
            }
            let nth = found.len();
            found.insert(digest, Reached { nth, why });
            let tags = self.tags(digest);
            let name = tags.first().copied().unwrap_or_else(|| digest.short());
            queue.extend(node.children.iter().map(|child| (child, format!("{name} lists it"))));
            let hangs = self.attached.get(digest).into_iter().flatten();
            queue.extend(hangs.map(|one| (*one, format!("it belongs to {name}"))));
            if subjects {
                let named = tags.iter().filter_map(|tag| followed(tag));
                let named = named.filter_map(|subject| self.graph.nodes.get_key_value(&subject));
                let named = named.map(|(subject, _)| subject);
                let all = node.subject.iter().chain(named);
                queue.extend(all.map(|subject| (subject, format!("{name} belongs to it"))));
            }
        }
        found
    }
}

/// The unique tags of one branch, pull request or the like: when each digest was built last, newest first.
type Group<'g> = Vec<(i64, &'g Digest)>;

fn groups<'g>(graph: &'g Graph, holds: &Holds) -> BTreeMap<&'g str, Group<'g>> {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for (tag, digest) in &graph.tags {
        let ours = graph.nodes.get(digest).is_some_and(|node| strange(node, holds).is_none());
        if let Some(unique) = UniqueTag::parse(tag).filter(|_| ours) {
            groups.entry(unique.reference).or_default().push((unique.seconds, digest));
        }
    }
    for group in groups.values_mut() {
        group.sort_by(|a, b| b.cmp(a));
        let mut seen = BTreeSet::new();
        group.retain(|(_, digest)| seen.insert(*digest));
    }
    groups
}

/// Why the manifest is none of this repository's imgbuild images.
fn strange(node: &Node, holds: &Holds) -> Option<String> {
    let said = |key: &str| node.labels.get(key).map(String::as_str).filter(|text| !text.is_empty());
    if said(label::TOOL_VERSION).is_none() {
        return Some("imgbuild did not make it".to_owned());
    }
    match (said(label::oci::SOURCE), holds.source.as_deref()) {
        (Some(theirs), Some(ours)) if theirs != ours => Some(format!("its source is {theirs}")),
        (Some(_), Some(_)) => None,
        _ if holds.is_configured => None,
        _ => Some("nothing says that its source is this repository".to_owned()),
    }
}

/// Why something stays, or why it may go.
type Word = Result<String, String>;

struct Judge<'g> {
    graph: &'g Graph,
    holds: &'g Holds,
    groups: BTreeMap<&'g str, Group<'g>>,
}

impl Judge<'_> {
    /// `None` where the manifest has no tag of its own to go by.
    fn manifest(&self, digest: &Digest, node: &Node, tags: &[&str]) -> Option<Word> {
        if let Some(who) = self.holds.used.get(digest) {
            return Some(Ok(who.clone()));
        }
        let mut goes = None;
        for tag in tags {
            if let Some(subject) = followed(tag) {
                // Signatures may be kept apart from their images: where those are, nobody here knows.
                if !self.graph.nodes.contains_key(&subject) {
                    return Some(Ok(format!("what {tag} belongs to is not in this repository")));
                }
                continue;
            }
            match self.tag(tag, digest, node) {
                Ok(why) => return Some(Ok(why)),
                Err(why) => goes = goes.or(Some(why)),
            }
        }
        let why = goes?;
        match self.time(node, tags) {
            None => Some(Ok("nobody knows when it was built".to_owned())),
            Some(time) => Some(self.holds.youth(time).ok_or(why)),
        }
    }

    fn tag(&self, tag: &str, digest: &Digest, node: &Node) -> Word {
        if let Some(pattern) = self.holds.pattern(tag) {
            return Ok(format!("{tag} is to stay ({pattern})"));
        }
        if tag_shape(tag) == TagShape::Version {
            return Ok(format!("{tag} is a version"));
        }
        if let Some(why) = strange(node, self.holds) {
            return Ok(why);
        }
        match UniqueTag::parse(tag) {
            Some(unique) => self.unique(&unique, digest, node),
            None => self.moving(tag, node),
        }
    }

    /// The tag of one run.
    fn unique(&self, unique: &UniqueTag<'_>, digest: &Digest, node: &Node) -> Word {
        let reference = unique.reference;
        if reference.starts_with("tag-") {
            return Ok("it was built of a git tag".to_owned());
        }
        if let Some(number) = pull_request(reference, self.holds.branches.variants()) {
            self.pull(number, reference, unique.seconds)?;
        } else if reference != "detached" {
            self.branch(reference, node)?;
        }
        let group = self.groups.get(reference).map(Vec::as_slice).unwrap_or_default();
        let newer = group.iter().position(|(_, one)| *one == digest).unwrap_or_default();
        let keep = usize::try_from(self.holds.keep_newest).unwrap_or(usize::MAX);
        match newer {
            0 => Ok(format!("it is the newest of {reference}")),
            newer if newer < keep => Ok(format!("it is one of the {keep} newest of {reference}")),
            newer => Err(format!("{newer} newer ones of {reference} are there")),
        }
    }

    /// A tag that follows something.
    fn moving(&self, tag: &str, node: &Node) -> Word {
        let branches = &self.holds.branches;
        let variants = branches.variants();
        if let Some(number) = pull_request(tag, variants) {
            let time = self.groups.get(tag).and_then(|group| group.first()).map(|(seconds, _)| *seconds);
            return match time.or_else(|| self.time(node, &[])) {
                Some(time) => self.pull(number, tag, time),
                None => Ok("nobody knows when it was built".to_owned()),
            };
        }
        let bare = variants.iter().find_map(|variant| tag.strip_suffix(variant.as_str())).unwrap_or(tag);
        let bare = bare.strip_suffix('-').unwrap_or(bare);
        if bare.is_empty() || matches!(reserved(bare, &[]), Some(Reserved::Latest | Reserved::Version)) {
            return Ok(format!("{tag} follows versions"));
        }
        if branches.has_slug(tag) {
            return Ok(format!("the branch of {tag} lives"));
        }
        match node.labels.get(label::GIT_BRANCH) {
            // Where its slug is not that of today's settings, its name may be.
            Some(branch) if branches.is_pointer(tag, branch) => {
                self.branch(tag, node).map(|()| format!("the branch {branch} lives"))
            }
            _ => Ok(format!("nobody knows what {tag} follows")),
        }
    }

    /// Whether the branch lives, as far as tag and label tell.
    fn branch(&self, reference: &str, node: &Node) -> Result<(), String> {
        let branches = &self.holds.branches;
        match node.labels.get(label::GIT_BRANCH).filter(|branch| !branch.is_empty()) {
            Some(branch) if !branches.has_slug(reference) && !branches.has_name(branch) => {
                Err(format!("its branch {branch} is gone"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the pull request's images stay, by the newest of its runs.
    fn pull(&self, number: &str, reference: &str, seconds: i64) -> Word {
        let newest =
            self.groups.get(reference).and_then(|group| group.first()).map_or(seconds, |(at, _)| *at);
        let limit = self.holds.pull_requests;
        if newest < self.holds.now.saturating_sub(limit) {
            return Err(format!("the pull request {number} was built last more than {} ago", span(limit)));
        }
        Ok(format!("the pull request {number} was built within the last {}", span(limit)))
    }

    /// When the image was built last, as far as its tags and its labels tell.
    fn time(&self, node: &Node, tags: &[&str]) -> Option<i64> {
        let built = node.labels.get(label::BUILD_TIME).and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let runs = tags.iter().filter_map(|tag| UniqueTag::parse(tag)).map(|unique| unique.seconds);
        runs.chain(built.map(jiff::Timestamp::as_second)).max()
    }
}

#[cfg(test)]
mod tests;
