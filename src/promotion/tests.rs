//! What is let through, and each reason against it.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::error::{Error, Kind};
use crate::evidence::{
    Attached, BUILD_TYPE, Collected, Content, Demand, GitFacts, Place, Predicate, Proof, Provenance,
    PublicKey, Source, Statement, TestSummary, TestVerdict, Verdict, weigh,
};
use crate::image::{Digest, Reference, Repository, label};
use crate::plan::Promise;
use crate::registry::{RegistryState, StoredImage};
use crate::source::{CiContext, NamedCommit, RefName, Refs};

const COMMIT: &str = "0123456789012345678901234567890123456789";
const TREE: &str = "abcdefabcdefabcdefabcdefabcdefabcdefabcd";

/// An image that may be promoted, and everything that is known of it: each test spoils something.
struct World {
    named: Reference,
    target: Repository,
    digest: Digest,
    /// Which digest the statements are of.
    about: Digest,
    labels: BTreeMap<String, String>,
    provenance: Option<Provenance>,
    tests: Option<TestSummary>,
    keys: Vec<PublicKey>,
    commit: Option<Commit>,
    refs: Refs,
    asked: Option<&'static str>,
    makes_tag: bool,
    variant: Option<&'static str>,
    registry: RegistryState,
    /// The platforms of an index, each with whether it has evidence of its own.
    index: Vec<(&'static str, bool)>,
}

impl World {
    fn new() -> World {
        let labels = [
            (label::oci::REVISION, COMMIT),
            (label::GIT_TREE, TREE),
            (label::GIT_CLEAN, "true"),
            (label::TOOL_VERSION, "1"),
        ];
        let mut provenance = Provenance::default();
        let definition = &mut provenance.build_definition;
        definition.build_type = BUILD_TYPE.to_owned();
        definition.external_parameters.source = Some(Source {
            uri: "git+https://host.example/r".to_owned(),
            digest: BTreeMap::from([("gitCommit".to_owned(), COMMIT.to_owned())]),
            git_ref: None,
        });
        definition.internal_parameters.development = Some(false);
        definition.internal_parameters.config_digest = Some(Digest::of(b"config"));
        definition.internal_parameters.git =
            Some(GitFacts { tree: TREE.to_owned(), clean: true, ..GitFacts::default() });
        provenance.run_details.builder.id = "https://imgbuild.dev/builder/local".to_owned();
        let tests = TestSummary {
            result: TestVerdict::Passed,
            configuration: Vec::new(),
            url: None,
            passed_tests: vec!["serves".to_owned()],
            warned_tests: Vec::new(),
            failed_tests: Vec::new(),
        };
        World {
            named: "int.example/acme/api:main-0123456-1".parse().unwrap(),
            target: "rel.example/acme/api".parse().unwrap(),
            digest: Digest::of(b"image"),
            about: Digest::of(b"image"),
            labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            provenance: Some(provenance),
            tests: Some(tests),
            keys: Vec::new(),
            commit: Some(Commit {
                id: COMMIT.to_owned(),
                tree: Some(TREE.to_owned()),
                reach: Reach::On(RefName::from("main")),
            }),
            refs: Refs { branches: Vec::new(), tags: vec![tag("v1.4.0", COMMIT)] },
            asked: Some("1.4.0"),
            makes_tag: false,
            variant: None,
            registry: RegistryState::default(),
            index: Vec::new(),
        }
    }

    fn internal(&mut self) -> &mut crate::evidence::Internal {
        &mut self.provenance.as_mut().unwrap().build_definition.internal_parameters
    }

    /// What the statements come to for `subject`.
    fn evidence(&self, subject: &Digest, about: &Digest) -> Verdict {
        let provenance = self
            .provenance
            .as_ref()
            .map(|said| Statement::new(about, None, &Predicate::Provenance, said.to_json()));
        let tests =
            self.tests.as_ref().map(|said| Statement::new(about, None, &Predicate::Tests, said.to_json()));
        let attach = |(nth, statement): (u8, Statement)| Attached {
            place: Place::Referrer(Digest::of(&[nth])),
            claims: None,
            content: Content::Unsigned(statement.to_bytes()),
        };
        let attached = (0..).zip(provenance.into_iter().chain(tests)).map(attach).collect();
        let demand = Demand { signature: !self.keys.is_empty(), provenance: true, tests: true, sbom: false };
        weigh(&Collected { subject: subject.clone(), attached }, &self.keys, demand)
    }

