//! The entries of a selection, and the bytes of its files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::select::{follow, listing, shown};
use super::tree::{Tree, assert_changed, tar};
use crate::context::{EntryKind, FIXED_TIME, Selected, Selection, content_time};
use crate::error::{Kind, Result};
use crate::source::FileState;

#[test]
fn a_file_with_several_names() {
    let tree = Tree::with(&[("a/first", "bytes"), ("z", "")]);
    for name in ["b", "c", "d"] {
        fs::hard_link(tree.path("a/first"), tree.path(name)).unwrap();
    }
    let listing = listing(&tree);
    let select = |paths: &[&str]| listing.select(&follow(paths)).unwrap();
    let all = listing.select(&Selection::default()).unwrap();
    assert_eq!(shown(&all), ["Dockerfile", "a/", "a/first", "b=", "c=", "d=", "z"]);
    assert_eq!(all.get(3).unwrap().target.as_deref(), Some(&b"a/first"[..]));
    let some = select(&["c", "d"]);
    assert_eq!(shown(&some), ["c", "d="], "the first name that is sent has the content");
    let (file, link) = (some.get(0).unwrap(), some.get(1).unwrap());
    assert_eq!((file.target, link.target.as_deref()), (None, Some(&b"c"[..])));
    assert_eq!((file.size, link.size, file.blob), (5, 5, link.blob));
    assert_eq!(read(&some, 0).unwrap(), b"bytes");
    assert_eq!(some.open(1).unwrap_err().kind(), Kind::Engine);
    assert_eq!(shown(&select(&["d"])), ["d"]);
}

