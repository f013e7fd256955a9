//! `# imgbuild ignore=IMG105 reason="…" until=2027-01-01` in a Dockerfile, and what other tools write there.

use sha2::{Digest as _, Sha256};

use super::pragma::{self, Pragma};
use super::{Dialect, Waiver};
use crate::dockerfile::{Comment, Dockerfile, Instruction, LineIndex};
use crate::rules::{Place, Region};

/// More waivers than any file has; each costs what a finding costs.
const MOST: usize = 2_000;

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
                if inline.waivers.len() + rules.len() > MOST {
                    inline
                        .malformed
                        .push((place, format!("a file may hold {MOST} waivers; the rest is left out")));
                    break;
                }
                let Some(target) =
                    (if whole_file { Some(None) } else { instruction_of(file, comment.line).map(Some) })
                else {
                    if dialect == Dialect::Own {
                        inline.malformed.push((place, "no instruction follows this waiver".to_owned()));
                    }
                    continue;
                };
                let lines = target.map(|instruction| (instruction.line, instruction.end_line));
                let about = target.map(|instruction| text_hash(instruction.span.of(bytes)));
                inline.waivers.extend(rules.into_iter().map(|rule| Waiver {
                    rule,
                    path: None,
                    lines,
                    about,
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
            about: None,
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

/// A hash of the words of a text, comments that are waivers themselves among them: what is inside an instruction counts.
fn text_hash(bytes: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for word in bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        hash.update(word);
        hash.update([0]);
    }
    let mut short = [0; 16];
    short.iter_mut().zip(hash.finalize()).for_each(|(short, byte)| *short = byte);
    short
}

/// The instruction that the comment on `line` is about.
fn instruction_of(file: &Dockerfile, line: u32) -> Option<&Instruction> {
    // Instructions are in the order of their lines.
    let at = file.instructions.partition_point(|instruction| instruction.end_line < line);
    file.instructions.get(at)
}
