//! YAML as far as lines can be put into it without reading all of it: one document of blocks.

/// The lines of a YAML text that is one document of blocks, as far as anybody cares here.
pub(super) struct Lines<'a> {
    /// Each with where it ends.
    lines: Vec<(&'a str, usize)>,
}

impl<'a> Lines<'a> {
    /// `None` for several documents, and for tabs, which indent nothing.
    pub(super) fn of(text: &'a str) -> Option<Lines<'a>> {
        let mut at = 0;
        let mut lines: Vec<(&'a str, usize)> = Vec::new();
        for (nth, line) in text.split_inclusive('\n').enumerate() {
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let is_start = line == "---" && lines.iter().all(|(line, _)| is_blank(line));
            if line.starts_with("...") || line.starts_with("---") && !is_start || line.starts_with('\t') {
                return None;
            }
            // A byte order mark, a list or a flow is no place for a key of ours.
            if nth == 0 && line.starts_with(['\u{feff}', '{', '[']) {
                return None;
            }
            lines.push((if is_start { "" } else { line }, at));
        }
        Some(Lines { lines })
    }

    /// The number of the line with `key` at `indent`, from a line on and until one that is indented less; the inner `None`
    /// where there is none, the outer one where what it holds is no block, or where the key stands there in quotes.
    pub(super) fn key(&self, from: usize, indent: usize, key: &str) -> Option<Option<usize>> {
        for (nth, (line, _)) in self.lines.iter().enumerate().skip(from) {
            if is_blank(line) {
                continue;
            }
            let here = indent_of(line);
            if here < indent {
                break;
            }
            if here > indent {
                continue;
            }
            let rest = line.trim_start();
            if [format!("\"{key}\""), format!("'{key}'")].iter().any(|quoted| rest.starts_with(quoted)) {
                return None;
            }
            if let Some(rest) = rest.strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix(':')) {
                let rest = rest.trim_start();
                return (rest.is_empty() || rest.starts_with('#')).then_some(Some(nth));
            }
        }
        Some(None)
    }

    /// How the next line with something on it is indented; the inner `None` where there is none.
    pub(super) fn indent_below(&self, line: usize) -> Option<Option<usize>> {
        let next = self.lines.iter().skip(line + 1).map(|(line, _)| *line).find(|line| !is_blank(line));
        // An alias or a tag stands for something else.
        if next.is_some_and(|line| line.trim_start().starts_with(['*', '&', '!', '{', '['])) {
            return None;
        }
        Some(next.map(indent_of))
    }

    /// Where the line ends.
    pub(super) fn end(&self, line: usize) -> usize {
        self.lines.get(line).map_or(0, |(_, end)| *end)
    }

    pub(super) fn text(&self, line: usize) -> &'a str {
        self.lines.get(line).map_or("", |(line, _)| *line)
    }

    pub(super) fn next(&self, line: usize) -> Option<usize> {
        (line + 1..self.lines.len()).find(|nth| !is_blank(self.text(*nth)))
    }
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
