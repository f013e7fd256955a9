use super::super::testing::repository;
use super::*;

const VALUES: Values<'static> = Values {
    action: Some("acme/imgbuild@4b825dc642cb6eb9a060e54bf8d69288fbee4904 # v0.1.0"),
    image: Some("ghcr.io/acme/imgbuild:0.1.0"),
    credentials: "registry",
    branch: Some("main"),
    repository: Some("ghcr.io/acme/hello"),
};

fn proposed(files: &[(&str, &str)], ci: Ci, values: Values<'_>) -> Proposal {
    let (_folder, root) = repository(files);
    let mut proposal = Proposal::default();
    propose(&Look::at(&root), ci, values, &mut proposal).unwrap();
    proposal
}

#[test]
fn a_ci_is_known_by_its_files_and_else_by_the_remote() {
    for (files, remote, ci) in [
        (&[][..], Some("https://github.com/a/b"), Some(Ci::GitHub)),
        (&[], Some("https://gitlab.example.com/a/b"), Some(Ci::GitLab)),
        (&[], Some("https://git.example.com/a/b"), None),
        (&[], None, None),
        (&[("Jenkinsfile", "x")], Some("https://github.com/a/b"), Some(Ci::Jenkins)),
        (
            &[("Jenkinsfile", "x"), (".github/workflows/x.yml", "x")],
            Some("https://github.com/a/b"),
            Some(Ci::GitHub),
        ),
        (
            &[("Jenkinsfile", "imgbuild ci"), (".github/workflows/x.yml", "x")],
            Some("https://github.com/a/b"),
            Some(Ci::Jenkins),
        ),
        (&[(".tekton/run.yaml", "x")], None, Some(Ci::Tekton)),
        (&[(".buildkite/pipeline.yml", "x")], None, Some(Ci::Buildkite)),
        (&[(".github/workflows/README.md", "x")], None, None),
    ] {
        let (_folder, root) = repository(files);
        let mut notes = Vec::new();
        assert_eq!(choose(&Look::at(&root), remote, &mut notes), ci, "{files:?} {remote:?}");
        assert_eq!(notes.is_empty(), ci.is_some() && files.len() < 2, "{notes:?}");
    }
}

#[test]
fn every_ci_has_a_file_or_what_to_add_to_it() {
    for ci in Ci::ALL {
        let new = proposed(&[], ci, VALUES);
        let [(path, text)] = &new.files[..] else { panic!("{new:?}") };
        assert!(!text.contains("{{name}}") && text.contains("imgbuild"), "{text}");
        let there = proposed(&[(path, "something else\n")], ci, VALUES);
        assert!(there.files.is_empty());
        let [addition] = &there.additions[..] else { panic!("{there:?}") };
        assert!(text.contains(addition.lines.trim_end()), "{}", addition.lines);
        assert!(addition.lines.contains("imgbuild"), "{}", addition.lines);
        let done = proposed(&[(path, text)], ci, VALUES);
        assert!(done.files.is_empty() && done.additions.is_empty() && done.notes.is_empty(), "{done:?}");
    }
}

#[test]
fn another_workflow_of_github_is_no_obstacle() {
    let files = &[(".github/workflows/test.yml", "on: push\n")];
    assert_eq!(proposed(files, Ci::GitHub, VALUES).files[0].0, ".github/workflows/image.yml");
}

#[test]
fn an_address_that_nobody_knows_is_a_place_to_fill_in() {
    for (ci, flag) in [
        (Ci::GitHub, Some("--action")),
        (Ci::GitLab, Some("--imgbuild-image")),
        (Ci::Tekton, Some("--imgbuild-image")),
        (Ci::Jenkins, None),
        (Ci::Buildkite, None),
    ] {
        let flag = flag.filter(|_| release::project().is_none());
        let unknown = Values { action: None, image: None, ..VALUES };
        let found = proposed(&[], ci, unknown);
        let [(path, text)] = &found.files[..] else { panic!("{found:?}") };
        let places: Vec<&str> = text.lines().filter(|line| line.contains(release::UNKNOWN)).collect();
        assert_eq!(places.len(), flag.map_or(0, |_| 1), "{text}");
        assert!(places.iter().all(|line| line.contains("# FILL IN: ")), "{text}");
        let told = |proposal: &Proposal| {
            let is_told = |note: &&String| note.contains("fill in") && note.starts_with(path.as_str());
            proposal.notes.iter().find(is_told).cloned()
        };
        let note = told(&found);
        assert_eq!(note.is_some(), flag.is_some(), "{found:?}");
        assert!(note.iter().all(|note| flag.is_some_and(|flag| note.contains(flag))), "{note:?}");
        // Who forgot it is told again, and who did it is not.
        assert_eq!(told(&proposed(&[(path, text)], ci, unknown)), note);
        let filled = text.replace(release::UNKNOWN, "acme");
        assert_eq!(told(&proposed(&[(path, &filled)], ci, unknown)), None);
    }
}

#[test]
fn branches_that_mean_something_else_are_quoted_or_not_written() {
    for (branch, word) in [
        ("main", Some("main")),
        ("release/1.x", Some("release/1.x")),
        ("1.10", Some("\"1.10\"")),
        ("on", Some("\"on\"")),
        ("a]b", None),
        ("$(id)", None),
        ("x\"y", None),
        ("ü", None),
    ] {
        assert_eq!(branch_word(branch).as_deref(), word, "{branch}");
    }
    let found = proposed(&[], Ci::GitHub, Values { branch: Some("a'b"), ..VALUES });
    assert!(found.files.is_empty() && found.notes[0].contains("not written"), "{found:?}");
}

#[test]
fn other_registries_and_jenkins_need_a_login() {
    let other = Values { repository: Some("quay.io/acme/hello"), ..VALUES };
    assert!(proposed(&[], Ci::GitHub, other).notes[0].contains("may push to quay.io"));
    assert!(proposed(&[], Ci::GitHub, VALUES).notes.is_empty());
    assert!(proposed(&[], Ci::Jenkins, VALUES).notes[1].contains("of the id registry"));
    assert!(proposed(&[], Ci::Jenkins, VALUES).notes[0].contains("imgbuild and an engine"));
}

#[test]
fn what_is_given_for_a_pipeline_has_a_grammar() {
    for text in ["acme/imgbuild@v1", "acme/imgbuild@4b825dc # v0.1.0", "a/b/c@main"] {
        assert!(is_action(text), "{text}");
    }
    for text in
        ["", "acme/imgbuild", "imgbuild@v1", "a/b@v1\nrun: x", "a/b@v1 # x\ny", "a/b@${{ x }}", "./a@v1 #x"]
    {
        assert!(!is_action(text), "{text:?}");
    }
    assert!(is_image(
        "ghcr.io/a/b:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    ));
    assert!(!is_image("A b") && !is_image("x\ny"));
}
