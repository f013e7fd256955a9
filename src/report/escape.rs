//! Hostile text on one line: nothing in it moves a cursor, hides or reorders what a person reads, or is a command to
//! a CI's log parser. All but the colour of a build stays visible, as `\u{202e}`.
//!
//! GitHub's runner takes `::name::` behind leading white space, and `##[name]` *anywhere* in a line; Azure's agent
//! does so with `##vso[`. It compares as people do, so that invisible characters inside of a marker do not break it.

use std::borrow::Cow;

use console::measure_text_width;

/// Columns that a line of a build's or a container's output may take where no terminal bounds it.
pub const LOG_COLUMNS: usize = 2000;

/// Distance of tab stops.
const TAB: usize = 8;

/// `text` as one line of at most `columns` columns. What does not fit is cut and counted: `… [+2,999,000 bytes]`, or
/// `…` where that would not fit either. A final CR goes, other control characters are shown.
pub fn line(text: &str, columns: usize) -> String {
    line_with(text, 0, columns, "…")
}

/// [`line()`] for text of which `beyond` more bytes were cut before, with another `ellipsis` for terminals without it.
pub(super) fn line_with(text: &str, beyond: usize, columns: usize, ellipsis: &str) -> String {
    let (seen, more) = text.split_at(boundary(text, window(columns)));
    render(seen, more.len().saturating_add(beyond), columns, ellipsis)
}

/// Like [`line()`] for bytes; what is not UTF-8 becomes U+FFFD.
pub fn bytes(text: &[u8], columns: usize) -> String {
    let (seen, beyond) = text.split_at(text.len().min(window(columns)));
    render(&String::from_utf8_lossy(seen), beyond.len(), columns, "…")
}

/// Whether `c` is a control character, or one that shows nothing or reorders what is around it: Unicode's
/// `Default_Ignorable_Code_Point`, line and paragraph separators, interlinear annotation.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a marker of CI commands that counts anywhere in a line begins at byte `at` of `text`.
pub(super) fn is_command(text: &str, at: usize) -> bool {
    let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix("##")) else { return false };
    ["[", "vso", "teamcity"]
        .iter()
        .any(|marker| rest.get(..marker.len()).is_some_and(|head| head.eq_ignore_ascii_case(marker)))
}

