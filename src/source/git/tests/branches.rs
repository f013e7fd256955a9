use super::{Fixture, isolated_tests};
use crate::source::{Branches, Reader, RefName, branches};
use crate::stop::Stop;

const COMMAND: Reader = Reader::GitCommand { safe_directory: false };

/// What both readers say, which must be the same.
fn of(fixture: &Fixture) -> Branches {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let [one, other] = [Reader::Libgit2, COMMAND]
        .map(|reader| branches(fixture.root(), reader, &environment, &stop).unwrap());
    assert_eq!(one, other);
    one
}

fn names(branches: &Branches) -> Vec<String> {
    branches.names.iter().map(RefName::to_string).collect()
}

fn clone(fixture: Fixture, options: &[&str]) -> Fixture {
    let (url, clone) = (format!("file://{}", fixture.root().display()), fixture.beside("clone"));
    fixture.git(&[&["clone", "-q"], options, &[&url, clone.to_str().unwrap()]].concat());
    fixture.at(clone)
}

isolated_tests! {
    fn branches_of_the_clone_and_of_its_remotes() {
        let fixture = Fixture::new();
        let none = of(&fixture);
        assert_eq!((names(&none), none.fetched.len(), none.all_are_fetched), (vec!["main".to_owned()], 0, false));
        fixture.git(&["branch", "feature/a"]);
        let clone = clone(fixture, &["-o", "my/fork"]);
        clone.git(&["branch", "here"]);
        let all = of(&clone);
        assert_eq!(names(&all), ["feature/a", "here", "main"]);
        assert!(all.fetched.len() == 2 && all.all_are_fetched && all.fetched_at.is_some());
    }

    fn a_clone_of_one_branch_does_not_know_the_others() {
        let fixture = Fixture::new();
        fixture.git(&["branch", "other"]);
        let one = of(&clone(fixture, &["--single-branch"]));
        assert_eq!((names(&one), one.fetched.len(), one.all_are_fetched), (vec!["main".to_owned()], 1, false));
    }

    fn a_fetch_of_one_branch_is_none_of_the_others() {
        let fixture = Fixture::new();
        fixture.git(&["branch", "it's"]);
        let clone = clone(fixture, &[]);
        // All that tells when it was cloned.
        std::fs::remove_file(clone.root().join(".git/description")).unwrap();
        assert_eq!(of(&clone).fetched_at, None);
        clone.git(&["fetch", "-q", "origin", "main"]);
        assert_eq!(of(&clone).fetched_at, None);
        clone.git(&["fetch", "-q"]);
        assert!(of(&clone).fetched_at.is_some());
        clone.git(&["remote", "add", "-t", "main", "second", "file:///nowhere"]);
        assert!(!of(&clone).all_are_fetched);
    }
}
