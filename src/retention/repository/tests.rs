use proptest::prelude::*;

use super::super::names::Names;
use super::super::testing::{DAY, NOW, digest, run};
use super::*;

fn holds() -> Holds {
    Holds {
        branches: Names::new([&b"main"[..], b"feature/a"], &["alpine".to_owned()]),
        keep_newest: 2,
        keep_within: 7 * DAY,
        pull_requests: 30 * DAY,
        is_configured: true,
        now: NOW,
        ..Holds::default()
    }
}

/// Why each image stays (`+`) or goes (`-`), by the name it has in the test.
fn verdicts(graph: &Graph, holds: &Holds, names: &[&str]) -> Vec<String> {
    let decision = of_repository(graph, holds);
    assert_eq!(decision.kept.len() + decision.deleted.len(), graph.nodes.len());
    let find = |list: &[Judged], name: &str| list.iter().find(|one| one.digest == digest(name)).cloned();
    let word = |name: &&str| match (find(&decision.kept, name), find(&decision.deleted, name)) {
        (Some(one), None) => format!("+ {}", one.why),
        (None, Some(one)) => format!("- {}", one.why),
        other => panic!("{name}: {other:?}"),
    };
    names.iter().map(word).collect()
}

fn one(graph: &Graph, holds: &Holds, name: &str) -> String {
    verdicts(graph, holds, &[name]).remove(0)
}

#[test]
fn what_holds_an_image() {
    let old = run("gone", 100);
    for (tags, branch, expected) in [
        (vec!["1.2.3"], "gone", "+ 1.2.3 is a version"),
        (vec!["1.2.3-alpine", &old], "gone", "+ 1.2.3-alpine is a version"),
        (vec!["1.2", &old], "gone", "+ 1.2 follows versions"),
        (vec!["latest"], "gone", "+ latest follows versions"),
        (vec!["alpine"], "gone", "+ alpine follows versions"),
        (vec!["main"], "main", "+ the branch of main lives"),
        (vec!["main-alpine"], "main", "+ the branch of main-alpine lives"),
        (vec!["1-alpine"], "gone", "+ 1-alpine follows versions"),
        (vec!["gone-alpine", &old], "gone", "- its branch gone is gone"),
        (vec!["pr-7-fix", &run("pr-7-fix", 50)], "pr-7-fix", "- its branch pr-7-fix is gone"),
        (vec!["nightly", &old], "gone", "+ nobody knows what nightly follows"),
        (vec!["nightly"], "main", "+ nobody knows what nightly follows"),
        (vec!["gone", &old], "gone", "- its branch gone is gone"),
        (vec![&old], "gone", "- its branch gone is gone"),
        (vec!["gone"], "gone", "+ nobody knows when it was built"),
        (vec!["pr-7", &run("pr-7", 31)], "x", "- the pull request 7 was built last more than 30 d ago"),
        (vec!["pr-7", &run("pr-7", 29)], "x", "+ the pull request 7 was built within the last 30 d"),
        (vec!["pr-7"], "x", "+ nobody knows when it was built"),
        (vec![&run("tag-v1.2.3", 900)], "", "+ it was built of a git tag"),
        (vec![&run("main", 900)], "main", "+ it is the newest of main"),
        (vec![&run("main-debian", 900)], "main", "+ it is the newest of main-debian"),
        // A branch that no label names may be anyone's.
        (vec![&old], "", "+ it is the newest of gone"),
        (vec![&run("gone", 6)], "gone", "+ it was built within the last 7 d"),
        (vec![&format!("{old}-dev")], "gone", "- its branch gone is gone"),
    ] {
        let mut graph = Graph::default();
        graph.image("a", branch, &tags);
        assert_eq!(one(&graph, &holds(), "a"), expected, "{tags:?} of {branch}");
    }
}

#[test]
fn what_is_not_of_this_repository_stays() {
    let old = run("gone", 100);
    let mut graph = Graph::default();
    graph.image("a", "gone", &[&old]).labels.insert(label::oci::SOURCE.to_owned(), "https://x/a".to_owned());
    let from = |source: Option<&str>, is_configured| Holds {
        source: source.map(str::to_owned),
        is_configured,
        ..holds()
    };
    assert_eq!(one(&graph, &from(Some("https://x/a"), false), "a"), "- its branch gone is gone");
    assert_eq!(one(&graph, &from(Some("https://x/b"), true), "a"), "+ its source is https://x/a");
    assert_eq!(one(&graph, &from(None, true), "a"), "- its branch gone is gone");
    assert!(one(&graph, &from(None, false), "a").starts_with("+ nothing says"));
    graph.nodes.get_mut(&digest("a")).unwrap().labels.clear();
    assert_eq!(one(&graph, &holds(), "a"), "+ imgbuild did not make it");
}