    fn decide(&self) -> Result<Promotion, Error> {
        let top = self.evidence(&self.digest, &self.about);
        let image = |arch: &str| StoredImage {
            config: Digest::of(b"config"),
            labels: self.labels.clone(),
            os: "linux".to_owned(),
            architecture: arch.to_owned(),
        };
        let mut platforms = Vec::new();
        let mut children = Vec::new();
        for (arch, has_evidence) in &self.index {
            let digest = Digest::of(arch.as_bytes());
            let about = if *has_evidence { digest.clone() } else { Digest::of(b"another") };
            children.push(self.evidence(&digest, &about));
            platforms.push(Platform { digest, image: Some(image(arch)) });
        }
        if platforms.is_empty() {
            platforms.push(Platform { digest: self.digest.clone(), image: Some(image("amd64")) });
        }
        // What does not hold of the index has to hold of each.
        let each_holds = !children.is_empty() && children.iter().all(|child| child.doubts.is_empty());
        let doubts = if each_holds { Vec::new() } else { top.doubts };
        let proofs: Vec<Proof> =
            std::iter::once(top.proof).chain(children.into_iter().map(|child| child.proof)).collect();
        let version = self.asked.map(|text| version(text).unwrap());
        let wish = Wish { version: version.as_ref(), remote: self.makes_tag.then_some(&self.refs.tags) };
        let commit = self.commit.as_ref().map(|commit| commit.id.as_str());
        let branches = ["main".to_owned(), "release/*".to_owned()];
        decide(&Inputs {
            named: &self.named,
            digest: &self.digest,
            proofs: &proofs,
            doubts: &doubts,
            has_keys: !self.keys.is_empty(),
            platforms: &platforms,
            commit: self.commit.as_ref(),
            refs: &self.refs,
            branches: &branches,
            release: &release(wish, &self.refs, commit),
            variant: self.variant,
            target: &self.target,
            registry: &self.registry,
        })
    }

