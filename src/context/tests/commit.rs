//! A commit, listed and sent without a checkout.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::tree::{find, shown, tar, unpack};
use crate::context::{
    CommitOptions, ListOptions, Listing, Selection, Tree, content_time, list_commit, list_work_tree,
};
use crate::error::{Error, Kind, Result};
use crate::image::hex;
use crate::source::{Fixture, Objects, Reader, Snapshot, SourceState, Submodules};
use crate::stop::Stop;

const READERS: [Reader; 2] = [Reader::Libgit2, Reader::GitCommand { safe_directory: false }];

/// What is listed, and how.
#[derive(Clone, Copy)]
struct How<'a> {
    folder: &'a str,
    dockerfile: &'a str,
    lfs: bool,
    submodules: Submodules,
}

const PLAIN: How<'_> =
    How { folder: "", dockerfile: "Dockerfile", lfs: false, submodules: Submodules::Named };
const FETCHED: How<'_> = How { lfs: true, submodules: Submodules::CheckedOut, ..PLAIN };

fn list_by(fixture: &Fixture, reader: Reader, commit: &str, how: How<'_>) -> Result<Listing> {
    let (stop, folder) = (Stop::default(), Path::new(how.folder));
    let state = SourceState { root: fixture.root().to_owned(), reader, ..SourceState::default() };
    let tree = Objects::of(&state, &fixture.environment(), &stop).tree(commit)?;
    let snapshot = Snapshot::of(&tree, folder, how.submodules)?;
    let options = CommitOptions { snapshot: &snapshot, lfs: how.lfs, modified: 1_700_000_000, stop: &stop };
    let mut read = |path: &Path, most| tree.read(&folder.join(path), most);
    let dockerfile = Path::new(how.dockerfile);
    list_commit(&options, &mut Tree { dockerfile, real_dockerfile: dockerfile, read: &mut read })
}

/// What both readers list of HEAD, which must be the same.
fn list(fixture: &Fixture, how: How<'_>) -> Result<Listing> {
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    let [one, other] = READERS.map(|reader| list_by(fixture, reader, &commit, how));
    match (&one, &other) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.digest(), other.digest());
            assert_eq!(tar(one).unwrap(), tar(other).unwrap());
        }
        (Err(one), Err(other)) => assert_eq!(one.message(), other.message()),
        _ => panic!("{one:?}\n{other:?}"),
    }
    one
}

fn refusal(fixture: &Fixture, how: How<'_>) -> Error {
    list(fixture, how).map(|listing| shown(&listing)).expect_err("listed")
}

fn with(files: &[(&str, &str)]) -> Fixture {
    let fixture = Fixture::unborn(&[]);
    fixture.write("Dockerfile", "FROM scratch\n");
    for (path, content) in files {
        fixture.write(path, content);
    }
    fixture.commit("first");
    fixture
}

/// What the folder is listed as.
fn work_tree(fixture: &Fixture, how: How<'_>) -> Listing {
    list_work_tree(&ListOptions {
        root: &fixture.root().join(how.folder),
        dockerfile: Path::new(how.dockerfile),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &Stop::default(),
    })
    .unwrap()
}

