//! The text that a finding is about, with carets under it.

use std::borrow::Cow;

use console::measure_text_width;

use super::hush::{HUSHED, is_hushed};
use crate::dockerfile::{LineIndex, Position, Span};
use crate::report::escape;
use crate::report::look::Look;
use crate::rules::Region;

/// Columns of an excerpt, also where there is room for more: what is beyond is no help.
const MOST_COLUMNS: usize = 80;
/// Characters of a line that are kept for later.
const MOST_KEPT: usize = 1_000;
/// Columns that a tab takes; its stop is not known in a line that is cut.
const TAB: &str = "    ";
/// Bytes of a line that are looked at, on either side of where the region begins.
const WINDOW: usize = 4_096;

/// The line of `source` that `region` begins in, and carets under the region, which `paint` colours; an ellipsis below
/// tells of further lines. A line that may hold a secret is only told of. Nothing where the region is not in `source`.
pub(super) fn excerpt(
    source: &[u8],
    region: &Region,
    look: Look,
    paint: impl Fn(&str) -> String,
) -> Vec<String> {
    let Some(line) = Line::of(source, region) else { return Vec::new() };
    let number = region.start.line.to_string();
    let gutter = " ".repeat(number.len());
    let room = look.width.min(MOST_COLUMNS).saturating_sub(number.len() + 5).max(8);
    let bar = look.dim("|");
    if line.is_hushed {
        return look.message(&format!("  {} {bar} ", look.dim(&number)), HUSHED, number.len() + 5);
    }
    let (text, blanks, carets) = line.cut(room, look.ellipsis());
    let mut lines = vec![
        format!("  {} {bar} {text}", look.dim(&number)),
        format!("  {gutter} {bar} {}{}", " ".repeat(blanks), paint(&"^".repeat(carets))),
    ];
    let is_longer = match region.end.line.checked_sub(region.start.line) {
        None | Some(0) => false,
        Some(1) => region.end.column > 1,
        Some(_) => true,
    };
    if is_longer {
        lines.push(format!("  {gutter} {bar} {}", look.dim(look.ellipsis())));
    }
    lines
}

/// The whole of a line, number `line` of its file, with carets under all of it.
pub(in crate::report) fn marked_line(text: &str, line: u32, look: Look) -> Vec<String> {
    let trimmed = text.trim_end();
    let start = trimmed.len() - trimmed.trim_start().len();
    let at = |column: usize| Position { line, column: u32::try_from(column).unwrap_or(u32::MAX) };
    let end = trimmed.chars().count() + 1;
    let region = Region { span: Span { start, end: trimmed.len() }, start: at(start + 1), end: at(end) };
    excerpt(text.as_bytes(), &region, look, |carets| look.red(carets))
}

/// Line `line` of `file`; none where it may hold a secret, or is not there.
pub(in crate::report) fn line_that_may_be_shown(file: &[u8], line: u32) -> Option<String> {
    let span = LineIndex::new(file).line_span(line);
    let text = String::from_utf8_lossy(file.get(span.start..span.end)?);
    let above = file.get(span.start.saturating_sub(WINDOW)..span.start)?;
    let shown = text.trim_end().chars().take(MOST_KEPT).collect::<String>();
    (!shown.is_empty() && !is_hushed(above, &text)).then_some(shown)
}

/// The part of a line around a region, safe but for its escapes.
struct Line {
    text: String,
    /// Where each character of `text` begins.
    starts: Vec<usize>,
    /// The characters of the region.
    region: (usize, usize),
    /// Whether there is more of the line before and behind.
    more: (bool, bool),
    /// Whether it may hold a secret.
    is_hushed: bool,
}

impl Line {
    fn of(source: &[u8], region: &Region) -> Option<Line> {
        let (before, behind) = source.split_at_checked(region.span.start)?;
        let floor = before.len().saturating_sub(WINDOW);
        let head = before.get(floor..)?;
        let newline = head.iter().rposition(|byte| *byte == b'\n');
        let is_cut_before = newline.is_none() && floor > 0;
        let mut head = head.get(newline.map_or(0, |at| at + 1)..)?;
        if is_cut_before {
            let whole = head.iter().position(|byte| byte & 0xc0 != 0x80).unwrap_or(head.len());
            head = head.get(whole..)?;
        }
        head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);

