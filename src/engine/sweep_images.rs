//! Which images and names of images dead runs left: a pure decision over the engine's list and the journals.

use std::collections::{BTreeMap, BTreeSet};

use super::images::ImageSummary;
use super::journal::{JournalOfARun, Record};
use super::sweep::{Journals, Leftover, Thing, began, is_cut_of};

/// How long an engine may go on with the step that ran when its client died; seconds after the last record.
const AFTERMATH: i64 = 120;

/// The leftover names and images, names first, then images with children before their parents.
///
/// `used` are the ids of images that containers use which are no leftovers themselves.
pub(super) fn left(images: &[ImageSummary], used: &[&str], journals: &Journals) -> Vec<Leftover> {
    let tree = Tree::new(images);
    // What a live run builds on, or may build on next, is not touched.
    let protected: BTreeSet<&str> = journals
        .live
        .iter()
        .flat_map(|journal| tree.named(journal, |_| true))
        .flat_map(|id| tree.lineage(id))
        .collect();
    let mut found = Vec::new();
    let mut untagged = BTreeSet::new();
    let mut candidates: BTreeMap<&str, &str> = BTreeMap::new();
    for journal in &journals.over {
        let run = journal.owner().map_or("?", |owner| owner.run.as_str());
        for (reference, id) in tree.tags_left(journal) {
            untagged.insert(reference);
            let why = format!("it named {} so before it was killed", short(id));
            found.push(Leftover { thing: Thing::Tag, id: reference.to_owned(), run: run.to_owned(), why });
        }
        candidates.extend(tree.candidates(journal).into_iter().map(|id| (id, run)));
    }
    candidates.retain(|id, _| {
        let row = tree.rows.get(id);
        // The containerd store gives each tagged image a name with its digest, too, which goes with the tag.
        let goes = |digest: &String| {
            let repository = digest.split('@').next();
            let repository = repository.unwrap_or_default();
            untagged
                .iter()
                .any(|tag: &&str| tag.rsplit_once(':').is_some_and(|(name, _)| is_name(repository, name)))
        };
        let nameless = |row: &ImageSummary| {
            row.tags.iter().all(|tag| untagged.iter().any(|gone| is_name(tag, gone)))
                && row.repo_digests.iter().all(goes)
        };
        row.is_some_and(|row| nameless(row)) && !used.contains(id) && !protected.contains(id)
    });
    // A parent of anything that stays is the cache of that.
    while let Some(parent) =
        candidates.keys().find(|id| tree.children(id).any(|c| !candidates.contains_key(c))).copied()
    {
        candidates.remove(parent);
    }
    let mut order: Vec<(&str, &str)> = candidates.into_iter().collect();
    order.sort_by_key(|(id, _)| (std::cmp::Reverse(tree.lineage(id).len()), *id));
    found.extend(order.into_iter().map(|(id, run)| Leftover {
        thing: Thing::Image,
        id: id.to_owned(),
        run: run.to_owned(),
        why: "its build made it, and nothing names it".to_owned(),
    }));
    found
}

/// Whether the engine's `listed` name is `noted`: podman writes names out.
pub(super) fn is_name(listed: &str, noted: &str) -> bool {
    let bare = |name: &str| {
        let hosts = ["docker.io/library/", "docker.io/", "localhost/"];
        hosts.iter().find_map(|host| name.strip_prefix(host)).unwrap_or(name).to_owned()
    };
    listed == noted || bare(listed) == bare(noted)
}

fn short(id: &str) -> &str {
    super::containers::short(id)
}

