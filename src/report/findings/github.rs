//! `--format github`: workflow commands, which GitHub Actions shows as annotations on the lines of a pull request.

use super::Results;
use super::human::{skipped, tally};
use crate::report::ci::{Annotation, github_annotation};
use crate::report::{escape, from_root};
use crate::rules::{Finding, FindingRecord};

/// Of a line that is no command.
const MOST_COLUMNS: usize = 4_000;

/// The findings that count as workflow commands, one a line, then what was not checked and the tally as plain lines.
pub fn github(results: &Results<'_>) -> String {
    let standing = results.judgement.standing();
    let mark = |finding: &Finding| {
        let mut mark = Annotation::of(&FindingRecord::from(finding));
        mark.path = mark.path.map(|path| from_root(results.folder, &path));
        github_annotation(&mark)
    };
    let commands = standing.map(mark);
    let others = skipped(results).chain([tally(&results.summary())]);
    let plain = |line: String| escape::line(&line, MOST_COLUMNS);
    commands.chain(others.map(plain)).map(|line| line + "\n").collect()
}
