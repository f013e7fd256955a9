//! From Go's regular expressions (RE2) to those of the regex crate. Both come from RE2, but where Go takes a character
//! for itself the crate often has an operator.

use std::iter::Peekable;
use std::str::Chars;

/// Go's most repetitions.
const REPEATED: u32 = 1000;

/// What stands before the next character.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Something,
    Repeated,
}

/// The same expression in the crate's syntax. What is wrong in both is left to the crate.
pub(super) fn translated(go: &str) -> Result<String, String> {
    let mut out = String::with_capacity(go.len());
    let mut rest = go;
    let mut before = Before::Something;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let was = std::mem::replace(&mut before, Before::Something);
        rest = match first {
            '\\' if after.starts_with('Q') => {
                let (literal, after) = after[1..].split_once("\\E").unwrap_or((&after[1..], ""));
                literal.chars().for_each(|literal| out.push_str(&itself(literal)));
                after
            }
            '\\' => escape(after, &mut out, false)?,
            '[' => class(after, &mut out)?,
            '(' => group(after, &mut out)?,
            '*' | '+' | '?' => repetition(was, after, first.encode_utf8(&mut [0; 4]), &mut out, &mut before)?,
            '{' => match bounds(after) {
                Some(length) => {
                    let (written, after) = rest.split_at(length);
                    if written
                        .split(|c: char| !c.is_ascii_digit())
                        .any(|n| n.parse::<u32>().is_ok_and(|n| n > REPEATED))
                    {
                        return Err(format!("{written} repeats more than {REPEATED} times"));
                    }
                    repetition(was, after, written, &mut out, &mut before)?
                }
                None => {
                    out.push_str("\\{");
                    after
                }
            },
            '}' | ']' => {
                out.push('\\');
                out.push(first);
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    Ok(out)
}

/// What Go's expressions see of bytes: one U+FFFD for each that is no UTF-8.
pub(super) fn characters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A character that means itself wherever it stands.
fn itself(character: char) -> String {
    match character {
        '0'..='9' | 'a'..='z' | 'A'..='Z' => character.to_string(),
        _ => format!("\\x{{{:x}}}", u32::from(character)),
    }
}

fn repetition<'r>(
    was: Before,
    after: &'r str,
    operator: &str,
    out: &mut String,
    before: &mut Before,
) -> Result<&'r str, String> {
    if was == Before::Repeated {
        return Err(format!("{operator} repeats a repetition"));
    }
    *before = Before::Repeated;
    out.push_str(operator);
    Ok(match after.strip_prefix('?') {
        Some(after) => {
            out.push('?');
            after
        }
        None => after,
    })
}

/// The length of `{2}`, `{2,}` or `{2,3}`, whose `{` is before `text`.
fn bounds(text: &str) -> Option<usize> {
    let inner = &text[..text.find('}')?];
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let right = !least.is_empty() && digits(least) && digits(most);
    right.then_some(inner.len() + 2)
}

/// What is behind `(`: the crate has flags that Go has not.
fn group<'r>(text: &'r str, out: &mut String) -> Result<&'r str, String> {
    out.push('(');
    let Some(flags) = text.strip_prefix('?') else { return Ok(text) };
    if flags.starts_with("P<") || flags.starts_with('<') {
        return Ok(text);
    }
    let end = flags.find([':', ')']).ok_or("a group is not closed")?;
    match flags[..end].chars().all(|flag| "imsU-".contains(flag)) {
        true => Ok(text),
        false => Err(format!("Go knows no group (?{}", &flags[..=end])),
    }
}

/// What is behind a backslash, and what comes after it.
fn escape<'r>(text: &'r str, out: &mut String, in_class: bool) -> Result<&'r str, String> {
    let Some(first) = text.chars().next() else { return Err("it ends with a backslash".to_owned()) };
    let after = &text[first.len_utf8()..];
    let set = match first {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0c\r ]",
        'S' => r"[^\t\n\x0c\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'b' if !in_class => r"(?-u:\b)",
        'B' if !in_class => r"(?-u:\B)",
        'A' | 'z' if !in_class => return keep(first, after, out),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' => return keep(first, after, out),
        'p' | 'P' => return property(first, after, out),
        'x' => return hexadecimal(after, out),
        '0'..='7' => return octal(text, out),
        'C' => return Err("\\C, a single byte, is not supported".to_owned()),
        _ if first.is_ascii() && !first.is_ascii_alphanumeric() => {
            out.push_str(&itself(first));
            return Ok(after);
        }
        _ => return Err(format!("Go knows no \\{first} here")),
    };
    out.push_str(set);
    Ok(after)
}

fn keep<'r>(letter: char, after: &'r str, out: &mut String) -> Result<&'r str, String> {
    out.push('\\');
    out.push(letter);
    Ok(after)
}

/// `\pL` or `\p{Greek}`.
fn property<'r>(letter: char, after: &'r str, out: &mut String) -> Result<&'r str, String> {
    let length = match after.strip_prefix('{') {
        Some(name) => name.find('}').ok_or("a \\p{ is not closed")? + 2,
        None => after.chars().next().ok_or("\\p lacks its name")?.len_utf8(),
    };
    let (name, after) = after.split_at(length);
    out.push('\\');
    out.push(letter);
    out.push_str(name);
    Ok(after)
}

