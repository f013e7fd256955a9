//! Lines of a file around the one that matters. A line that may hold a secret is only told of.

use super::writer::Html;
use crate::report::Masker;
use crate::report::findings::{HUSHED, is_hushed};
use crate::rules::RegionRecord;

/// Lines shown on either side.
const AROUND: usize = 2;
/// Lines of a region that are shown: the head of a heredoc says enough.
const MOST_LINES: usize = 12;
/// Characters of a line that are shown.
const MOST_COLUMNS: usize = 300;
/// Bytes of a file that are looked at. No Dockerfile is as long.
const MOST_BYTES: usize = 4 << 20;
/// Bytes before a line by which it is told whether it is of a secret.
const WINDOW: usize = 4_096;

/// The text of `region` with its surroundings, the region itself marked. Says whether there was any.
pub(super) fn around(html: &mut Html, text: &[u8], region: &RegionRecord, masker: &Masker) -> bool {
    let ends_at_start = region.end_column <= 1 && region.end_line > region.start_line;
    let last = if ends_at_start { region.end_line - 1 } else { region.end_line.max(region.start_line) };
    shown(html, text, (region.start_line, last), Some(region), masker)
}

/// The same around a line, as a whole.
pub(super) fn around_line(html: &mut Html, text: &[u8], line: u32, masker: &Masker) -> bool {
    shown(html, text, (line, line), None, masker)
}

fn shown(
    html: &mut Html,
    text: &[u8],
    (first, last): (u32, u32),
    region: Option<&RegionRecord>,
    masker: &Masker,
) -> bool {
    let raw = String::from_utf8_lossy(text.get(..MOST_BYTES.min(text.len())).unwrap_or_default());
    let raw = raw.strip_prefix('\u{feff}').unwrap_or(&raw);
    let masked = masker.text(raw);
    // Where a secret was taken out, columns are no longer those of the region.
    let region = region.filter(|_| masked == raw);
    let number = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
    let Some(first) = number(first).checked_sub(1) else { return false };
    let last = number(last).saturating_sub(1).max(first);
    let cut = last.min(first.saturating_add(MOST_LINES - 1));
    let from = first.saturating_sub(AROUND);
    let lines: Vec<(usize, &str)> = masked
        .split('\n')
        .enumerate()
        .skip(from)
        .take(cut.saturating_add(AROUND + 1).saturating_sub(from))
        .collect();
    if !lines.iter().any(|(index, _)| *index == first) {
        return false;
    }
    html.raw("<pre class=\"excerpt\" tabindex=\"0\">");
    for (index, line) in lines {
        // The piece behind the last line feed is no line.
        if line.is_empty() && index > cut && index + 1 >= masked.split('\n').count() {
            break;
        }
        let is_inside = (first..=cut).contains(&index);
        html.raw(if is_inside {
            "<span class=\"line here\"><span class=\"no\">"
        } else {
            "<span class=\"line\"><span class=\"no\">"
        });
        html.number(u64::try_from(index + 1).unwrap_or_default()).raw("</span> ");
        html.raw(if is_inside { "<span class=\"mark\" aria-label=\"this line\">›</span> " } else { "  " });
        let line = line.strip_suffix('\r').unwrap_or(line);
        if is_hushed(before(&masked, line), line) {
            html.within("<em>", HUSHED, "</em>");
        } else {
            self::line(html, line, region.filter(|_| is_inside).map(|region| columns(region, index, line)));
        }
        html.raw("</span>\n");
    }
    if cut < last {
        html.raw("<span class=\"cut\">…</span>\n");
    }
    html.raw("</pre>\n");
    true
}

/// What stands before `line`, which is a part of `text`, near enough to tell what it belongs to.
fn before<'a>(text: &'a str, line: &str) -> &'a [u8] {
    let at = (line.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    text.as_bytes().get(at.saturating_sub(WINDOW)..at).unwrap_or_default()
}

/// The characters of line `index` (0-based) that are of the region.
fn columns(region: &RegionRecord, index: usize, line: &str) -> (usize, usize) {
    let is = |number: u32| usize::try_from(number).is_ok_and(|number| number == index + 1);
    let column = |column: u32| usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let start = if is(region.start_line) {
        column(region.start_column)
    } else {
        line.len() - line.trim_start().len()
    };
    let end = if is(region.end_line) { column(region.end_column) } else { usize::MAX };
    (start, end)
}

fn line(html: &mut Html, line: &str, marked: Option<(usize, usize)>) {
    let (start, end) = marked.unwrap_or((0, 0));
    let at = |index: usize| line.char_indices().nth(index).map_or(line.len(), |(at, _)| at);
    let most = at(MOST_COLUMNS);
    let (start, end) = (at(start).min(most), at(end).min(most));
    let end = end.max(start);
    let piece = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    html.text(piece(0, start));
    if start < end {
        html.within("<mark>", piece(start, end), "</mark>");
    }
    html.text(piece(end, most));
    if most < line.len() {
        html.raw("<span class=\"cut\">…</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: (u32, u32), end: (u32, u32)) -> RegionRecord {
        RegionRecord { start_line: start.0, start_column: start.1, end_line: end.0, end_column: end.1 }
    }

    fn text(source: &str, region: &RegionRecord, masker: &Masker) -> Option<String> {
        let mut html = Html::new();
        let is_shown = around(&mut html, source.as_bytes(), region, masker);
        is_shown.then(|| html.finish())
    }

    /// The text without its markup.
    fn plain(html: &str) -> String {
        let mut out = String::new();
        for piece in html.split('<') {
            out.push_str(piece.split_once('>').map_or(piece, |(_, behind)| behind));
        }
        out
    }

    #[test]
    fn the_region_is_marked_among_its_neighbours() {
        let source = "a\nb\nFROM node:latest\nc\r\nd\ne\n";
        let shown = text(source, &region((3, 6), (3, 17)), &Masker::default()).unwrap();
        assert_eq!(plain(&shown), "1   a\n2   b\n3 › FROM node:latest\n4   c\n5   d\n\n");
        assert!(shown.contains("FROM <mark>node:latest</mark>"), "{shown}");
        let shown = text("RUN a \\\n  b\n", &region((1, 5), (2, 4)), &Masker::default()).unwrap();
        assert!(shown.contains("RUN <mark>a \\</mark>") && shown.contains("  <mark>b</mark>"), "{shown}");
        assert_eq!(plain(&shown).lines().count(), 3, "{shown}");
    }

    #[test]
    fn what_is_not_there_is_not_shown() {
        assert_eq!(text("a\n", &region((9, 1), (9, 2)), &Masker::default()), None);
        assert_eq!(text("", &region((0, 0), (0, 0)), &Masker::default()), None);
        let odd = region((1, 900), (1, 4));
        assert!(text("abc", &odd, &Masker::default()).is_some());
        let many = "x\n".repeat(500);
        let shown = text(&many, &region((1, 1), (500, 2)), &Masker::default()).unwrap();
        assert!(shown.matches("<span class=\"line").count() <= MOST_LINES + AROUND, "{shown}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let source = "FROM a\nENV API_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ0123456789\nRUN x\n";
        let shown = text(source, &region((3, 1), (3, 6)), &Masker::default()).unwrap();
        assert!(!shown.contains("ghp_") && shown.contains(HUSHED), "{shown}");
        let masker = Masker::default();
        masker.add("p<ssw>rd");
        let shown = text("RUN echo p<ssw>rd\n", &region((1, 10), (1, 18)), &masker).unwrap();
        assert!(shown.contains("RUN echo ***") && !shown.contains("ssw"), "{shown}");
    }
}
