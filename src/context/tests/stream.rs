//! The archive, read back.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::tree::{Tree, find, tar, unpack};
use crate::context::{gzip, write_tar};
use crate::error::Kind;
use crate::stop::Stop;

#[test]
fn what_was_listed_arrives() {
    let big: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    let tree = Tree::with(&[
        ("sub/run", "#!/bin/sh\n"),
        ("private", "p"),
        ("empty", ""),
        ("block", &"b".repeat(512)),
    ]);
    tree.file("big", &big);
    tree.mode("sub/run", 0o4711);
    tree.mode("private", 0o600);
    tree.mode("sub", 0o2700);
    tree.link("link", "sub/run");
    let bytes = tar(&tree.list().unwrap()).unwrap();
    assert!(bytes.len().is_multiple_of(512) && bytes.ends_with(&[0; 1024]));
    let entries = unpack(&bytes);
    let seen: Vec<_> =
        entries.iter().map(|e| (str::from_utf8(&e.path).unwrap(), e.kind, e.mode, e.content.len())).collect();
    assert_eq!(
        seen,
        [
            ("Dockerfile", EntryType::Regular, 0o644, 13),
            ("big", EntryType::Regular, 0o644, 700_000),
            ("block", EntryType::Regular, 0o644, 512),
            ("empty", EntryType::Regular, 0o644, 0),
            ("link", EntryType::Symlink, 0o777, 0),
            ("private", EntryType::Regular, 0o644, 1),
            ("sub/", EntryType::Directory, 0o755, 0),
            ("sub/run", EntryType::Regular, 0o755, 10),
        ]
    );
    assert_eq!(find(&entries, "big").content, big);
    assert_eq!(find(&entries, "link").link.as_deref(), Some(&b"sub/run"[..]));
}

#[test]
fn the_same_bytes_from_two_clones() {
    let make = |names: [&str; 3]| {
        let tree = Tree::new();
        for name in names {
            tree.file(name, name.split('/').next_back().unwrap());
        }
        tree
    };
    let (one, other) = (make(["a/x", "b", "c/y"]), make(["c/y", "b", "a/x"]));
    other.mode("b", 0o660);
    let bytes = tar(&one.list().unwrap()).unwrap();
    assert_eq!(bytes, tar(&other.list().unwrap()).unwrap());
    assert_eq!(bytes, tar(&one.list().unwrap()).unwrap());
}

#[test]
fn names_of_any_bytes_and_any_length() {
    let tree = Tree::new();
    let mut names: Vec<PathBuf> = vec![
        PathBuf::from(OsStr::from_bytes(b"caf\xe9 \xff")),
        PathBuf::from("new\nline"),
        PathBuf::from("back\\slash"),
    ];
    // Around the 100 bytes of a header's field, and a character that ends beyond it.
    names.extend((98..=101).map(|n| PathBuf::from("n".repeat(n))));
    names.push(PathBuf::from("é".repeat(70)));
    names.push(["d".repeat(120), "e".repeat(200), "f".repeat(255)].iter().collect());
    for name in &names {
        tree.file(name, name.as_os_str().as_bytes());
    }
    let targets =
        ["t".repeat(99), "t".repeat(100), "t".repeat(101), "../".repeat(500) + "x", "./a//b/../".to_owned()];
    for (n, target) in targets.iter().enumerate() {
        tree.link(&format!("link{n}"), target);
    }
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    for name in &names {
        assert_eq!(find(&entries, name).content, name.as_os_str().as_bytes(), "{}", name.display());
    }
    for (n, target) in targets.iter().enumerate() {
        assert_eq!(find(&entries, format!("link{n}")).link.as_deref(), Some(target.as_bytes()));
    }
}

/// Makes `name` below itself, `depth` times, with a file before and one behind the folder in each.
fn chain(root: &Path, name: &str, depth: usize) {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    let open = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut folder = openat(CWD, root, open, Mode::empty()).unwrap();
    for _ in 0..depth {
        mkdirat(&folder, name, Mode::from_raw_mode(0o755)).unwrap();
        for file in ["a", "z"] {
            openat(&folder, file, OFlags::CREATE | OFlags::WRONLY, Mode::from_raw_mode(0o644)).unwrap();
        }
        folder = openat(&folder, name, open, Mode::empty()).unwrap();
    }
}

#[test]
fn paths_longer_than_the_system_takes_in_one() {
    let tree = Tree::new();
    let name = "m".repeat(250);
    chain(tree.root(), &name, 30);
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    assert_eq!(entries.len(), 1 + 30 * 3);
    let longest = entries.iter().map(|e| e.path.len()).max().unwrap();
    assert_eq!(longest, 30 * 251, "the innermost folder and its slash");
    assert!(longest > 4096);
    let deepest = [vec![name.as_str(); 29].join("/").as_str(), "z"].join("/");
    assert_eq!(find(&entries, deepest).kind, EntryType::Regular);
}

