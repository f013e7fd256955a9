//! What a BuildKit server gets for what it asks for.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::tree::Tree;
use crate::context::{EntryKind, Listing, Selected, Selection, SentEntry};
use crate::error::Kind;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

pub(super) fn follow(paths: &[&str]) -> Selection {
    Selection { follow_paths: words(paths), ..Selection::default() }
}

fn include(patterns: &[&str]) -> Selection {
    Selection { include: words(patterns), ..Selection::default() }
}

fn exclude(patterns: &[&str]) -> Selection {
    Selection { exclude: words(patterns), ..Selection::default() }
}

/// Paths with a mark for what they are: `/` for a folder, `@` for a link, `=` for a further name.
pub(super) fn shown(selected: &Selected) -> Vec<String> {
    let mark = |entry: SentEntry<'_>| {
        let mark = match entry.kind {
            EntryKind::File => "",
            EntryKind::Dir => "/",
            EntryKind::Symlink => "@",
            EntryKind::Hardlink => "=",
        };
        String::from_utf8_lossy(&entry.path).into_owned() + mark
    };
    selected.iter().map(mark).collect()
}

pub(super) fn listing(tree: &Tree) -> Arc<Listing> {
    Arc::new(tree.list().unwrap())
}

fn get(tree: &Tree, selection: &Selection) -> Vec<String> {
    shown(&listing(tree).select(selection).unwrap())
}

#[test]
fn nothing_in_particular_is_everything() {
    let tree = Tree::with(&[(".dockerignore", "x\n"), ("a/b", ""), ("x", ""), ("z", "")]);
    let all = [".dockerignore", "Dockerfile", "a/", "a/b", "z"];
    assert_eq!(get(&tree, &Selection::default()), all);
    for path in [".", "", "/", "./", "a/..", "a/../.."] {
        assert_eq!(get(&tree, &follow(&[path])), all, "{path:?}");
        assert_eq!(get(&tree, &follow(&["a/b", path])), all, "{path:?}");
    }
    let both = Selection { include: words(&["z"]), ..follow(&["."]) };
    assert_eq!(get(&tree, &both), ["z"], "everything that the patterns ask for");
    let both = Selection { include: words(&["."]), ..follow(&["z"]) };
    assert_eq!(get(&tree, &both), all);
}

#[test]
fn a_named_path_brings_what_is_below_and_the_folders_above() {
    let tree = Tree::with(&[("a/b/c/d", ""), ("a/b/e", ""), ("a/f", ""), ("a.txt", ""), ("ab", "")]);
    tree.folder("a/empty");
    for (paths, sent) in [
        (&["a/b/c"][..], &["a/", "a/b/", "a/b/c/", "a/b/c/d"][..]),
        (&["/a/b/e", "a/f"], &["a/", "a/b/", "a/b/e", "a/f"]),
        (&["a/b", "a/b/c/d", "a/b", "a/b/"], &["a/", "a/b/", "a/b/c/", "a/b/c/d", "a/b/e"]),
        (&["a/empty"], &["a/", "a/empty/"]),
        (&["./a/./b/../f"], &["a/", "a/f"]),
        (&["../../ab"], &["ab"]),
        (&["nothing", "a/nothing", "ab/nothing", "a.txt/"], &["a.txt"]),
        (&["nothing"], &[]),
    ] {
        assert_eq!(get(&tree, &follow(paths)), sent, "{paths:?}");
    }
}

#[test]
fn wildcards_stand_in_any_part_of_a_path() {
    let tree = Tree::with(&[
        ("a/x.rs", ""),
        ("a/y.md", ""),
        ("b/x.rs", ""),
        ("b/sub/x.rs", ""),
        ("q?", ""),
        ("qq", ""),
    ]);
    for (path, sent) in [
        ("*/x.rs", &["a/", "a/x.rs", "b/", "b/x.rs"][..]),
        ("[a]/?.*", &["a/", "a/x.rs", "a/y.md"]),
        ("[^a]/*.rs", &["b/", "b/x.rs"]),
        ("b*", &["b/", "b/sub/", "b/sub/x.rs", "b/x.rs"]),
        ("**/x.rs", &["a/", "a/x.rs", "b/", "b/sub/", "b/sub/x.rs", "b/x.rs"]),
        (r"q\?", &["q?"]),
        ("q?", &["q?", "qq"]),
        ("z*", &[]),
    ] {
        assert_eq!(get(&tree, &follow(&[path])), sent, "{path}");
    }
}

