//! What plain scalars mean, as go-yaml v2 has it (YAML 1.1, and Go's own prefixes of numbers).

/// Whether it stands for nothing.
pub(super) fn nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A boolean.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A whole number. A leading zero makes it octal, as in YAML 1.1.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let plain = digits.replace('_', "");
    let (radix, digits) = match plain.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &plain[2..]),
        Some("0o") => (8, &plain[2..]),
        Some("0b") => (2, &plain[2..]),
        Some(start) if start.starts_with('0') => (8, &plain[1..]),
        _ => (10, plain.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = i128::from(u64::from_str_radix(digits, radix).ok()?);
    i64::try_from(if negative { -size } else { size }).ok()
}

/// A number.
pub(super) fn number(text: &str) -> Option<f64> {
    if let Some(whole) = integer(text) {
        #[expect(clippy::cast_precision_loss, reason = "go-yaml rounds too")]
        return Some(whole as f64);
    }
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let plain = text.replace('_', "");
    let digits = plain.bytes().any(|byte| byte.is_ascii_digit());
    let known = plain.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if digits && known { plain.parse().ok() } else { None }
}
