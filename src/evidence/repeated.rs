//! What a run adds to what earlier ones attached: one that is repeated adds nothing, however often.

use serde_json::Value;

use super::{Collected, Place, Predicate, PublicKey, Statement, read};

/// Those of `statements` that were not said yet, by what is attached to their subject.
///
/// With a key, only what it signed was said; without, only what nobody signed, which is as much as these will be. A word
/// that was not the same is not replaced: registries need not delete, and whoever relied on it finds it still.
pub fn unsaid(statements: Vec<Statement>, there: &Collected, key: Option<&PublicKey>) -> Vec<Statement> {
    let keys = key.map(std::slice::from_ref).unwrap_or_default();
    // A place of cosign's older form is no referrer, and may go with its tag.
    let said: Vec<Statement> = read(there, keys)
        .into_iter()
        .filter(|one| one.objection.is_none() && matches!(one.place, Place::Referrer(_)))
        .filter(|one| key.is_some() || !one.has_signature)
        .filter_map(|one| one.statement)
        .collect();
    let is_new = |statement: &Statement| !said.iter().any(|other| is_same(statement, other));
    statements.into_iter().filter(is_new).collect()
}

/// Whether two statements of one subject say the same, but for what differs from run to run: of a build when and by which
/// run it was made, of tests the page where their results are.
fn is_same(one: &Statement, other: &Statement) -> bool {
    one.predicate_type == other.predicate_type && meaning(one) == meaning(other)
}

fn meaning(statement: &Statement) -> Value {
    let mut said = statement.predicate.clone();
    let varies = match statement.kind() {
        Predicate::Provenance => ("/runDetails", "metadata"),
        Predicate::Tests => ("", "url"),
        _ => return said,
    };
    if let Some(table) = said.pointer_mut(varies.0).and_then(Value::as_object_mut) {
        table.remove(varies.1);
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::key::tests::{OTHER_PUBLIC, PUBLIC, SEC1};
    use super::super::{Attached, Content, Envelope, SigningKey};
    use super::*;
    use crate::image::Digest;

    fn statement(kind: &Predicate, said: Value) -> Statement {
        Statement::new(&Digest::of(b"image"), Some("r.example/a"), kind, said)
    }

    fn tests(url: &str, passed: &str) -> Statement {
        let said = json!({"result": "PASSED", "configuration": [], "url": url, "passedTests": [passed]});
        statement(&Predicate::Tests, said)
    }

    fn provenance(builder: &str, run: &str) -> Statement {
        let said = json!({"buildDefinition": {"buildType": "t"},
            "runDetails": {"builder": {"id": builder}, "metadata": {"invocationId": run}}});
        statement(&Predicate::Provenance, said)
    }

    /// What is attached: statements that the key of these tests signed, or nobody.
    fn there(statements: &[(Statement, bool)]) -> Collected {
        let key = SigningKey::read(SEC1, "x").unwrap();
        let attached = statements.iter().map(|(statement, signed)| {
            let content = match signed {
                true => Content::Envelope(Envelope::sign(statement, &key).unwrap()),
                false => Content::Unsigned(statement.to_bytes()),
            };
            Attached { place: Place::Referrer(Digest::of(b"place")), claims: None, content }
        });
        Collected { subject: Digest::of(b"image"), attached: attached.collect() }
    }

    #[test]
    fn what_a_repeated_run_says_again_is_left_out() {
        let signature = || statement(&Predicate::Signature, json!({}));
        let first = [tests("page/1", "serves"), provenance("ci", "1"), signature()];
        let again = vec![tests("page/2", "serves"), provenance("ci", "2"), signature()];
        let own = PublicKey::read(PUBLIC, "x").unwrap().remove(0);
        let other = PublicKey::read(OTHER_PUBLIC, "x").unwrap().remove(0);
        for (signed, key, adds) in [
            (true, Some(&own), 0),
            (false, None, 0),
            // What another key signed, or nobody, is not what this key says.
            (true, Some(&other), 3),
            (false, Some(&own), 3),
            (true, None, 3),
        ] {
            let there = there(&first.clone().map(|statement| (statement, signed)));
            assert_eq!(unsaid(again.clone(), &there, key).len(), adds, "{signed} {key:?}");
        }
    }

    #[test]
    fn what_says_something_else_is_added() {
        let before = [tests("page/1", "serves"), provenance("ci", "1")].map(|statement| (statement, false));
        for new in [tests("page/1", "stops"), provenance("local", "1")] {
            assert_eq!(unsaid(vec![new.clone()], &there(&before), None), [new]);
        }
        // That tests failed once is no reason to keep back that they passed.
        let mut failed = tests("page/1", "serves");
        failed.predicate["failedTests"] = json!(["stops"]);
        let passed = tests("page/1", "serves");
        assert_eq!(unsaid(vec![passed.clone()], &there(&[(failed, false)]), None), [passed]);
        // Neither is what is said of another image.
        let elsewhere = Statement::new(
            &Digest::of(b"other"),
            None,
            &Predicate::Tests,
            tests("page/1", "serves").predicate,
        );
        assert_eq!(unsaid(vec![tests("", "serves")], &there(&[(elsewhere, false)]), None).len(), 1);
    }
}
