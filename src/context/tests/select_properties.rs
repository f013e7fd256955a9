//! What holds of every selection, whatever is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::tree::Tree;
use crate::context::ignore::DirMatch;
use crate::context::{EntryKind, Ignore, Listing, Selection};
use crate::error::Result;

/// A folder with something of everything in it.
fn listing() -> Arc<Listing> {
    let tree = Tree::with(&[
        (".dockerignore", "out\n!out/kept\n*.log\nDockerfile\n"),
        ("a", ""),
        ("a.b", ""),
        ("ab/a", ""),
        ("ab/b/a", ""),
        ("ab/b/c.log", ""),
        ("b/a/b/a", ""),
        ("out/kept", ""),
        ("out/lost", ""),
        ("[a]/*", ""),
        ("!x", ""),
    ]);
    tree.folder("b/empty");
    for (name, target) in [
        ("l", "ab"),
        ("b/l", "../l/b"),
        ("b/up", ".."),
        ("ab/b/root", "/"),
        ("loop", "loop/x"),
        ("ab/one", "two"),
        ("ab/two", "/ab/one"),
        ("[a]/l", "*"),
        ("gone", "nowhere/../a"),
    ] {
        tree.link(name, target);
    }
    std::fs::hard_link(tree.path("a"), tree.path("b/hard")).unwrap();
    std::fs::hard_link(tree.path("a"), tree.path("z")).unwrap();
    Arc::new(tree.list().unwrap())
}

/// Made of what is special, and of names that are there.
fn word() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "ab", "l", "/", "/", "/", "*", "**", "?", "[", "]", "[a]", "[^a-z]", "[z-a]", "\\", "!",
        ".", "..", " ", "\n", "\u{e4}", "^", "$", "{1}", "(", ")+", "loop", "out", "kept", "root", "up", "#",
        "\0", "-",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn wild() -> impl Strategy<Value = Selection> {
    let words = || prop::collection::vec(word(), 0..4);
    (words(), words(), words(), any::<bool>()).prop_map(|(follow_paths, include, exclude, forced)| {
        Selection { follow_paths, include, exclude, forced }
    })
}

/// How often each thing was really put to the test.
fn run(
    cases: u32,
    test: impl Fn(&Listing, &Arc<Listing>, Selection) -> std::result::Result<bool, TestCaseError>,
) {
    let listing = listing();
    let tested = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&wild(), |selection| {
            let did = test(&listing, &listing, selection)?;
            tested.set(tested.get() + u32::from(did));
            Ok(())
        })
        .unwrap();
    assert!(tested.get() > cases / 20, "only {} of {cases} cases said anything", tested.get());
}

#[test]
fn a_selection_is_an_ordered_part_of_the_listing_with_every_parent() {
    run(3000, |entries, listing, selection| {
        let Ok(selected) = listing.select(&selection) else { return Ok(false) };
        let mut rest = entries.entries();
        let mut sent: BTreeSet<Vec<u8>> = BTreeSet::new();
        for entry in selected.iter() {
            let listed = rest.find(|listed| listed.path == entry.path);
            prop_assert!(listed.is_some(), "{:?} is out of order or not listed", entry.path);
            prop_assert!(!listed.is_some_and(|l| l.forced) || selection.forced);
            if let Some(slash) = entry.path.iter().rposition(|&b| b == b'/') {
                prop_assert!(sent.contains(&entry.path[..slash]), "no parent of {:?}", entry.path);
            }
            if entry.kind == EntryKind::Hardlink {
                let first = entry.target.as_deref().unwrap_or_default();
                prop_assert!(sent.contains(first), "{:?} is a name of nothing", entry.path);
            }
            sent.insert(entry.path);
        }
        Ok(!selected.is_empty())
    });
}

/// Whether an entry is sent, by looking at it and every folder above it, with no short cut but those that decide something.
fn slowly(path: &[u8], is_folder: bool, include: Option<&Ignore>, exclude: &Ignore) -> Result<bool> {
    let slashes = path.iter().enumerate().filter(|&(_, &b)| b == b'/').map(|(at, _)| at);
    let (mut wanted, mut unwanted) = (DirMatch::default(), DirMatch::default());
    for end in slashes {
        let folder = &path[..end];
        if let Some(include) = include {
            let (is_in, matched) = include.descend(folder, &wanted)?;
            if !is_in && !include.wanted_below().may_return(folder) {
                return Ok(false);
            }
            wanted = matched;
        }
        let (is_out, matched) = exclude.descend(folder, &unwanted)?;
        if is_out && !exclude.may_return_below(folder) {
            return Ok(false);
        }
        unwanted = matched;
    }
    let look = |ignore: &Ignore, above: &DirMatch| match is_folder {
        true => ignore.descend(path, above).map(|(matches, _)| matches),
        false => ignore.excludes(path, above),
    };
    let is_in = include.map_or(Ok(true), |include| look(include, &wanted))?;
    Ok(is_in && !look(exclude, &unwanted)?)
}

#[test]
fn the_short_cuts_change_nothing() {
    run(3000, |_, listing, selection| {
        let selection = Selection { follow_paths: Vec::new(), forced: false, ..selection };
        let Ok(selected) = listing.select(&selection) else { return Ok(false) };
        let include = (!selection.include.is_empty())
            .then(|| Ignore::of_list(&selection.include, Vec::new(), "").unwrap());
        let exclude = Ignore::of_list(&selection.exclude, Vec::new(), "").unwrap();
        let mut expected = BTreeSet::new();
        for entry in listing.entries().filter(|entry| !entry.forced) {
            let is_folder = entry.kind == EntryKind::Dir;
            if slowly(&entry.path, is_folder, include.as_ref(), &exclude).unwrap() {
                let slashes = entry.path.iter().enumerate().filter(|&(_, &b)| b == b'/');
                expected.extend(slashes.map(|(at, _)| entry.path[..at].to_vec()));
                expected.insert(entry.path);
            }
        }
        let sent: BTreeSet<Vec<u8>> = selected.iter().map(|entry| entry.path).collect();
        prop_assert_eq!(&sent, &expected, "{:?}", selection);
        Ok(!sent.is_empty() && sent.len() < listing.len())
    });
}

#[test]
fn asking_for_more_never_brings_less() {
    run(2000, |_, listing, selection| {
        let follow = |paths: &[String]| {
            listing.select(&Selection {
                follow_paths: paths.to_vec(),
                forced: selection.forced,
                ..Selection::default()
            })
        };
        let Some((_, fewer)) = selection.follow_paths.split_last() else { return Ok(false) };
        if fewer.is_empty() {
            return Ok(false);
        }
        let (Ok(more), Ok(less)) = (follow(&selection.follow_paths), follow(fewer)) else { return Ok(false) };
        let more: BTreeSet<Vec<u8>> = more.iter().map(|entry| entry.path).collect();
        for entry in less.iter() {
            prop_assert!(more.contains(&entry.path), "{:?}", entry.path);
        }
        Ok(!less.is_empty())
    });
}