        let window = behind.get(..WINDOW).unwrap_or(behind);
        let newline = window.iter().position(|byte| *byte == b'\n');
        let mut tail = window.get(..newline.unwrap_or(window.len()))?;
        while let [most @ .., b'\r'] = tail {
            tail = most;
        }
        let length = region.span.end.saturating_sub(region.span.start).min(tail.len());
        let (inside, after) = tail.split_at_checked(length)?;

        let parts = [head, inside, after].map(String::from_utf8_lossy);
        let [from, to] = [1, 2].map(|most| parts.iter().take(most).map(|p| p.chars().count()).sum());
        let mut text = parts.concat();
        let line_start = before.len() - head.len();
        let above = before.get(line_start.saturating_sub(WINDOW)..line_start).filter(|_| !is_cut_before);
        let is_hushed = is_hushed(above.unwrap_or_default(), &text);
        if is_cut_before {
            // It may be the end of anything.
            let word = text.find(char::is_whitespace).unwrap_or(text.len());
            let (word, rest) = text.split_at(word);
            text = "*".repeat(word.chars().count()) + rest;
        }
        let starts = text.char_indices().map(|(at, _)| at).collect();
        let more = (is_cut_before, newline.is_none() && behind.len() > WINDOW);
        Some(Line { text, starts, region: (from, to), more, is_hushed })
    }

    /// The text in at most `room` columns, the columns before the carets, and the number of carets.
    fn cut(&self, room: usize, ellipsis: &str) -> (String, usize, usize) {
        let (from, to) = self.region;
        let all = self.starts.len();
        // A caret may stand behind the last character.
        let room = room - 1;
        let fits = self.more == (false, false) && self.reach(0, room).1 == all;
        let dots = measure_text_width(ellipsis);
        let (mut first, mut last) = (0, all);
        if !fits {
            let room = room.saturating_sub(2 * dots).max(1);
            first = self.back(from, room / 3);
            last = self.reach(first, room).1;
            if last == all {
                first = self.back(all, room).min(first);
            }
        }
        let is_open = first > 0 || self.more.0;
        let mut out = String::new();
        if is_open {
            out.push_str(ellipsis);
        }
        let (mut blanks, mut carets) = (if is_open { dots } else { 0 }, 0);
        for index in first..last {
            let (cell, width) = self.cell(index);
            out.push_str(&cell);
            if index < from {
                blanks += width;
            } else if index < to {
                carets += width;
            }
        }
        if last < all || self.more.1 {
            out.push_str(ellipsis);
        }
        (out.trim_end().to_owned(), blanks, carets.max(1))
    }

    /// The columns from character `first` on that fit in `room`, and the character behind them.
    fn reach(&self, first: usize, room: usize) -> (usize, usize) {
        let mut used = 0;
        for index in first..self.starts.len() {
            let width = self.cell(index).1;
            if used + width > room {
                return (used, index);
            }
            used += width;
        }
        (used, self.starts.len())
    }

    /// The first of those characters in front of `last` that fit in `room`.
    fn back(&self, last: usize, room: usize) -> usize {
        let mut used = 0;
        let mut first = last.min(self.starts.len());
        while let Some(index) = first.checked_sub(1) {
            used += self.cell(index).1;
            if used > room {
                break;
            }
            first = index;
        }
        first
    }

    /// How a character is shown, and in how many columns.
    fn cell(&self, index: usize) -> (Cow<'_, str>, usize) {
        let Some(&at) = self.starts.get(index) else { return (Cow::Borrowed(""), 0) };
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(at..end).unwrap_or_default();
        match text {
            "\t" => (Cow::Borrowed(TAB), TAB.len()),
            "#" if escape::is_command(&self.text, at) => (Cow::Borrowed("\\u{23}"), 6),
            _ if text.len() == 1 && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                (Cow::Borrowed(text), 1)
            }
            "\r" => (Cow::Borrowed("\\r"), 2),
            _ => {
                let shown = escape::line(text, MOST_COLUMNS);
                let width = measure_text_width(&shown);
                (Cow::Owned(shown), width)
            }
        }
    }
}

#[cfg(test)]
mod tests;
