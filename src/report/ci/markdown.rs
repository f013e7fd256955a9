//! Markdown for the pages of CIs. Texts from outside are shown as they are: nothing in them is markup, a link or an image.

use crate::report::escape;

/// Characters of one text that are shown.
const MOST_TEXT: usize = 1_000;
/// Columns of a line of a log.
const MOST_LOG: usize = 400;

/// A text of bounded length. Each block is there as a whole or not at all.
pub(super) struct Markdown {
    out: String,
    limit: usize,
    cut: bool,
}

impl Markdown {
    /// A text of at most `limit` bytes, but for the notice that something is missing.
    pub(super) fn new(limit: usize) -> Markdown {
        Markdown { out: String::new(), limit, cut: false }
    }

    /// A block that ends its lines itself; whether it fitted.
    pub(super) fn block(&mut self, block: &str) -> bool {
        let fits = !self.cut && self.out.len().saturating_add(block.len()) <= self.limit;
        if fits {
            self.out.push_str(block);
        }
        self.cut |= !fits;
        fits
    }

    /// A table: its head, and rows of cells that are Markdown. Rows that do not fit are left out.
    pub(super) fn table(&mut self, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
        let rule = vec!["---".to_owned(); head.len()];
        if !self.block(&format!("\n{}{}", line(&head), line(&rule))) {
            return;
        }
        for row in rows {
            if !self.block(&line(&row)) {
                break;
            }
        }
        self.block("\n");
    }

    /// Lines of somebody's output, as they are.
    pub(super) fn log(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let lines: Vec<String> = lines.iter().map(|line| escape::line(line, MOST_LOG)).collect();
        let text = lines.join("\n");
        let fence = "`".repeat(longest_run(&text).max(2) + 1);
        self.block(&format!("\n{fence}text\n{text}\n{fence}\n\n"));
    }

    /// The text. `missing` says where to find what did not fit.
    pub(super) fn finish(mut self, missing: &str) -> String {
        if self.cut {
            self.out.push_str(missing);
        }
        self.out
    }
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// Any text on one line. Punctuation that could mean anything is written as an entity, which never does.
pub(super) fn text(text: &str) -> String {
    let shown = escape::line(text, MOST_TEXT);
    let mut out = String::with_capacity(shown.len());
    for c in shown.chars() {
        let plain = !c.is_ascii_punctuation()
            || matches!(c, '-' | '/' | '=' | '+' | '%' | ',' | ';' | '?' | '(' | ')' | '.');
        // A bare address becomes a link.
        let dot_of_www = c == '.' && out.to_ascii_lowercase().ends_with("www");
        if plain && !dot_of_www {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out
}

/// The same in letters of one width.
pub(super) fn code(words: &str) -> String {
    format!("<code>{}</code>", text(words))
}
