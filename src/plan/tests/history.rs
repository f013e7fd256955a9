//! Whatever the order of releases, back-ports and pre-releases, and whatever git and the registry each know of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use semver::Version;

use super::world::{World, id};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// A run for a version. `seen` says which of the git tags so far its clone has.
    Release { version: Version, seen: u32 },
    /// A git tag whose run never published anything.
    TagOnly(Version),
    /// Somebody's retention deletes the tag of a version that was published.
    Retention(usize),
}

fn version() -> impl Strategy<Value = Version> {
    (0u64..3, 0u64..3, 0u64..4, 0u8..5).prop_map(|(major, minor, patch, kind)| {
        let pre = if kind == 0 { "-rc.1" } else { "" };
        Version::parse(&format!("{major}.{minor}.{patch}{pre}")).expect("a version")
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (version(), any::<u32>()).prop_map(|(version, seen)| Happening::Release { version, seen }),
        1 => version().prop_map(Happening::TagOnly),
        1 => any::<prop::sample::Index>().prop_map(|index| Happening::Retention(index.index(64))),
    ]
}

/// A tag, and whether a version is in the line that it follows.
type Follows = (String, Box<dyn Fn(&Version) -> bool>);

/// The tags that follow the line that `version` is of, most specific first, with a test whether another is in it.
fn lines(version: &Version) -> Vec<Follows> {
    let (major, minor) = (version.major, version.minor);
    let mut lines: Vec<Follows> =
        vec![(format!("{major}.{minor}"), Box::new(move |v| v.major == major && v.minor == minor))];
    if major > 0 {
        lines.push((major.to_string(), Box::new(move |v| v.major == major)));
    }
    lines.push(("latest".to_owned(), Box::new(|_| true)));
    lines
}

/// What the world should look like: each moving tag and the version it stands for, by the rule alone.
#[derive(Default)]
struct Model {
    moving: BTreeMap<String, Version>,
    /// Exact tags in the registry.
    exact: BTreeSet<Version>,
}

impl Model {
    /// A stable release moves a tag unless a newer version of its line is known: to the clone, by an exact tag, or by
    /// what one of the tags of its own lines holds.
    fn release(&mut self, version: &Version, git: &BTreeSet<Version>) {
        self.exact.insert(version.clone());
        if !version.pre.is_empty() {
            return;
        }
        let held: BTreeSet<Version> =
            lines(version).iter().filter_map(|(tag, _)| self.moving.get(tag).cloned()).collect();
        let known: BTreeSet<&Version> = git.iter().chain(&self.exact).chain(&held).collect();
        for (tag, in_line) in lines(version) {
            let newer = known.iter().any(|k| k.pre.is_empty() && in_line(k) && **k > *version);
            if !newer {
                self.moving.insert(tag, version.clone());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_moving_tag_never_moves_backwards(history in prop::collection::vec(happening(), 1..25)) {
        let mut world = World::new();
        let mut model = Model::default();
        let mut git: Vec<Version> = Vec::new();
        for (step, happening) in (0i64..).zip(history) {
            match happening {
                Happening::TagOnly(version) => git.push(version),
                Happening::Retention(index) => {
                    let exact: Vec<Version> = model.exact.iter().cloned().collect();
                    if let Some(version) = exact.get(index % exact.len().max(1)) {
                        world.delete(&version.to_string());
                        model.exact.remove(version);
                    }
                }
                Happening::Release { version, seen } => {
                    git.push(version.clone());
                    let visible: BTreeSet<Version> = git
                        .iter()
                        .enumerate()
                        .filter(|(nth, known)| **known == version || seen >> (nth % 32) & 1 == 1)
                        .map(|(_, known)| known.clone())
                        .collect();
                    world.now = 2_000_000 + step;
                    world.commit = id(&version.to_string());
                    world.git_tags = visible.iter().map(|known| format!("v{known}")).collect();
                    world.release(&format!("v{version}"));
                    let before: BTreeMap<String, Option<Version>> = world
                        .registry
                        .all_tags
                        .iter()
                        .map(|tag| (tag.clone(), world.version_of(tag)))
                        .collect();
                    let plan = world.plan().unwrap();
                    world.publish(&plan, usize::MAX);
                    model.release(&version, &visible);
                    for (tag, earlier) in before {
                        prop_assert!(world.version_of(&tag) >= earlier, "{tag} went back from {earlier:?}");
                    }
                    prop_assert_eq!(world.version_of(&version.to_string()), Some(version));
                }
            }
        }
        let exact = |tag: &String| Version::parse(tag).is_ok();
        let unique = |tag: &String| tag.starts_with("tag-");
        let moving: BTreeMap<String, Version> = world
            .registry
            .all_tags
            .iter()
            .filter(|tag| !exact(tag) && !unique(tag))
            .map(|tag| (tag.clone(), world.version_of(tag).expect("a version")))
            .collect();
        prop_assert_eq!(moving, model.moving);
        prop_assert!(!world.registry.all_tags.iter().any(|tag| tag == "0"));
    }
}
