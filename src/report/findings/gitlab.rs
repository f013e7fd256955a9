//! `--format gitlab`: a Code Quality report, which GitLab shows in merge requests.

use serde::Serialize;

use super::Results;
use super::json::written;
use super::results::repository_path;
use crate::rules::{Finding, Level};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The findings that count as a Code Quality report: a JSON array that ends with a newline.
pub fn gitlab(results: &Results<'_>) -> String {
    written(&results.judgement.standing().map(issue).collect::<Vec<_>>())
}

fn issue(finding: &Finding) -> Issue<'_> {
    let field = finding.place.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    Issue {
        description: format!("{} {}: {field}{}", finding.rule.code, finding.rule.name, finding.message),
        check_name: finding.rule.code,
        fingerprint: &finding.fingerprint,
        severity: match finding.level {
            Level::Error => "critical",
            Level::Warning => "major",
            Level::Info => "info",
        },
        // A line is demanded: that of a file as a whole is its first.
        location: Location {
            path: repository_path(&finding.place.path),
            lines: Lines { begin: finding.place.line.max(1) },
        },
    }
}