#[test]
fn links_are_sent_and_what_they_lead_to() {
    let tree = Tree::with(&[
        ("real/deep/file", ""),
        ("real/other", ""),
        ("top", ""),
        ("docs/a", ""),
        ("docs/b", ""),
    ]);
    tree.folder("links");
    tree.link("links/file", "../real/deep/file");
    tree.link("links/absolute", "/real/other");
    tree.link("links/folder", "../real");
    tree.link("links/out", "../../../../../top");
    tree.link("links/nowhere", "/no/such/file");
    tree.link("chain", "links/file");
    tree.link("again", "chain");
    for (paths, sent) in [
        (&["links/file"][..], &["links/", "links/file@", "real/", "real/deep/", "real/deep/file"][..]),
        (&["links/absolute"], &["links/", "links/absolute@", "real/", "real/other"]),
        (&["links/folder/other"], &["links/", "links/folder@", "real/", "real/other"]),
        (&["links/folder/deep"], &["links/", "links/folder@", "real/", "real/deep/", "real/deep/file"]),
        (&["links/out"], &["links/", "links/out@", "top"]),
        (&["links/nowhere"], &["links/", "links/nowhere@"]),
        (&["again"], &["again@", "chain@", "links/", "links/file@", "real/", "real/deep/", "real/deep/file"]),
        (
            &["links/f*"],
            &[
                "links/",
                "links/file@",
                "links/folder@",
                "real/",
                "real/deep/",
                "real/deep/file",
                "real/other",
            ],
        ),
        (&["l*/abs*"], &["links/", "links/absolute@", "real/", "real/other"]),
        (&["links/f*r/oth??"], &["links/", "links/folder@", "real/", "real/other"]),
        (&["links/folder/**/file"], &["links/", "links/folder@", "real/", "real/deep/", "real/deep/file"]),
        // A link on the way of several paths leads on for each.
        (
            &["links/folder/other", "links/folder/deep/file"],
            &["links/", "links/folder@", "real/", "real/deep/", "real/deep/file", "real/other"],
        ),
        (
            &["links/file/.."],
            &["links/", "links/absolute@", "links/file@", "links/folder@", "links/nowhere@", "links/out@"],
        ),
    ] {
        assert_eq!(get(&tree, &follow(paths)), sent, "{paths:?}");
    }
    tree.link("root", "/");
    assert_eq!(get(&tree, &follow(&["root"])), get(&tree, &Selection::default()));
    assert_eq!(get(&tree, &follow(&["root/top"])), ["root@", "top"]);
}

#[test]
fn links_that_go_in_circles_end() {
    let tree = Tree::with(&[("dir/file", "")]);
    tree.link("self", "self");
    tree.link("one", "two");
    tree.link("two", "one");
    tree.link("grows", "grows/more");
    tree.link("dir/up", "..");
    tree.link("dir/again", "up/dir");
    assert_eq!(get(&tree, &follow(&["self", "one"])), ["one@", "self@", "two@"]);
    assert_eq!(get(&tree, &follow(&["grows/x"])), ["grows@"]);
    let sent = get(&tree, &follow(&["dir/again/again/again/file"]));
    assert_eq!(sent, ["dir/", "dir/again@", "dir/file", "dir/up@"]);
}

#[test]
fn links_made_to_hurt_are_not_followed_for_ever() {
    let tree = Tree::with(&[("dir/file", "")]);
    for n in 0..300 {
        tree.link(&format!("to-root-{n}"), "/");
        tree.link(&format!("dir/grows-{n}"), &"grows-1/".repeat(500));
    }
    let all = get(&tree, &Selection::default());
    // Whatever is too much to follow is sent as a whole.
    assert_eq!(get(&tree, &follow(&[&"*/".repeat(400)])), all);
    assert_eq!(get(&tree, &follow(&[&format!("{}x", "to-*/".repeat(400))])), all);
    let sent = get(&tree, &follow(&["dir/grows-*/x"]));
    assert!(sent == all || sent.len() == 301, "{}", sent.len());
    assert!(!get(&tree, &follow(&["to-root-1/dir/file", &"a*".repeat(30_000)])).is_empty());
}

