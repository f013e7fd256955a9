use super::super::testing::{DAY, NOW};
use super::*;
use crate::engine::GivenName;

fn id(name: &str) -> String {
    crate::image::Digest::of(name.as_bytes()).to_string()
}

/// An image that `imgbuild build` made, with tags of `api`.
fn image(name: &str, parent: &str, tags: &[&str]) -> ImageSummary {
    let labels = [(label::DEV, "true"), (label::TOOL_VERSION, "1")];
    ImageSummary {
        id: id(name),
        parent: if parent.is_empty() { String::new() } else { id(parent) },
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..ImageSummary::default()
    }
}

/// A development tag of so many days ago.
fn dev(reference: &str, days: i64) -> String {
    format!("api:{reference}-abc1234-{}-dev", NOW - days * DAY)
}

fn rules() -> EngineRules {
    EngineRules { repositories: ["api".to_owned()].into(), keep_dev: 2, now: NOW, ..EngineRules::default() }
}

fn standing(images: Vec<ImageSummary>) -> Standing {
    Standing { images, ..Standing::default() }
}

fn judged(standing: &Standing, rules: &EngineRules) -> Vec<Item> {
    of_engine(&Found { standing, usage: None, leftovers: BTreeSet::new() }, rules)
}

/// Ids of what goes.
fn going(standing: &Standing, rules: &EngineRules) -> Vec<String> {
    let removed = judged(standing, rules).into_iter().filter(|item| item.verdict == Verdict::Remove);
    removed.map(|item| item.id).collect()
}

fn container(name: &str, image: &str, status: &str) -> ContainerSummary {
    ContainerSummary {
        id: id(name),
        name: name.to_owned(),
        image_id: id(image),
        status: status.to_owned(),
        ..ContainerSummary::default()
    }
}

#[test]
fn the_newest_development_images_of_each_branch_stay() {
    let tags = [dev("main", 1), dev("main", 2), dev("main", 3), dev("fix", 9)];
    let images = ["a", "b", "c", "d"].iter().zip(&tags).map(|(name, tag)| image(name, "", &[tag])).collect();
    let standing = standing(images);
    assert_eq!(going(&standing, &rules()), [tags[2].as_str()]);
    let item = judged(&standing, &rules()).remove(0);
    assert_eq!(item.why, "a development image, superseded by 2 newer");
    let old = EngineRules { dev_older_than: Some(7 * DAY), ..rules() };
    let mut gone = going(&standing, &old);
    gone.sort();
    assert_eq!(gone, [tags[3].clone(), tags[2].clone()]);
    // A run that ends late does not take away its own.
    let own = EngineRules { own_names: [tags[2].clone()].into(), ..rules() };
    assert_eq!(going(&standing, &own), [""; 0]);
    // Zero would take away what was just built.
    let none = EngineRules { keep_dev: 0, ..rules() };
    assert!(!going(&standing, &none).contains(&tags[0]));
}

#[test]
fn one_image_that_was_built_again_counts_once() {
    let tags = [dev("main", 1), dev("main", 2), dev("main", 3)];
    let standing = standing(vec![image("a", "", &[&tags[0], &tags[1]]), image("b", "", &[&tags[2]])]);
    assert_eq!(going(&standing, &rules()), [tags[1].as_str()]);
}

#[test]
fn what_is_not_ours_stays_whatever_it_looks_like() {
    let tags = [dev("main", 1), dev("main", 2), dev("main", 3)];
    let newer = || vec![image("a", "", &[&tags[0]]), image("b", "", &[&tags[1]])];
    let with = |change: &dyn Fn(&mut ImageSummary)| {
        let mut images = newer();
        let mut old = image("c", "", &[&tags[2]]);
        change(&mut old);
        images.push(old);
        standing(images)
    };
    assert_eq!(going(&with(&|_| ()), &rules()).len(), 1);
    let foreign = with(&|image| image.labels.clear());
    assert_eq!(going(&foreign, &rules()), [""; 0]);
    let forged = with(&|image| {
        image.labels.remove(label::TOOL_VERSION);
    });
    assert_eq!(going(&forged, &rules()), [""; 0]);
    let pulled = with(&|image| image.repo_digests = vec![format!("api@{}", id("m"))]);
    assert_eq!(going(&pulled, &rules()), [""; 0]);
    let elsewhere = with(&|image| image.tags[0].insert_str(0, "other/"));
    assert_eq!(going(&elsewhere, &rules()), [""; 0]);
    let by_hand = with(&|image| image.tags[0] = "api:mine".to_owned());
    assert_eq!(going(&by_hand, &rules()), [""; 0]);
    // What a run noted needs no label, and no lack of a digest.
    let mut noted = pulled;
    let given = GivenName { image: id("c"), pushed: true, variant: None };
    noted.ledger.names.insert(tags[2].clone(), given);
    assert_eq!(going(&noted, &rules()), [tags[2].as_str()]);
    // Somebody moved it since.
    noted.ledger.names.get_mut(&tags[2]).unwrap().image = id("x");
    assert_eq!(going(&noted, &rules()), [""; 0]);
}

