//! `--format human`: findings with the text that they are about, for people.

use super::excerpt::excerpt;
use super::results::Summary;
use super::{Results, scores};
use crate::report::OutputMode;
use crate::report::look::Look;
use crate::report::words;
use crate::rules::{Finding, Level, Place};

/// The results for people, for stdout; it fits the mode's width and ends with a newline.
pub fn human(results: &Results<'_>, mode: &OutputMode) -> String {
    let look = Look { color: mode.stdout_color, ..Look::from(mode) };
    let mut lines = Vec::new();
    for finding in results.judgement.standing() {
        lines.extend(shown(finding, results.sources.get(finding.place.path.as_str()).copied(), look));
        lines.push(String::new());
    }
    let summary = results.summary();
    lines.extend(look.message("", &tally(&summary), 2));
    lines.extend(excused(&summary));
    lines.extend(skipped(results).flat_map(|line| look.message(&look.dim("- "), &line, 2)));
    if !results.scorecard.is_empty() {
        lines.push(String::new());
        lines.extend(scores::table(results.scorecard, look));
    }
    lines.join("\n") + "\n"
}

fn shown(finding: &Finding, source: Option<&[u8]>, look: Look) -> Vec<String> {
    let paint: fn(Look, &str) -> String = match finding.level {
        Level::Error => Look::red,
        Level::Warning => Look::yellow,
        Level::Info => Look::cyan,
    };
    let rule = finding.rule;
    let head = format!("{} ", paint(look, finding.level.as_str()));
    let alias = finding.alias.as_ref().map(|alias| format!(" ({alias})")).unwrap_or_default();
    let mut lines =
        look.message(&head, &format!("{} {}{alias}: {}", rule.code, rule.name, finding.message), 2);
    lines.extend(look.message(&format!("  {} ", look.dim("-->")), &place(&finding.place), 6));
    if let (Some(region), Some(source)) = (&finding.place.region, source) {
        lines.extend(excerpt(source, region, look, |carets| paint(look, carets)));
    }
    if let Some(evidence) = &finding.evidence {
        lines.extend(look.message(&format!("  {} ", look.dim("found:")), evidence, 9));
    }
    lines.extend(look.message(&format!("  {} ", look.cyan("help:")), &finding.remedy, 8));
    if let Some(fix) = &finding.fix {
        lines.extend(look.message(
            &format!("  {} ", look.green("fix:")),
            &format!("{} (--fix)", fix.title),
            7,
        ));
    }
    lines
}

/// `path:line:column`, with the field where there is one.
fn place(place: &Place) -> String {
    let mut text = place.path.clone();
    for number in [place.line, place.column].into_iter().take_while(|number| *number > 0) {
        text += &format!(":{number}");
    }
    if let Some(field) = &place.field {
        text += &format!(" {field}");
    }
    text
}

/// `2 errors, 1 info in 3 files; 4 can be fixed with --fix`.
pub(super) fn tally(summary: &Summary) -> String {
    let kinds = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "info")];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    let found = if kinds.is_empty() { "no findings".to_owned() } else { kinds.join(", ") };
    let fixable = match summary.fixable {
        0 => String::new(),
        number => format!("; {number} can be fixed with --fix"),
    };
    format!("{found} in {}{fixable}", count(summary.files, "file"))
}

/// `3 waived, 12 in the baseline`, where there are any.
fn excused(summary: &Summary) -> Option<String> {
    let kinds = [(summary.waived, "waived"), (summary.baseline, "in the baseline")];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// A line for each reason why rules could not judge, with their codes.
pub(super) fn skipped(results: &Results<'_>) -> impl Iterator<Item = String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (rule, why) in &results.judgement.skipped {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, codes)) => codes.push(rule.code),
            None => reasons.push((why, vec![rule.code])),
        }
    }
    let line = |(why, codes): (&str, Vec<&str>)| format!("not checked: {}: {why}", codes.join(", "));
    reasons.into_iter().map(line).collect::<Vec<_>>().into_iter()
}

fn count(number: usize, noun: &str) -> String {
    words::count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
