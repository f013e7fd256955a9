//! An index, and what is said of it and of its images.

use serde_json::json;

use super::policy::fits;
use super::*;
use crate::evidence::{Aspect, Attached, Content, Place, Predicate, Statement};
use crate::image::Digest;

const ALL: Demand = Demand { signature: false, provenance: true, tests: true, sbom: false };

fn said(of: &Digest, kind: &Predicate, predicate: serde_json::Value) -> Attached {
    let statement = Statement::new(of, None, kind, predicate);
    Attached {
        place: Place::Referrer(Digest::of(&statement.to_bytes())),
        claims: Some(kind.clone()),
        content: Content::Unsigned(statement.to_bytes()),
    }
}

fn provenance(of: &Digest) -> Attached {
    let predicate = json!({"buildDefinition": {"buildType": "t"}, "runDetails": {"builder": {"id": "b"}}});
    said(of, &Predicate::Provenance, predicate)
}

fn tests(of: &Digest, result: &str) -> Attached {
    let predicate = json!({"result": result, "configuration": [], "passedTests": ["a"]});
    said(of, &Predicate::Tests, predicate)
}

fn collected(name: &str, attached: impl Fn(&Digest) -> Vec<Attached>) -> Collected {
    let subject = Digest::of(name.as_bytes());
    Collected { attached: attached(&subject), subject }
}

fn doubted(all: &[Collected]) -> Vec<Aspect> {
    judge(all, &[], ALL).doubts.into_iter().map(|doubt| doubt.aspect).collect()
}

#[test]
fn what_does_not_hold_of_an_index_holds_of_each_of_its_images() {
    let both = |of: &Digest| vec![provenance(of), tests(of, "PASSED")];
    let index = collected("index", |_| Vec::new());
    let (one, two) = (collected("one", both), collected("two", both));
    assert_eq!(doubted(&[index.clone(), one.clone(), two]), []);
    // Provenance of the index, tests of each.
    let half = |name| collected(name, |of| vec![tests(of, "PASSED")]);
    let of_index = collected("index", |of| vec![provenance(of)]);
    assert_eq!(doubted(&[of_index, half("one"), half("two")]), []);
    let bare = collected("two", |_| Vec::new());
    assert_eq!(doubted(&[index.clone(), one, bare]), [Aspect::Provenance, Aspect::Tests]);
    assert_eq!(doubted(&[index]), [Aspect::Provenance, Aspect::Tests]);
}

#[test]
fn a_word_against_an_image_is_not_outdone() {
    let both = |of: &Digest| vec![provenance(of), tests(of, "PASSED")];
    let failed = |of: &Digest| vec![provenance(of), tests(of, "FAILED")];
    assert_eq!(doubted(&[collected("i", both), collected("one", failed)]), [Aspect::Tests]);
    assert_eq!(doubted(&[collected("i", failed), collected("one", both)]), [Aspect::Tests]);
    let mixed = |of: &Digest| vec![provenance(of), tests(of, "PASSED"), tests(of, "FAILED")];
    assert_eq!(doubted(&[collected("i", mixed)]), [Aspect::Tests]);
}

#[test]
fn a_list_that_was_changed_is_not_outdone_by_another_one() {
    let both = |of: &Digest| vec![provenance(of), tests(of, "PASSED")];
    let list = |of: &Digest, kind| said(of, &kind, json!({}));
    let changed = |kind| Attached {
        place: Place::Tag(String::new()),
        claims: Some(kind),
        content: Content::Unreadable("its bytes are others".to_owned()),
    };
    let with = |name, of_it: Vec<Attached>, kinds: Vec<Predicate>| {
        collected(name, |of| {
            let lists = kinds.iter().map(|kind| list(of, kind.clone()));
            both(of).into_iter().chain(of_it.clone()).chain(lists).collect()
        })
    };
    let (spdx, cyclonedx) = (|| Predicate::Spdx, || Predicate::CycloneDx);
    let whole = with("one", Vec::new(), vec![spdx(), cyclonedx()]);
    assert_eq!(doubted(std::slice::from_ref(&whole)), []);
    assert_eq!(doubted(&[with("one", vec![changed(spdx())], vec![cyclonedx()])]), [Aspect::Sbom]);
    // Whoever may attach cannot break the proof of others.
    assert_eq!(doubted(&[with("one", vec![changed(spdx())], vec![spdx(), cyclonedx()])]), []);
    // Of an image in an index, whatever the index has.
    let of_image = with("two", vec![changed(cyclonedx())], vec![spdx()]);
    for index in [collected("index", both), with("index", Vec::new(), vec![spdx(), cyclonedx()])] {
        assert_eq!(doubted(&[index, whole.clone(), of_image.clone()]), [Aspect::Sbom]);
    }
}

#[test]
fn a_reason_is_as_long_as_anybody_reads() {
    let wordy = format!(r#"{{"_type": "{}", "predicateType": "x"}}"#, "ä".repeat(100_000));
    let attached = Attached {
        place: Place::Tag(String::new()),
        claims: Some(Predicate::Tests),
        content: Content::Unsigned(wordy.into_bytes()),
    };
    let judged = judge(&[collected("one", |_| vec![attached.clone()])], &[], ALL);
    let why = &judged.doubts.last().expect("a doubt").why;
    assert!(why.contains("no in-toto statement") && why.chars().count() < 1000, "{}", why.len());
}

#[test]
fn a_star_stands_for_anything_at_the_end_alone() {
    assert!(fits("https://host/acme/*", "https://host/acme/api"));
    assert!(!fits("https://host/acme/*", "https://host/acm/api"));
    assert!(fits("b", "b") && !fits("b", "bb") && !fits("*b", "ab"));
}
