//! Lines of ours in somebody's file, between two marks, which say how to take them out without a trace.

/// How the line above ours begins, after its indentation.
const BEGIN: &str = "# >>> imgbuild hook";
const END: &str = "# <<< imgbuild hook";
/// There was no such file.
const NEW_FILE: &str = " (new file)";
/// The file did not end with a newline.
const JOINED: &str = " (newline added)";
const HOW: &str = ": `imgbuild hook uninstall` takes these lines out";

/// Whether a text has our lines.
pub(super) fn is_in(text: &str) -> bool {
    find(text).is_some()
}

/// Puts `lines` into `text` at `at`, which is the start of a line or the text's end; they end as the text's do.
pub(super) fn put(text: Option<&str>, at: usize, lines: &str) -> String {
    let (before, after) = text.unwrap_or_default().split_at_checked(at).unwrap_or_default();
    let joined = !before.is_empty() && !before.ends_with('\n');
    let state = match (text, joined) {
        (None, _) => NEW_FILE,
        (_, true) => JOINED,
        (_, false) => "",
    };
    let end = if text.is_some_and(|text| text.contains("\r\n")) { "\r\n" } else { "\n" };
    let mut block = format!("{BEGIN}{state}{HOW}\n{lines}{END}\n");
    if end == "\r\n" {
        block = block.replace('\n', "\r\n");
    }
    let break_line = if joined { end } else { "" };
    format!("{before}{break_line}{block}{after}")
}

/// The text without our lines; the outer `None` where it has none of them, the inner one where the file was ours.
pub(super) fn take(text: &str) -> Option<Option<String>> {
    let (start, end) = find(text)?;
    let (before, rest) = text.split_at_checked(start)?;
    let (block, after) = rest.split_at_checked(end - start)?;
    let head = block.split_inclusive('\n').next().unwrap_or_default();
    let before = if head.contains(JOINED) {
        // The newline that was added is of the kind that our own lines have.
        let end = if head.ends_with("\r\n") { "\r\n" } else { "\n" };
        before.strip_suffix(end).unwrap_or(before)
    } else {
        before
    };
    let left = format!("{before}{after}");
    Some((!(head.contains(NEW_FILE) && left.is_empty())).then_some(left))
}

/// Where our lines begin and end.
fn find(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        if start.is_none() && line.starts_with(BEGIN) {
            start = Some(at);
        }
        at += line.len();
        if let Some(start) = start.filter(|_| line.trim_end() == END) {
            return Some((start, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines_end(text: &str, nth: usize) -> usize {
        text.split_inclusive('\n').take(nth).map(str::len).sum()
    }

    #[test]
    fn a_file_of_ours_goes_and_an_empty_one_stays() {
        let ours = put(None, 0, "x\n");
        assert_eq!(take(&ours), Some(None));
        assert_eq!(take(&format!("{ours}theirs\n")), Some(Some("theirs\n".to_owned())));
        assert_eq!(take(&put(Some(""), 0, "x\n")), Some(Some(String::new())));
        assert_eq!(take("# >>> imgbuild hook\nno end\n"), None);
        assert_eq!(take("nothing"), None);
    }

    proptest! {
        #[test]
        fn what_was_there_comes_back(text in "[a-c: \r\n]{0,40}", nth in 0_usize..5) {
            let at = lines_end(&text, nth);
            let with = put(Some(&text), at, "ours\n");
            prop_assert!(is_in(&with));
            prop_assert_eq!(take(&with), Some(Some(text)));
        }
    }
}