/// Every kind of entry, in an order that is not git's.
fn every_kind() -> Fixture {
    let fixture = with(&[
        ("src/main.rs", "fn main() {}\n"),
        ("src.txt", "after the folder here, before it in git\n"),
        ("src-x/deep/er/file", "deep\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("empty", ""),
    ]);
    fs::set_permissions(fixture.root().join("run.sh"), PermissionsExt::from_mode(0o755)).unwrap();
    symlink("../outside/of it", fixture.root().join("src/link")).unwrap();
    fixture.commit("kinds");
    fixture
}

#[test]
fn it_is_listed_and_sent_as_a_checkout_of_it() {
    let fixture = every_kind();
    let (commit, folder) = (list(&fixture, PLAIN).unwrap(), work_tree(&fixture, PLAIN));
    assert_eq!(commit.digest(), folder.digest());
    assert_eq!(tar(&commit).unwrap(), tar(&folder).unwrap());
    assert_eq!(shown(&commit), shown(&folder));
    assert_eq!((commit.len(), commit.bytes()), (folder.len(), folder.bytes()));
    assert_eq!(commit.largest(2), folder.largest(2));
    let head = fixture.git(&["rev-parse", "HEAD"]);
    assert_eq!((commit.commit(), folder.commit()), (Some(head.as_str()), None));
    assert_eq!(commit.peek(b"src/main.rs", 7).unwrap(), b"fn main");
    assert!(commit.peek(b"src/none", 7).is_err() && commit.peek(b"src", 7).is_err());
}

#[test]
fn nothing_of_the_work_tree_gets_in() {
    let fixture = every_kind();
    let before = list(&fixture, PLAIN).unwrap();
    fixture.write("src/main.rs", "edited\n");
    fixture.write("Dockerfile", "FROM other\n");
    fixture.write(".dockerignore", "*\n");
    fixture.write("untracked", "");
    fixture.write("staged", "");
    fixture.git(&["add", "staged"]);
    fixture.git(&["rm", "-q", "--cached", "run.sh"]);
    fs::remove_dir_all(fixture.root().join("src-x")).unwrap();
    let after = list(&fixture, PLAIN).unwrap();
    assert_eq!(shown(&after), shown(&before));
    assert_eq!(tar(&after).unwrap(), tar(&before).unwrap());
}

#[test]
fn the_commits_own_ignore_file_holds_as_it_does_in_a_folder() {
    let fixture = with(&[
        ("docs/a/index.html", ""),
        ("docs/keep/me", ""),
        ("target/x/y", ""),
        ("build/all", ""),
        ("sub/Dockerfile.dev", "FROM scratch\n"),
    ]);
    for ignore in [
        "docs/**\n!docs/keep\ntarget\nbuild/*\n",
        "*\n!src\n",
        "**/y\n",
        "Dockerfile\n.dockerignore\n",
        "sub\n!sub/x\n",
        "!.git\n",
    ] {
        fixture.write(".dockerignore", ignore);
        fixture.commit("ignore");
        for dockerfile in ["Dockerfile", "sub/Dockerfile.dev"] {
            let how = How { dockerfile, ..PLAIN };
            let (commit, mut folder) = (list(&fixture, how).unwrap(), shown(&work_tree(&fixture, how)));
            // Git's own folder is in no commit.
            folder.retain(|path| !path.starts_with(".git/"));
            assert_eq!(shown(&commit), folder, "{ignore} {dockerfile}");
        }
    }
}

#[test]
fn a_folder_of_the_commit() {
    let fixture = with(&[
        ("app/Dockerfile", "FROM scratch\n"),
        ("app/.dockerignore", "*.log\n"),
        ("app/x.log", ""),
        ("app/src/x", "x"),
        ("application/y", "y"),
    ]);
    let how = How { folder: "app", ..PLAIN };
    let listing = list(&fixture, how).unwrap();
    assert_eq!(shown(&listing), [".dockerignore", "Dockerfile", "src/", "src/x"]);
    assert_eq!(listing.digest(), work_tree(&fixture, how).digest());
}

#[test]
fn names_that_no_other_system_has() {
    let fixture = with(&[("README", "1"), ("readme", "2"), ("line\nbreak", "3"), (" ", "4")]);
    let odd = PathBuf::from(os_string(b"caf\xe9"));
    fs::write(fixture.root().join(&odd), "5").unwrap();
    fixture.commit("odd");
    let listing = list(&fixture, PLAIN).unwrap();
    assert_eq!(listing.digest(), work_tree(&fixture, PLAIN).digest());
    let entries = unpack(&tar(&listing).unwrap());
    assert_eq!(find(&entries, &odd).content, b"5");
    assert_eq!(
        (&find(&entries, "README").content[..], &find(&entries, "readme").content[..]),
        (&b"1"[..], &b"2"[..])
    );
}

fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[test]
fn a_builder_gets_single_files_and_times_of_their_content() {
    let fixture = every_kind();
    let listing = Arc::new(list(&fixture, PLAIN).unwrap());
    let selected = listing.select(&Selection::default()).unwrap();
    for (id, entry) in (0_u32..).zip(selected.iter()) {
        let Some(blob) = entry.blob else { continue };
        assert_eq!(entry.content_time(), content_time(&blob, entry.size));
        let mut contents = selected.open(id).unwrap();
        let mut bytes = [0; 100];
        let mut read = 0;
        while contents.left() > 0 {
            read += contents.read(&mut bytes[read..]).unwrap();
        }
        let path = String::from_utf8(entry.path.clone()).unwrap();
        assert_eq!(&bytes[..read], fs::read(fixture.root().join(path)).unwrap());
    }
}

/// Larger than what is held in memory.
fn large() -> Vec<u8> {
    (0..6_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

#[test]
fn a_large_file_is_streamed_and_read_without_a_git_command_too() {
    let fixture = with(&[]);
    fixture.write("large", large());
    let commit = fixture.commit("large");
    for pack in [false, true] {
        if pack {
            fixture.git(&["repack", "-adq"]);
        }
        let listing = list(&fixture, PLAIN).unwrap();
        assert!(find(&unpack(&tar(&listing).unwrap()), "large").content == large(), "packed: {pack}");
    }
    let mut without = fixture;
    without.extra.push(("PATH", "/none".to_owned()));
    let listing = list_by(&without, Reader::Libgit2, &commit, PLAIN).unwrap();
    assert!(find(&unpack(&tar(&listing).unwrap()), "large").content == large());
}

#[test]
fn a_repository_of_the_other_hash() {
    let fixture = Fixture::unborn(&["--object-format=sha256"]);
    fixture.write("Dockerfile", "FROM scratch\n");
    fixture.write("large", large());
    symlink("large", fixture.root().join("link")).unwrap();
    let commit = fixture.commit("first");
    let listing = list_by(&fixture, READERS[1], &commit, PLAIN).unwrap();
    assert_eq!(listing.digest(), work_tree(&fixture, PLAIN).digest());
    assert_eq!(tar(&listing).unwrap(), tar(&work_tree(&fixture, PLAIN)).unwrap());
}

#[test]
fn a_linked_work_tree_and_a_shallow_clone() {
    let fixture = every_kind();
    let digest = list(&fixture, PLAIN).unwrap().digest().clone();
    let (linked, shallow) = (fixture.beside("linked"), fixture.beside("shallow"));
    fixture.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    let url = format!("file://{}", fixture.root().display());
    fixture.git(&["clone", "-q", "--depth=1", &url, shallow.to_str().unwrap()]);
    let fixture = fixture.at(linked);
    assert_eq!(list(&fixture, PLAIN).unwrap().digest(), &digest);
    assert_eq!(list(&fixture.at(shallow), PLAIN).unwrap().digest(), &digest);
}

#[test]
fn what_a_partial_clone_lacks_is_named_unless_it_is_ignored() {
    let fixture = with(&[("gone", "content"), (".dockerignore", "*\n!Dockerfile\n")]);
    let ignoring = fixture.git(&["rev-parse", "HEAD"]);
    fixture.write(".dockerignore", "");
    let sending = fixture.commit("all");
    for (object, commit) in [(format!("{ignoring}:gone"), &ignoring), (format!("{sending}:gone"), &sending)] {
        let id = fixture.git(&["rev-parse", &object]);
        let file = fixture.root().join(".git/objects").join(&id[..2]).join(&id[2..]);
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        for reader in READERS {
            let listed = list_by(&fixture, reader, commit, PLAIN);
            if *commit == ignoring {
                assert!(listed.is_ok(), "{listed:?}");
                continue;
            }
            let error = listed.unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.message().ends_with("`gone` is not in this partial clone"), "{error}");
        }
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
    }
}

#[test]
fn an_object_with_other_content_is_never_sent() {
    let fixture = with(&[("one", "1111\n"), ("two", "2222\n")]);
    let place = |name: &str| {
        let id = fixture.git(&["rev-parse", &format!("HEAD:{name}")]);
        fixture.root().join(".git/objects").join(&id[..2]).join(&id[2..])
    };
    let bytes = fs::read(place("two")).unwrap();
    fs::remove_file(place("one")).unwrap();
    fs::write(place("one"), bytes).unwrap();
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    for reader in READERS {
        let listing = Arc::new(list_by(&fixture, reader, &commit, PLAIN).unwrap());
        let error = tar(&listing).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(error.message().contains("`one`"), "{error}");
        let selected = listing.select(&Selection::default()).unwrap();
        let id = (0..).zip(selected.iter()).find(|(_, entry)| entry.path == b"one").unwrap().0;
        let read = selected.open(id).and_then(|mut contents| contents.read(&mut [0; 100]));
        assert_eq!(read.unwrap_err().kind(), Kind::Refused);
    }
}

/// A commit of a tree that git itself would not make.
fn hostile(fixture: &Fixture, entries: &[(&str, &[u8], &str)]) -> String {
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        tree.extend_from_slice(mode.as_bytes());
        tree.push(b' ');
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend((0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()));
    }
    let file = fixture.beside("tree");
    fs::write(&file, tree).unwrap();
    let id = fixture.git(&["hash-object", "-t", "tree", "-w", "--literally", file.to_str().unwrap()]);
    fixture.git(&["commit-tree", "-m", "hostile", &id])
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let fixture = with(&[("dir/x", "x")]);
    let blob = fixture.git(&["rev-parse", "HEAD:Dockerfile"]);
    let folder = fixture.git(&["rev-parse", "HEAD:dir"]);
    let file = |name: &'static [u8]| ("100644", name, blob.as_str());
    let dockerfile = file(b"Dockerfile");
    for entries in [
        vec![file(b".."), dockerfile],
        vec![file(b"."), dockerfile],
        vec![file(b".git"), dockerfile],
        vec![("40000", &b".GIT"[..], folder.as_str()), dockerfile],
        vec![("40000", &b".."[..], folder.as_str()), dockerfile],
        vec![dockerfile, file(b"a/../../b")],
        vec![dockerfile, file(b"twice"), file(b"twice")],
        vec![dockerfile, file(b"dir"), ("40000", &b"dir"[..], folder.as_str())],
    ] {
        let commit = hostile(&fixture, &entries);
        for reader in READERS {
            let error = list_by(&fixture, reader, &commit, PLAIN).expect_err("listed");
            assert_eq!(error.kind(), Kind::Refused, "{entries:?} {error}");
        }
    }
    let commit = hostile(&fixture, &[dockerfile, ("40000", b"dir", &folder)]);
    assert!(list_by(&fixture, READERS[0], &commit, PLAIN).is_ok());
}

/// A pointer of git-lfs to `content`, and where its file is kept.
fn pointer(content: &[u8]) -> (String, PathBuf) {
    let oid = hex(&Sha256::digest(content));
    let text =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", content.len());
    (text, Path::new(".git/lfs/objects").join(&oid[..2]).join(&oid[2..4]).join(&oid))
}

#[test]
fn pointers_of_git_lfs_are_named_or_their_files_taken() {
    let (text, file) = pointer(b"what it stands for");
    let fixture =
        with(&[("models/a.bin", &text), ("models/b.bin", &text), (".gitattributes", "*.bin filter=lfs\n")]);
    let error = refusal(&fixture, PLAIN);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().ends_with("`models/a.bin`, `models/b.bin` are pointers of git-lfs"), "{error}");
    assert!(error.hints()[0].contains("fetched = [\"lfs\"]"), "{error:?}");
    let error = refusal(&fixture, FETCHED);
    assert!(error.message().contains("`models/a.bin` (its content was not fetched)"), "{error}");
    assert!(error.hints()[0].contains("git lfs fetch"), "{error:?}");

    fixture.write(file.to_str().unwrap(), "what it stands fox");
    assert!(refusal(&fixture, FETCHED).message().contains("(what was fetched for it is damaged)"));
    fixture.write(file.to_str().unwrap(), "what it stands for");
    let listing = list(&fixture, FETCHED).unwrap();
    assert!(listing.has_fetched() && listing.has_attributes());
    // As git-lfs checks it out.
    for name in ["models/a.bin", "models/b.bin"] {
        fixture.write(name, "what it stands for");
    }
    assert_eq!(listing.digest(), work_tree(&fixture, PLAIN).digest());
    assert_eq!(tar(&listing).unwrap(), tar(&work_tree(&fixture, PLAIN)).unwrap());
    // Changed behind the listing.
    fixture.write(file.to_str().unwrap(), "what it stands fox");
    assert!(tar(&listing).unwrap_err().message().contains("`models/a.bin`"));

    fixture.write(".dockerignore", "models\n");
    fixture.git(&["add", ".dockerignore"]);
    fixture.git(&["commit", "-qm", "ignored"]);
    let listing = list(&fixture, PLAIN).unwrap();
    assert_eq!(shown(&listing), [".dockerignore", ".gitattributes", "Dockerfile"]);
    assert!(!listing.has_fetched() && listing.has_attributes());
}