fn read(selected: &Selected, id: u32) -> Result<Vec<u8>> {
    let mut contents = selected.open(id)?;
    let (mut bytes, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match contents.read(&mut piece)? {
            0 => return Ok(bytes),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

#[test]
fn what_an_entry_says_of_itself() {
    let tree = Tree::with(&[("dir/run", "#!/bin/sh\n"), ("dir/same", "#!/bin/sh\n"), ("empty", "")]);
    tree.mode("dir/run", 0o744);
    tree.link("link", "dir/run");
    let listing = listing(&tree);
    let selected = listing.select(&follow(&["dir", "empty", "link"])).unwrap();
    assert_eq!((selected.len(), selected.is_empty()), (5, false));
    let said: Vec<_> = selected.iter().map(|e| (e.kind, e.mode, e.size)).collect();
    assert_eq!(
        said,
        [
            (EntryKind::Dir, 0o755, 0),
            (EntryKind::File, 0o755, 10),
            (EntryKind::File, 0o644, 10),
            (EntryKind::File, 0o644, 0),
            (EntryKind::Symlink, 0o777, 7),
        ]
    );
    let link = selected.get(4).unwrap();
    assert_eq!((link.target.as_deref(), link.blob), (Some(&b"dir/run"[..]), None));
    assert_eq!(selected.get(5), None);
    let times: Vec<i64> = selected.iter().map(|entry| entry.content_time()).collect();
    assert_eq!((times[0], times[4]), (FIXED_TIME, FIXED_TIME));
    assert_eq!(times[1], times[2], "equal content, equal time");
    assert_eq!(times[1], content_time(&selected.get(1).unwrap().blob.unwrap(), 10));
    let on_disk = fs::metadata(tree.path("empty")).unwrap().modified().unwrap();
    let since = on_disk.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    assert_eq!(u128::try_from(selected.get(3).unwrap().modified).unwrap(), since);
}

#[test]
fn files_are_read_whole_by_several_threads_at_once() {
    let tree = Tree::new();
    for n in 0..40 {
        tree.file(format!("d{}/e/f{n}", n % 7), format!("{n}").repeat(n * 400));
    }
    let selected = Arc::new(listing(&tree).select(&Selection::default()).unwrap());
    let reader = |start: usize| {
        let selected = Arc::clone(&selected);
        std::thread::spawn(move || {
            let ids = (0..selected.len()).cycle().skip(start).take(selected.len());
            ids.filter(|&id| {
                let id = u32::try_from(id).unwrap();
                let entry = selected.get(id).unwrap();
                if entry.kind != EntryKind::File || entry.path == b"Dockerfile" {
                    return false;
                }
                let name = String::from_utf8(entry.path).unwrap();
                let n: usize = name.rsplit_once('f').unwrap().1.parse().unwrap();
                assert_eq!(read(&selected, id).unwrap(), format!("{n}").repeat(n * 400).into_bytes());
                true
            })
            .count()
        })
    };
    let threads: Vec<_> = (0..4).map(|n| reader(n * 11)).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 40);
    }
}

#[test]
fn what_is_not_what_was_listed_is_not_handed_out() {
    type Act<'a> = &'a dyn Fn(&Tree);
    let cases: [(&str, &str, Act<'_>); 8] = [
        ("rewritten", "sub/a", &|t| t.file("sub/a", "other bytes")),
        ("removed", "sub/a", &|t| fs::remove_file(t.path("sub/a")).unwrap()),
        ("another mode", "sub/a", &|t| t.mode("sub/a", 0o755)),
        ("a link now", "sub/a", &|t| {
            fs::remove_file(t.path("sub/a")).unwrap();
            t.link("sub/a", "/etc/passwd");
        }),
        ("a folder now", "sub/a", &|t| {
            fs::remove_file(t.path("sub/a")).unwrap();
            t.folder("sub/a");
        }),
        ("its folder is a link now", "sub", &|t| {
            fs::rename(t.path("sub"), t.path("moved")).unwrap();
            t.link("sub", "moved");
        }),
        ("its folder is another one", "sub", &|t| {
            fs::rename(t.path("sub"), t.path("moved")).unwrap();
            t.file("sub/a", "abcd");
        }),
        ("its folder is gone", "sub", &|t| fs::remove_dir_all(t.path("sub")).unwrap()),
    ];
    for (what, path, change) in cases {
        let tree = Tree::with(&[("sub/a", "abcd")]);
        let selected = listing(&tree).select(&follow(&["sub/a"])).unwrap();
        change(&tree);
        assert_changed(&selected.open(1).expect_err(what), path);
    }
}

#[test]
fn what_changes_while_it_is_read_is_not_handed_out_whole() {
    let tree = Tree::new();
    tree.file("log", vec![b'l'; 10_000]);
    let selected = listing(&tree).select(&follow(&["log"])).unwrap();
    let mut contents = selected.open(0).unwrap();
    let mut piece = [0; 4000];
    assert_eq!(contents.read(&mut piece).unwrap(), 4000);
    tree.file("log", vec![b'L'; 10_000]);
    assert_eq!(contents.read(&mut piece).unwrap(), 4000);
    assert_changed(&contents.read(&mut piece).unwrap_err(), "log");
    tree.file("short", "12345");
    let selected = listing(&tree).select(&follow(&["short"])).unwrap();
    let mut contents = selected.open(0).unwrap();
    fs::File::options().write(true).open(tree.path("short")).unwrap().set_len(2).unwrap();
    assert_eq!(contents.read(&mut piece).unwrap(), 2);
    assert_changed(&contents.read(&mut piece).unwrap_err(), "short");
}

#[test]
fn a_hash_that_is_not_that_of_the_bytes_is_noticed() {
    let tree = Tree::with(&[("a", "abcd"), ("empty", "")]);
    let wrong = |path: &Path, _: &FileState| (path != Path::new("Dockerfile")).then_some([7; 20]);
    let listing = Arc::new(tree.list_for("Dockerfile", Some(&wrong)).unwrap());
    let selected = listing.select(&follow(&["a", "empty", "Dockerfile"])).unwrap();
    assert_eq!(shown(&selected), ["Dockerfile", "a", "empty"]);
    assert_eq!(read(&selected, 0).unwrap(), b"FROM scratch\n");
    for (id, path) in [(1, "a"), (2, "empty")] {
        let error = read(&selected, id).unwrap_err();
        assert_changed(&error, path);
        assert!(error.hints().iter().any(|hint| hint.contains("touch")), "{:?}", error.hints());
    }
    // An archive would be another than what the digest says, too.
    let error = tar(&listing).unwrap_err();
    assert_changed(&error, "a");
    assert!(error.hints().iter().any(|hint| hint.contains("touch")), "{:?}", error.hints());
}

#[test]
fn an_engine_that_asks_for_what_it_was_not_offered() {
    let tree = Tree::with(&[("dir/a", "")]);
    tree.link("link", "dir");
    let selected = listing(&tree).select(&follow(&["link"])).unwrap();
    assert_eq!(shown(&selected), ["dir/", "dir/a", "link@"]);
    for id in [0, 2, 3, u32::MAX] {
        let error = selected.open(id).unwrap_err();
        assert_eq!(error.kind(), Kind::Engine, "{error}");
    }
}
