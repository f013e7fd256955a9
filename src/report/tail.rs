//! The end of a stream of any length, in bounded memory.

use std::collections::VecDeque;

use super::escape;

/// Lines of output that are kept of a failed step or test.
pub const TAIL_LINES: usize = 20;
/// Bytes that are kept of each line.
const LINE_BYTES: usize = 4096;

/// The last [`TAIL_LINES`] lines of a stream, each cut to 4 kB.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<Line>);

#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// Bytes of the line that were not kept.
    pub(super) beyond: usize,
}

impl Tail {
    /// Adds a line, and forgets the oldest one where there are enough.
    pub(super) fn push(&mut self, line: &str) {
        // Its memory is used again: a flood allocates nothing.
        let room = if self.0.len() < TAIL_LINES { None } else { self.0.pop_front() };
        let mut text = room.map(|line| line.text).unwrap_or_default();
        let kept = line.get(..escape::boundary(line, LINE_BYTES)).unwrap_or_default();
        text.clear();
        text.push_str(kept);
        self.0.push_back(Line { text, beyond: line.len() - kept.len() });
    }

    /// The lines, oldest first.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Line> {
        self.0.iter()
    }

    /// The lines, oldest first; one that was cut says so.
    pub(super) fn into_vec(self) -> Vec<String> {
        let finish = |line: Line| match line.beyond {
            0 => line.text,
            beyond => line.text + &escape::note(beyond, "…"),
        };
        self.0.into_iter().map(finish).collect()
    }
}

impl From<Vec<String>> for Tail {
    /// Takes lines that were finished before.
    fn from(lines: Vec<String>) -> Self {
        Tail(lines.into_iter().map(|text| Line { text, beyond: 0 }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_its_last_lines_in_bounded_memory() {
        let mut tail = Tail::default();
        let long = "ä".repeat(10_000);
        for i in 0..1_000_000 {
            tail.push(if i % 1000 == 0 { &long } else { "short" });
        }
        tail.push(&long);
        assert_eq!(tail.iter().len(), TAIL_LINES);
        let memory: usize = tail.0.iter().map(|line| line.text.capacity()).sum();
        assert!(memory <= TAIL_LINES * 2 * LINE_BYTES, "{memory}");
        let lines = tail.into_vec();
        assert_eq!(lines.len(), TAIL_LINES);
        assert!(lines[19].ends_with("ä… [+15,904 bytes]"), "{}", lines[19]);
    }
}
