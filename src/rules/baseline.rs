//! Findings that were there before: only new ones count.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::error::{Error, Kind, Result};

/// Version of the file.
const SCHEMA: u32 = 1;

/// The findings that a repository had when somebody drew the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    /// Rule and path are for the people who read the file.
    findings: BTreeMap<String, String>,
}

impl Baseline {
    /// Reads a baseline; `name` is what messages call the file.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Baseline> {
        let invalid = |why: String| {
            Error::new(Kind::Config, format!("the baseline {name} cannot be read: {why}"))
                .hint("write it anew with `imgbuild check --write-baseline FILE`")
        };
        let file: File = serde_json::from_slice(bytes).map_err(|cause| invalid(cause.to_string()))?;
        if file.schema != SCHEMA {
            return Err(invalid(format!(
                "it has the schema {}, and this program reads {SCHEMA}",
                file.schema
            )));
        }
        Ok(Baseline { known: file.findings.into_keys().collect() })
    }

    /// The file that makes every finding in `findings` known, sorted and with a final newline. Excused ones are left out.
    pub fn write<'a>(findings: impl Iterator<Item = &'a Finding>) -> Result<String> {
        let line = |f: &Finding| (f.fingerprint.clone(), format!("{} {}", f.rule.code, f.place.path));
        let file = File { schema: SCHEMA, findings: findings.map(line).collect() };
        let text = serde_json::to_string_pretty(&file);
        text.map(|text| text + "\n")
            .map_err(|cause| Error::new(Kind::Internal, "cannot write the baseline").because(cause))
    }

    /// Whether the finding is known.
    pub fn has(&self, finding: &Finding) -> bool {
        self.known.contains(&finding.fingerprint)
    }
}
