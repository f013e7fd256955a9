//! What changes in a file, as a unified diff: one hunk, from the first line that differs to the last.

use std::fmt::Write as _;

/// Lines around what differs.
const AROUND: usize = 3;

/// The diff of a file called `name`; `before` is `None` where there is none yet. Its lines hold what is in the file:
/// whoever prints them escapes them.
pub(super) fn unified(name: &str, before: Option<&[u8]>, after: &[u8]) -> String {
    let name = name.escape_debug();
    let mut text = match before {
        None => format!("--- /dev/null\n+++ b/{name}\n"),
        Some(_) => format!("--- a/{name}\n+++ b/{name}\n"),
    };
    let (old, new) = (lines(before.unwrap_or_default()), lines(after));
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - same;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    if old.len() == new.len() && same == old.len() {
        return String::new();
    }
    let from = same.saturating_sub(AROUND);
    let behind = end.min(AROUND);
    let (old_to, new_to) = (old.len() - end, new.len() - end);
    let _ = writeln!(
        text,
        "@@ -{} +{} @@",
        range(from, old_to + behind - from),
        range(from, new_to + behind - from)
    );
    let mut put = |sign: char, lines: &[Vec<u8>]| {
        for line in lines {
            let _ = writeln!(text, "{sign}{}", String::from_utf8_lossy(line).trim_end_matches('\n'));
            if !line.ends_with(b"\n") {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    };
    let part = |lines: &[Vec<u8>], from: usize, to: usize| lines.get(from..to).unwrap_or_default().to_vec();
    put(' ', &part(&old, from, same));
    put('-', &part(&old, same, old_to));
    put('+', &part(&new, same, new_to));
    put(' ', &part(&old, old_to, old_to + behind));
    text
}

/// Each with its newline.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Where a hunk is: an empty one stands behind the line before it.
fn range(from: usize, count: usize) -> String {
    match count {
        0 => format!("{from},0"),
        1 => format!("{}", from + 1),
        count => format!("{},{count}", from + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_the_lines_around() {
        let diff = |before: &str, after: &str| unified("f", Some(before.as_bytes()), after.as_bytes());
        assert_eq!(
            diff("1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n"),
            "--- a/f\n+++ b/f\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+x\n 5\n"
        );
        assert_eq!(diff("a\na\n", "a\n"), "--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n a\n-a\n");
        assert_eq!(diff("a\n", ""), "--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-a\n");
        assert_eq!(diff("a", "a\n"), "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
        assert_eq!(diff("a\n", "a\n"), "");
    }

    #[test]
    fn a_new_file_has_all_of_its_lines() {
        assert_eq!(unified("n", None, b"x\ny\n"), "--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+x\n+y\n");
        assert!(unified("a\nb", None, b"x\n").contains("+++ b/a\\nb\n"));
    }
}
