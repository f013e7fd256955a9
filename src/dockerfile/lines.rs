//! Physical lines, and the logical line that an instruction stands on.

use memchr::memchr;

use super::place::SourceMap;
use super::{Comment, Span};

/// The longest physical line that BuildKit reads, without its `\n`.
pub(super) const MAX_LINE: usize = 65_535;

/// The longest instruction, without its documents, in bytes: far beyond what people write.
pub(super) const MAX_LOGICAL: usize = 1 << 20;
/// More comments than anybody writes; a file of ten megabytes could hold five million.
pub(super) const MAX_COMMENTS: usize = 200_000;

/// Blanks as Go's `unicode.IsSpace` knows them, at the start of `bytes`.
pub(super) fn trim_start(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ', tail @ ..] => tail,
            // U+0085, U+00A0, U+1680, U+2000..U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
            [0xc2, 0x85 | 0xa0, tail @ ..]
            | [0xe1, 0x9a, 0x80, tail @ ..]
            | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, tail @ ..]
            | [0xe2, 0x81, 0x9f, tail @ ..]
            | [0xe3, 0x80, 0x80, tail @ ..] => tail,
            _ => return rest,
        };
    }
}

/// The same at the end.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [head @ .., b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' '] => head,
            [head @ .., 0xc2, 0x85 | 0xa0]
            | [head @ .., 0xe1, 0x9a, 0x80]
            | [head @ .., 0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf]
            | [head @ .., 0xe2, 0x81, 0x9f]
            | [head @ .., 0xe3, 0x80, 0x80] => head,
            _ => return rest,
        };
    }
}

/// One physical line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// 1-based.
    pub(super) number: u32,
    /// Offset of the first byte.
    pub(super) start: usize,
    /// Without `\r\n` at the end; without a byte order mark on the first line.
    pub(super) text: &'a [u8],
    /// With its line end.
    pub(super) full: Span,
}

impl Line<'_> {
    /// The span of the text.
    pub(super) fn span(&self) -> Span {
        Span { start: self.start, end: self.start + self.text.len() }
    }

    /// Whether it holds nothing but a comment.
    pub(super) fn is_comment(&self) -> bool {
        trim_start(self.text).first() == Some(&b'#')
    }

    /// Whether it holds nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        trim_start(self.text).is_empty()
    }
}

/// The physical lines of a file, one after the other.
pub(super) struct Lines<'a> {
    file: &'a [u8],
    next: usize,
    number: u32,
    /// Lines longer than [`MAX_LINE`].
    pub(super) too_long: Vec<(u32, Span)>,
    /// Comments met so far.
    pub(super) comments: Vec<Comment>,
    /// The first comment that was not kept.
    pub(super) dropped: Option<(u32, Span)>,
    /// Empty lines between those of one instruction.
    pub(super) empty: Vec<u32>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Lines {
            file,
            next: 0,
            number: 0,
            too_long: Vec::new(),
            comments: Vec::new(),
            dropped: None,
            empty: Vec::new(),
        }
    }

    /// The number of the line read last; 0 before the first.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Keeps the comment that `line` is, as long as there are not too many.
    pub(super) fn comment(&mut self, line: Line<'_>) {
        if self.comments.len() >= MAX_COMMENTS {
            self.dropped.get_or_insert((line.number, line.span()));
            return;
        }
        let text = trim_start(line.text);
        let span = Span { start: line.span().end - text.len(), end: line.span().end };
        let text = trim_end(trim_start(text.strip_prefix(b"#").unwrap_or(text)));
        let text = String::from_utf8_lossy(text).into_owned();
        self.comments.push(Comment { line: line.number, span, text });
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.file.get(self.next..).filter(|rest| !rest.is_empty())?;
        let length = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let mut start = self.next;
        let full = Span { start, end: start + length };
        self.next = full.end;
        self.number = self.number.saturating_add(1);
        let mut text = full.of(self.file);
        while let [head @ .., b'\r' | b'\n'] = text {
            text = head;
        }
        if start == 0
            && let Some(tail) = text.strip_prefix(b"\xef\xbb\xbf")
        {
            text = tail;
            start += 3;
        }
        let line = Line { number: self.number, start, text, full };
        let terminated = full.of(self.file).last() == Some(&b'\n');
        if length - usize::from(terminated) > MAX_LINE {
            self.too_long.push((line.number, line.span()));
        }
        Some(line)
    }
}