/// `text` without what only colours it or clears the rest of its line; other escape sequences stay.
pub(super) fn without_colour(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = match after_colour(behind) {
            Some(after) => after,
            None => {
                out.push('\u{1b}');
                behind
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What follows the sequence whose ESC was just read, where it is SGR, EL or the `tput sgr0` charset reset.
fn after_colour(behind: &str) -> Option<&str> {
    if let Some(after) = behind.strip_prefix("(B") {
        return Some(after);
    }
    let parameters = behind.strip_prefix('[')?;
    parameters
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | ':'))
        .strip_prefix(['m', 'K'])
}

/// The last place at or before byte `at` where `text` can be cut.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Bytes of text that are looked at: more than what fits in `columns` with any amount of sensible colouring.
fn window(columns: usize) -> usize {
    columns.saturating_mul(16).saturating_add(256)
}

fn render(text: &str, beyond: usize, columns: usize, ellipsis: &str) -> String {
    let text = without_colour(text);
    let text = if beyond == 0 { text.strip_suffix('\r').unwrap_or(&text) } else { &text };
    let full = measure_text_width(&note(text.len().saturating_add(beyond), ellipsis));
    let counted = columns >= 2 * full;
    let room = columns.saturating_sub(if counted { full } else { measure_text_width(ellipsis) });

    let mut out = String::with_capacity(text.len().min(columns));
    let mut used = 0usize;
    // Where to cut if it does not all fit: length of `out`, bytes of `text`.
    let mut cut = (0, 0);
    let mut fits = beyond == 0;
    for (at, c) in text.char_indices() {
        let before = out.len();
        used = used.saturating_add(push(&mut out, text, at, c, used));
        if used > columns {
            fits = false;
            break;
        }
        if used <= room && out.len() > before {
            cut = (out.len(), at + c.len_utf8());
        }
    }
    if !fits {
        out.truncate(cut.0);
        match columns {
            _ if counted => out.push_str(&note((text.len() - cut.1).saturating_add(beyond), ellipsis)),
            _ => out.extend(ellipsis.chars().take(columns)),
        }
    }
    out
}

/// Appends `c`, which stands at byte `at` of `text` and column `used`, and returns the columns it takes.
fn push(out: &mut String, text: &str, at: usize, c: char, used: usize) -> usize {
    let start = out.len();
    match c {
        ' '..='~' => {
            let command = match c {
                '#' => is_command(text, at),
                ':' => text[at..].starts_with("::") && out.chars().all(char::is_whitespace),
                _ => false,
            };
            if !command {
                out.push(c);
                return 1;
            }
            show(out, c);
        }
        '\t' => {
            let stop = TAB - used % TAB;
            out.extend(std::iter::repeat_n(' ', stop));
            return stop;
        }
        // Behind a symbol it chooses between text and emoji; the emoji is one column wider.
        '\u{fe00}'..='\u{fe0f}' if out.chars().next_back().is_some_and(|base| !base.is_ascii()) => {
            out.push(c);
            return 1;
        }
        c if is_hidden(c) => show(out, c),
        c => out.push(c),
    }
    out.get(start..).map_or(0, measure_text_width)
}

fn show(out: &mut String, c: char) {
    match c {
        '\r' => out.push_str("\\r"),
        '\n' => out.push_str("\\n"),
        _ => out.extend(c.escape_unicode()),
    }
}

pub(super) fn note(hidden: usize, ellipsis: &str) -> String {
    format!("{ellipsis} [+{} bytes]", thousands(hidden))
}

/// `2999000` as `2,999,000`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_is_shown_and_colour_dropped() {
        let table = [
            ("plain \"text\" ä 界", "plain \"text\" ä 界"),
            ("\x1b[1;31mred\x1b[0m\x1b[K\x1b(B", "red"),
            ("\x1b[2J\x1b]0;title\x07", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"),
            ("\x1b\x1b[0m[2J", "\\u{1b}[2J"),
            ("10%\r20%\r", "10%\\r20%"),
            ("two\nlines", "two\\nlines"),
            ("a\tb\tc", "a       b       c"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("\u{9b}31m\u{85}\u{2028}", "\\u{9b}31m\\u{85}\\u{2028}"),
            ("warn ⚠\u{fe0f} sign", "warn ⚠\u{fe0f} sign"),
            ("::set-output name=a::b", "\\u{3a}:set-output name=a::b"),
            (" \u{a0}::add-mask::b", " \u{a0}\\u{3a}:add-mask::b"),
            ("std::io", "std::io"),
            ("##[group]x", "\\u{23}#[group]x"),
            ("x ##[error]y", "x \\u{23}#[error]y"),
            ("###[x", "#\\u{23}#[x"),
            ("#\x1b[0m#[x", "\\u{23}#[x"),
            ("#\u{fe0f}#[x", "#\\u{fe0f}#[x"),
            ("##VSO[task]", "\\u{23}#VSO[task]"),
            ("##teamcity[x]", "\\u{23}#teamcity[x]"),
            ("######## ## heading", "######## ## heading"),
        ];
        for (text, expected) in table {
            assert_eq!(line(text, 200), expected, "{text:?}");
            assert_eq!(bytes(text.as_bytes(), 200), expected, "{text:?}");
        }
        assert_eq!(bytes(b"\x7fELF\x01\xff\xfe", 80), "\\u{7f}ELF\\u{1}\u{fffd}\u{fffd}");
    }

    #[test]
    fn long_lines_say_how_much_is_missing() {
        let long = "x".repeat(3_000_000);
        let shown = line(&long, 1000);
        assert!(shown.ends_with("xx… [+2,999,020 bytes]"), "{}", &shown[950..]);
        assert_eq!(measure_text_width(&shown), 1000);
        assert_eq!(bytes(long.as_bytes(), 1000), shown);
        assert_eq!(line("abcdefghij", 5), "abcd…");
        assert_eq!(line("abcde", 5), "abcde");
        assert_eq!(line("界界界", 5), "界界…");
        assert_eq!(line("x", 0), "");
        assert_eq!(line("", 5), "");
        assert_eq!(line_with("abcdefghij", 0, 5, "..."), "ab...");
        assert_eq!(line_with("abc", 1000, 60, "..."), "abc... [+1,000 bytes]");
        assert_eq!(line_with("abcdefghij", 0, 2, "..."), "..");
        assert_eq!(line(&"\x1b[0m".repeat(100_000), 80), "… [+398,464 bytes]");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "::",
            ":",
            "#",
            "##",
            "[",
            "vso[",
            "Teamcity[",
            "\x1b",
            "\x1b[0m",
            "\x1b[",
            "m",
            "\r",
            "\n",
            "\t",
            " ",
            "\u{202e}",
            "\u{200b}",
            "\u{fe0f}",
            "\u{fe0e}",
            "\u{85}",
            "⚠",
            "界",
            "e\u{301}",
            "👩\u{200d}👩",
            "1",
        ]);
        prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..40).prop_map(|p| p.concat())]
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_text(text in hostile(), columns in 0usize..90) {
            let shown = line(&text, columns);
            prop_assert!(measure_text_width(&shown) <= columns, "{shown:?}");
            let mut last = ' ';
            for c in shown.chars() {
                let chooses = ('\u{fe00}'..='\u{fe0f}').contains(&c) && !last.is_ascii();
                prop_assert!(!is_hidden(c) || chooses, "{shown:?}");
                last = c;
            }
            prop_assert!(!shown.trim_start().starts_with("::"));
            let lower = shown.to_lowercase();
            prop_assert!(!["##[", "##vso", "##teamcity"].iter().any(|m| lower.contains(m)), "{shown:?}");
        }

        #[test]
        fn no_bytes_are_more_than_text(text in prop::collection::vec(any::<u8>(), 0..200), columns in 0usize..90) {
            let shown = bytes(&text, columns);
            prop_assert!(measure_text_width(&shown) <= columns);
            prop_assert!(!shown.trim_start().starts_with("::"));
        }

        #[test]
        fn sensible_text_stays_as_it_is(text in "[a-zA-Z0-9äß界 .,/=-]{0,60}") {
            prop_assert_eq!(line(&text, 200), text);
        }
    }
}
