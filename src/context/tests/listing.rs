//! What is sent and what is not.

use std::fs;
use std::path::Path;

use super::tree::{Tree, shown};
use crate::context::Special;
use crate::error::Kind;

#[test]
fn a_folder_comes_right_before_what_is_in_it() {
    let tree = Tree::with(&[("a.txt", ""), ("a/x", ""), ("a/b/c", ""), ("a-b", ""), ("ab", "")]);
    tree.folder("empty");
    assert_eq!(tree.paths(), ["Dockerfile", "a/", "a/b/", "a/b/c", "a/x", "a-b", "a.txt", "ab", "empty/"]);
}

#[test]
fn parents_of_what_comes_back_are_sent() {
    let tree = Tree::with(&[
        (".dockerignore", "docs\n!docs/a/b.md\n"),
        ("docs/README.md", ""),
        ("docs/a/b.md", ""),
        ("docs/a/c.md", ""),
        ("docs/z/z.md", ""),
    ]);
    assert_eq!(tree.paths(), [".dockerignore", "Dockerfile", "docs/", "docs/a/", "docs/a/b.md"]);
}

#[test]
fn dockerfile_and_ignore_file_are_sent_although_excluded() {
    let tree = Tree::with(&[(".dockerignore", "*\n!src\n"), ("src/main.rs", ""), ("other", "")]);
    assert_eq!(tree.paths(), ["[.dockerignore]", "[Dockerfile]", "src/", "src/main.rs"]);
}

#[test]
fn the_dockerfile_is_known_again() {
    let tree = Tree::with(&[("docker/Dockerfile.prod", "FROM a\n")]);
    fs::hard_link(tree.path("Dockerfile"), tree.path("Again")).unwrap();
    tree.link("link", "docker/Dockerfile.prod");
    for (named, content) in [
        ("Dockerfile", "FROM scratch\n"),
        ("Again", "FROM scratch\n"),
        ("docker/Dockerfile.prod", "FROM a\n"),
        ("link", "FROM a\n"),
    ] {
        let listing = tree.list_for(named, None).unwrap();
        assert!(listing.is_dockerfile(content.as_bytes()), "{named}");
        assert!(!listing.is_dockerfile(b"FROM b\n") && !listing.is_dockerfile(b""), "{named}");
    }
}

#[test]
fn folders_above_a_forced_dockerfile() {
    let tree = Tree::with(&[
        (".dockerignore", "*\n!build/z\n"),
        ("build/docker/Dockerfile", ""),
        ("build/z", ""),
        ("build/a", ""),
    ]);
    let listing = tree.list_for("build/docker/Dockerfile", None).unwrap();
    assert_eq!(
        shown(&listing),
        ["[.dockerignore]", "build/", "[build/docker/]", "[build/docker/Dockerfile]", "build/z"],
        "build/ is there for build/z, too"
    );
    assert!(listing.contains(Path::new("build/docker/Dockerfile")));
    assert!(!listing.contains(Path::new("build/a")) && !listing.contains(Path::new("build/docker/")));
}

#[test]
fn the_dockerfile_s_own_ignore_file_comes_first() {
    let tree =
        Tree::with(&[(".dockerignore", "a\n"), ("Dockerfile.dockerignore", "b\n"), ("a", ""), ("b", "")]);
    let listing = tree.list().unwrap();
    assert_eq!(listing.ignore_file(), Some(Path::new("Dockerfile.dockerignore")));
    assert_eq!(shown(&listing), [".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "a"]);
    fs::remove_file(tree.path("Dockerfile.dockerignore")).unwrap();
    assert_eq!(tree.list().unwrap().ignore_file(), Some(Path::new(".dockerignore")));
    fs::remove_file(tree.path(".dockerignore")).unwrap();
    assert_eq!(tree.list().unwrap().ignore_file(), None);
}

#[test]
fn sizes_and_look_ups() {
    let tree = Tree::with(&[
        ("big", &"x".repeat(500)),
        ("sub/bigger", &"x".repeat(900)),
        ("small", "x"),
        ("none", ""),
    ]);
    let listing = tree.list().unwrap();
    assert_eq!(listing.bytes(), 500 + 900 + 1 + 13);
    assert_eq!(listing.len(), 6);
    assert_eq!(listing.largest(2), [(b"sub/bigger".to_vec(), 900), (b"big".to_vec(), 500)]);
    for path in ["sub", "sub/bigger", "none", "Dockerfile"] {
        assert!(listing.contains(Path::new(path)), "{path}");
    }
    for path in ["su", "sub/", "sub/bigger/x", "", "/sub", "z"] {
        assert!(!listing.contains(Path::new(path)), "{path}");
    }
}

#[test]
fn patterns_that_other_engines_read_otherwise() {
    let tree = Tree::with(&[
        (".dockerignore", "*\n!**/*.rs\n"),
        ("src/a.rs", ""),
        ("src/b.rs", ""),
        ("src/c.txt", ""),
    ]);
    let listing = tree.list().unwrap();
    assert_eq!(shown(&listing)[2..], ["src/", "src/a.rs", "src/b.rs"]);
    let [warning] = listing.ignore_warnings() else { panic!("{:?}", listing.ignore_warnings()) };
    assert!(warning.contains("2 files") && warning.contains("`src/a.rs`"), "{warning}");
    tree.file(".dockerignore", "*\n!src\n!**/*.rs\n");
    assert!(tree.list().unwrap().ignore_warnings().is_empty(), "nothing depends on it here");
}

#[test]
fn bad_patterns_name_their_file_and_line() {
    let tree = Tree::with(&[(".dockerignore", "ok\n[\n")]);
    let error = tree.list().unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Config, ".dockerignore line 2: syntax error in pattern: `[`")
    );
    tree.file("Dockerfile.dockerignore", "# fine\n!\n");
    let error = tree.list().unwrap_err();
    assert_eq!(error.message(), "Dockerfile.dockerignore line 2: illegal exclusion pattern: `!`");
    assert!(!error.hints().is_empty());
}