#[test]
fn files_of_git_lfs_are_where_its_configuration_says() {
    let (text, file) = pointer(b"shared");
    let fixture = with(&[("a.bin", &text), (".gitattributes", "*.bin filter=lfs\n")]);
    let file = file.strip_prefix(".git/lfs").unwrap();
    let shared = fixture.beside("shared-lfs");
    for (configured, folder) in
        [(shared.to_str().unwrap(), shared.clone()), ("elsewhere", fixture.root().join(".git/elsewhere"))]
    {
        fixture.git(&["config", "lfs.storage", configured]);
        assert!(refusal(&fixture, FETCHED).message().contains("was not fetched"), "{configured}");
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::write(folder.join(file), "shared").unwrap();
        assert!(list(&fixture, FETCHED).unwrap().has_fetched(), "{configured}");
    }
}

#[test]
fn a_pointer_where_nobody_uses_git_lfs_is_a_file() {
    let (text, _) = pointer(b"x");
    let fixture = with(&[("testdata/pointer", &text)]);
    assert_eq!(list(&fixture, PLAIN).unwrap().digest(), work_tree(&fixture, PLAIN).digest());
    fs::create_dir(fixture.root().join(".git/lfs")).unwrap();
    assert!(refusal(&fixture, PLAIN).message().contains("`testdata/pointer` is a pointer of git-lfs"));
}

