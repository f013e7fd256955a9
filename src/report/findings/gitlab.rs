//! `--format gitlab`: a Code Quality report, which GitLab shows in merge requests.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Results;
use super::json::written;
use crate::rules::{Finding, Level};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: Cow<'a, str>,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The findings that count as a Code Quality report: a JSON array that ends with a newline.
pub fn gitlab(results: &Results<'_>) -> String {
    let issues = results.judgement.standing().map(|finding| issue(results, finding));
    written(&issues.collect::<Vec<_>>())
}

fn issue<'a>(results: &Results<'_>, finding: &'a Finding) -> Issue<'a> {
    let field = finding.place.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    Issue {
        description: format!(
            "{} {}: {field}{}",
            finding.rule.code,
            finding.rule.name,
            results.message(finding)
        ),
        check_name: finding.rule.code,
        fingerprint: fingerprint(results.folder, finding),
        severity: match finding.level {
            Level::Error => "critical",
            Level::Warning => "major",
            Level::Info => "info",
        },
        // A line is demanded: that of a file as a whole is its first.
        location: Location { path: results.file(finding), lines: Lines { begin: finding.place.line.max(1) } },
    }
}

/// GitLab puts the reports of all jobs together and tells issues apart by nothing else, and two services of one repository
/// may have the very same line in files of one name.
fn fingerprint<'a>(folder: &Path, finding: &'a Finding) -> Cow<'a, str> {
    if folder.as_os_str().is_empty() {
        return Cow::Borrowed(&finding.fingerprint);
    }
    let mut hash = Sha256::new();
    hash.update(folder.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(&finding.fingerprint);
    Cow::Owned(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
