//! The context digest: what it depends on, and what not.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::tree::Tree;
use crate::context::EntryKind;
use crate::source::FileState;

fn digest(tree: &Tree) -> String {
    tree.list().unwrap().digest().to_string()
}

/// Computed by other means (Python's hashlib) from the format that digest.rs describes.
#[test]
fn the_format_is_the_one_described() {
    let tree = Tree::with(&[("bin/run", "#!/bin/sh\n"), (".dockerignore", "secret\n"), ("secret", "x")]);
    tree.mode("bin/run", 0o755);
    tree.link("current", "bin/run");
    fs::hard_link(tree.path("bin/run"), tree.path("bin/start")).unwrap();
    assert_eq!(digest(&tree), "sha256:33e2ccf7d0844d1fc9ee4745bd36b5bdcbc395cf477589e4610e1dccc8bc5165");
}

#[test]
fn blob_ids_are_git_s() {
    let tree = Tree::with(&[("hello", "hello\n"), ("empty", "")]);
    let listing = tree.list().unwrap();
    let blob = |path: &str| {
        let entry = listing.entries().find(|e| e.path == path.as_bytes()).unwrap();
        assert_eq!(entry.kind, EntryKind::File);
        crate::image::hex(&entry.blob.unwrap())
    };
    assert_eq!(blob("hello"), "ce013625030ba8dba906f756967f9e9ca394464a");
    assert_eq!(blob("empty"), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

#[test]
fn what_git_knows_is_not_read() {
    let tree = Tree::with(&[("sub/known", "known"), ("sub/new", "new")]);
    let by_reading = tree.list().unwrap();
    let known: Vec<_> = by_reading.entries().filter_map(|e| Some((e.path, e.blob?))).collect();
    let asked = std::cell::RefCell::new(Vec::new());
    let from_git = |path: &std::path::Path, state: &FileState| {
        assert!(state.is_file());
        let path = path.to_str().unwrap();
        asked.borrow_mut().push(path.to_owned());
        let (_, blob) = known.iter().find(|(known, _)| known == path.as_bytes()).unwrap();
        (path != "sub/new").then_some(*blob)
    };
    let listing = tree.list_for("Dockerfile", Some(&from_git)).unwrap();
    assert_eq!(listing.digest(), by_reading.digest());
    assert_eq!(*asked.borrow(), ["Dockerfile", "sub/known", "sub/new"]);
    let lies = tree.list_for("Dockerfile", Some(&|_, _| Some([7; 20]))).unwrap();
    assert_ne!(lies.digest(), by_reading.digest(), "an id that is given is taken");
}

#[test]
fn anything_that_an_image_could_hold_counts() {
    let base = || Tree::with(&[("a", "1"), ("sub/b", "2")]);
    let same = digest(&base());
    let change = |what: &str, change: &dyn Fn(&Tree)| {
        let tree = base();
        change(&tree);
        assert_ne!(digest(&tree), same, "{what}");
    };
    change("content", &|t| t.file("a", "9"));
    change("a new file", &|t| t.file("new", ""));
    change("an empty folder", &|t| t.folder("new"));
    change("a name", &|t| fs::rename(t.path("a"), t.path("A")).unwrap());
    change("a folder", &|t| fs::rename(t.path("sub/b"), t.path("b")).unwrap());
    change("executable", &|t| t.mode("a", 0o755));
    change("a link", &|t| t.link("link", "a"));
    change("the Dockerfile", &|t| t.file("Dockerfile", "FROM other\n"));
    let links = |target: &str| {
        let tree = base();
        tree.link("link", target);
        digest(&tree)
    };
    assert_ne!(links("a"), links("./a"), "a link's target, byte for byte");
    let (copied, linked) = (base(), base());
    copied.file("c", "1");
    fs::hard_link(linked.path("a"), linked.path("c")).unwrap();
    assert_ne!(digest(&copied), digest(&linked), "a hard link is no copy");
}

#[test]
fn what_is_sent_for_the_engine_only_does_not_count() {
    let tree = Tree::with(&[(".dockerignore", "*\n!src\n"), ("src/a", "")]);
    let before = digest(&tree);
    tree.file("Dockerfile", "FROM other\n");
    tree.file(".dockerignore", "*\n\n!src\n");
    assert_eq!(digest(&tree), before);
}

#[derive(Debug, Clone)]
struct Made {
    path: String,
    content: Vec<u8>,
    executable: bool,
    shared_bits: u32,
    age: u64,
}

fn files() -> impl Strategy<Value = Vec<Made>> {
    let path = prop::collection::vec("[a-c.]{1,3}", 1..4).prop_map(|parts| format!("x{}", parts.join("/x")));
    let made =
        (path, prop::collection::vec(any::<u8>(), 0..40), any::<bool>(), 0_u32..64, 0_u64..1_000_000_000);
    let made = made.prop_map(|(path, content, executable, shared_bits, age)| Made {
        path,
        content,
        executable,
        shared_bits,
        age,
    });
    prop::collection::vec(made, 0..12)
}

/// Makes those files whose paths do not need a file to be a folder; `clone` says which of two ways.
fn make(files: &[&Made], clone: u32) -> Tree {
    let tree = Tree::new();
    for made in files {
        tree.file(&made.path, &made.content);
        let bits = if clone == 0 { 0o644 } else { 0o600 | made.shared_bits };
        tree.mode(&made.path, if made.executable { bits | 0o100 } else { bits });
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(made.age + u64::from(clone) * 77);
        File::open(tree.path(&made.path)).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
    }
    if clone == 1 {
        tree.mode(".", 0o700);
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two clones of one commit: made in another order, under another umask, at another time.
    #[test]
    fn clones_agree(files in files()) {
        let mut kept: Vec<&Made> = Vec::new();
        for made in &files {
            let clash = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}/")) || b.starts_with(&format!("{a}/"));
            if !kept.iter().any(|k| clash(&k.path, &made.path)) {
                kept.push(made);
            }
        }
        let one = make(&kept, 0);
        kept.reverse();
        let other = make(&kept, 1);
        prop_assert_eq!(digest(&one), digest(&other));
    }
}