#[test]
fn the_newest_of_a_branch_stay_and_the_count_is_of_images() {
    let mut graph = Graph::default();
    for (name, days) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
        graph.image(name, "main", &[&run("main", days)]);
    }
    // Built again, it is one image.
    graph.tags.insert(run("main", 11), digest("a"));
    graph.image("alpine", "main", &[&run("main-alpine", 90)]);
    assert_eq!(
        verdicts(&graph, &holds(), &["a", "b", "c", "d", "alpine"]),
        [
            "+ it is the newest of main",
            "+ it is one of the 2 newest of main",
            "- 2 newer ones of main are there",
            "- 3 newer ones of main are there",
            "+ it is the newest of main-alpine",
        ]
    );
    let decision = of_repository(&graph, &holds());
    // The base is that of images that stay.
    assert_eq!(decision.deleted.iter().map(|one| one.bytes).collect::<Vec<_>>(), [100, 100]);
}

#[test]
fn what_is_in_use_or_named_or_young_stays() {
    let old = run("gone", 100);
    let mut graph = Graph::default();
    graph.image("a", "gone", &[&old]);
    let used = Holds { used: [(digest("a"), "a deployment runs it".to_owned())].into(), ..holds() };
    assert_eq!(one(&graph, &used, "a"), "+ a deployment runs it");
    let named = Holds { keep: vec!["gone-*".to_owned()], ..holds() };
    assert_eq!(one(&graph, &named, "a"), format!("+ {old} is to stay (gone-*)"));
    let fetched = Holds { fetched: Some(NOW - 200 * DAY), ..holds() };
    assert_eq!(one(&graph, &fetched, "a"), "+ it was built after the branches were fetched last");
}

#[test]
fn children_and_referrers_go_the_way_of_what_they_belong_to() {
    let (old, kept) = (run("gone", 100), run("main", 100));
    let mut graph = Graph::default();
    graph.image("amd64", "x", &[]);
    graph.image("arm64", "x", &[]);
    graph.image("shared", "x", &[]);
    graph.image("goes", "gone", &[&old]).children =
        [digest("arm64"), digest("shared"), digest("absent")].into();
    graph.image("stays", "main", &[&kept]).children = [digest("amd64"), digest("shared")].into();
    graph.referrer("sbom", "amd64");
    graph.referrer("signature of the sbom", "sbom");
    graph.referrer("sbom that goes", "arm64");
    // Where the registry lists no referrers, tags do; and signatures of cosign have tags alone.
    let hex = digest("goes").hex().to_owned();
    graph.image("list", "", &[&format!("sha256-{hex}")]).children = [digest("listed")].into();
    graph.referrer("listed", "goes");
    graph.image("cosign", "", &[&format!("sha256-{hex}.sig")]);
    graph.image("orphan", "", &[&format!("sha256-{}.sig", digest("elsewhere").hex())]);
    let names = [
        "stays",
        "amd64",
        "shared",
        "sbom",
        "signature of the sbom",
        "orphan",
        "goes",
        "arm64",
        "sbom that goes",
        "list",
        "listed",
        "cosign",
    ];
    let all: Vec<char> =
        verdicts(&graph, &holds(), &names).iter().map(|word| word.chars().next().unwrap()).collect();
    assert_eq!(all.iter().collect::<String>(), "++++++------");
    let decision = of_repository(&graph, &holds());
    assert_eq!(decision.deleted[0].digest, digest("goes"), "what lists others goes first");
    assert_eq!(decision.deleted[0].tags, [old]);
}

#[test]
fn what_something_kept_belongs_to_stays() {
    let mut graph = Graph::default();
    graph.image("image", "gone", &[&run("gone", 100)]);
    graph.referrer("sbom", "image");
    graph.tags.insert("latest-sbom".to_owned(), digest("sbom"));
    assert_eq!(one(&graph, &holds(), "image"), "+ latest-sbom belongs to it");
}