#[test]
fn what_is_used_stays_and_is_told() {
    let tags = [dev("main", 1), dev("main", 2), dev("main", 3), dev("main", 4)];
    let images = ["a", "b", "c", "d"].iter().zip(&tags).map(|(name, tag)| image(name, "", &[tag])).collect();
    let mut standing = standing(images);
    standing.containers = vec![container("web", "c", "exited")];
    standing.busy_names.insert(tags[3].clone());
    let items = judged(&standing, &rules());
    let told: Vec<(&str, &str)> = items.iter().map(|item| (item.id.as_str(), item.why.as_str())).collect();
    assert_eq!(
        told,
        [
            (tags[2].as_str(), "the container web uses its image"),
            (tags[3].as_str(), "a run that goes on gave it")
        ]
    );
    assert!(items.iter().all(|item| item.verdict == Verdict::Keep));
    // A container that goes anyway uses nothing.
    let found = Found { standing: &standing, usage: None, leftovers: [id("web")].into() };
    let removed = of_engine(&found, &rules()).into_iter().filter(|item| item.verdict == Verdict::Remove);
    assert_eq!(removed.map(|item| item.id).collect::<Vec<_>>(), [tags[2].as_str()]);
}

#[test]
fn pushed_tags_go_but_for_the_newest_of_each_variant() {
    let tag = |days: i64| format!("api:main-abc1234-{}", NOW - days * DAY);
    let tags = [tag(1), tag(2), tag(3), tag(4)];
    let images = ["a", "b", "c", "d"].iter().zip(&tags).map(|(name, tag)| image(name, "", &[tag])).collect();
    let mut standing = standing(images);
    let given = |name: &str, pushed, variant: Option<&str>| GivenName {
        image: id(name),
        pushed,
        variant: variant.map(str::to_owned),
    };
    standing.ledger.names.insert(tags[0].clone(), given("a", true, None));
    standing.ledger.names.insert(tags[1].clone(), given("b", true, None));
    standing.ledger.names.insert(tags[2].clone(), given("c", true, Some("alpine")));
    // What was not pushed is nowhere else.
    standing.ledger.names.insert(tags[3].clone(), given("d", false, None));
    assert_eq!(going(&standing, &rules()), [tags[1].as_str()]);
    // Without a note it takes a label, a day, and a registry that has it.
    standing.ledger.names.clear();
    assert_eq!(going(&standing, &rules()), [""; 0]);
    for image in &mut standing.images {
        image.repo_digests = vec![format!("api@{}", id("m"))];
    }
    assert_eq!(going(&standing, &rules()), [tags[2].as_str(), tags[3].as_str()]);
    let newer = EngineRules { now: NOW - 3 * DAY, ..rules() };
    assert_eq!(going(&standing, &newer), [""; 0]);
}

#[test]
fn steps_go_with_the_last_image_that_they_are_the_cache_of() {
    // Two builds on one step, each with a stage of its own; the older one is superseded.
    let tags = [dev("main", 1), dev("main", 2)];
    let mut standing = standing(vec![
        image("new", "step", &[&tags[0]]),
        image("old", "old step", &[&tags[1]]),
        image("old step", "step", &[]),
        image("step", "base", &[]),
        image("new stage", "base", &[]),
        image("old stage", "base", &[]),
        image("base", "", &["base:1"]),
    ]);
    let made = |names: &[&str]| names.iter().map(|name| id(name)).collect::<BTreeSet<String>>();
    standing.ledger.builds.insert(id("new"), made(&["new", "step", "new stage"]));
    standing.ledger.builds.insert(id("old"), made(&["old", "old step", "step", "old stage"]));
    let one = EngineRules { keep_dev: 1, ..rules() };
    assert_eq!(going(&standing, &one), [tags[1].clone(), id("old step"), id("old stage")]);
    assert_eq!(going(&standing, &rules()), [""; 0], "each has its cache while it is there");
    // A stranger builds on it.
    standing.images.push(image("theirs", "old step", &["theirs:1"]));
    assert_eq!(going(&standing, &one), [tags[1].clone(), id("old stage")]);
    standing.containers.push(container("web", "old stage", "running"));
    assert_eq!(going(&standing, &one), [tags[1].as_str()]);
}

#[test]
fn what_a_moved_name_left_behind_goes_where_it_is_ours() {
    let mut theirs = image("theirs", "", &[]);
    theirs.labels.clear();
    let standing =
        standing(vec![image("left", "", &[]), image("other", "", &[]), theirs, image("named", "", &["x:1"])]);
    let left = ["left", "theirs", "named"].map(id).into();
    assert_eq!(going(&standing, &EngineRules { left_behind: left, ..rules() }), [id("left")]);
}

#[test]
fn the_classic_clean_up_takes_anybodys_and_leaves_what_is_used() {
    let mut standing = standing(vec![
        image("dangling", "", &[]),
        image("parent", "", &[]),
        image("child", "parent", &["x:1"]),
        image("used", "", &[]),
        image("of ended", "", &[]),
        image("busy", "", &[]),
    ]);
    standing.images[0].labels.clear();
    standing.busy_images.insert(id("busy"));
    let mut deployed = container("web-previous", "of a deployment", "exited");
    deployed.labels.insert(label::deploy::NAME.to_owned(), "web".to_owned());
    let mut live = container("test", "x", "exited");
    live.labels = Owner::current("r", std::time::Duration::from_secs(60)).unwrap().labels();
    standing.containers = vec![
        container("up", "used", "running"),
        container("ended", "of ended", "exited"),
        container("created", "x", "created"),
        container("step", "busy", "exited"),
        deployed,
        live,
    ];
    assert_eq!(going(&standing, &rules()), [""; 0]);
    let all = EngineRules { all_dangling: true, ..rules() };
    let mut expected = vec![id("ended")];
    let mut images = vec![id("dangling"), id("of ended")];
    images.sort();
    expected.append(&mut images);
    assert_eq!(going(&standing, &all), expected);
}
