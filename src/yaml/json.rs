//! JSON, which is YAML but for two things: it may have tabs around `:`, and writes what is beyond `\uffff` as two escapes.

use std::borrow::Cow;

/// `text` as YAML has it, where it is JSON. Lines stay, and so do columns before the first such pair of escapes.
pub(super) fn as_yaml(text: &str) -> Cow<'_, str> {
    let begins_so = text.trim_start().starts_with(['{', '[', '"']);
    let differs = text.contains('\t') || text.contains("\\ud") || text.contains("\\uD");
    if !begins_so || !differs || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Cow::Borrowed(text);
    }
    let mut yaml = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\t']) {
        let (before, found) = rest.split_at(at);
        yaml.push_str(before);
        let (replacement, length) = match (found.as_bytes()[0], pair(found)) {
            // A raw tab is never inside quotes.
            (b'\t', _) => (Some(' '), 1),
            (b'\\', Some(character)) => (Some(character), 12),
            // The escape's letter goes along: the second of two backslashes begins nothing.
            _ => (None, 2),
        };
        let length = length.min(found.len());
        match replacement {
            Some(character) => yaml.push(character),
            None => yaml.push_str(&found[..length]),
        }
        rest = &found[length..];
    }
    yaml.push_str(rest);
    Cow::Owned(yaml)
}

/// The character that `\ud83d\ude00` at the start stands for.
fn pair(text: &str) -> Option<char> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let units = [unit(text)?, unit(text.get(6..)?)?];
    // Two escapes of one character each stay as they are.
    let mut decoded = char::decode_utf16(units);
    let first = decoded.next()?.ok()?;
    decoded.next().is_none().then_some(first)
}
