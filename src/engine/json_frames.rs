//! Cuts a byte stream into its top-level JSON objects, with bounded memory.
//!
//! The engine writes objects one after the other. Newlines between them are a habit that not every engine has
//! (bollard issue 560) and an object has no limit on its size, so objects are found by their braces.

/// Bytes of one object that are kept. The builder sends output in pieces of 32 KB, at most 6 times that as JSON.
const MAX_OBJECT: usize = 1 << 20;

/// One top-level object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The whole text, braces included.
    Whole(Vec<u8>),
    /// The first bytes of an object that was too large.
    Cut {
        /// What was kept.
        head: Vec<u8>,
        /// Its whole length.
        length: u64,
    },
}

/// The splitter. Bytes outside of objects are skipped.
#[derive(Debug)]
pub(super) struct JsonFrames {
    object: Vec<u8>,
    length: u64,
    depth: u32,
    in_string: bool,
    escaped: bool,
    max: usize,
}

impl Default for JsonFrames {
    fn default() -> Self {
        JsonFrames::with_limit(MAX_OBJECT)
    }
}

impl JsonFrames {
    pub(super) fn with_limit(max: usize) -> JsonFrames {
        JsonFrames { object: Vec::new(), length: 0, depth: 0, in_string: false, escaped: false, max }
    }

    /// Takes the next bytes and gives every object that ends in them.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Frame)) {
        let mut start = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let was_outside = self.depth == 0;
            self.step(byte);
            if was_outside {
                start = at;
            } else if self.depth == 0 {
                self.keep(bytes.get(start..=at).unwrap_or_default());
                each(self.take());
            }
        }
        if self.depth > 0 {
            self.keep(bytes.get(start..).unwrap_or_default());
        }
    }

    /// Whether an object has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn step(&mut self, byte: u8) {
        match (self.in_string, byte) {
            (true, _) if self.escaped => self.escaped = false,
            (true, b'\\') => self.escaped = true,
            (true, b'"') => self.in_string = false,
            (true, _) => {}
            (false, b'{') => self.depth = self.depth.saturating_add(1),
            (false, b'}') => self.depth = self.depth.saturating_sub(1),
            // A quote between objects is no string: it must not swallow the objects behind it.
            (false, b'"') => self.in_string = self.depth > 0,
            (false, _) => {}
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        let room = self.max.saturating_sub(self.object.len()).min(bytes.len());
        self.object.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    fn take(&mut self) -> Frame {
        let (object, length) = (std::mem::take(&mut self.object), std::mem::take(&mut self.length));
        if length == object.len() as u64 { Frame::Whole(object) } else { Frame::Cut { head: object, length } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]], max: usize) -> Vec<Frame> {
        let (mut frames, mut all) = (JsonFrames::with_limit(max), Vec::new());
        for piece in pieces {
            frames.push(piece, |frame| all.push(frame));
        }
        all
    }

    fn whole(text: &str) -> Frame {
        Frame::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn objects_with_and_without_newlines() {
        let text = br#"{"a":{"b":"}\"{"}}{}  garbage " {"c":"\\"}"#;
        assert_eq!(split(&[text], 99), [whole(r#"{"a":{"b":"}\"{"}}"#), whole("{}"), whole(r#"{"c":"\\"}"#)]);
    }

    #[test]
    fn a_large_object_is_cut_and_the_next_one_is_whole() {
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
        let got = split(&[large.as_bytes(), b"{}"], 10);
        assert_eq!(got, [Frame::Cut { head: large.as_bytes()[..10].to_vec(), length: 1008 }, whole("{}")]);
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..200), cuts in proptest::collection::vec(0usize..200, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts { pieces.push(&bytes[from..cut]); from = cut; }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(split(&pieces, 20), split(&[&bytes], 20));
        }

        #[test]
        fn what_serde_writes_comes_out(values in proptest::collection::vec("\\PC{0,20}", 0..8), size in 1usize..9) {
            let objects: Vec<String> = values.iter().map(|v| serde_json::json!({"stream": v}).to_string()).collect();
            let text = objects.join("\r\n");
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(split(&pieces, 4096), objects.iter().map(|o| whole(o)).collect::<Vec<_>>());
        }
    }
}