#[test]
fn circles_end() {
    let mut graph = Graph::default();
    graph.image("a", "gone", &[&run("gone", 100)]).children = [digest("b")].into();
    graph.image("b", "gone", &[]).children = [digest("a"), digest("b")].into();
    graph.nodes.get_mut(&digest("b")).unwrap().subject = Some(digest("a"));
    assert_eq!(of_repository(&graph, &holds()).deleted.len(), 2);
    graph.tags.insert("1.0.0".to_owned(), digest("b"));
    assert_eq!(of_repository(&graph, &holds()).deleted, []);
}

/// A graph of up to a dozen manifests that list and refer to each other at random.
fn graphs() -> impl Strategy<Value = Graph> {
    let tag = prop_oneof![
        Just("1.2.3".to_owned()),
        Just("latest".to_owned()),
        Just("main".to_owned()),
        Just("gone".to_owned()),
        Just("nightly".to_owned()),
        (0i64..200).prop_map(|days| run("main", days)),
        (0i64..200).prop_map(|days| run("gone", days)),
        (0i64..200).prop_map(|days| run("pr-3", days)),
        (0usize..12).prop_map(|nth| format!("sha256-{}", digest(&nth.to_string()).hex())),
        (0usize..12).prop_map(|nth| format!("sha256-{}.sig", digest(&nth.to_string()).hex())),
    ];
    let node = (
        prop_oneof![Just("main"), Just("gone"), Just("")],
        proptest::collection::btree_set(0usize..12, 0..4),
        proptest::option::of(0usize..12),
        any::<bool>(),
    );
    let nodes = proptest::collection::vec(node, 1..12);
    (nodes, proptest::collection::vec((tag, 0usize..12), 0..20)).prop_map(|(nodes, tags)| {
        let mut graph = Graph::default();
        let name = |nth: usize| digest(&nth.to_string());
        let count = nodes.len();
        for (nth, (branch, children, subject, ours)) in nodes.into_iter().enumerate() {
            let node = graph.image(&nth.to_string(), branch, &[]);
            node.children = children.into_iter().map(name).collect();
            node.subject = subject.map(name);
            if !ours {
                node.labels.clear();
            }
        }
        graph.tags.extend(tags.into_iter().map(|(tag, nth)| (tag, name(nth % count))));
        graph
    })
}

proptest! {
    #[test]
    fn nothing_that_a_kept_manifest_leads_to_is_deleted(graph in graphs()) {
        let decision = of_repository(&graph, &holds());
        let deleted: BTreeSet<&Digest> = decision.deleted.iter().map(|one| &one.digest).collect();
        let kept: BTreeSet<&Digest> = decision.kept.iter().map(|one| &one.digest).collect();
        prop_assert_eq!(deleted.len() + kept.len(), graph.nodes.len());
        prop_assert!(deleted.is_disjoint(&kept));
        let tags = graph.tags_of_each();
        for digest in &kept {
            let node = &graph.nodes[*digest];
            prop_assert!(node.children.iter().all(|child| !deleted.contains(child)));
            prop_assert!(node.subject.iter().all(|subject| !deleted.contains(subject)));
            let mut named = tags.get(*digest).into_iter().flatten().filter_map(|tag| followed(tag));
            prop_assert!(named.all(|subject| !deleted.contains(&subject)));
        }
        for digest in &deleted {
            let node = &graph.nodes[*digest];
            // What belongs to something that stays, stays.
            prop_assert!(node.subject.iter().all(|subject| !kept.contains(subject)));
            for tag in tags.get(*digest).into_iter().flatten().copied() {
                prop_assert!(!["1.2.3", "latest", "main", "nightly"].contains(&tag), "{}", tag);
                prop_assert!(followed(tag).is_none_or(|subject| deleted.contains(&subject)));
                let unique = UniqueTag::parse(tag);
                prop_assert!(unique.is_none_or(|unique| unique.seconds < NOW - 7 * DAY));
            }
        }
    }

    #[test]
    fn a_further_hold_never_deletes_more(graph in graphs(), nth in 0usize..12) {
        let deleted = |holds: &Holds| -> BTreeSet<Digest> {
            of_repository(&graph, holds).deleted.into_iter().map(|one| one.digest).collect()
        };
        let more = Holds { used: [(digest(&nth.to_string()), "used".to_owned())].into(), ..holds() };
        prop_assert!(deleted(&more).is_subset(&deleted(&holds())));
    }
}
