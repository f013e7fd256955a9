//! Where the text of an instruction stands in the file.

use std::ops::Range;

use super::Span;

/// U+FFFD has three bytes.
const REPLACEMENT: usize = 3;

/// A run of text whose bytes lie side by side in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Offset in the text.
    at: u32,
    /// Offset in the file.
    start: u32,
    /// 0 for a copy. Else the run is of U+FFFD, and each stands for so many bytes of the file.
    unit: u8,
}

/// A map from offsets in a text to offsets in the file: one piece per physical line, and per run of invalid UTF-8.
///
/// Offsets beyond 4 GiB are kept as 4 GiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SourceMap {
    pieces: Vec<Piece>,
    length: usize,
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl SourceMap {
    /// Where the next bytes of the text come from: the file from `start` on.
    pub(super) fn push(&mut self, start: usize, length: usize) {
        self.run(start, length, 0);
    }

    fn run(&mut self, start: usize, length: usize, unit: u8) {
        let piece = Piece { at: narrow(self.length), start: narrow(start), unit };
        let continues = self.pieces.last().is_some_and(|last| {
            last.unit == unit && usize::try_from(last.start).is_ok_and(|s| s + self.in_file(*last) == start)
        });
        if !continues {
            // A piece without bytes says nothing once another one follows.
            self.pieces.pop_if(|last| last.at == piece.at);
            self.pieces.push(piece);
        }
        self.length += length;
    }

    /// The bytes of the file behind the last piece.
    fn in_file(&self, last: Piece) -> usize {
        let length = self.length - usize::try_from(last.at).unwrap_or_default();
        if last.unit == 0 { length } else { length / REPLACEMENT * usize::from(last.unit) }
    }

    /// The bytes of the file behind `range`; a range that is empty or out of bounds becomes a place at its edge.
    pub(super) fn place(&self, range: Range<usize>) -> Span {
        let start = self.start(range.start);
        if range.end <= range.start || range.start >= self.length {
            return Span { start, end: start };
        }
        let last = range.end.min(self.length) - 1;
        let end = match self.piece(last) {
            Some((piece, file, inside)) if piece.unit == 0 => file + inside + 1,
            Some((piece, file, inside)) => file + (inside / REPLACEMENT + 1) * usize::from(piece.unit),
            None => start,
        };
        Span { start, end: end.max(start) }
    }

    fn start(&self, offset: usize) -> usize {
        // Behind the last byte is where the last piece ends.
        match self.piece(offset.min(self.length)) {
            Some((piece, file, inside)) if piece.unit == 0 => file + inside,
            Some((piece, file, inside)) => file + inside / REPLACEMENT * usize::from(piece.unit),
            None => 0,
        }
    }

    /// The piece that holds `offset`, its place in the file, and how far into it the offset lies.
    fn piece(&self, offset: usize) -> Option<(Piece, usize, usize)> {
        let next = self.pieces.partition_point(|p| usize::try_from(p.at).is_ok_and(|at| at <= offset));
        let piece = *self.pieces.get(next.checked_sub(1)?)?;
        let at = usize::try_from(piece.at).ok()?;
        Some((piece, usize::try_from(piece.start).ok()?, offset - at))
    }

    /// `bytes`, which lie at `offset` in this map's text, as a string, and the map of that string.
    pub(super) fn decode(&self, bytes: &[u8], offset: usize) -> (String, SourceMap) {
        let mut text = String::with_capacity(bytes.len());
        let mut map = SourceMap::default();
        let mut at = offset;
        for chunk in bytes.utf8_chunks() {
            self.copy(at..at + chunk.valid().len(), &mut map);
            text.push_str(chunk.valid());
            at += chunk.valid().len();
            let invalid = chunk.invalid().len();
            if invalid > 0 {
                map.run(self.start(at), REPLACEMENT, u8::try_from(invalid).unwrap_or(1));
                text.push('\u{fffd}');
                at += invalid;
            }
        }
        if bytes.is_empty() {
            map.push(self.start(offset), 0);
        }
        (text, map)
    }

    /// Appends the part `range` of this map, which holds copies only, to `map`.
    fn copy(&self, range: Range<usize>, map: &mut SourceMap) {
        let mut at = range.start;
        let mut next = self.pieces.partition_point(|p| usize::try_from(p.at).is_ok_and(|p| p <= at));
        while at < range.end {
            let end = self.pieces.get(next).and_then(|p| usize::try_from(p.at).ok()).unwrap_or(range.end);
            let end = end.min(range.end);
            map.push(self.start(at), end - at);
            at = end;
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, span: Span) -> &str {
        std::str::from_utf8(span.of(file.as_bytes())).unwrap()
    }

    #[test]
    fn text_of_several_lines_is_found_again() {
        let file = "RUN ab\\\n# c\n cd\\\nef";
        let mut lines = SourceMap::default();
        lines.push(0, 6);
        lines.push(12, 3);
        lines.push(17, 2);
        let (text, map) = lines.decode(b"ab cdef", 4);
        assert_eq!(text, "ab cdef");
        assert_eq!(of(file, map.place(0..2)), "ab");
        assert_eq!(of(file, map.place(3..5)), "cd");
        assert_eq!(of(file, map.place(5..7)), "ef");
        assert_eq!(of(file, map.place(0..7)), "ab\\\n# c\n cd\\\nef");
        assert_eq!(map.place(7..7), Span { start: 19, end: 19 });
        assert_eq!(map.place(90..99), Span { start: 19, end: 19 });
    }

    #[test]
    fn what_is_not_utf8_keeps_its_place() {
        let bytes = b"a\xff\xff\xe2\x82b\xc3\xa9c";
        let mut lines = SourceMap::default();
        lines.push(10, bytes.len());
        let (text, map) = lines.decode(bytes, 0);
        assert_eq!(text, "a\u{fffd}\u{fffd}\u{fffd}béc");
        let place = |range| map.place(range);
        assert_eq!(place(1..4), Span { start: 11, end: 12 });
        assert_eq!(place(4..7), Span { start: 12, end: 13 });
        assert_eq!(place(7..10), Span { start: 13, end: 15 });
        assert_eq!(place(10..11), Span { start: 15, end: 16 });
        assert_eq!(place(11..14), Span { start: 16, end: 19 });
    }

    #[test]
    fn nothing_has_a_place_too() {
        let mut lines = SourceMap::default();
        lines.push(5, 3);
        assert_eq!(lines.decode(b"", 3).1.place(0..0), Span { start: 8, end: 8 });
        assert_eq!(SourceMap::default().place(0..4), Span::default());
    }
}
