//! What is worth a mark on a line of a pull request, or on the page of a run: why it failed, tests that failed, findings.

use std::collections::BTreeMap;

use crate::error::{Error, Kind};
use crate::report::run_report::{Ended, RunReport};
use crate::report::{Masker, escape};
use crate::rules::{FindingRecord, Level, Rule, registry};

/// Of each level that are shown: GitHub shows ten of a step.
const MOST: usize = 10;
/// Columns of what is wrong in a finding.
const MOST_COLUMNS: usize = 4_000;

/// How a run ends that somebody stopped.
const CANCELLED: [Kind; 2] = [Kind::Interrupted, Kind::Terminated];

/// One mark. Texts are raw; lines and columns are 1-based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// The file, relative to the repository; `None` where it is about the run or an image.
    pub path: Option<String>,
    /// Its line.
    pub line: Option<u32>,
    /// The last line.
    pub end_line: Option<u32>,
    /// The column, where it all is on one line.
    pub column: Option<u32>,
    /// The column behind the last one.
    pub end_column: Option<u32>,
    /// The code of the rule.
    pub code: Option<String>,
    /// A few words.
    pub title: String,
    /// The text, of any number of lines.
    pub message: String,
    /// Whether it is why the run failed.
    pub is_of_run: bool,
}

impl Annotation {
    /// A finding on its place.
    pub fn of(finding: &FindingRecord) -> Annotation {
        let FindingRecord { rule, name, path, field, message, remedy, .. } = finding;
        let of_image = registry::find(rule).is_some_and(Rule::is_of_image);
        let region = finding.region;
        let end = region.filter(|region| finding.line.is_some_and(|line| region.end_line >= line));
        // Columns of a place that spans lines are refused.
        let one_line = end.is_none_or(|end| Some(end.end_line) == finding.line);
        let start = region.filter(|region| Some(region.start_line) == finding.line);
        let column = finding.column.map(|column| start.map_or(column, |region| region.start_column));
        let column = column.filter(|_| one_line);
        // An image is no file of the repository.
        let image = if of_image { format!("{path}: ") } else { String::new() };
        let field = field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        Annotation {
            level: finding.level,
            path: (!of_image).then(|| path.strip_prefix("./").unwrap_or(path).to_owned()),
            line: finding.line,
            end_line: end.map(|end| end.end_line),
            column,
            end_column: end.filter(|_| column.is_some()).map(|end| end.end_column),
            code: Some(rule.clone()),
            title: format!("{rule} {name}"),
            // Of one line, as in every other format of findings.
            message: escape::line(&format!("{image}{field}{message}; {remedy}"), MOST_COLUMNS),
            is_of_run: false,
        }
    }

    /// Why a command failed that is no run, masked; `None` for one that was cancelled, which is no news to whoever did it.
    /// That a check found something is for its exit code to say: a problem of TeamCity's fails the build by itself.
    pub fn of_error(error: &Error, masker: &Masker) -> Option<Annotation> {
        let hints: Vec<String> = error.hints().iter().map(|hint| masker.text(hint)).collect();
        let message = masker.text(error.to_string());
        (!CANCELLED.contains(&error.kind())).then(|| Annotation::failure("imgbuild", &message, &hints))
    }

    /// What came of a run, the worst first, at most ten of each level. The report has to be masked.
    pub fn of_report(report: &RunReport) -> Vec<Annotation> {
        let mut all = Vec::new();
        let cancelled = CANCELLED.map(Kind::exit_code).contains(&report.exit_code);
        if let Some(error) = report.error.as_ref().filter(|_| !cancelled) {
            let title = format!("imgbuild {}", report.command);
            let failure = Annotation::failure(&title, &error.message, &error.hints);
            let step = report.build.as_ref().and_then(|build| build.failed_step.as_ref());
            let place = step.and_then(|step| Some((step.file.clone()?, step.line?)));
            let (path, line) = place.unzip();
            all.push(Annotation { is_of_run: true, path, line, end_line: line, ..failure });
        }
        for test in report.tests.iter().filter(|test| test.outcome == Ended::Failed) {
            let title = format!("test {} failed", test.name);
            all.push(Annotation::plain(Level::Error, title, test.problems.join("\n")));
        }
        all.extend(Annotation::of_findings(&report.findings));
        capped(all)
    }

    /// The findings that count, which have to be masked, the worst first, at most ten of each level.
    pub fn of_findings(findings: &[FindingRecord]) -> Vec<Annotation> {
        let standing = findings.iter().filter(|finding| finding.excused.is_none());
        capped(standing.map(Annotation::of).collect())
    }

    fn failure(title: &str, message: &str, hints: &[String]) -> Annotation {
        let hints = hints.iter().map(|hint| format!("\nhint: {hint}"));
        let message = std::iter::once(message.to_owned()).chain(hints).collect();
        Annotation::plain(Level::Error, title.to_owned(), message)
    }

    fn plain(level: Level, title: String, message: String) -> Annotation {
        Annotation {
            level,
            path: None,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
            code: None,
            title,
            message,
            is_of_run: false,
        }
    }
}

fn capped(mut all: Vec<Annotation>) -> Vec<Annotation> {
    all.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    let mut seen: BTreeMap<Level, usize> = BTreeMap::new();
    all.retain(|annotation| {
        let count = seen.entry(annotation.level).or_default();
        *count += 1;
        *count <= MOST
    });
    all
}