/// A repository with the submodule `libs/lib`, which has one of its own.
fn nested() -> Fixture {
    let fixture = with(&[]);
    let make = |name: &str, file: &str| {
        let folder = fixture.beside(name);
        fixture.git(&["init", "-q", "-b", "main", folder.to_str().unwrap()]);
        fs::write(folder.join(file), name).unwrap();
        folder
    };
    let commit = |folder: &Path| {
        fixture.git_in(folder, &["add", "--all"]);
        fixture.git_in(folder, &["commit", "-q", "-m", "first"]);
    };
    let (inner, lib) = (make("inner", "inner.txt"), make("lib", "lib.txt"));
    commit(&inner);
    fixture.git_in(&lib, &["submodule", "--quiet", "add", inner.to_str().unwrap(), "inner"]);
    commit(&lib);
    fixture.git(&["submodule", "--quiet", "add", lib.to_str().unwrap(), "libs/lib"]);
    fixture.commit("submodule");
    fixture
}

#[test]
fn submodules_are_named_or_their_recorded_commits_taken() {
    let fixture = nested();
    let error = refusal(&fixture, PLAIN);
    assert!(
        error.message().ends_with("does not hold all files of the context: `libs/lib` is a submodule"),
        "{error}"
    );
    assert!(error.hints()[0].contains("fetched = [\"submodules\"]"), "{error:?}");
    let error = refusal(&fixture, FETCHED);
    assert!(error.message().contains("`libs/lib/inner` (it is not checked out) is a submodule"), "{error}");
    assert!(error.hints()[0].contains("git submodule update --init --recursive"), "{error:?}");

    fixture.git(&["submodule", "--quiet", "update", "--init", "--recursive"]);
    let before = list(&fixture, FETCHED).unwrap();
    let paths: BTreeSet<String> = shown(&before).into_iter().collect();
    assert!(paths.contains("libs/lib/inner/inner.txt") && paths.contains("libs/lib/lib.txt"), "{paths:?}");
    // What is recorded counts, and not what is checked out by now.
    fixture.write("libs/lib/lib.txt", "edited");
    fixture.write("libs/lib/new", "");
    fixture.git_in(&fixture.root().join("libs/lib"), &["commit", "-qam", "moved on"]);
    let after = list(&fixture, FETCHED).unwrap();
    assert_eq!((before.digest(), tar(&before).unwrap()), (after.digest(), tar(&after).unwrap()));
    let entries = unpack(&tar(&after).unwrap());
    assert_eq!(find(&entries, "libs/lib/lib.txt").content, b"lib");

    // Another repository in its place does not have the commit.
    fs::remove_dir_all(fixture.root().join("libs/lib")).unwrap();
    fixture.git(&["init", "-q", "libs/lib"]);
    assert!(refusal(&fixture, FETCHED).message().contains("(its clone does not have the commit "));
}

