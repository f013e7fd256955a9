//! in-toto statements: what is said of which digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Predicate;
use crate::image::Digest;

/// The types of statements that are read: cosign's attestations still have the older one.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
/// No statement is about more.
const MAX_SUBJECTS: usize = 1000;

/// An in-toto statement (v1; v0.1 is read, too).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// What it is about.
    #[serde(default)]
    pub subject: Vec<StatementSubject>,
    /// Says what `predicate` is.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said.
    #[serde(default)]
    pub predicate: Value,
}

/// One thing that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSubject {
    /// Its name, which proves nothing; cosign's signatures have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests by algorithm, in hex.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

impl Statement {
    /// A statement about the manifest `subject`, known as `name`.
    pub fn new(subject: &Digest, name: Option<&str>, kind: &Predicate, predicate: Value) -> Statement {
        let digest = BTreeMap::from([("sha256".to_owned(), subject.hex().to_owned())]);
        Statement {
            kind: TYPES[0].to_owned(),
            subject: vec![StatementSubject { name: name.map(str::to_owned), digest }],
            predicate_type: kind.uri().to_owned(),
            predicate,
        }
    }

    /// Reads a statement; else says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Statement, String> {
        let statement: Statement =
            serde_json::from_slice(bytes).map_err(|cause| format!("it is no in-toto statement ({cause})"))?;
        if !TYPES.contains(&statement.kind.as_str()) {
            return Err(format!("it is no in-toto statement, but {:?}", statement.kind));
        }
        if statement.subject.len() > MAX_SUBJECTS {
            return Err(format!("it is about more than {MAX_SUBJECTS} things"));
        }
        Ok(statement)
    }

    /// What it says.
    pub fn kind(&self) -> Predicate {
        Predicate::of(&self.predicate_type)
    }

    /// Whether it is about `digest`. Names are not looked at: whoever copies an image gives it another one.
    pub fn is_about(&self, digest: &Digest) -> bool {
        self.subject.iter().any(|one| one.digest.get("sha256").is_some_and(|hex| hex == digest.hex()))
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A statement holds nothing that JSON cannot.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let digest = Digest::of(b"image");
        let statement = Statement::new(&digest, Some("r.example/a"), &Predicate::Tests, json!({"a": [1]}));
        let read = Statement::parse(&statement.to_bytes()).unwrap();
        assert_eq!(read, statement);
        assert_eq!(read.kind(), Predicate::Tests);
        assert!(read.is_about(&digest) && !read.is_about(&Digest::of(b"other")));
    }

    #[test]
    fn the_older_type_is_read_and_others_are_not() {
        let of = |kind: &str| json!({"_type": kind, "predicateType": "x"}).to_string();
        assert!(Statement::parse(of("https://in-toto.io/Statement/v0.1").as_bytes()).is_ok());
        let why = Statement::parse(of("https://in-toto.io/Link/v1").as_bytes()).unwrap_err();
        assert!(why.contains("Link"), "{why}");
        assert!(Statement::parse(b"{}").unwrap_err().contains("no in-toto statement"));
        let many = json!({"_type": TYPES[0], "predicateType": "x",
            "subject": vec![json!({"digest": {"sha256": "0"}}); MAX_SUBJECTS + 1]});
        assert!(Statement::parse(many.to_string().as_bytes()).unwrap_err().contains("more than 1000"));
    }
}
