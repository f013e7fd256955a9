use super::{Fixture, isolated_tests};
use crate::error::Kind;
use crate::source::{Ancestry, Reader, ancestry};
use crate::stop::Stop;

const COMMAND: Reader = Reader::GitCommand { safe_directory: false };

/// What both readers say, which must be the same.
fn of(fixture: &Fixture, descendant: &str, ancestor: &str) -> Ancestry {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let [one, other] = [Reader::Libgit2, COMMAND]
        .map(|reader| ancestry(fixture.root(), reader, &environment, descendant, ancestor, &stop).unwrap());
    assert_eq!(one, other, "{descendant} {ancestor}");
    one
}

/// A clone over the file protocol, which honours a depth.
fn clone(fixture: Fixture, options: &[&str]) -> Fixture {
    let (url, clone) = (format!("file://{}", fixture.root().display()), fixture.beside("clone"));
    fixture.git(&[&["clone", "-q"], options, &[&url, clone.to_str().unwrap()]].concat());
    fixture.at(clone)
}

isolated_tests! {
    fn a_line_of_commits() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let (second, third) = (fixture.commit("second"), fixture.commit("third"));
        assert_eq!(of(&fixture, &third, &first), Ancestry::Descendant);
        assert_eq!(of(&fixture, &second, &first), Ancestry::Descendant);
        assert_eq!(of(&fixture, &first, &third), Ancestry::NotDescendant);
        assert_eq!(of(&fixture, &third, &third), Ancestry::Same);
        assert_eq!(of(&fixture, &third.to_uppercase(), &third), Ancestry::Same);
        assert_eq!(of(&fixture, &third.to_uppercase(), &first), Ancestry::Descendant);
        // What replaces an object here does not elsewhere.
        fixture.git(&["replace", "--graft", &second]);
        assert_eq!(of(&fixture, &third, &first), Ancestry::Descendant);
    }

    fn a_merge_has_two_lines_behind_it() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let ours = fixture.commit("ours");
        fixture.git(&["checkout", "-q", "-b", "theirs", &first]);
        let theirs = fixture.commit("theirs");
        assert_eq!(of(&fixture, &theirs, &ours), Ancestry::NotDescendant);
        assert_eq!(of(&fixture, &ours, &theirs), Ancestry::NotDescendant);
        fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", &ours]);
        let merge = fixture.git(&["rev-parse", "HEAD"]);
        for ancestor in [&first, &ours, &theirs] {
            assert_eq!(of(&fixture, &merge, ancestor), Ancestry::Descendant);
        }
    }

    fn histories_without_a_common_commit() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        fixture.git(&["checkout", "-q", "--orphan", "other"]);
        let other = fixture.commit("another beginning");
        assert_eq!(of(&fixture, &other, &first), Ancestry::NotDescendant);
        assert_eq!(of(&fixture, &first, &other), Ancestry::NotDescendant);
    }

    fn a_shallow_clone_knows_what_it_has() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        fixture.git(&["branch", "old"]);
        let (second, third) = (fixture.commit("second"), fixture.commit("third"));
        let shallow = clone(fixture, &["--depth=1", "--no-single-branch"]);
        // Both tips are there, and what is between them is not.
        assert_eq!(shallow.git(&["rev-parse", "HEAD", "origin/old"]), format!("{third}\n{first}"));
        assert_eq!(of(&shallow, &third, &first), Ancestry::Unknown);
        assert_eq!(of(&shallow, &first, &third), Ancestry::Unknown);
        assert_eq!(of(&shallow, &third, &second), Ancestry::Unknown);
        shallow.git(&["fetch", "-q", "--depth=2", "origin", "main"]);
        assert_eq!(of(&shallow, &third, &second), Ancestry::Descendant);
        assert_eq!(of(&shallow, &third, &first), Ancestry::Unknown);
        shallow.git(&["fetch", "-q", "--unshallow"]);
        assert_eq!(of(&shallow, &third, &first), Ancestry::Descendant);
        assert_eq!(of(&shallow, &first, &third), Ancestry::NotDescendant);
    }

    fn what_is_no_commit_of_this_clone() {
        let fixture = Fixture::new();
        let head = fixture.git(&["rev-parse", "HEAD"]);
        fixture.git(&["tag", "-a", "-m", "x", "v1"]);
        let (long, missing) = ("a".repeat(64), "f".repeat(40));
        // Names that look like ids.
        fixture.git(&["update-ref", &format!("refs/heads/{long}"), &head]);
        fixture.git(&["update-ref", &format!("refs/heads/{missing}"), &head]);
        for other in [
            missing.clone(), long, "0".repeat(40), fixture.git(&["rev-parse", "HEAD^{tree}"]), fixture.git(&["rev-parse", "v1"]),
            head[..7].to_owned(), String::new(), "--help".to_owned(), "HEAD".to_owned(), "main".to_owned(), "v1".to_owned(),
            format!("{head}^"), format!("{head}\n"), format!(" {head}"), format!("{}\n", &head[..39]),
            format!("--{}", "a".repeat(38)), "é".repeat(20),
        ] {
            assert_eq!(of(&fixture, &other, &head), Ancestry::Unknown, "{other:?}");
            assert_eq!(of(&fixture, &head, &other), Ancestry::Unknown, "{other:?}");
        }
        assert_eq!(of(&fixture, "HEAD", "HEAD"), Ancestry::Unknown);
    }

    fn a_repository_that_only_git_can_read() {
        let fixture = Fixture::with(&["--object-format=sha256"]);
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let second = fixture.commit("second");
        let (environment, stop) = (fixture.environment(), Stop::default());
        let of = |descendant: &str, ancestor: &str| {
            ancestry(fixture.root(), COMMAND, &environment, descendant, ancestor, &stop).unwrap()
        };
        assert_eq!(of(&second, &first), Ancestry::Descendant);
        assert_eq!(of(&first, &second), Ancestry::NotDescendant);
        // The beginning of an id is none.
        assert_eq!(of(&second[..40], &first), Ancestry::Unknown);
        let error = ancestry(fixture.root(), Reader::Libgit2, &environment, &second, &first, &stop).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
    }

    fn a_partial_clone_is_asked_and_calls_nobody() {
        let fixture = Fixture::new();
        fixture.git(&["config", "uploadpack.allowFilter", "true"]);
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let second = fixture.commit("second");
        let partial = clone(fixture, &["--no-checkout", "--filter=blob:none"]);
        let marker = partial.beside("marker");
        partial.git(&["config", "remote.origin.url", "ssh://host.invalid/a"]);
        partial.git(&["config", "core.sshCommand", &format!("touch {}; false", marker.display())]);
        assert_eq!(of(&partial, &second, &first), Ancestry::Descendant);
        assert_eq!(of(&partial, &"f".repeat(40), &first), Ancestry::Unknown);
        assert!(!marker.exists());
    }

    fn what_cannot_be_read_is_no_answer() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let (second, third) = (fixture.commit("second"), fixture.commit("third"));
        std::fs::remove_file(fixture.root().join(".git/objects").join(&second[..2]).join(&second[2..])).unwrap();
        let environment = fixture.environment();
        for reader in [Reader::Libgit2, COMMAND] {
            let of = |stop: &Stop| ancestry(fixture.root(), reader, &environment, &third, &first, stop).unwrap_err();
            assert_eq!(of(&Stop::default()).kind(), Kind::Refused);
            let stop = Stop::default();
            stop.set();
            assert_eq!(of(&stop).kind(), Kind::Interrupted);
        }
    }
}