/// Cuts the escape character (and blanks behind it) that continues `line` on the next; `None` where none does.
///
/// A doubled escape does not continue, whatever stands before it: that is how BuildKit reads it.
pub(super) fn continued(line: &[u8], escape: u8) -> Option<&[u8]> {
    let mut rest = line;
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    match rest {
        [head @ .., last] if *last == escape && head.last() != Some(&escape) => Some(head),
        _ => None,
    }
}

/// An instruction's physical lines joined into one.
#[derive(Debug, Default)]
pub(super) struct Logical {
    /// Continuations joined; comments and empty lines between them are gone.
    pub(super) text: Vec<u8>,
    /// 1-based.
    pub(super) line: u32,
    /// From the first byte that is no blank to the end of the last line.
    pub(super) span: Span,
    /// Where the text stands in the file.
    pub(super) source: SourceMap,
    /// Whether the text was longer than [`MAX_LOGICAL`] and is not whole.
    pub(super) cut: bool,
}

impl Logical {
    /// The logical line that begins on `first`, which is neither blank nor a comment.
    pub(super) fn read(first: Line<'_>, lines: &mut Lines<'_>, escape: u8) -> Logical {
        let head = trim_start(first.text);
        let start = first.start + (first.text.len() - head.len());
        let span = Span { start, end: first.span().end };
        let mut logical = Logical { line: first.number, span, ..Logical::default() };
        let mut open = logical.take(head, start, escape);
        while open && let Some(line) = lines.next() {
            logical.span.end = line.span().end;
            if line.is_comment() {
                lines.comment(line);
            } else if line.is_blank() {
                lines.empty.push(line.number);
            } else {
                open = logical.take(line.text, line.start, escape);
            }
        }
        logical
    }

    /// Appends a physical line that stands at `start`; whether another one follows.
    fn take(&mut self, line: &[u8], start: usize, escape: u8) -> bool {
        let cut = continued(line, escape);
        let text = cut.unwrap_or(line);
        // The file is refused anyway: what follows is not worth reading.
        let room = MAX_LINE.min(MAX_LOGICAL.saturating_sub(self.text.len()));
        self.cut |= text.len() > room && room < MAX_LINE;
        let text = text.get(..room).unwrap_or(text);
        self.text.extend_from_slice(text);
        self.source.push(start, text.len());
        cut.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_at_the_end_continues() {
        assert_eq!(continued(b"RUN a \\ \t", b'\\'), Some(&b"RUN a "[..]));
        assert_eq!(continued(b"\\", b'\\'), Some(&b""[..]));
        assert_eq!(continued(b"RUN a \\\\", b'\\'), None);
        assert_eq!(continued(b"RUN a `", b'`'), Some(&b"RUN a "[..]));
        assert_eq!(continued(b"", b'\\'), None);
    }

    #[test]
    fn lines_know_their_bytes() {
        let file = b"\xef\xbb\xbfa\r\n\nb";
        let lines: Vec<_> = Lines::new(file).map(|l| (l.number, l.text.to_vec(), l.span().start)).collect();
        assert_eq!(lines, [(1, b"a".to_vec(), 3), (2, vec![], 6), (3, b"b".to_vec(), 7)]);
    }

    #[test]
    fn the_longest_line_counts_its_carriage_return() {
        let too_long = |file: &[u8]| {
            let mut lines = Lines::new(file);
            lines.by_ref().for_each(drop);
            lines.too_long.len()
        };
        assert_eq!(too_long(&[b'a'; MAX_LINE]), 0);
        assert_eq!(too_long(&[b'a'; MAX_LINE + 1]), 1);
    }

    #[test]
    fn blanks_are_those_of_unicode() {
        assert_eq!(trim_start("\u{a0}\u{3000} \tx".as_bytes()), b"x");
        assert_eq!(trim_end("x\u{85}\u{2028}\r\n".as_bytes()), b"x");
        assert_eq!(trim_start("ä".as_bytes()), "ä".as_bytes());
    }
}
