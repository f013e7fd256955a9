//! A release that is run again.

use super::world::{World, id, kept_by, set_by};
use crate::error::Kind;
use crate::image::label;

#[test]
fn a_run_that_was_cut_off_after_any_tag_is_completed_on_its_image() {
    for published in 1..=5 {
        let mut world = World::new().on_tag("v1.2.3");
        let first = world.plan().unwrap();
        assert_eq!(first.adopts, None);
        let digest = world.publish(&first, published);
        world.now += 100;
        let second = world.plan().unwrap();
        assert_eq!(second.adopts.as_ref().map(|adopted| &adopted.digest), Some(&digest), "after {published}");
        assert_eq!(set_by(&second), ["1.2.3", "1.2", "1", "latest"]);
        world.publish(&second, usize::MAX);
        for tag in ["1.2.3", "1.2", "1", "latest"] {
            assert_eq!(world.registry.tags[tag], digest, "{tag} after {published}");
        }
        let unique = world.registry.all_tags.iter().filter(|tag| tag.starts_with("tag-")).count();
        assert_eq!(unique, 1, "no second unique tag");
    }
}

#[test]
fn a_back_port_that_is_run_again_moves_no_more_than_the_first_time() {
    let mut world = World::new().on_tag("v1.2.3");
    let first = world.plan().unwrap();
    world.publish(&first, usize::MAX);
    let (commit, digest) = (world.commit.clone(), world.registry.tags["latest"].clone());
    world.commit = id("second");
    world.release("v1.3.0");
    let newer = world.plan().unwrap();
    let latest = world.publish(&newer, usize::MAX);
    world.commit = commit;
    world.release("v1.2.3");
    let again = world.plan().unwrap();
    assert_eq!((set_by(&again), kept_by(&again)), (vec!["1.2.3", "1.2"], vec!["1", "latest"]));
    world.publish(&again, usize::MAX);
    assert_eq!((&world.registry.tags["1.2"], &world.registry.tags["latest"]), (&digest, &latest));
}

#[test]
fn a_version_with_other_content_is_refused_and_says_in_what() {
    let released = || {
        let mut world = World::new().on_tag("v1.2.3");
        let plan = world.plan().unwrap();
        world.publish(&plan, usize::MAX);
        world
    };
    let refusal = |world: &World| {
        let error = world.plan().unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(!error.hints().is_empty());
        error.to_string()
    };
    let mut moved = released();
    moved.commit = id("another");
    assert!(refusal(&moved).contains("its commit is"), "{}", refusal(&moved));

    for (key, value, said) in [
        (label::CONTEXT_DIGEST, "sha256:0", "its context"),
        (label::GIT_TREE, "0", "its tree"),
        (label::GIT_CLEAN, "false", "its clean state"),
        (label::DEV, "true", "development image"),
        (label::DOCKERFILE_DIGEST, "", "its Dockerfile is not told"),
    ] {
        let mut world = released();
        let digest = world.registry.tags["1.2.3"].clone();
        let image = world.registry.images.get_mut(&digest).unwrap();
        image.labels.insert(key.to_owned(), value.to_owned());
        assert!(refusal(&world).contains(said), "{key}: {}", refusal(&world));
    }

    let mut artifact = released();
    artifact.registry.images.clear();
    assert!(refusal(&artifact).contains("no single image"));
}

#[test]
fn an_image_of_something_else_is_not_adopted_by_its_unique_tag() {
    let mut world = World::new().on_tag("v1.2.3");
    let plan = world.plan().unwrap();
    let digest = world.publish(&plan, 1);
    let image = world.registry.images.get_mut(&digest).unwrap();
    image.labels.insert(label::CONTEXT_DIGEST.to_owned(), "sha256:0".to_owned());
    world.now += 1;
    assert_eq!(world.plan().unwrap().adopts, None);
}

#[test]
fn a_branch_is_built_anew_each_time() {
    let mut world = World::new().on_branch("main");
    let plan = world.plan().unwrap();
    world.publish(&plan, usize::MAX);
    world.now += 1;
    let again = world.plan().unwrap();
    assert_eq!((again.adopts, again.tags.len()), (None, 2));
}

#[test]
fn another_variant_of_the_same_commit_is_another_image() {
    let mut world = World::new().on_tag("v1.2.3");
    let plan = world.plan().unwrap();
    let plain = world.publish(&plan, usize::MAX);
    world.toml = "schema = 1\n[image]\nvariant = \"alpine\"\ntarget = \"alpine\"\n".to_owned();
    let variant = world.plan().unwrap();
    assert_eq!((variant.adopts.as_ref(), variant.tags.len()), (None, 5));
    assert!(variant.tags[0].tag.as_str().starts_with("tag-v1.2.3-alpine-"), "{}", variant.tags[0].tag);
    let alpine = world.publish(&variant, usize::MAX);
    assert_ne!(alpine, plain);
    // Each is completed on its own.
    world.now += 1;
    assert_eq!(world.plan().unwrap().adopts.unwrap().digest, alpine);
    world.toml = "schema = 1\n".to_owned();
    assert_eq!(world.plan().unwrap().adopts.unwrap().digest, plain);
}

#[test]
fn a_release_with_other_arguments_is_another_image() {
    let mut world = World::new().on_tag("v1.2.3");
    let plan = world.plan().unwrap();
    world.publish(&plan, 1);
    world.toml = "schema = 1\n[image.build]\nargs = { A = \"b\" }\n".to_owned();
    world.now += 1;
    let other = world.plan().unwrap();
    assert_eq!(other.adopts, None);
    world.publish(&other, usize::MAX);
    world.toml = "schema = 1\n".to_owned();
    let error = world.plan().unwrap_err();
    assert!(error.to_string().contains("arguments"), "{error}");
}
