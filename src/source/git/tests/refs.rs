use super::{Fixture, isolated_tests};
use crate::error::Kind;
use crate::source::{
    NamedCommit, NewTag, Reader, Refs, Sent, drop_tag, make_tag, push_tag, refs, remote_tags, tree_of,
};
use crate::stop::Stop;

const COMMAND: Reader = Reader::GitCommand { safe_directory: false };

/// What both readers say, which must be the same.
fn of(fixture: &Fixture) -> Refs {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let [one, other] =
        [Reader::Libgit2, COMMAND].map(|reader| refs(fixture.root(), reader, &environment, &stop).unwrap());
    assert_eq!(one, other);
    one
}

fn shown(list: &[NamedCommit]) -> Vec<String> {
    list.iter().map(|one| format!("{} {}", one.name, one.commit)).collect()
}

isolated_tests! {
    fn branches_are_the_remotes_and_tags_lead_to_commits() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let second = fixture.commit("second");
        assert_eq!(of(&fixture), Refs::default());
        fixture.git(&["tag", "light", &first]);
        fixture.git(&["tag", "-a", "-m", "x", "group/annotated"]);
        fixture.git(&["tag", "-a", "-m", "x", "nested", "group/annotated"]);
        // Without a remote of the name these are nobody's.
        fixture.git(&["update-ref", "refs/remotes/origin/main", &second]);
        assert_eq!(of(&fixture).branches, []);
        fixture.git(&["remote", "add", "origin", "https://host.example/r.git"]);
        fixture.git(&["remote", "add", "fork", "https://host.example/f.git"]);
        fixture.git(&["update-ref", "refs/remotes/origin/release/1", &first]);
        fixture.git(&["update-ref", "refs/remotes/fork/main", &first]);
        fixture.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        fixture.git(&["branch", "local"]);
        let found = of(&fixture);
        assert_eq!(shown(&found.branches), [format!("main {second}"), format!("release/1 {first}")]);
        let tags = [format!("group/annotated {second}"), format!("light {first}"), format!("nested {second}")];
        assert_eq!(shown(&found.tags), tags);
        // Of several of which none is `origin`, none is taken.
        fixture.git(&["remote", "rename", "origin", "upstream"]);
        assert_eq!(of(&fixture).branches, []);
        fixture.git(&["remote", "remove", "fork"]);
        assert_eq!(of(&fixture).branches.len(), 2);
    }

    fn the_tree_of_a_commit_that_is_there() {
        let fixture = Fixture::new();
        let (environment, stop) = (fixture.environment(), Stop::default());
        let commit = fixture.git(&["rev-parse", "HEAD"]);
        let tree = fixture.git(&["rev-parse", "HEAD^{tree}"]);
        for reader in [Reader::Libgit2, COMMAND] {
            let of = |id: &str| tree_of(fixture.root(), reader, &environment, id, &stop).unwrap();
            assert_eq!(of(&commit), Some(tree.clone()), "{reader:?}");
            assert_eq!(of(&commit.to_uppercase()), Some(tree.clone()), "{reader:?}");
            for other in [&tree, &"0".repeat(40), &"0".repeat(64), &commit[..10], "main", "--help", ""] {
                assert_eq!(of(other), None, "{reader:?} {other}");
            }
        }
    }

    fn a_tag_is_made_once_and_never_moved() {
        let mut fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let second = fixture.commit("second");
        let make = |fixture: &Fixture, commit: &str| {
            let tag = NewTag { name: "v1.0.0", commit, message: "Release 1.0.0\n\n# of somebody\n" };
            make_tag(fixture.root(), Reader::Libgit2, &fixture.environment(), tag, &Stop::default())
        };
        fixture.extra = [("GIT_COMMITTER_NAME", "Bob"), ("GIT_COMMITTER_EMAIL", "bob@example.com")]
            .map(|(key, value)| (key, value.to_owned()))
            .to_vec();
        make(&fixture, &first).unwrap();
        assert_eq!(fixture.git(&["rev-parse", "v1.0.0^{commit}"]), first);
        assert_eq!(fixture.git(&["cat-file", "-t", "v1.0.0"]), "tag");
        let text = fixture.git(&["cat-file", "tag", "v1.0.0"]);
        assert!(text.contains("tagger Bob <bob@example.com>") && text.contains("# of somebody"), "{text}");
        let error = make(&fixture, &second).unwrap_err();
        assert!(error.to_string().contains("exists"), "{error}");
        assert_eq!(fixture.git(&["rev-parse", "v1.0.0^{commit}"]), first);
    }

    fn a_tag_goes_to_the_remote_which_never_moves_one() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        let second = fixture.commit("second");
        let origin = fixture.beside("origin.git");
        fixture.git(&["clone", "-q", "--bare", ".", origin.to_str().unwrap()]);
        fixture.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
        let (environment, stop) = (fixture.environment(), Stop::default());
        let push = |name: &str| push_tag(fixture.root(), COMMAND, &environment, name, &stop).unwrap();
        let theirs = || shown(&remote_tags(fixture.root(), COMMAND, &environment, &stop).unwrap());
        assert_eq!(theirs(), Vec::<String>::new());
        fixture.git(&["tag", "-a", "-m", "x", "v1.0.0", &first]);
        assert_eq!(push("v1.0.0"), Sent::Taken);
        assert_eq!(push("v1.0.0"), Sent::Taken, "it has it");
        assert_eq!(theirs(), [format!("v1.0.0 {first}")]);
        fixture.git(&["tag", "-f", "v1.0.0", &second]);
        let Sent::Refused(why) = push("v1.0.0") else { panic!("it was moved") };
        assert!(why.starts_with("[rejected]"), "{why}");
        assert_eq!(theirs(), [format!("v1.0.0 {first}")]);

        // A rule of the remote's.
        let hook = origin.join("hooks/update");
        std::fs::write(&hook, "#!/bin/sh\necho not for you\nexit 1\n").unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        fixture.git(&["tag", "v2.0.0", &second]);
        let Sent::Refused(why) = push("v2.0.0") else { panic!("it was taken") };
        // Some versions of git say so once more.
        assert!(why.starts_with("[remote rejected] (hook declined); not for you"), "{why}");
        let tag = NewTag { name: "v2.0.0", commit: &second, message: "" };
        let drop = |tag| drop_tag(fixture.root(), COMMAND, &environment, tag, &stop);
        assert!(drop(NewTag { commit: &first, ..tag }).unwrap_err().to_string().contains("another commit by now"));
        drop(tag).unwrap();
        assert_eq!(fixture.git(&["tag", "--list"]), "v1.0.0");
    }

    fn a_remote_that_cannot_be_asked_is_told() {
        let fixture = Fixture::new();
        let (environment, stop) = (fixture.environment(), Stop::default());
        let asked = |reader| remote_tags(fixture.root(), reader, &environment, &stop).unwrap_err();
        assert!(asked(COMMAND).message().contains("there is no remote origin"));
        fixture.git(&["remote", "add", "origin", "/nowhere"]);
        let error = asked(Reader::Libgit2);
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.message().contains("cannot ask the remote") && !error.hints().is_empty(), "{error}");
        assert!(asked(Reader::GitCommand { safe_directory: true }).message().contains("belongs to another user"));
        // No address starts a command.
        let made = fixture.beside("made");
        fixture.git(&["config", "protocol.ext.allow", "always"]);
        fixture.git(&["remote", "set-url", "origin", &format!("ext::touch {}", made.display())]);
        assert!(asked(COMMAND).message().contains("not allowed"));
        assert!(!made.exists());
    }
}
