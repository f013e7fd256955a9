//! Contexts that change while they are read.

use std::cell::Cell;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

use super::tree::{Tree, assert_changed, shown, tar, unpack};
use crate::context::identity::Identity;
use crate::context::read::{buffer, read_unchanged};
use crate::context::write_tar;
use crate::error::Error;
use crate::source::FileState;
use crate::stop::Stop;

/// What somebody does to a context.
type Act<'a, T> = &'a dyn Fn(&T);

#[test]
fn between_the_passes() {
    let cases: [(&str, &str, Act<'_, Tree>); 11] = [
        ("rewritten", "a", &|t| t.file("a", "other bytes")),
        ("rewritten in the same size", "a", &|t| t.file("a", "ABCD")),
        ("removed", "a", &|t| fs::remove_file(t.path("a")).unwrap()),
        ("touched", "a", &|t| {
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            File::open(t.path("a")).unwrap().set_times(times).unwrap();
        }),
        ("another mode", "a", &|t| t.mode("a", 0o755)),
        ("replaced by a copy", "a", &|t| {
            fs::copy(t.path("a"), t.path("copy")).unwrap();
            fs::rename(t.path("copy"), t.path("a")).unwrap();
        }),
        ("a file that became a link", "a", &|t| {
            fs::remove_file(t.path("a")).unwrap();
            t.link("a", "/etc/passwd");
        }),
        ("a file that became a folder", "a", &|t| {
            fs::remove_file(t.path("a")).unwrap();
            t.folder("a");
        }),
        ("a folder that became a link", "sub", &|t| {
            fs::rename(t.path("sub"), t.path("moved")).unwrap();
            t.link("sub", "moved");
        }),
        ("another folder", "sub", &|t| {
            fs::rename(t.path("sub"), t.path("moved")).unwrap();
            t.file("sub/b", "efgh");
        }),
        ("a link that points elsewhere", "link", &|t| {
            fs::remove_file(t.path("link")).unwrap();
            t.link("link", "sub/b");
        }),
    ];
    for (what, path, change) in cases {
        let tree = Tree::with(&[("a", "abcd"), ("sub/b", "efgh")]);
        tree.link("link", "a");
        let listing = tree.list().unwrap();
        change(&tree);
        let error = tar(&listing).expect_err(what);
        assert_changed(&error, path);
        assert!(!error.hints().is_empty());
    }
}

#[test]
fn a_hard_link_that_is_one_no_longer() {
    let tree = Tree::with(&[("a", "abcd")]);
    fs::hard_link(tree.path("a"), tree.path("b")).unwrap();
    let listing = tree.list().unwrap();
    fs::remove_file(tree.path("b")).unwrap();
    tree.file("b", "abcd");
    // Already its other name has another change time.
    assert_changed(&tar(&listing).unwrap_err(), "a");
}

#[test]
fn what_came_later_is_not_sent() {
    let tree = Tree::with(&[("sub/a", "")]);
    let listing = tree.list().unwrap();
    tree.file("sub/new", "");
    tree.file("new", "");
    assert_eq!(unpack(&tar(&listing).unwrap()).len(), listing.len());
}

#[test]
fn the_folder_that_was_listed_is_sent_even_if_moved() {
    let tree = Tree::with(&[("context/Dockerfile", ""), ("context/a", "here")]);
    let stop = Stop::default();
    let root = tree.path("context");
    let options = crate::context::ListOptions {
        root: &root,
        dockerfile: Path::new("Dockerfile"),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    let listing = crate::context::list(&options).unwrap();
    fs::rename(&root, tree.path("moved")).unwrap();
    tree.file("context/a", "elsewhere");
    assert_eq!(unpack(&tar(&listing).unwrap())[1].content, b"here");
}

/// Does something once, when the first bytes come.
struct Once<F: FnMut()>(Option<F>);

impl<F: FnMut()> Write for Once<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(mut act) = self.0.take() {
            act();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn during_the_second_pass() {
    let changes: [(&str, Act<'_, Path>); 3] = [
        ("grows", &|path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap()),
        ("shrinks", &|path| OpenOptions::new().write(true).open(path).unwrap().set_len(1_000_000).unwrap()),
        ("is written to", &|path| {
            OpenOptions::new().write(true).open(path).unwrap().write_all(b"x").unwrap()
        }),
    ];
    for (what, change) in changes {
        let tree = Tree::new();
        tree.file("log", vec![b'l'; 3_000_000]);
        let listing = tree.list().unwrap();
        let path = tree.path("log");
        let mut sink = Once(Some(|| change(&path)));
        let error = write_tar(&listing, 0, &mut sink, &Stop::default(), &mut |_| ()).expect_err(what);
        assert_changed(&error, "log");
    }
}

#[test]
fn during_a_read() {
    let tree = Tree::new();
    tree.file("log", vec![b'l'; 1_000_000]);
    let mut file = File::open(tree.path("log")).unwrap();
    let identity = Identity::of(&FileState::of(&file).unwrap());
    let mut read = |act: &mut dyn FnMut()| {
        io::Seek::rewind(&mut file).unwrap();
        let mut seen = 0;
        read_unchanged(&mut file, &identity, b"log", &mut buffer(), &Stop::default(), |bytes| {
            seen += bytes.len();
            act();
            Ok::<_, Error>(())
        })
        .map(|()| seen)
    };
    assert_eq!(read(&mut || ()).unwrap(), 1_000_000);
    let append = || OpenOptions::new().append(true).open(tree.path("log")).unwrap().write_all(b"x").unwrap();
    assert_changed(&read(&mut { append }).unwrap_err(), "log");
}

#[test]
fn during_the_walk() {
    // The question for a blob comes between the opening of a file and its reading.
    let acts: [(&str, Act<'_, Tree>); 4] = [
        ("sub/a", &|t| t.file("sub/a", "longer than before")),
        ("sub/a", &|t| fs::remove_file(t.path("sub/a")).unwrap()),
        ("sub/b", &|t| fs::remove_file(t.path("sub/b")).unwrap()),
        // Never through a link, even if it was a folder a moment ago.
        ("sub2", &|t| {
            fs::rename(t.path("sub2"), t.path("moved")).unwrap();
            symlink("/etc", t.path("sub2")).unwrap();
        }),
    ];
    for (path, act) in acts {
        let tree = Tree::with(&[("sub/a", "a"), ("sub/b", "b"), ("sub2/passwd", "c")]);
        let done = Cell::new(false);
        let hook = |asked: &Path, _: &FileState| {
            if asked == Path::new("sub/a") && !done.replace(true) {
                act(&tree);
            }
            None
        };
        assert_changed(&tree.list_for("Dockerfile", Some(&hook)).unwrap_err(), path);
    }
}

#[test]
fn a_folder_that_is_moved_while_we_are_deep_in_it() {
    let deep = (0..60).map(|n| format!("d{n}")).collect::<Vec<_>>().join("/");
    let tree = Tree::with(&[("d0/zz", ""), ("elsewhere/x", "")]);
    tree.file(format!("{deep}/file"), "");
    let hook = |asked: &Path, _: &FileState| {
        if asked.ends_with("file") {
            // The way back from here leads out of `d0`.
            fs::rename(tree.path("d0/d1"), tree.path("elsewhere/d1")).unwrap();
        }
        None
    };
    let error = tree.list_for("Dockerfile", Some(&hook)).unwrap_err();
    assert_changed(&error, "d0");
    assert!(shown(&tree.list().unwrap()).len() > 60, "and now that nothing moves, all is well");
}
