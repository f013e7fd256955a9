//! Lines out of a hostile byte stream: any length, any bytes, cut anywhere.

/// Bytes of one line that are kept.
pub(crate) const MAX_LINE: usize = 8 << 10;

/// Splits at LF, CR and CR LF; a line that is too long is cut with a note, so that memory stays bounded.
#[derive(Debug)]
pub(crate) struct Lines {
    kept: Vec<u8>,
    dropped: u64,
    after_cr: bool,
    max: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Lines { kept: Vec::new(), dropped: 0, after_cr: false, max: MAX_LINE }
    }
}

impl Lines {
    /// Takes the next bytes and gives every line that ends in them.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(String)) {
        while let Some((&first, rest)) = bytes.split_first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = rest;
                continue;
            }
            let end = bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let Some(end) = end else {
                self.keep(bytes);
                return;
            };
            let (line, rest) = bytes.split_at(end);
            self.keep(line);
            self.after_cr = rest.first() == Some(&b'\r');
            bytes = rest.get(1..).unwrap_or_default();
            // Progress bars redraw with CR only and leave empty lines between.
            if !(self.after_cr && self.is_empty()) {
                each(self.take());
            }
        }
    }

    /// The last line, where the stream did not end with a line end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.is_empty()).then(|| self.take())
    }

    /// Whether the next byte begins a line.
    pub(crate) fn is_at_start(&self) -> bool {
        self.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.dropped == 0
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.max.saturating_sub(self.kept.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.kept.extend_from_slice(kept);
        self.dropped = self.dropped.saturating_add(dropped.len() as u64);
    }

    fn take(&mut self) -> String {
        let mut kept = std::mem::take(&mut self.kept);
        let dropped = std::mem::take(&mut self.dropped);
        if dropped == 0 {
            return String::from_utf8_lossy(&kept).into_owned();
        }
        // The cut may have gone through a character; its first bytes are not garbage of the stream's.
        let mut cut = dropped;
        if let Err(error) = std::str::from_utf8(&kept)
            && error.error_len().is_none()
        {
            cut = cut.saturating_add((kept.len() - error.valid_up_to()) as u64);
            kept.truncate(error.valid_up_to());
        }
        format!("{} … (cut, {cut} bytes more)", String::from_utf8_lossy(&kept))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]], max: usize) -> Vec<String> {
        let (mut lines, mut all) = (Lines { max, ..Lines::default() }, Vec::new());
        for piece in pieces {
            lines.push(piece, |line| all.push(line));
        }
        all.extend(lines.finish());
        all
    }

    #[test]
    fn line_ends() {
        assert_eq!(lines(&[b"a\nb\r", b"\nc\rd\n\ne"], 99), ["a", "b", "c", "d", "", "e"]);
        assert_eq!(lines(&[b"\r\r10%\r20%\r"], 99), ["10%", "20%"]);
    }

    #[test]
    fn characters_across_pieces_and_cuts() {
        assert_eq!(lines(&[b"\xc3", b"\xa4\n\xff\n"], 99), ["ä", "\u{fffd}"]);
        assert_eq!(lines(&["aää".as_bytes()], 2), ["a … (cut, 4 bytes more)"]);
        assert_eq!(
            lines(&[&vec![b'x'; 3_000_000], b"\nnext"], 10),
            ["xxxxxxxxxx … (cut, 2999990 bytes more)", "next"]
        );
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r')], 0..100), size in 1usize..20) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(lines(&pieces, 7), lines(&[&bytes], 7));
        }
    }
}
