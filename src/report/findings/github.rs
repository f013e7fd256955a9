//! `--format github`: workflow commands, which GitHub Actions shows as annotations on the lines of a pull request.

use super::Results;
use super::human::{skipped, tally};
use super::results::{is_of_image, repository_path};
use crate::report::escape;
use crate::rules::{Finding, Level};

/// GitHub cuts an annotation at 64 KiB; nobody reads as much.
const MOST_COLUMNS: usize = 4_000;

/// The findings that count as workflow commands, one a line, then what was not checked and the tally as plain lines.
pub fn github(results: &Results<'_>) -> String {
    let commands = results.judgement.standing().map(command);
    let others = skipped(results).chain([tally(&results.summary())]);
    commands.chain(others.map(|line| plain(&line))).map(|line| line + "\n").collect()
}

fn command(finding: &Finding) -> String {
    let place = &finding.place;
    let kind = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    };
    let mut properties = Vec::new();
    // An image is no file of the repository.
    if !is_of_image(finding) {
        properties.push(format!("file={}", property(repository_path(&place.path))));
    }
    if place.line > 0 {
        properties.push(format!("line={}", place.line));
        let end = place.region.map(|region| region.end).filter(|end| end.line >= place.line);
        if let Some(end) = end {
            properties.push(format!("endLine={}", end.line));
        }
        // Columns of a place that spans lines are refused.
        if place.column > 0 && end.is_none_or(|end| end.line == place.line) {
            let start = place.region.filter(|region| region.start.line == place.line);
            properties.push(format!("col={}", start.map_or(place.column, |region| region.start.column)));
            properties.extend(end.map(|end| format!("endColumn={}", end.column)));
        }
    }
    properties.push(format!("title={}", property(&format!("{} {}", finding.rule.code, finding.rule.name))));
    let of_image = if is_of_image(finding) { format!("{}: ", place.path) } else { String::new() };
    let field = place.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    let message = format!("{of_image}{field}{}; {}", finding.message, finding.remedy);
    format!("::{kind} {}::{}", properties.join(","), data(&message))
}

fn plain(text: &str) -> String {
    escape::line(text, MOST_COLUMNS)
}

/// The text of a command. What GitHub would decode is written so that it comes out as it was.
fn data(text: &str) -> String {
    plain(text).replace('%', "%25")
}

/// A value in front of it, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