#[test]
fn folders_deeper_than_are_held_open() {
    let tree = Tree::new();
    chain(tree.root(), "m", 150);
    let listing = tree.list().unwrap();
    let entries = unpack(&tar(&listing).unwrap());
    assert_eq!(entries.len(), 1 + 150 * 3);
    // On the way back, `z` is read in each folder again.
    let last: Vec<_> = entries.iter().rev().take(2).map(|e| e.path.as_slice()).collect();
    assert_eq!(last, [&b"z"[..], b"m/z"]);
}

#[test]
fn paths_without_end_are_refused() {
    let tree = Tree::with(&[(".dockerignore", "skip\n")]);
    chain(tree.root(), &"m".repeat(250), 2);
    tree.folder("skip");
    chain(&tree.path("skip"), &"m".repeat(250), 270);
    assert_eq!(tree.paths().len(), 2 + 2 * 3, "what is excluded is not looked at");
    tree.file(".dockerignore", "*\n!src/*.rs\n");
    assert_eq!(tree.paths().len(), 2, "and not with wildcards that cannot match there, either");
    tree.file(".dockerignore", "");
    let error = tree.list().unwrap_err();
    assert!(error.kind() == Kind::Refused && error.message().contains("64 KiB"), "{error}");
}

#[test]
fn hard_links_stay_hard_links() {
    let tree = Tree::with(&[("b/first", "content"), (".dockerignore", "a\n")]);
    for name in ["a", "b/second", "c"] {
        fs::hard_link(tree.path("b/first"), tree.path(name)).unwrap();
    }
    let listing = tree.list().unwrap();
    assert_eq!(listing.bytes(), 7 + 13 + 2, "the content counts once");
    let entries = unpack(&tar(&listing).unwrap());
    assert!(entries.iter().all(|e| e.path != b"a"), "an excluded name is no name");
    assert_eq!(find(&entries, "b/first").content, b"content");
    for name in ["b/second", "c"] {
        let entry = find(&entries, name);
        assert_eq!((entry.kind, entry.link.as_deref()), (EntryType::Link, Some(&b"b/first"[..])));
    }
}

#[test]
fn what_is_forced_is_no_hard_link() {
    let tree = Tree::with(&[(".dockerignore", "Dockerfile\n")]);
    fs::hard_link(tree.path("Dockerfile"), tree.path("copy")).unwrap();
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    for name in ["Dockerfile", "copy"] {
        assert_eq!(find(&entries, name).content, b"FROM scratch\n", "the engine may remove the other");
    }
}

#[test]
fn an_ignore_file_the_engine_does_not_know_shields_the_dockerfile() {
    let tree = Tree::with(&[("Dockerfile.dockerignore", "*\n!a\n"), ("a", "")]);
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    assert_eq!(find(&entries, ".dockerignore").content, b"Dockerfile\n.dockerignore\n");
    let names: Vec<_> = entries.iter().map(|e| str::from_utf8(&e.path).unwrap()).collect();
    assert_eq!(names, ["Dockerfile", "a", ".dockerignore"]);
    tree.file("Dockerfile.dockerignore", "b\n");
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    assert!(entries.iter().all(|e| e.path != b".dockerignore"), "nothing is to be shielded");
}

#[test]
fn progress_counts_what_was_handed_over() {
    let tree = Tree::new();
    tree.file("big", vec![1; 900_000]);
    let mut heard = Vec::new();
    let length =
        write_tar(&tree.list().unwrap(), 0, &mut io::sink(), &Stop::default(), &mut |n| heard.push(n))
            .unwrap();
    assert!(heard.len() > 2 && heard.is_sorted(), "{heard:?}");
    assert_eq!(heard.last(), Some(&length));
}

#[test]
fn times_that_no_header_holds() {
    let tree = Tree::new();
    let listing = tree.list().unwrap();
    for (mtime, stored) in [(-1, 0), (1 << 34, 1 << 34), (i64::MIN, 0)] {
        let mut bytes = Vec::new();
        write_tar(&listing, mtime, &mut bytes, &Stop::default(), &mut |_| ()).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.header().mtime().unwrap(), stored);
    }
}

/// An engine that hangs up after some bytes.
struct HangsUp(usize);

impl Write for HangsUp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_engine_that_hangs_up() {
    let tree = Tree::new();
    tree.file("big", vec![1; 2_000_000]);
    let listing = tree.list().unwrap();
    for compressed in [false, true] {
        let mut sink = HangsUp(if compressed { 100 } else { 600_000 });
        let send = |sink: &mut dyn Write| write_tar(&listing, 0, sink, &Stop::default(), &mut |_| ());
        let error = if compressed { gzip(&mut sink, send) } else { send(&mut sink) }.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        let cause = std::error::Error::source(&error).and_then(|e| e.downcast_ref::<io::Error>()).unwrap();
        assert_eq!(cause.kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn both_passes_stop_when_asked() {
    let tree = Tree::new();
    tree.file("big", vec![1; 2_000_000]);
    let stop = Stop::default();
    let listing = tree.list().unwrap();
    let error = write_tar(&listing, 0, &mut io::sink(), &stop, &mut |_| stop.set()).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    let options = crate::context::ListOptions {
        root: tree.root(),
        dockerfile: Path::new("Dockerfile"),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    assert_eq!(crate::context::list(&options).unwrap_err().kind(), Kind::Interrupted);
}
