//! Looks at how files begin.

use std::fs;
use std::os::unix::fs::symlink;

use super::tree::Tree;
use crate::context::{ListOptions, Listing, list};
use crate::stop::Stop;

fn listing(tree: &Tree) -> Listing {
    let stop = Stop::default();
    let options = ListOptions {
        root: tree.root(),
        dockerfile: "Dockerfile".as_ref(),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    list(&options).unwrap()
}

#[test]
fn as_much_as_was_asked_for() {
    let tree = Tree::with(&[("a/b/c.txt", "0123456789")]);
    let listing = listing(&tree);
    assert_eq!(listing.peek(b"a/b/c.txt", 4).unwrap(), b"0123");
    assert_eq!(listing.peek(b"a/b/c.txt", 100).unwrap(), b"0123456789");
    assert_eq!(listing.peek(b"Dockerfile", 4).unwrap(), b"FROM");
    assert!(listing.peek(b"a/missing", 4).is_err());
    assert!(listing.peek(b"a", 4).is_err());
}

#[test]
fn no_link_is_followed_and_no_way_out() {
    let tree = Tree::with(&[("a/b.txt", "inside")]);
    let listing = listing(&tree);
    // What comes after the listing is no better.
    fs::rename(tree.path("a"), tree.path("elsewhere")).unwrap();
    symlink("elsewhere", tree.path("a")).unwrap();
    symlink("elsewhere/b.txt", tree.path("link")).unwrap();
    assert!(listing.peek(b"a/b.txt", 9).is_err());
    assert!(listing.peek(b"link", 9).is_err());
    assert_eq!(listing.peek(b"elsewhere/b.txt", 9).unwrap(), b"inside");
}
