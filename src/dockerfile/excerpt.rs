//! A line of a Dockerfile, for messages.

/// The longest text of a line that a message shows, in characters.
const MAX_SHOWN: usize = 120;

/// `5 | RUN make`: the line as a message shows it, cut where it is long. Empty where the file has no such line.
pub fn excerpt(file: &[u8], line: u32) -> String {
    let Some(index) = usize::try_from(line).ok().and_then(|l| l.checked_sub(1)) else { return String::new() };
    let Some(bytes) = file.split(|b| *b == b'\n').nth(index) else { return String::new() };
    // A character has at most four bytes; invalid ones become one character each.
    let head = bytes.get(..MAX_SHOWN * 4 + 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    format!("{line} | {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_cut_and_trimmed() {
        let file = b"FROM x\r\nRUN make  \n";
        assert_eq!(excerpt(file, 1), "1 | FROM x");
        assert_eq!(excerpt(file, 2), "2 | RUN make");
        assert_eq!(excerpt(file, 0), "");
        assert_eq!(excerpt(file, 9), "");
        let long = "é".repeat(1000);
        assert_eq!(excerpt(long.as_bytes(), 1).chars().count(), 4 + MAX_SHOWN + 1);
    }
}