#[test]
fn a_submodule_that_is_ignored_is_none() {
    let fixture = nested();
    for ignore in ["libs\n", "libs/lib\n", "**/lib\n", "*\n!Dockerfile\n"] {
        fixture.write(".dockerignore", ignore);
        fixture.git(&["add", ".dockerignore"]);
        fixture.git(&["commit", "-qm", "ignore"]);
        for how in [PLAIN, FETCHED] {
            let paths = shown(&list(&fixture, how).unwrap());
            assert!(!paths.iter().any(|path| path.contains("lib/")), "{ignore}: {paths:?}");
        }
    }
    fixture.write(".dockerignore", "libs/lib\n!libs/lib/lib.txt\n");
    fixture.git(&["add", ".dockerignore"]);
    fixture.git(&["commit", "-qm", "some of it"]);
    assert!(refusal(&fixture, PLAIN).message().contains("`libs/lib` is a submodule"));
}

#[test]
fn a_dockerfile_that_was_never_committed() {
    let fixture = Fixture::new();
    fixture.write("Dockerfile", "FROM scratch\n");
    let error = refusal(&fixture, PLAIN);
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.message().contains("no Dockerfile `Dockerfile`"), "{error}");
}

#[test]
fn a_stop_ends_it() {
    let fixture = with(&[]);
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    let stop = Stop::default();
    let state = SourceState { root: fixture.root().to_owned(), ..SourceState::default() };
    let objects = Objects::of(&state, &fixture.environment(), &stop);
    stop.set();
    assert!(objects.tree(&commit).is_err());
}
