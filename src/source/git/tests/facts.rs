use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{Fixture, isolated_tests};
use crate::source::git::look::Tools;
use crate::source::git::{command_reader, with_command};
use crate::source::{Reader, RefName, SourceState};
use crate::stop::Stop;

/// The same checkout through the git command.
fn by_command(fixture: &Fixture) -> SourceState {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let tools = Tools { environment: &environment, stop: &stop };
    with_command(fixture.root(), Reader::GitCommand { safe_directory: false }, tools).unwrap()
}

fn both(fixture: &Fixture) -> SourceState {
    let state = fixture.state();
    assert_eq!(state.reader, Reader::Libgit2);
    let mut other = by_command(fixture);
    other.reader = Reader::Libgit2;
    other.blobs = state.blobs.clone();
    assert_eq!(format!("{state:#?}"), format!("{other:#?}"), "the two readers differ");
    state
}

fn names(names: &[RefName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

isolated_tests! {
    fn a_plain_checkout() {
        let fixture = Fixture::new();
        let commit = fixture.commit("second");
        fixture.git(&["tag", "v1.0.0", "HEAD~1"]);
        fixture.git(&["tag", "light"]);
        fixture.git(&["tag", "-a", "-m", "x", "group/annotated"]);
        fixture.git(&["tag", "-a", "-m", "x", "nested", "group/annotated"]);
        fixture.git(&["remote", "add", "origin", "https://u:tok@host/r.git"]);
        let state = both(&fixture);
        assert_eq!(state.root, fixture.root());
        assert_eq!((state.commit.as_str(), state.short()), (commit.as_str(), &commit[..7]));
        assert_eq!(state.tree, fixture.git(&["rev-parse", "HEAD^{tree}"]));
        assert_eq!(state.parents, [fixture.git(&["rev-parse", "HEAD~1"])]);
        assert_eq!((state.commit_time, state.committer.as_str()), (1_700_000_000, "Ada <ada@example.com>"));
        assert_eq!((state.branch, state.detached, state.shallow), (Some("main".into()), false, false));
        assert_eq!(names(&state.tags_at_head), ["group/annotated", "light", "nested"]);
        assert_eq!(names(&state.tags), ["group/annotated", "light", "nested", "v1.0.0"]);
        assert_eq!(state.remote_url.as_deref(), Some("https://host/r"));
        assert!(state.changes.is_empty() && state.untracked.is_empty());
    }

    fn from_a_folder_below() {
        let fixture = Fixture::new();
        let (state, notes) = fixture.read_at(&fixture.root().join("dir"), None);
        assert_eq!(state.unwrap().root, fixture.root());
        assert_eq!(notes, Vec::<String>::new());
    }

    fn a_detached_head() {
        let fixture = Fixture::new();
        fixture.git(&["checkout", "-q", "--detach"]);
        let state = both(&fixture);
        assert_eq!((state.branch, state.detached), (None, true));
    }

    fn packed_refs_and_packed_objects() {
        let fixture = Fixture::new();
        fixture.git(&["tag", "-a", "-m", "x", "v1"]);
        fixture.git(&["gc", "-q"]);
        assert_eq!(names(&both(&fixture).tags_at_head), ["v1"]);
    }

    fn branches_are_bytes() {
        let fixture = Fixture::new();
        for name in [&b"feature/\xc3\xa4#1"[..], b"caf\xe9", b"$(id)", b"a\"b;c", b"refs/heads/main", &[b'x'; 200]] {
            fixture.git_in(fixture.root(), &[OsStr::new("checkout"), OsStr::new("-qb"), OsStr::from_bytes(name)]);
            assert_eq!(both(&fixture).branch.unwrap().as_bytes(), name);
        }
    }

    fn a_merge_names_both_parents_even_without_them() {
        let fixture = Fixture::new();
        let base = fixture.git(&["rev-parse", "HEAD"]);
        fixture.git(&["checkout", "-qb", "topic"]);
        let head = fixture.commit("topic");
        fixture.git(&["checkout", "-q", "main"]);
        fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        assert_eq!(both(&fixture).parents, [base.clone(), head.clone()]);
        let (url, clone) = (format!("file://{}", fixture.root().display()), fixture.beside("clone"));
        fixture.git(&["clone", "-q", "--depth=1", &url, clone.to_str().unwrap()]);
        let state = both(&fixture.at(clone));
        assert_eq!((state.parents, state.shallow), (vec![base, head], true));
    }

    fn a_linked_work_tree() {
        let fixture = Fixture::new();
        let linked = fixture.beside("linked");
        fixture.git(&["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
        let fixture = fixture.at(linked.clone());
        fixture.write("new", "");
        let state = both(&fixture);
        assert_eq!((state.root, state.branch), (linked, Some("other".into())));
        assert_eq!(state.untracked, [std::path::PathBuf::from("new")]);
    }

    fn the_checkout_of_a_submodule() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        fixture.commit("lib");
        let lib = fixture.root().join("lib");
        assert_eq!(both(&fixture.at(lib.clone())).root, lib);
    }

    fn remotes() {
        let fixture = Fixture::new();
        assert_eq!(both(&fixture).remote_url, None);
        fixture.git(&["remote", "add", "upstream", "git@github.com:acme/app.git"]);
        assert_eq!(both(&fixture).remote_url.as_deref(), Some("https://github.com/acme/app"));
        fixture.git(&["remote", "add", "fork", "/somewhere/else"]);
        assert_eq!(both(&fixture).remote_url, None);
        fixture.git(&["remote", "add", "origin", "gh:acme/other"]);
        fixture.git(&["config", "url.https://tok:x@github.com/.insteadOf", "gh:"]);
        assert_eq!(both(&fixture).remote_url.as_deref(), Some("https://github.com/acme/other"));
    }

    fn the_environment_of_a_hook_names_no_other_repository() {
        let (fixture, other) = (Fixture::new(), Fixture::new());
        let commit = other.commit("another");
        let git_dir = other.root().join(".git").display().to_string();
        let mut hooked = fixture;
        hooked.extra = vec![("GIT_DIR", git_dir.clone()), ("GIT_INDEX_FILE", format!("{git_dir}/index"))];
        assert_ne!(both(&hooked).commit, commit);
    }

    fn nothing_is_read_after_a_signal() {
        let fixture = Fixture::new();
        let (environment, stop) = (fixture.environment(), Stop::default());
        stop.set();
        let tools = Tools { environment: &environment, stop: &stop };
        let git = tools.git(fixture.root(), Reader::Libgit2).unwrap();
        assert!(command_reader::root(&git).is_err());
    }
}