#[test]
fn a_link_climbs_from_where_it_leads_to() {
    let tree = Tree::with(&[("far/off/place/x", ""), ("far/off/y", ""), ("y", "")]);
    tree.link("near", "far/off/place");
    tree.link("climbs", "near/../y");
    // For the server `near/..` is `far/off`, for BuildKit's client it is the root: both get theirs.
    assert_eq!(get(&tree, &follow(&["climbs"])), ["climbs@", "far/", "far/off/", "far/off/y", "near@", "y"]);
}

#[test]
fn names_that_look_like_patterns() {
    let names = ["!bang", "#hash", "a[b]", "a*b", "c^d", "e\\f", " space ", "g{1}", "$x(y)|z+"];
    let tree = Tree::with(&names.map(|name| (name, "")));
    tree.file("axb", "");
    tree.link("to star", "a*b");
    tree.link("to class", "a[b]");
    for (path, sent) in [
        ("!bang", &["!bang"][..]),
        ("#hash", &["#hash"]),
        (r"a\[b\]", &["a[b]"]),
        ("c^d", &["c^d"]),
        (r"e\\f", &["e\\f"]),
        (" space ", &[" space "]),
        ("g{1}", &["g{1}"]),
        ("$x(y)|z+", &["$x(y)|z+"]),
        ("to star", &["a*b", "to star@"]),
        ("to class", &["a[b]", "to class@"]),
    ] {
        assert_eq!(get(&tree, &follow(&[path])), sent, "{path}");
    }
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    tree.file(name, "");
    let listing = listing(&tree);
    let selected = listing.select(&follow(&["caf*"])).unwrap();
    assert_eq!(selected.get(0).unwrap().path, b"caf\xe9");
}

#[test]
fn include_patterns() {
    let tree = Tree::with(&[("bar/foo", ""), ("bar/sub/x.txt", ""), ("foo2", ""), ("q/bar/fop", "")]);
    tree.folder("baz");
    for (patterns, sent) in [
        (&["bar"][..], &["bar/", "bar/foo", "bar/sub/", "bar/sub/x.txt"][..]),
        (&["b*/foo"], &["bar/", "bar/foo"]),
        (&["bar/g*"], &[]),
        (&["f*"], &["foo2"]),
        (&["b*/"], &["bar/", "bar/foo", "bar/sub/", "bar/sub/x.txt", "baz/"]),
        (&["**/*.txt"], &["bar/", "bar/sub/", "bar/sub/x.txt"]),
        (&["**/bar/f*"], &["bar/", "bar/foo", "q/", "q/bar/", "q/bar/fop"]),
        (&["**/baz"], &["baz/"]),
        (&["bar/**"], &["bar/", "bar/foo", "bar/sub/", "bar/sub/x.txt"]),
        (&["bar", "!bar/sub"], &["bar/", "bar/foo"]),
        (&["!bar"], &[]),
        (&["  foo2\t", ""], &["foo2"]),
        // No leading slash is taken away here, and none can match.
        (&["/foo2"], &[]),
        (&["q/*/**"], &["q/", "q/bar/", "q/bar/fop"]),
    ] {
        let sent: Vec<&str> = sent.to_vec();
        // BuildKit's client does not look into `q/bar` for the last one.
        let sent = if patterns == ["q/*/**"] { Vec::new() } else { sent };
        assert_eq!(get(&tree, &include(patterns)), sent, "{patterns:?}");
    }
    let both = Selection { follow_paths: words(&["foo2"]), ..include(&["q"]) };
    assert_eq!(get(&tree, &both), ["foo2", "q/", "q/bar/", "q/bar/fop"]);
}

