//! Contexts made to hurt.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::tree::{Tree, find, shown, tar, unpack};
use crate::context::dirs::{Dirs, open_root};
use crate::context::files::Files;
use crate::context::ignore::Ignore;
use crate::context::walk::{Rules, walk};
use crate::context::{ListOptions, Special, list};
use crate::error::Kind;
use crate::stop::Stop;

#[test]
fn links_are_never_followed() {
    let tree = Tree::with(&[("sub/a", "a")]);
    let links = [
        ("loop", "loop"),
        ("sub/up", ".."),
        ("ping", "pong"),
        ("pong", "ping"),
        ("absolute", "/etc"),
        ("escaping", "../../../../etc/passwd"),
        ("dangling", "no/such/file"),
    ];
    for (name, target) in links {
        tree.link(name, target);
    }
    let entries = unpack(&tar(&tree.list().unwrap()).unwrap());
    assert_eq!(entries.len(), 3 + links.len());
    for (name, target) in links {
        let entry = find(&entries, name);
        assert_eq!((entry.kind, entry.link.as_deref()), (tar::EntryType::Symlink, Some(target.as_bytes())));
    }
}

#[test]
fn devices_are_never_opened() {
    let stop = Stop::default();
    let root = open_root(Path::new("/dev")).unwrap();
    let ignore = Ignore::parse(b"*/*\n").unwrap();
    let rules = Rules { ignore: &ignore, forced: &[], own: &[], stop: &stop };
    let found = walk(Dirs::new(root.as_fd()), rules, Files::new(None, None, &stop)).unwrap();
    assert!(
        found.skipped.iter().any(|s| s.path == b"null" && s.kind == Special::Device),
        "{:?}",
        found.skipped
    );
    assert!(found.entries.find(b"null").is_none());
}

#[test]
fn a_folder_with_very_many_names() {
    let tree = Tree::new();
    for n in 0..5000 {
        tree.file(format!("many/{n}"), "");
    }
    let paths = shown(&tree.list().unwrap());
    assert_eq!(paths.len(), 5002);
    assert!(paths[2..].is_sorted());
}

#[test]
fn a_listing_can_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<crate::context::Listing>();
}

const UNREADABLE: &str = "IMGBUILD_TEST_UNREADABLE";

/// Root reads everything, so root runs this test once more as nobody.
#[test]
fn what_cannot_be_read_is_named() {
    if let Some(root) = std::env::var_os(UNREADABLE) {
        return assert_unreadable(Path::new(&root));
    }
    let tree = Tree::with(&[("sub/secret", "s"), ("closed/x", ""), ("own", "")]);
    tree.mode(".", 0o755);
    tree.mode("sub/secret", 0o000);
    if rustix::process::geteuid().is_root() {
        // Cargo's folders may be closed for nobody.
        let program = tree.path("own");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        tree.mode("own", 0o755);
        let name = "context::tests::hostile::what_cannot_be_read_is_named";
        let run = Command::new(&program)
            .args(["--exact", name])
            .env(UNREADABLE, tree.root())
            .uid(65534)
            .gid(65534)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && output.contains("1 passed"), "{output}");
    } else {
        assert_unreadable(tree.root());
    }
    let closed = fs::Permissions::from_mode(0o755);
    fs::set_permissions(tree.path("closed"), closed).unwrap();
}

fn assert_unreadable(root: &Path) {
    let stop = Stop::default();
    let options = ListOptions {
        root,
        dockerfile: Path::new("Dockerfile"),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    let error = list(&options).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Io, "cannot read `sub/secret` for the context"));
    assert!(error.to_string().contains("ermission denied"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains(".dockerignore")), "{:?}", error.hints());
}
