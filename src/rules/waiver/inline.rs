//! `# imgbuild ignore=IMG105 reason="…" until=2027-01-01` in a Dockerfile, and what other tools write there.

use super::pragma::{self, Pragma};
use super::{Dialect, Waiver};
use crate::dockerfile::{Comment, Dockerfile, LineIndex};
use crate::rules::{Place, Region};

/// The waivers of one Dockerfile.
#[derive(Debug, Clone, Default)]
pub struct Inline {
    /// In the order of the file.
    pub waivers: Vec<Waiver>,
    /// Comments that begin like ours and are none: the place, and what is wrong.
    pub malformed: Vec<(Place, String)>,
    /// Whether `# check=error=true` asks that the engine's own checks be errors.
    pub checks_are_errors: bool,
}

/// Reads the waivers of `file`. A comment is about the instruction that follows it, or in whose lines it stands.
pub fn inline_waivers(path: &str, bytes: &[u8], file: &Dockerfile) -> Inline {
    let lines = LineIndex::new(bytes);
    let mut inline = Inline::default();
    for comment in &file.comments {
        let place = place(path, comment, &lines);
        match pragma::read(&comment.text) {
            Pragma::None => {}
            Pragma::Malformed(why) => inline.malformed.push((place, why)),
            Pragma::Ignore { dialect, rules, reason, until, whole_file } => {
                let Some(lines) =
                    (if whole_file { Some(None) } else { target(file, comment.line).map(Some) })
                else {
                    if dialect == Dialect::Own {
                        inline.malformed.push((place, "no instruction follows this waiver".to_owned()));
                    }
                    continue;
                };
                inline.waivers.extend(rules.into_iter().map(|rule| Waiver {
                    rule,
                    path: None,
                    lines,
                    text: None,
                    until,
                    reason: reason.clone(),
                    origin: place.clone(),
                    dialect,
                }));
            }
        }
    }
    if let Some(check) = &file.directives.check {
        let options = pragma::check_options(&check.value);
        inline.checks_are_errors = options.error;
        let start = lines.position(check.span.start);
        let region = Region { span: check.span, start, end: lines.position(check.span.end) };
        let origin =
            Place { path: path.to_owned(), line: check.line, column: 1, region: Some(region), field: None };
        inline.waivers.extend(options.skip.into_iter().map(|rule| Waiver {
            rule,
            path: None,
            lines: None,
            text: None,
            until: None,
            reason: "the file's check directive skips it".to_owned(),
            origin: origin.clone(),
            dialect: Dialect::BuildKit,
        }));
    }
    inline
}

fn place(path: &str, comment: &Comment, lines: &LineIndex) -> Place {
    let start = lines.position(comment.span.start);
    let region = Region { span: comment.span, start, end: lines.position(comment.span.end) };
    Place {
        path: path.to_owned(),
        line: comment.line,
        column: start.column,
        region: Some(region),
        field: None,
    }
}

/// First and last line of the instruction that the comment on `line` is about.
fn target(file: &Dockerfile, line: u32) -> Option<(u32, u32)> {
    // Instructions are in the order of their lines.
    let at = file.instructions.partition_point(|instruction| instruction.end_line < line);
    file.instructions.get(at).map(|instruction| (instruction.line, instruction.end_line))
}