/// `\x7F` or `\x{10FFFF}`.
fn hexadecimal<'r>(after: &'r str, out: &mut String) -> Result<&'r str, String> {
    let (digits, after) = match after.strip_prefix('{') {
        Some(text) => text.split_once('}').ok_or("a \\x{ is not closed")?,
        None => (after.get(..2).ok_or("\\x lacks its digits")?, &after[2..]),
    };
    out.push_str(&character(digits, 16).ok_or_else(|| format!("\\x{digits} is no character"))?);
    Ok(after)
}

/// `\0`, `\07` or `\123`. A single digit else would be the group of that number.
fn octal<'r>(text: &'r str, out: &mut String) -> Result<&'r str, String> {
    let length = text.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (digits, after) = text.split_at(length);
    if length == 1 && digits != "0" {
        return Err(format!("Go knows no \\{digits}, a group's text"));
    }
    out.push_str(&character(digits, 8).ok_or_else(|| format!("\\{digits} is no character"))?);
    Ok(after)
}

fn character(digits: &str, radix: u32) -> Option<String> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
    char::from_u32(number).map(itself)
}

/// A class, whose `[` is before `text`.
fn class<'r>(text: &'r str, out: &mut String) -> Result<&'r str, String> {
    const OPEN: &str = "a [ is not closed";
    out.push('[');
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut begins = true;
    loop {
        let first = rest.chars().next().ok_or(OPEN)?;
        if first == ']' && !begins {
            out.push(']');
            return Ok(&rest[1..]);
        }
        begins = false;
        if let Some(name) = rest.strip_prefix("[:")
            && let Some(end) = name.find(":]")
        {
            out.push_str(&rest[..end + 4]);
            rest = &name[end + 2..];
            continue;
        }
        let mut low = String::new();
        rest = element(rest, &mut low)?;
        out.push_str(&low);
        let mut ahead: Peekable<Chars<'_>> = rest.chars().peekable();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']') {
            let mut high = String::new();
            rest = element(&rest[1..], &mut high)?;
            if low.starts_with('[')
                || high.starts_with('[')
                || low.starts_with("\\p")
                || high.starts_with("\\p")
            {
                return Err("a range in a class is one of characters".to_owned());
            }
            out.push('-');
            out.push_str(&high);
        }
    }
}

/// One character or escape of a class.
fn element<'r>(text: &'r str, out: &mut String) -> Result<&'r str, String> {
    let first = text.chars().next().ok_or("a [ is not closed")?;
    let after = &text[first.len_utf8()..];
    match first {
        '\\' => escape(after, out, true),
        _ => {
            out.push_str(&itself(first));
            Ok(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;

    /// What Go 1.24 says of expression and text, where the crate's own syntax says something else, or nearly does.
    #[test]
    fn as_in_go() {
        for (expression, text, matches) in [
            (r#"{"status":"ok"}"#, r#"{"status":"ok"}"#, true),
            (r"a{,2}", "a{,2}", true),
            (r"^a{2}$", "aa", true),
            (r"^a{2,}?$", "aaa", true),
            (r"x{a}", "x{a}", true),
            (r"\d", "٣", false),
            (r"\D", "٣", true),
            (r"^\w$", "é", false),
            (r"\s", "\u{b}", false),
            (r"\bé", "é", false),
            (r"[[]", "[", true),
            (r"[a[b]c]", "[c]", true),
            (r"^[a&&b]$", "&", true),
            (r"^[a~~b]$", "~", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "]", false),
            (r"^[\d-]$", "-", true),
            (r"^[a\-z]$", "b", false),
            (r"^[[:alpha:]_]+$", "a_", true),
            (r"^[\pL\D]$", "é", true),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"^\x41\101\x{42}\0$", "AAB\0", true),
            (r"^\/\_\-$", "/_-", true),
            (r"]}", "]}", true),
            (r"(?i)ABC(?-i:d)", "abcd", true),
            (r"(?P<a>b)(?<c>d)", "bd", true),
            (r"(?U)a+", "a", true),
            (r"a # b", "a # b", true),
            ("é", "é", true),
        ] {
            let pattern = Pattern::go(expression).unwrap_or_else(|why| panic!("{expression}: {why}"));
            assert_eq!(pattern.is_match(text.as_bytes()), matches, "{expression} on {text:?}");
            assert_eq!(pattern.as_str(), expression);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_characters_each() {
        for (expression, bytes, matches) in [
            ("^caf. ..$", &b"caf\xe9 \xff\xfe"[..], true),
            ("^[^a]{2}$", b"\xe2\x82", true),
            ("^.$", "é".as_bytes(), true),
            (r"\xe9", b"\xe9", false),
        ] {
            assert_eq!(Pattern::go(expression).unwrap().is_match(bytes), matches, "{expression}");
        }
    }

    #[test]
    fn refused_as_in_go() {
        for expression in [
            r"a**",
            r"a+?+",
            r"a{2}{3}",
            r"a{1001}",
            r"(?x)a",
            r"(?=a)",
            r"(?R)a",
            r"\C",
            r"\1",
            r"\E",
            r"\Z",
            r"\é",
            "\\",
            r"[a",
            r"[",
            r"(",
            r"[z-a]",
            r"[a-\d]",
            r"[a--b]",
            r"\p{Nope}",
            r"\x{110000}",
            r"\xg1",
            r"*a",
            r"(?",
            r"\p",
            r"[\b]",
        ] {
            let why = Pattern::go(expression).expect_err(expression);
            assert!(
                why.starts_with("not a regular expression: ") && !why.contains('\n'),
                "{expression}: {why}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in r"[\[\](){}?*+.,^$|\\aQEdpx:<>Pi0-9é&~-]{0,12}") {
            let _ = Pattern::go(&text);
        }
    }
}
