//! JSON that is safe to print. Standard JSON escapes C0 only; what a terminal or a CI's log parser would act on is
//! written as `\uXXXX` here, which every JSON reader turns back into the same text.

use super::escape;

/// Rewrites serialised JSON: the text it decodes to stays the same.
pub fn safe(json: &str) -> String {
    // One byte more: most callers add a line end.
    let mut out = String::with_capacity(json.len() + 1);
    let mut kept = 0;
    for at in 0..json.len() {
        let byte = json.as_bytes().get(at).copied().unwrap_or_default();
        // Nearly all is plain ASCII, and copied in long pieces.
        if matches!(byte, b'\n' | b' '..=b'"' | b'$'..=b'~') || !json.is_char_boundary(at) {
            continue;
        }
        let Some(c) = json.get(at..).and_then(|rest| rest.chars().next()) else { continue };
        // But for line ends, neither kind occurs in JSON outside of strings, and none can follow a backslash.
        if escape::is_hidden(c) || c == '#' && escape::is_command(json, at) {
            out.push_str(json.get(kept..at).unwrap_or_default());
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
            kept = at + c.len_utf8();
        }
    }
    out.push_str(json.get(kept..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands_and_bidi_are_escaped_and_come_back() {
        let text = "##[group]x \u{202e}\u{9b}31m \u{e0041} ###[y] # ## :: \u{7f}";
        let json = safe(&serde_json::to_string(text).unwrap());
        assert_eq!(json, r##""\u0023#[group]x \u202e\u009b31m \udb40\udc41 #\u0023#[y] # ## :: \u007f""##);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let json = safe(&serde_json::to_string(&text).unwrap());
            prop_assert!(!json.chars().any(escape::is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
