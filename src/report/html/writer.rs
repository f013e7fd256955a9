//! The only way into the page: markup is text of this program, everything else is escaped and bounded.

use crate::report::escape;

/// Characters of one text that are shown.
const MOST_TEXT: usize = 1_000;

/// A page that grows. `raw` takes markup, and by its type nothing that came from outside.
pub(super) struct Html {
    out: String,
    /// The length at which texts of the current part are left out.
    limit: usize,
}

impl Html {
    pub(super) fn new() -> Html {
        Html { out: String::new(), limit: usize::MAX }
    }

    /// What follows may take about `bytes`; texts beyond are left out, so that no part starves another.
    pub(super) fn budget(&mut self, bytes: usize) {
        self.limit = self.out.len().saturating_add(bytes);
    }

    /// Whether the budget is spent. Lists end there, and say so.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= self.limit
    }

    /// Markup.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Html {
        self.out.push_str(markup);
        self
    }

    /// A number, also as a part of an attribute.
    pub(super) fn number(&mut self, number: impl Into<u64>) -> &mut Html {
        self.out.push_str(&number.into().to_string());
        self
    }

    /// Any text, on one line.
    pub(super) fn text(&mut self, text: &str) -> &mut Html {
        self.bounded(text, MOST_TEXT, false)
    }

    /// Any text of several lines, for an element that keeps them.
    pub(super) fn lines(&mut self, text: &str) -> &mut Html {
        self.bounded(text, 4 * MOST_TEXT, true)
    }

    /// The value of an attribute, behind `name="`; hidden characters are written out.
    pub(super) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Html {
        self.raw(" ").raw(name).raw("=\"").bare(value).raw("\"")
    }

    /// Any text without markup around what is hidden in it: in attributes and the title, where there can be none.
    pub(super) fn bare(&mut self, value: &str) -> &mut Html {
        for c in value.chars().take(2 * MOST_TEXT) {
            match entity(c) {
                Some(entity) => self.out.push_str(entity),
                None if escape::is_hidden(c) => self.out.extend(c.escape_unicode()),
                None => self.out.push(c),
            }
        }
        self
    }

    /// `text` inside of an element: `open` and `close` are its tags.
    pub(super) fn within(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Html {
        self.raw(open).text(text).raw(close)
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn bounded(&mut self, text: &str, most: usize, keeps_lines: bool) -> &mut Html {
        if self.is_full() {
            return self.raw("…");
        }
        // Colour of a log is no content; what is looked at is bounded before it is walked.
        let window = text.get(..escape::boundary(text, most.saturating_mul(16))).unwrap_or_default();
        let plain = escape::without_colour(window);
        let plain = if window.len() < text.len() { &plain } else { plain.trim_end_matches(['\r', '\n']) };
        let mut last = ' ';
        let mut shown = 0;
        for c in plain.chars().take(most) {
            shown += c.len_utf8();
            self.character(c, last, keeps_lines);
            last = c;
        }
        let beyond = (plain.len() - shown).saturating_add(text.len() - window.len());
        if beyond > 0 {
            self.raw("<span class=\"cut\">");
            self.out.push_str(&escape::note(beyond, "…"));
            self.raw("</span>");
        }
        self
    }

    fn character(&mut self, c: char, last: char, keeps_lines: bool) {
        match c {
            // Behind a symbol it chooses between text and emoji.
            '\u{fe00}'..='\u{fe0f}' if !last.is_ascii() => self.out.push(c),
            '\n' if keeps_lines => self.out.push('\n'),
            '\t' => self.out.push_str("    "),
            c => match entity(c) {
                Some(entity) => self.out.push_str(entity),
                None if escape::is_hidden(c) => {
                    self.raw("<span class=\"hidden\">");
                    match c {
                        '\r' => self.out.push_str("\\r"),
                        '\n' => self.out.push_str("\\n"),
                        _ => self.out.extend(c.escape_unicode()),
                    }
                    self.raw("</span>");
                }
                None => self.out.push(c),
            },
        }
    }
}

fn entity(c: char) -> Option<&'static str> {
    Some(match c {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '`' => "&#96;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> String {
        let mut html = Html::new();
        html.text(text);
        html.finish()
    }

    #[test]
    fn text_is_never_markup_and_hides_nothing() {
        let table = [
            ("plain ä 界 ⚠\u{fe0f}", "plain ä 界 ⚠\u{fe0f}"),
            ("<script>\"a\" & 'b' `c`", "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39; &#96;c&#96;"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{202e}b", "a<span class=\"hidden\">\\u{202e}</span>b"),
            (
                "a\u{0}b\rc\nd",
                "a<span class=\"hidden\">\\u{0}</span>b<span class=\"hidden\">\\r</span>c<span class=\"hidden\">\\n</span>d",
            ),
            ("a\tb\r\n", "a    b"),
        ];
        for (given, expected) in table {
            assert_eq!(text(given), expected, "{given:?}");
        }
        let mut html = Html::new();
        html.lines("one\ntwo").attribute("title", "\" onclick='x'\u{202e}\n<");
        assert_eq!(html.finish(), "one\ntwo title=\"&quot; onclick=&#39;x&#39;\\u{202e}\\u{a}&lt;\"");
    }

    #[test]
    fn texts_are_bounded_alone_and_together() {
        let long = "x".repeat(3_000_000);
        let shown = text(&long);
        assert!(shown.ends_with("x<span class=\"cut\">… [+2,999,000 bytes]</span>") && shown.len() < 1_100);
        let mut html = Html::new();
        html.budget(10_000);
        for _ in 0..10_000 {
            html.text(&long);
        }
        assert!(html.is_full());
        // An ellipsis a text is all that still gets in.
        assert!(html.finish().len() < 12_000 + 3 * 10_000);
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_element(given in any::<String>()) {
            let shown = text(&given);
            let mut rest = shown.replace("<span class=\"hidden\">", "").replace("<span class=\"cut\">", "");
            rest = rest.replace("</span>", "");
            prop_assert!(!rest.contains(['<', '>', '"', '\'', '`']), "{shown:?}");
            let mut last = ' ';
            for c in rest.chars() {
                let chooses = ('\u{fe00}'..='\u{fe0f}').contains(&c) && !last.is_ascii();
                prop_assert!(!escape::is_hidden(c) || chooses, "{shown:?}");
                last = c;
            }
        }
    }
}
