//! Lines and columns of byte offsets.

use memchr::memchr;

use super::Span;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A place as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters; a byte order mark does not count.
    pub column: u32,
}

/// Where the lines and the characters of a file begin. Each question costs the logarithm of the file's length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    /// Where each line begins, and ends without its line end.
    lines: Vec<(usize, usize)>,
    /// Offsets of bytes that continue a character of UTF-8; none in most files.
    continuing: Vec<usize>,
    length: usize,
}

impl LineIndex {
    /// Indexes the bytes of a file. Each stray byte that begins no character belongs to the one before it.
    pub fn new(file: &[u8]) -> LineIndex {
        let mut lines = Vec::new();
        let mut start = if file.starts_with(BOM) { BOM.len() } else { 0 };
        loop {
            let rest = file.get(start..).unwrap_or_default();
            let newline = memchr(b'\n', rest);
            let mut text = rest.get(..newline.unwrap_or(rest.len())).unwrap_or_default();
            while let [head @ .., b'\r'] = text {
                text = head;
            }
            lines.push((start, start + text.len()));
            let Some(newline) = newline else { break };
            start += newline + 1;
        }
        let beyond_ascii = if file.is_ascii() { &[] } else { file };
        let continuing =
            beyond_ascii.iter().enumerate().filter(|(_, b)| **b & 0xc0 == 0x80).map(|(at, _)| at).collect();
        LineIndex { lines, continuing, length: file.len() }
    }

    /// The line and column of the byte at `offset`; of the end of the file where it lies beyond.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.length);
        let index = self.lines.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let start = self.lines.get(index).map_or(0, |(start, _)| *start);
        let before = |offset: usize| self.continuing.partition_point(|at| *at < offset);
        let bytes = offset.saturating_sub(start);
        // An offset inside a character is that character's.
        let inside = usize::from(self.continuing.binary_search(&offset).is_ok());
        let continuing = before(offset).saturating_sub(before(start)) + inside;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: count(index).saturating_add(1),
            column: count(bytes.saturating_sub(continuing)).saturating_add(1),
        }
    }

    /// The bytes of the 1-based `line`, without its end and without a byte order mark; empty, at the end of the file,
    /// where there is no such line.
    pub fn line_span(&self, line: u32) -> Span {
        let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        let found = index.and_then(|index| self.lines.get(index));
        let (start, end) = found.copied().unwrap_or((self.length, self.length));
        Span { start, end }
    }

    /// How many lines there are; what follows the last line end counts, even where it is empty.
    pub fn lines(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &[u8], offset: usize) -> (u32, u32) {
        let Position { line, column } = LineIndex::new(file).position(offset);
        (line, column)
    }

    #[test]
    fn columns_count_characters() {
        let file = "\u{feff}aé\r\nüb\n".as_bytes();
        assert_eq!(at(file, 0), (1, 1));
        assert_eq!(at(file, 3), (1, 1));
        assert_eq!(at(file, 4), (1, 2));
        assert_eq!(at(file, 5), (1, 2));
        assert_eq!(at(file, 8), (2, 1));
        assert_eq!(at(file, 10), (2, 2));
        assert_eq!(at(file, 12), (3, 1));
        assert_eq!(at(file, 99), (3, 1));
        assert_eq!(at(b"", 0), (1, 1));
        assert_eq!(at(b"\xffa\x80\x80b", 4), (1, 3));
    }

    #[test]
    fn lines_have_no_ends() {
        let file = "\u{feff}ab\r\n\nc".as_bytes();
        let index = LineIndex::new(file);
        let spans: Vec<_> = (0..=4).map(|line| index.line_span(line).of(file)).collect();
        assert_eq!(spans, [&b""[..], b"ab", b"", b"c", b""]);
        assert_eq!(index.lines(), 3);
    }
}