#[test]
fn the_dockerfile_has_to_be_a_file_inside() {
    let tree = Tree::with(&[("docker/Dockerfile", "")]);
    tree.folder("folder");
    tree.link("outside", "/etc/passwd");
    tree.link("inside", "docker/Dockerfile");
    for (path, words) in [
        ("nowhere", "no such file"),
        ("Dockerfile/x", "no such file"),
        ("folder", "not a file"),
        ("outside", "outside of the context"),
        ("..", "outside of the context"),
        ("../no-such-file-anywhere", "no such file"),
        ("/etc/passwd", "outside of the context"),
    ] {
        let error = tree.list_for(path, None).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{path}: {error}");
        assert!(error.message().contains(words), "{path}: {error}");
    }
    assert_eq!(tree.list_for("inside", None).unwrap().dockerfile(), Path::new("docker/Dockerfile"));
    assert_eq!(tree.list_for("./docker/../Dockerfile", None).unwrap().dockerfile(), Path::new("Dockerfile"));
}

#[test]
fn a_context_that_is_none() {
    let stop = crate::stop::Stop::default();
    for root in ["/nowhere/at/all", "/etc/passwd"] {
        let options = crate::context::ListOptions {
            root: Path::new(root),
            dockerfile: Path::new("Dockerfile"),
            own: &[],
            known_blob: None,
            cache: None,
            stop: &stop,
        };
        let error = crate::context::list(&options).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{error}");
    }
}

#[test]
fn an_ignore_file_may_be_a_link_inside() {
    let tree = Tree::with(&[(".gitignore", "a\n"), ("a", ""), ("b", "")]);
    tree.link(".dockerignore", ".gitignore");
    assert_eq!(tree.paths(), [".dockerignore", ".gitignore", "Dockerfile", "b"]);
    for (target, words) in
        [("/etc/passwd", "out of the context"), ("nowhere", "nowhere"), (".", "not a file")]
    {
        fs::remove_file(tree.path(".dockerignore")).unwrap();
        tree.link(".dockerignore", target);
        let error = tree.list().unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn an_ignore_file_of_any_size() {
    let tree = Tree::new();
    tree.file(".dockerignore", vec![b'\n'; (16 << 20) + 1]);
    let error = tree.list().unwrap_err();
    assert!(error.kind() == Kind::Config && error.message().contains("16 MiB"), "{error}");
    let many: String = (0..100_000).map(|n| format!("**/generated-{n}.*\n")).collect();
    tree.file(".dockerignore", many);
    tree.file("generated-77.txt", "");
    assert_eq!(tree.paths(), [".dockerignore", "Dockerfile"]);
}

#[test]
fn what_is_no_data_is_left_out_and_said() {
    let tree = Tree::with(&[("sub/file", ""), (".dockerignore", "ignored\n")]);
    let fifo = |name: &str| {
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, tree.path(name), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    fifo("sub/pipe");
    fifo("ignored");
    let _socket = std::os::unix::net::UnixListener::bind(tree.path("socket")).unwrap();
    let listing = tree.list().unwrap();
    assert_eq!(shown(&listing), [".dockerignore", "Dockerfile", "sub/", "sub/file"]);
    let skipped: Vec<_> = listing.skipped().iter().map(|s| (s.path.as_slice(), s.kind)).collect();
    assert_eq!(skipped, [(&b"socket"[..], Special::Socket), (b"sub/pipe", Special::Fifo)]);
    assert_eq!(listing.skipped_count(), 2);
}

#[test]
fn a_work_tree_leaves_gits_folder_out_unless_it_is_asked_for() {
    let tree = Tree::new();
    tree.file("Dockerfile", "FROM scratch\n");
    tree.file(".git/config", "token");
    tree.file("sub/.git", "gitdir: ../.git/modules/sub\n");
    let stop = crate::stop::Stop::default();
    let options = crate::context::ListOptions {
        root: tree.root(),
        dockerfile: Path::new("Dockerfile"),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    let has = |listing: &crate::context::Listing| listing.contains(Path::new(".git/config"));
    assert!(has(&crate::context::list(&options).unwrap()));
    let listing = crate::context::list_work_tree(&options).unwrap();
    assert!(!has(&listing) && listing.contains(Path::new("sub/.git")));
    tree.file(".dockerignore", "!.git\n");
    assert!(has(&crate::context::list_work_tree(&options).unwrap()));
}
