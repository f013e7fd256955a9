use super::fixture::dirt;
use super::{Fixture, isolated_tests};
use crate::error::{Error, Kind};
use crate::source::Reader;

fn refused(error: &Error, parts: &[&str]) {
    let text = format!("{error} {}", error.hints().join(" "));
    assert_eq!(error.kind(), Kind::Refused, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// The refusal of a repository that neither reader can read names both reasons.
fn unreadable(fixture: &Fixture) {
    refused(&fixture.refusal(), &["cannot be read", "libgit2", "git says", "git fsck"]);
}

isolated_tests! {
    fn no_repository() {
        let fixture = Fixture::new();
        let folder = fixture.beside("elsewhere");
        std::fs::create_dir(&folder).unwrap();
        refused(&fixture.read_at(&folder, None).0.unwrap_err(), &["elsewhere is not inside a git repository", "git init"]);
        let missing = fixture.read_at(&fixture.beside("missing"), None).0.unwrap_err();
        assert_eq!(missing.kind(), Kind::Io);
    }

    fn a_ceiling_is_respected() {
        let mut fixture = Fixture::new();
        fixture.extra = vec![("GIT_CEILING_DIRECTORIES", fixture.root().display().to_string())];
        refused(&fixture.read_at(&fixture.root().join("dir"), None).0.unwrap_err(), &["is not inside a git repository"]);
        assert!(fixture.read_at(fixture.root(), None).0.is_ok());
    }

    fn no_commit_yet() {
        let fixture = Fixture::unborn(&[]);
        refused(&fixture.refusal(), &["the repository has no commit yet", "refs/heads/main", "git commit"]);
        fixture.write("a", "");
        fixture.git(&["add", "a"]);
        refused(&fixture.refusal(), &["no commit yet"]);
    }

    fn a_branch_that_is_gone() {
        let fixture = Fixture::new();
        fixture.write(".git/HEAD", "ref: refs/heads/gone\n");
        refused(&fixture.refusal(), &["no commit yet", "refs/heads/gone"]);
    }

    fn a_bare_repository() {
        let fixture = Fixture::with(&[]);
        let bare = fixture.beside("bare.git");
        fixture.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        refused(&fixture.at(bare).refusal(), &["is bare", "git clone"]);
        let sha256 = Fixture::unborn(&["--bare", "--object-format=sha256"]);
        refused(&sha256.refusal(), &["is bare"]);
    }

    fn a_damaged_head() {
        let fixture = Fixture::new();
        fixture.write(".git/HEAD", "garbage\n");
        unreadable(&fixture);
        fixture.write(".git/HEAD", "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293\n");
        unreadable(&fixture);
        fixture.write(".git/HEAD", "ref: refs/heads/main\n");
        fixture.write(".git/refs/heads/main", "garbage\n");
        unreadable(&fixture);
        fixture.write(".git/refs/heads/main", "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293\n");
        unreadable(&fixture);
    }

    fn a_damaged_index() {
        let fixture = Fixture::new();
        for damage in [&b"garbage"[..], b"DIRC\0\0\0\x02\xff\xff\xff\xff", b""] {
            fixture.write(".git/index", damage);
            unreadable(&fixture);
        }
    }

    fn no_index() {
        let fixture = Fixture::new();
        std::fs::remove_file(fixture.root().join(".git/index")).unwrap();
        assert_eq!(fixture.dirt(), ["D a.txt", "D dir/b.txt", "? a.txt", "? dir/b.txt"]);
    }

    fn lost_objects() {
        let fixture = Fixture::new();
        let object = |revision: &str| {
            let id = fixture.git(&["rev-parse", revision]);
            fixture.root().join(".git/objects").join(&id[..2]).join(&id[2..])
        };
        for lost in [object("HEAD^{tree}"), object("HEAD")] {
            std::fs::remove_file(lost).unwrap();
            unreadable(&fixture);
        }
        let objects = fixture.root().join(".git/objects");
        std::fs::remove_dir_all(&objects).unwrap();
        unreadable(&fixture);
        std::fs::create_dir(objects).unwrap();
        unreadable(&fixture);
    }

    fn a_git_file_that_leads_nowhere() {
        let fixture = Fixture::new();
        let folder = fixture.beside("linked");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(".git"), "gitdir: /nowhere\n").unwrap();
        unreadable(&fixture.at(folder));
    }

    fn what_libgit2_cannot_open_is_read_by_git() {
        let split = Fixture::new();
        split.git(&["update-index", "--split-index"]);
        let mut shapes = vec![split, Fixture::with(&["--object-format=sha256"])];
        // Since git 2.45.
        let probe = Fixture::unborn(&[]);
        let reftable = ["init", "-q", "--ref-format=reftable", "../probe"];
        let knows_reftable = probe.try_git(probe.root(), &reftable).status.success();
        shapes.extend(knows_reftable.then(|| Fixture::with(&["--ref-format=reftable"])));
        for fixture in shapes {
            fixture.git(&["tag", "-a", "-m", "x", "v1"]);
            fixture.git(&["remote", "add", "origin", "git@host:a/b"]);
            let (state, notes) = fixture.read_at(&fixture.root().join("dir"), None);
            let state = state.unwrap();
            assert_eq!(state.reader, Reader::GitCommand { safe_directory: false });
            assert!(notes.len() == 1 && notes[0].contains("git command, as libgit2"), "{notes:?}");
            assert_eq!((state.root.as_path(), &state.commit), (fixture.root(), &fixture.git(&["rev-parse", "HEAD"])));
            assert_eq!((state.branch, state.tags_at_head), (Some("main".into()), vec!["v1".into()]));
            assert_eq!(state.remote_url.as_deref(), Some("https://host/a/b"));
            assert_eq!(fixture.dirt(), Vec::<String>::new());
            fixture.write("a.txt", "edited\n");
            fixture.write("new", "");
            assert_eq!(fixture.dirt(), ["M a.txt", "? new"]);
            fixture.git(&["update-index", "--assume-unchanged", "dir/b.txt"]);
            assert_eq!(fixture.dirt(), ["M a.txt", "? new"]);
            fixture.write("dir/b.txt", "hidden\n");
            assert_eq!(fixture.dirt(), ["M a.txt", "M dir/b.txt", "? new"]);
        }
        let unborn = Fixture::unborn(&["--object-format=sha256"]);
        refused(&unborn.refusal(), &["no commit yet"]);
    }

    fn without_git_the_reasons_are_named() {
        let mut fixture = Fixture::with(&["--object-format=sha256"]);
        fixture.extra = vec![("PATH", "relative:/nowhere".to_owned())];
        refused(&fixture.refusal(), &["libgit2 says", "sha256", "there is no git command in PATH"]);
    }

    fn a_partial_clone_is_read_and_fetches_nothing() {
        let fixture = Fixture::new();
        fixture.git(&["config", "uploadpack.allowFilter", "true"]);
        let (url, clone) = (format!("file://{}", fixture.root().display()), fixture.beside("clone"));
        fixture.git(&["clone", "-q", "--filter=blob:none", &url, clone.to_str().unwrap()]);
        let fixture = fixture.at(clone);
        fixture.write("a.txt", "edited\n");
        fixture.git(&["rm", "-q", "--cached", "dir/b.txt"]);
        assert_eq!(dirt(&fixture.state()), ["M a.txt", "D dir/b.txt", "? dir/b.txt"]);
    }
}
