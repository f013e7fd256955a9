//! Glyphs, colours and widths of what imgbuild itself says.

use std::borrow::Cow;

use console::{Style, measure_text_width, truncate_str};

use super::{OutputMode, escape};

/// Lines of one message that are shown; what is longer is no message.
const MOST_LINES: usize = 40;

/// How text is shown on stderr.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) color: bool,
    pub(super) unicode: bool,
    pub(super) width: usize,
}

impl From<&OutputMode> for Look {
    fn from(mode: &OutputMode) -> Self {
        Look { color: mode.color, unicode: mode.unicode, width: mode.width }
    }
}

impl Look {
    // `console` has switches of its own for colour; they are overruled, else text and decision could disagree.
    fn paint(self, style: Style, text: &str) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint(Style::new().green(), text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.paint(Style::new().red().bold(), text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint(Style::new().yellow(), text)
    }

    pub(super) fn cyan(self, text: &str) -> String {
        self.paint(Style::new().cyan(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    /// The word for a finding's level, in its colour.
    pub(super) fn level(self, level: &str) -> String {
        match level {
            "error" => self.red(level),
            "warning" => self.yellow(level),
            _ => self.cyan(level),
        }
    }

    pub(super) fn good(self) -> String {
        self.green(if self.unicode { "✓" } else { "+" })
    }

    pub(super) fn bad(self) -> String {
        self.red(if self.unicode { "✗" } else { "x" })
    }

    pub(super) fn cut_off(self) -> String {
        self.yellow("!")
    }

    pub(super) fn spinner(self, at_ms: u64) -> String {
        const BRAILLE: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
        const ASCII: [&str; 4] = ["-", "\\", "|", "/"];
        let frames: &[&str] = if self.unicode { &BRAILLE } else { &ASCII };
        let turn = usize::try_from(at_ms / 100).unwrap_or(0) % frames.len();
        self.cyan(frames.get(turn).copied().unwrap_or_default())
    }

    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Text from outside, safe, on one line of at most `columns`.
    pub(super) fn escape(self, text: &str, columns: usize) -> String {
        self.escape_cut(text, 0, columns)
    }

    /// The same for text of which `beyond` bytes were cut before.
    fn escape_cut(self, text: &str, beyond: usize, columns: usize) -> String {
        let text = if self.unicode { Cow::Borrowed(text) } else { without_glyphs(text) };
        escape::line_with(&text, beyond, columns, self.ellipsis())
    }

    /// A finished line, colours and all, cut to the width.
    pub(super) fn fit(self, line: &str) -> String {
        truncate_str(line, self.width, self.ellipsis()).into_owned()
    }

    /// A line of somebody else's output behind a gutter, cut to the width; `beyond` bytes of it were cut before.
    pub(super) fn quoted(self, line: &str, beyond: usize) -> String {
        let columns = self.width.saturating_sub(4).min(escape::LOG_COLUMNS);
        let text = self.escape_cut(line, beyond, columns);
        self.dim(&format!("  | {text}"))
    }

    /// `text` from outside behind `head`, which is ours and not empty: wrapped at words to the width, with further
    /// lines indented by `indent`. Nothing is lost but what is beyond any reason.
    pub(super) fn message(self, head: &str, text: &str, indent: usize) -> Vec<String> {
        let mut out = Vec::new();
        let indentation = " ".repeat(indent);
        let mut start = head.to_owned();
        let mut all = text.trim_end().lines();
        for line in all.by_ref().take(MOST_LINES) {
            let line = self.escape(line, escape::LOG_COLUMNS);
            let mut rest = line.as_str();
            loop {
                let room = self.width.saturating_sub(measure_text_width(&start)).max(8);
                let (chunk, after) = chunk(rest, room);
                // What was inside a line may look like a command once it begins one.
                out.push(format!("{start}{}", self.escape(chunk, usize::MAX)).trim_end().to_owned());
                start.clone_from(&indentation);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
        }
        match all.count() {
            0 => {}
            more => {
                out.push(format!("{indentation}{} [+{} lines]", self.ellipsis(), escape::thousands(more)))
            }
        }
        if out.is_empty() {
            out.push(head.trim_end().to_owned());
        }
        out
    }
}

impl OutputMode {
    /// A line with names from outside, safe, and with no glyph that the terminal may not have.
    pub fn line(&self, text: &str, columns: usize) -> String {
        Look::from(self).escape(text, columns)
    }
}

/// The text with the glyphs that imgbuild's own messages use in ASCII. Names from outside stay what they are.
fn without_glyphs(text: &str) -> Cow<'_, str> {
    const GLYPHS: [(char, &str); 7] =
        [('…', "..."), ('→', "->"), ('–', "-"), ('—', "-"), ('·', "*"), ('✓', "+"), ('✗', "x")];
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match GLYPHS.iter().find(|(glyph, _)| *glyph == c) {
            Some((_, ascii)) => out.push_str(ascii),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Splits off what fits in `room` columns, behind a space where there is one, and never nothing.
fn chunk(text: &str, room: usize) -> (&str, &str) {
    // A leading `::` grows by five when it is escaped.
    let room = if text.trim_start().starts_with("::") { room.saturating_sub(5).max(1) } else { room };
    if measure_text_width(text) <= room {
        return (text, "");
    }
    let (mut used, mut fits, mut word) = (0usize, 0, 0);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        used += text.get(at..end).map_or(0, measure_text_width);
        // The space at which a line ends may hang over.
        if c == ' ' && at > 0 {
            word = end;
        }
        if used > room {
            break;
        }
        fits = end;
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    let cut = if word > 0 { word } else { fits.max(first) };
    text.split_at_checked(cut).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOOK: Look = Look { color: false, unicode: true, width: 20 };

    #[test]
    fn messages_are_wrapped_at_words() {
        let table: [(&str, &[&str]); 7] = [
            ("short", &["error: short"]),
            ("", &["error:"]),
            ("one two three four five", &["error: one two three", "  four five"]),
            ("a-word-longer-than-any-line", &["error: a-word-longer", "  -than-any-line"]),
            ("first\n  | code\n::stop::", &["error: first", "    | code", "  \\u{3a}:stop::"]),
            ("aa bb cc dd ::add-mask::x", &["error: aa bb cc dd", "  \\u{3a}:add-mask::x"]),
            ("aaaaaaaaaaaaa::stop::", &["error: aaaaaaaaaaaaa", "  \\u{3a}:stop::"]),
        ];
        for (text, expected) in table {
            assert_eq!(LOOK.message("error: ", text, 2), expected);
        }
        let many = LOOK.message("- ", &"x\n".repeat(1041), 2);
        assert_eq!((many.len(), many.last().map(String::as_str)), (41, Some("  … [+1,001 lines]")));
    }

    #[test]
    fn glyphs_are_ascii_where_there_are_no_others() {
        let ascii = Look { unicode: false, width: 80, ..LOOK };
        assert_eq!(ascii.message("- ", "a…b → c", 2), ["- a...b -> c"]);
        assert_eq!(ascii.quoted("ä … (cut, 4 bytes more)", 0), "  | ä ... (cut, 4 bytes more)");
        let unicode = Look { unicode: true, ..ascii };
        assert_eq!(unicode.message("- ", "a…b → c", 2), ["- a…b → c"]);
    }

    proptest! {
        #[test]
        fn messages_fit_and_lose_nothing(text in "[a-z:# \\[界]{0,90}") {
            let lines = LOOK.message("error: ", &text, 2);
            for line in &lines {
                prop_assert!(measure_text_width(line) <= LOOK.width, "{line:?}");
                prop_assert!(!line.trim_start().starts_with("::") && !line.contains("##["));
            }
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            let kept = squeeze(&lines.concat()).replacen("error:", "", 1);
            let kept = kept.replace("\\u{3a}", ":").replace("\\u{23}", "#");
            prop_assert_eq!(kept, squeeze(&text));
        }
    }
}