    fn refused(&self) -> String {
        let error = self.decide().expect_err("it was let through");
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(!error.hints().is_empty(), "{error}");
        error.to_string()
    }
}

fn tag(name: &str, commit: &str) -> NamedCommit {
    NamedCommit { name: name.into(), commit: commit.to_owned() }
}

/// Fails unless what `spoil` makes of a good world is refused with these words, and for no other reason.
fn only(words: &str, spoil: impl FnOnce(&mut World)) {
    let mut world = World::new();
    spoil(&mut world);
    let told = world.refused();
    assert!(told.contains(words), "{words:?} is not in: {told}");
    assert!(!told.contains("reasons:"), "more than that: {told}");
}

fn tags(promotion: &Promotion) -> Vec<&str> {
    promotion.tags().iter().map(|planned| planned.tag.as_str()).collect()
}

#[test]
fn what_nothing_speaks_against_is_promoted() {
    let promotion = World::new().decide().unwrap();
    assert_eq!(tags(&promotion), ["1.4.0", "1.4", "1", "latest"]);
    assert_eq!(*promotion.digest(), Digest::of(b"image"));
    assert_eq!(promotion.target().to_string(), "rel.example/acme/api");
    assert_eq!((promotion.version.as_str(), promotion.branch.as_str()), ("1.4.0", "main"));
    assert_eq!(promotion.git_tag, GitTag { name: "v1.4.0".to_owned(), is_new: false, is_pushed: false });
    assert!(
        promotion.notes.iter().any(|note| note.contains("no key is configured")),
        "{:?}",
        promotion.notes
    );
    let text = promotion.to_string();
    assert!(text.contains("newest    latest") && text.contains("new -> "), "{text}");
}

#[test]
fn evidence_that_is_not_there_or_does_not_hold_is_told_by_name() {
    let mut none = World::new();
    (none.provenance, none.tests) = (None, None);
    let told = none.refused();
    assert!(told.contains("provenance: there is none") && told.contains("tests: there is none"), "{told}");
    only("tests: there is none", |world| world.tests = None);
    only("tests failed: serves", |world| {
        let tests = world.tests.as_mut().unwrap();
        tests.result = TestVerdict::Failed;
        tests.failed_tests = std::mem::take(&mut tests.passed_tests);
    });
    only("no test was made", |world| world.tests.as_mut().unwrap().passed_tests.clear());
    let mut other = World::new();
    other.about = Digest::of(b"another image");
    assert!(other.refused().contains("it is about sha256:"), "{}", other.refused());
    // Nobody signed it, and there are keys.
    let mut unsigned = World::new();
    let pair = rcgen::KeyPair::generate().unwrap();
    unsigned.keys = PublicKey::read(&pair.public_key_pem(), "key.pem").unwrap();
    let told = unsigned.refused();
    assert!(told.contains("signature: ") && told.contains("nobody signed it"), "{told}");
}

#[test]
fn a_development_image_is_refused_by_label_and_by_evidence() {
    only("is a development image (label dev.imgbuild.dev)", |world| {
        world.labels.insert(label::DEV.to_owned(), "true".to_owned());
    });
    // Somebody took the label off.
    only("tells of a development build, whatever its labels say", |world| {
        world.internal().development = Some(true);
    });
    only("tells of a development build", |world| world.internal().development = None);
}

#[test]
fn what_is_of_no_clean_commit_is_refused() {
    only("was built from an unclean tree", |world| {
        world.labels.insert(label::GIT_CLEAN.to_owned(), "false".to_owned());
    });
    only("does not say whether its tree was clean", |world| {
        world.labels.remove(label::GIT_CLEAN);
    });
    only("tells of an unclean tree", |world| {
        world.internal().git.as_mut().unwrap().clean = false;
    });
    only("is of another builder's", |world| {
        world.provenance.as_mut().unwrap().build_definition.build_type = "https://other.example".to_owned();
    });
}

#[test]
fn the_tree_is_that_of_the_commit_in_label_and_evidence() {
    let other = "1".repeat(40);
    only("was built from the tree 111111111111", |world| {
        world.labels.insert(label::GIT_TREE.to_owned(), other.clone());
    });
    only("was built from the tree none", |world| {
        world.labels.remove(label::GIT_TREE);
    });
    only("is of the tree 111111111111", |world| world.internal().git.as_mut().unwrap().tree = other.clone());
    only("is of the commit 111111111111, and its label names 012345678901", |world| {
        let source = world.provenance.as_mut().unwrap().build_definition.external_parameters.source.as_mut();
        source.unwrap().digest.insert("gitCommit".to_owned(), other.clone());
    });
    only("is of another image, sha256:", |world| {
        world.internal().config_digest = Some(Digest::of(b"another configuration"));
    });
}

#[test]
fn the_commit_is_on_an_allowed_branch_as_far_as_the_clone_tells() {
    let reach = |reach: Reach| {
        move |world: &mut World| {
            world.commit.as_mut().unwrap().reach = reach;
        }
    };
    only("is on no branch that may be promoted (main, release/*)", reach(Reach::Nowhere));
    only("this clone is shallow", reach(Reach::Unknown));
    only("has none of the remote's branches", reach(Reach::NoBranch));
    only("is not in this clone", |world| world.commit.as_mut().unwrap().tree = None);
    let mut shallow = World::new();
    shallow.commit.as_mut().unwrap().reach = Reach::Unknown;
    let error = shallow.decide().unwrap_err();
    assert!(error.hints().iter().any(|hint| hint.contains("--unshallow")), "{error:?}");
    let mut nameless = World::new();
    nameless.labels.remove(label::oci::REVISION);
    nameless.commit = None;
    assert!(nameless.refused().contains("names no commit"), "{}", nameless.refused());
}

#[test]
fn a_version_is_named_by_a_git_tag_and_not_taken() {
    only("no git tag v1.5.0 at its commit", |world| world.asked = Some("1.5.0"));
    only("the git tag v1.3.0 names another commit", |world| {
        world.refs.tags.push(tag("v1.3.0", TREE));
        world.asked = Some("1.3.0");
    });
    only("rel.example/acme/api:1.4.0 exists already with other content", |world| {
        world.registry.tags.insert("1.4.0".to_owned(), Digest::of(b"other"));
    });
    let mut again = World::new();
    again.registry.tags.insert("1.4.0".to_owned(), again.digest.clone());
    again.registry.all_tags = vec!["1.4.0".to_owned()];
    let promotion = again.decide().unwrap();
    assert!(promotion.to_string().contains("already"), "{promotion}");
    let mut made = World::new();
    (made.asked, made.makes_tag) = (Some("v1.5.0"), true);
    assert!(made.decide().unwrap().git_tag.is_new);
}

#[test]
fn moving_tags_go_by_every_version_that_is_known() {
    let mut world = World::new();
    world.registry.all_tags = ["1.3.0", "1.5.2", "2.0.0-rc.1", "latest"].map(str::to_owned).to_vec();
    let promotion = world.decide().unwrap();
    assert_eq!(tags(&promotion), ["1.4.0", "1.4"]);
    let kept: Vec<String> = promotion.kept.iter().map(|kept| format!("{} {}", kept.tag, kept.why)).collect();
    assert_eq!(kept, ["1 1.5.2 is newer", "latest 1.5.2 is newer"]);
    // A version that was tagged and never promoted keeps them back as well, and that is told.
    let mut tagged = World::new();
    tagged.refs.tags.push(tag("v2.0.0", TREE));
    let promotion = tagged.decide().unwrap();
    assert_eq!(tags(&promotion), ["1.4.0", "1.4", "1"]);
    assert!(
        promotion.notes.iter().any(|note| note.contains("was not promoted yet")),
        "{:?}",
        promotion.notes
    );
    let mut variant = World::new();
    (variant.variant, variant.registry.all_tags) = (Some("alpine"), vec!["1.5.0".to_owned()]);
    assert_eq!(tags(&variant.decide().unwrap()), ["1.4.0-alpine", "1.4-alpine", "1-alpine", "alpine"]);
    let mut candidate = World::new();
    candidate.refs.tags.push(tag("v1.4.0-rc.1", COMMIT));
    candidate.asked = Some("1.4.0-rc.1");
    let promotion = candidate.decide().unwrap();
    assert_eq!(tags(&promotion), ["1.4.0-rc.1"]);
    assert_eq!(promotion.tags()[0].promise, Promise::Version);
}

#[test]
fn every_platform_of_an_index_is_covered() {
    let mut world = World::new();
    world.internal().config_digest = None;
    // By the index.
    world.index = vec![("amd64", false), ("arm64", false)];
    assert_eq!(world.decide().unwrap().platforms, ["linux/amd64", "linux/arm64"]);
    // By each.
    world.about = Digest::of(b"nothing");
    world.index = vec![("amd64", true), ("arm64", true)];
    assert!(world.decide().is_ok());
    world.index = vec![("amd64", true), ("arm64", false)];
    assert!(world.refused().contains("provenance: "), "{}", world.refused());
    // By provenance of another builder's on one of them.
    world.index = vec![("amd64", true), ("arm64", true)];
    world.provenance.as_mut().unwrap().build_definition.build_type = "https://other.example".to_owned();
    assert!(world.refused().contains("of another builder's"), "{}", world.refused());
}

#[test]
fn all_reasons_come_at_once() {
    let mut world = World::new();
    world.tests = None;
    world.labels.insert(label::DEV.to_owned(), "true".to_owned());
    world.commit.as_mut().unwrap().reach = Reach::Nowhere;
    world.registry.tags.insert("1.4.0".to_owned(), Digest::of(b"other"));
    let told = world.refused();
    for words in ["4 reasons", "tests: there is none", "development image", "on no branch", "exists already"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_label_that_disagrees_with_the_version_is_told() {
    let mut world = World::new();
    world.labels.insert(label::oci::VERSION.to_owned(), "1.4.0-rc.1".to_owned());
    let promotion = world.decide().unwrap();
    assert!(promotion.warnings[0].contains("1.4.0-rc.1, and becomes 1.4.0"), "{:?}", promotion.warnings);
}

#[test]
fn pull_requests_never_promote() {
    assert!(who(&CiContext::default()).is_ok());
    for ci in [
        CiContext { pr: Some("7".to_owned()), ..CiContext::default() },
        CiContext { fork: true, ..CiContext::default() },
        CiContext { privileged_pr: true, ..CiContext::default() },
        CiContext { emulator: true, ..CiContext::default() },
    ] {
        assert_eq!(who(&ci).unwrap_err().kind(), Kind::Refused, "{ci:?}");
    }
}

#[test]
fn a_record_knows_its_promotion_again() {
    let world = World::new();
    let promotion = world.decide().unwrap();
    let by = By { user: Some("ada".to_owned()), at: "2026-01-01T00:00:00Z".to_owned(), ..By::default() };
    let statement = record(&promotion, &by);
    assert_eq!(statement.predicate_type, PREDICATE_TYPE);
    assert_eq!(statement.predicate["promotedBy"]["user"], json!("ada"));
    assert!(is_recorded(&promotion, &statement));
    let mut other = World::new();
    (other.asked, other.makes_tag) = (Some("1.4.1"), true);
    assert!(!is_recorded(&other.decide().unwrap(), &statement));
}
