//! JSON that is safe to print. Standard JSON escapes C0 only; what a terminal or a CI's log parser would act on is
//! written as `\uXXXX` here, which every JSON reader turns back into the same text.

use super::escape;

/// Rewrites serialised JSON: the text it decodes to stays the same.
pub fn safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for (at, c) in json.char_indices() {
        // But for line ends, neither kind occurs in JSON outside of strings, and none can follow a backslash.
        if escape::is_hidden(c) && c != '\n' || c == '#' && escape::is_command(json, at) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
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