/// Images and their parents.
pub(super) struct Tree<'a> {
    pub(super) rows: BTreeMap<&'a str, &'a ImageSummary>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(images: &'a [ImageSummary]) -> Tree<'a> {
        Tree { rows: images.iter().map(|row| (row.id.as_str(), row)).collect() }
    }

    fn children<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.rows.values().filter(move |row| row.parent == id).map(|row| row.id.as_str())
    }

    /// An image and its parents.
    pub(super) fn lineage(&self, id: &'a str) -> Vec<&'a str> {
        let mut all = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| !all.contains(id)) {
            all.push(id);
            next = self.rows.get(id).map(|row| row.parent.as_str()).filter(|parent| !parent.is_empty());
        }
        all
    }

    /// The one image on the engine that `cut` names.
    pub(super) fn find(&self, cut: &str) -> Option<&'a str> {
        let mut fitting = self.rows.keys().filter(|id| is_cut_of(cut, id));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(*first)
    }

    /// The images that a journal names and that are still there.
    pub(super) fn named(&self, journal: &JournalOfARun, which: impl Fn(bool) -> bool) -> Vec<&'a str> {
        let ids = journal.records().filter_map(|record| match record {
            Record::Image { id, made, .. } if which(*made) => self.find(id),
            _ => None,
        });
        ids.collect()
    }

    /// The results of builds among them.
    fn results(&self, journal: &JournalOfARun) -> impl Iterator<Item = &'a str> {
        journal.records().filter_map(|record| match record {
            Record::Image { id, made: true, proven: true } => self.find(id),
            _ => None,
        })
    }

    /// Names in the run's own repository, which nobody else gives, whatever image they came to stand for.
    fn own_tags<'j>(&self, journal: &'j JournalOfARun) -> Vec<(&'j str, &'a str)> {
        let Some(own) = journal.owner().map(|owner| format!("{}:", owner.repository())) else {
            return Vec::new();
        };
        let references = journal.records().filter_map(|record| match record {
            Record::TagOnEngine { reference, .. } => Some(reference.as_str()),
            _ => None,
        });
        let left = references.filter(|reference| reference.starts_with(&own)).filter_map(|reference| {
            let row = self.rows.values().find(|row| row.tags.iter().any(|tag| is_name(tag, reference)))?;
            Some((reference, row.id.as_str()))
        });
        left.collect()
    }

    /// Names that a killed run gave to images of its own and that nothing had before.
    fn tags_left<'j>(&self, journal: &'j JournalOfARun) -> Vec<(&'j str, &'a str)> {
        let mut left = self.own_tags(journal);
        if journal.is_finished() {
            return left;
        }
        let ours = self.named(journal, |_| true);
        let references = journal.records().filter_map(|record| match record {
            Record::TagOnEngine { reference, before: None } => Some(reference.as_str()),
            _ => None,
        });
        let named = references.filter_map(|reference| {
            let id = ours.iter().find(|id| {
                // What was pulled by its digest has that for a name.
                let names = |row: &ImageSummary| {
                    row.tags.iter().chain(&row.repo_digests).any(|name| is_name(name, reference))
                };
                self.rows.get(*id).is_some_and(|row| names(row))
            })?;
            Some((reference, *id))
        });
        for name in named {
            if !left.contains(&name) {
                left.push(name);
            }
        }
        left
    }

    /// What a build made. Where its client was killed, what the engine went on to commit on top of that, too; on top of
    /// the images of a run that ended by itself is a build of somebody else, which found them in the cache and may be at
    /// work with a journal that is not seen from here.
    fn candidates(&self, journal: &JournalOfARun) -> BTreeSet<&'a str> {
        let Some(began) = began(journal) else { return BTreeSet::new() };
        // From the run's start to a little after its last word: a later descendant is another build's, which found ours
        // in the cache.
        let shift = journal.noted().first().map_or(0, |first| began.saturating_sub(first.at));
        let end = journal
            .noted()
            .last()
            .map_or(0, |noted| noted.at)
            .saturating_add(shift)
            .saturating_add(AFTERMATH);
        let in_time = |id: &&str| self.rows.get(*id).is_some_and(|row| (began..=end).contains(&row.created));
        let mut all: BTreeSet<&str> = self.named(journal, |made| made).into_iter().filter(in_time).collect();
        // BuildKit dates an image by its last layer, which may come from the cache.
        all.extend(self.results(journal));
        if journal.is_finished() {
            return all;
        }
        let last = self.named(journal, |_| true).last().copied();
        all.extend(last.iter().flat_map(|last| self.children(last)).filter(in_time));
        loop {
            let children = all.iter().flat_map(|id| self.children(id));
            let more: Vec<&str> = children.filter(in_time).filter(|id| !all.contains(id)).collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::journal::Journal;
    use super::super::owner::Owner;
    use super::super::testing;
    use super::*;

    /// When the runs of these tests began, by the engine's clock.
    const BEGAN: i64 = 1_000_000;

    fn id(n: u8) -> String {
        format!("sha256:{}", format!("{n:02x}").repeat(32))
    }

    fn row(n: u8, parent: u8, tags: &[&str]) -> ImageSummary {
        ImageSummary {
            id: id(n),
            parent: if parent == 0 { String::new() } else { id(parent) },
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            created: BEGAN + i64::from(n),
            ..ImageSummary::default()
        }
    }

    /// A journal of a dead (`over`) or live run with these records.
    fn journal(over: bool, records: &[Record]) -> Journals {
        let dir = tempfile::tempdir().unwrap();
        let mut owner = Owner::current("r", Duration::from_secs(60)).unwrap();
        owner.pid_start += u64::from(over);
        let mut info = testing::info();
        info.clock = Some(BEGAN);
        let journal = Journal::open(dir.path(), &info, &owner).unwrap();
        for record in records {
            journal.note(record.clone()).unwrap();
        }
        drop(journal);
        let (over, live) =
            Journal::read_all(dir.path(), &info.id).unwrap().into_iter().partition(|j| j.is_over(0));
        Journals { over, live }
    }

    fn made(n: u8) -> Record {
        Record::Image { id: id(n)["sha256:".len()..][..12].to_owned(), made: true, proven: false }
    }

    fn found(n: u8) -> Record {
        Record::Image { id: id(n), made: false, proven: false }
    }

    fn ids(images: &[ImageSummary], used: &[&str], journals: &Journals) -> Vec<String> {
        left(images, used, journals).into_iter().map(|leftover| leftover.id).collect()
    }

    #[test]
    fn untagged_images_of_a_dead_run_children_first() {
        let images = [row(1, 0, &["base:1"]), row(2, 1, &[]), row(3, 2, &[]), row(4, 3, &[]), row(9, 1, &[])];
        let journals = journal(true, &[found(1), made(2), made(3)]);
        // 4 is a descendant; 9 is a stranger's child of the same base.
        assert_eq!(ids(&images, &[], &journals), [id(4), id(3), id(2)]);
    }

    #[test]
    fn another_build_may_go_on_from_our_layers() {
        let mut later = row(4, 3, &[]);
        later.created = BEGAN + 10_000;
        let images = [row(2, 0, &[]), row(3, 2, &[]), later];
        assert!(ids(&images, &[], &journal(true, &[made(2), made(3)])).is_empty());
    }

    #[test]
    fn a_build_on_top_of_a_run_that_ended_by_itself_is_somebody_elses() {
        let images = [row(1, 0, &["base:1"]), row(2, 1, &[]), row(3, 2, &[]), row(4, 3, &[]), row(5, 1, &[])];
        // 3 and 4 are in no journal: a build found 2 in the cache and went on, while ours ended in failure.
        let failed = [found(1), made(2), made(5), Record::Finished];
        assert_eq!(ids(&images, &[], &journal(true, &failed)), [id(5)]);
        // Of a killed one, they are what the engine did until it noticed.
        assert_eq!(ids(&images[..4], &[], &journal(true, &[found(1), made(2)])), [id(4), id(3), id(2)]);
    }

    #[test]
    fn the_cache_of_anything_that_stays_stays() {
        let journals = journal(true, &[made(2), made(3)]);
        let tagged = [row(1, 0, &[]), row(2, 1, &[]), row(3, 2, &["mine:1"])];
        assert!(ids(&tagged, &[], &journals).is_empty());
        let used = [row(1, 0, &[]), row(2, 1, &[]), row(3, 2, &[])];
        assert!(ids(&used, &[id(3).as_str()], &journals).is_empty());
        assert_eq!(ids(&used, &[], &journals), [id(3), id(2)]);
    }

    #[test]
    fn an_image_pulled_by_digest_has_a_name() {
        let images = [ImageSummary { repo_digests: vec!["x@sha256:y".into()], ..row(2, 0, &[]) }];
        assert!(ids(&images, &[], &journal(true, &[made(2)])).is_empty());
    }

    #[test]
    fn what_was_there_before_the_run_is_not_its_own() {
        let mut old = row(2, 0, &[]);
        old.created = BEGAN - 1;
        // A RUN can print any id; a stranger's image is older, or no build of ours has it.
        assert!(ids(&[old.clone()], &[], &journal(true, &[made(2)])).is_empty());
        assert!(ids(&[old, row(3, 2, &[])], &[], &journal(true, &[made(2), Record::Finished])).is_empty());
    }

    #[test]
    fn a_result_whose_layers_are_older_than_the_run_is_its_own() {
        let mut cached = row(2, 0, &[]);
        cached.created = BEGAN - 500;
        let result = Record::Image { id: id(2), made: true, proven: true };
        // A test failed, or the run was killed; what has a name or is used stays.
        for records in [vec![result.clone(), Record::Finished], vec![result]] {
            let journals = journal(true, &records);
            assert_eq!(ids(&[cached.clone()], &[], &journals), [id(2)]);
            assert!(ids(&[cached.clone()], &[id(2).as_str()], &journals).is_empty());
            let named = ImageSummary { tags: vec!["mine:1".to_owned()], ..cached.clone() };
            assert!(ids(&[named], &[], &journals).is_empty());
        }
    }

    #[test]
    fn live_runs_are_left_and_so_is_what_they_build_on() {
        let images = [row(2, 0, &[]), row(3, 2, &[])];
        let mut journals = journal(true, &[made(2)]);
        journals.live = journal(false, &[found(2), made(3)]).live;
        assert!(ids(&images, &[], &journals).is_empty());
    }

    #[test]
    fn the_step_that_was_committed_after_the_kill() {
        let images = [row(1, 0, &["base:1"]), row(2, 1, &[])];
        assert_eq!(ids(&images, &[], &journal(true, &[found(1)])), [id(2)]);
        assert!(ids(&images, &[], &journal(true, &[found(1), Record::Finished])).is_empty());
        let mut late = row(2, 1, &[]);
        late.created = BEGAN + 10_000;
        assert!(ids(&[row(1, 0, &["base:1"]), late], &[], &journal(true, &[found(1)])).is_empty());
    }

    #[test]
    fn what_a_killed_run_pulled_goes_by_its_digest() {
        let name = format!("x/y@{}", id(7));
        let images = [ImageSummary { repo_digests: vec![name.clone()], ..row(2, 0, &[]) }];
        let noted = [found(2), Record::TagOnEngine { reference: name.clone(), before: None }];
        assert_eq!(ids(&images, &[], &journal(true, &noted)).join(" "), name);
        // It was there before.
        let noted = [found(2), Record::TagOnEngine { reference: name, before: Some(id(2)) }];
        assert!(ids(&images, &[], &journal(true, &noted)).is_empty());
    }

    #[test]
    fn names_that_a_killed_run_gave() {
        let images = [row(2, 0, &["mine:1", "mine:2"])];
        let tag = |reference: &str, before: Option<String>| Record::TagOnEngine {
            reference: reference.to_owned(),
            before,
        };
        let all = [made(2), tag("mine:1", None), tag("mine:2", None), tag("stranger:1", None)];
        assert_eq!(
            ids(&images, &[], &journal(true, &all)),
            ["mine:1".to_owned(), "mine:2".to_owned(), id(2)]
        );
        // A name that another image had is not taken away from its users, and keeps the image.
        let moved = [made(2), tag("mine:1", None), tag("mine:2", Some(id(7)))];
        assert_eq!(ids(&images, &[], &journal(true, &moved)), ["mine:1"]);
        let finished = [made(2), tag("mine:1", None), tag("mine:2", None), Record::Finished];
        assert!(ids(&images, &[], &journal(true, &finished)).is_empty());
    }
    #[test]
    fn names_in_the_runs_own_repository_go_without_further_proof() {
        let tag = |reference: &str| Record::TagOnEngine { reference: reference.to_owned(), before: None };
        let images = [
            row(2, 0, &["localhost/imgbuild-run/r:commit-1"]),
            row(3, 0, &["localhost/imgbuild-run/other:commit-1"]),
        ];
        let noted = [
            tag("localhost/imgbuild-run/r:commit-1"),
            tag("localhost/imgbuild-run/other:commit-1"),
            tag("localhost/imgbuild-run/r:commit-2"),
        ];
        assert_eq!(ids(&images, &[], &journal(true, &noted)), ["localhost/imgbuild-run/r:commit-1"]);
        let images = [row(2, 0, &["localhost/imgbuild-run/r:commit-1"])];
        let known = [tag("localhost/imgbuild-run/r:commit-1"), made(2), Record::Finished];
        assert_eq!(
            ids(&images, &[], &journal(true, &known)),
            ["localhost/imgbuild-run/r:commit-1".to_owned(), id(2)]
        );
        assert!(ids(&images, &[], &journal(false, &known[..2])).is_empty());
    }
}