#[test]
fn exclude_patterns() {
    let tree =
        Tree::with(&[("bar", ""), ("foo/bar2", ""), ("foo/baz", ""), ("foo/deep/x", ""), ("foo2", "")]);
    for (patterns, sent) in [
        (&["foo*", "!foo/bar2"][..], &["Dockerfile", "bar", "foo/", "foo/bar2"][..]),
        (&["*", "!foo"], &["foo/", "foo/bar2", "foo/baz", "foo/deep/", "foo/deep/x"]),
        (&["foo/d*", "foo2", "Dockerfile"], &["bar", "foo/", "foo/bar2", "foo/baz"]),
        (&["**/b*"], &["Dockerfile", "foo/", "foo/deep/", "foo/deep/x", "foo2"]),
        (&["**"], &[]),
        (&["*", "!**/x"], &["foo/", "foo/deep/", "foo/deep/x"]),
    ] {
        assert_eq!(get(&tree, &exclude(patterns)), sent, "{patterns:?}");
    }
    let all_three = Selection {
        follow_paths: words(&["foo"]),
        include: words(&["bar"]),
        exclude: words(&["**/baz", "foo/deep"]),
        forced: false,
    };
    assert_eq!(get(&tree, &all_three), ["bar", "foo/", "foo/bar2"]);
}

#[test]
fn the_patterns_that_the_listing_went_by_change_nothing() {
    for patterns in [
        &["docs", "!docs/a/b.md"][..],
        &["*", "!src", "**/*.tmp"],
        &["**/*.rs", "!src/**/keep.rs"],
        &["src/*", "!src/a", "src/a/x"],
    ] {
        let tree = Tree::with(&[
            ("docs/a/b.md", ""),
            ("docs/a/c.md", ""),
            ("src/a/keep.rs", ""),
            ("src/a/x", ""),
            ("src/lose.rs", ""),
            ("src/t.tmp", ""),
        ]);
        tree.file(".dockerignore", patterns.join("\n"));
        let expected = get(&tree, &Selection::default());
        assert_eq!(get(&tree, &exclude(patterns)), expected, "{patterns:?}");
        // Other words for the same, so that they are really applied.
        let same: Vec<&str> = patterns.iter().copied().chain(["no-such-file"]).collect();
        assert_eq!(get(&tree, &exclude(&same)), expected, "{same:?}");
    }
}

#[test]
fn what_is_there_for_the_engine_alone_is_sent_only_when_asked_for() {
    let tree = Tree::with(&[
        (".dockerignore", "*\n!src\n"),
        ("src/a", ""),
        ("build/Dockerfile", ""),
        ("build/x", ""),
    ]);
    let listing = Arc::new(tree.list_for("build/Dockerfile", None).unwrap());
    let get = |selection: &Selection| shown(&listing.select(selection).unwrap());
    assert_eq!(get(&Selection::default()), ["src/", "src/a"]);
    assert_eq!(get(&follow(&["build/Dockerfile"])), [""; 0]);
    assert_eq!(get(&include(&["**"])), ["src/", "src/a"]);
    let dockerfile =
        Selection { forced: true, ..follow(&["build/Dockerfile", "build/Dockerfile.dockerignore"]) };
    assert_eq!(get(&dockerfile), ["build/", "build/Dockerfile"]);
    let all = [".dockerignore", "build/", "build/Dockerfile", "src/", "src/a"];
    for excludes in [&[][..], &["*", "!src"], &["*", "!src", "more"]] {
        let selection = Selection { forced: true, ..exclude(excludes) };
        assert_eq!(get(&selection), all, "{excludes:?}");
    }
}

#[test]
fn patterns_that_cannot_be_read() {
    let tree = Tree::with(&[("a", ""), ("b/c", "")]);
    let listing = listing(&tree);
    for (selection, message) in [
        (follow(&["["]), "what the engine asks for: syntax error in pattern: `[`"),
        (include(&["b", "a["]), "what the engine asks for: syntax error in pattern: `a[`"),
        (include(&["!"]), "what the engine asks for: illegal exclusion pattern: `!`"),
        (exclude(&["[z-a]"]), "what the engine leaves out: syntax error in pattern: `[z-a]`"),
    ] {
        let error = listing.select(&selection).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Config, message));
    }
}
