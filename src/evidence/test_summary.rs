//! Which tests an image passed: in-toto's predicate for test results.
//!
//! Its form is that of <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Predicate, Statement};

/// How all tests together ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestVerdict {
    /// Every one passed.
    Passed,
    /// Some have a word to say.
    Warned,
    /// One failed at least.
    Failed,
}

/// What the tests were made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestConfiguration {
    /// Its name: a path, or a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests by algorithm, in hex.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

/// The tests that an image was put to, and how they ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestSummary {
    /// How all of them together ended.
    pub result: TestVerdict,
    /// What they were made of.
    #[serde(default)]
    pub configuration: Vec<TestConfiguration>,
    /// The page where the results are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The names of those that passed.
    #[serde(default)]
    pub passed_tests: Vec<String>,
    /// The names of those that have a word to say.
    #[serde(default)]
    pub warned_tests: Vec<String>,
    /// The names of those that failed.
    #[serde(default)]
    pub failed_tests: Vec<String>,
}

impl TestSummary {
    /// What `statement` says of tests; `None` where it says something else, or says it in another form.
    pub fn of(statement: &Statement) -> Option<TestSummary> {
        if statement.kind() != Predicate::Tests {
            return None;
        }
        serde_json::from_value(statement.predicate.clone()).ok()
    }

    /// Why it proves nothing; `None` where tests were made, and all of them passed.
    pub fn objection(&self) -> Option<String> {
        if self.has_failed() {
            return Some(format!("tests failed: {}", names(&self.failed_tests)));
        }
        let made = self.passed_tests.len() + self.warned_tests.len();
        (made == 0).then(|| "no test was made".to_owned())
    }

    /// Whether a test failed.
    pub fn has_failed(&self) -> bool {
        self.result == TestVerdict::Failed || !self.failed_tests.is_empty()
    }

    /// The predicate.
    pub fn to_json(&self) -> Value {
        // Texts, lists and maps of them: JSON has all of it.
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn names(of: &[String]) -> String {
    if of.is_empty() { "it does not say which".to_owned() } else { of.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::image::Digest;

    fn read(predicate: Value) -> Option<TestSummary> {
        TestSummary::of(&Statement::new(&Digest::of(b"x"), None, &Predicate::Tests, predicate))
    }

    #[test]
    fn only_tests_that_were_made_and_passed_prove_something() {
        let passed = read(json!({"result": "PASSED", "configuration": [], "passedTests": ["a"]})).unwrap();
        assert_eq!(passed.objection(), None);
        assert_eq!(read(passed.to_json()), Some(passed));
        let none = read(json!({"result": "PASSED", "configuration": []})).unwrap();
        assert_eq!(none.objection().as_deref(), Some("no test was made"));
        let hidden = read(
            json!({"result": "PASSED", "configuration": [], "passedTests": ["a"], "failedTests": ["b"]}),
        );
        assert_eq!(hidden.unwrap().objection().as_deref(), Some("tests failed: b"));
        assert_eq!(read(json!({"result": "MAYBE", "configuration": []})), None);
    }
}
