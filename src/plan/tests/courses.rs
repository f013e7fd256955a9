//! Tags that follow commits.

use super::world::{World, id, kept_by, set_by};
use crate::image::Digest;
use crate::plan::Course;

/// `main` holds an image of another commit, an hour later or earlier than ours.
fn world(later: bool, course: Option<Course>) -> World {
    let mut world = World::new().on_branch("main");
    let (commit, time) = (world.commit.clone(), world.commit_time);
    world.commit = id("theirs");
    world.commit_time = if later { time + 3600 } else { time - 3600 };
    let plan = world.plan().unwrap();
    world.publish(&plan, usize::MAX);
    world.courses.extend(course.map(|course| (id("theirs"), course)));
    (world.commit, world.commit_time) = (commit, time);
    world
}

#[test]
fn a_branch_pointer_moves_with_git_and_else_with_time() {
    for (later, course, moves) in [
        (false, Some(Course::Behind), true),
        // A clock that was wrong does not count where git knows.
        (true, Some(Course::Behind), true),
        (false, Some(Course::Ahead), false),
        (true, Some(Course::Ahead), false),
        (false, Some(Course::Apart), true),
        (true, Some(Course::Apart), false),
        (false, None, true),
        (true, None, false),
    ] {
        let plan = world(later, course).plan().unwrap();
        let expected = if moves { (vec!["main"], vec![]) } else { (vec![], vec!["main"]) };
        assert_eq!((set_by(&plan), kept_by(&plan)), expected, "later={later} {course:?}");
        assert_eq!(plan.warnings.len(), usize::from(!moves), "{:?}", plan.warnings);
    }
}

#[test]
fn what_says_nothing_of_its_commit_stands_in_nobodys_way() {
    let mut foreign = world(true, None);
    foreign.registry.images.clear();
    assert_eq!(set_by(&foreign.plan().unwrap()), ["main"]);
}

#[test]
fn the_same_commit_may_be_built_again() {
    let mut world = World::new().on_branch("main");
    let plan = world.plan().unwrap();
    world.publish(&plan, usize::MAX);
    world.now += 60;
    assert_eq!(set_by(&world.plan().unwrap()), ["main"]);
}

#[test]
fn an_extra_tag_of_the_configuration_follows_too_and_a_pull_request_sets_none() {
    let mut world = world(true, Some(Course::Ahead));
    world.toml = "schema = 1\n[image]\ntags = [\"nightly\"]\n".to_owned();
    assert_eq!((set_by(&world.plan().unwrap())), ["nightly"]);
    let theirs = world.registry.tags["main"].clone();
    world.set("nightly", &theirs);
    assert_eq!(kept_by(&world.plan().unwrap()), ["main", "nightly"]);
    world.ci.pr = Some("12".to_owned());
    let plan = world.plan().unwrap();
    assert_eq!(set_by(&plan), ["pr-12"]);
    assert!(plan.notes.iter().any(|note| note.contains("nightly")), "{:?}", plan.notes);
}

#[test]
fn a_label_is_no_way_into_the_message() {
    let mut world = world(true, None);
    let digest: Digest = world.registry.tags["main"].clone();
    let image = world.registry.images.get_mut(&digest).unwrap();
    let key = crate::image::label::oci::REVISION;
    image.labels.insert(key.to_owned(), "::set-output\nname=x\u{1b}[31m".to_owned());
    let plan = world.plan().unwrap();
    assert!(plan.kept[0].why.starts_with("it holds setoutp of"), "{}", plan.kept[0].why);
}

#[test]
fn source_date_epoch_is_no_time_of_a_commit() {
    let mut world = world(true, None);
    let digest: Digest = world.registry.tags["main"].clone();
    let image = world.registry.images.get_mut(&digest).unwrap();
    // A constant epoch makes every image as old as every other one.
    image.labels.insert(crate::image::label::oci::CREATED.to_owned(), "1970-01-01T00:00:00Z".to_owned());
    assert_eq!(kept_by(&world.plan().unwrap()), ["main"]);
}
