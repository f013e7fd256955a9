//! Files of variables as `envFile` names them: the format of dotenv as Go's godotenv reads it.

use std::collections::HashMap;

/// The largest file, and the longest that values may become, in bytes: they may repeat each other.
const MAX: usize = 1 << 20;

/// The variables in order, with earlier ones filled in. Those that are empty are left out, as the tool does.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    if bytes.len() > MAX {
        return Err("it is larger than 1 MiB".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let text = text.replace("\r\n", "\n");
    let mut known: HashMap<String, String> = HashMap::new();
    let mut order = Vec::new();
    let mut rest = text.as_str();
    let mut size = 0;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let before = text.len() - rest.len();
        let trouble = |what: &str| {
            let line = text[..before].matches('\n').count() + 1;
            format!("line {line} {what}")
        };
        let (name, after) = name(rest).ok_or_else(|| trouble("is not written NAME=value"))?;
        let (value, after) = value(after, &known).ok_or_else(|| trouble("has a quote that is not closed"))?;
        size += value.len();
        if size > MAX {
            return Err(trouble("makes its values longer than 1 MiB"));
        }
        rest = after;
        if known.insert(name.to_owned(), value).is_none() {
            order.push(name.to_owned());
        }
    }
    let pairs = order.into_iter().filter_map(|name| known.remove(&name).map(|value| (name, value)));
    Ok(pairs.filter(|(_, value)| !value.is_empty()).collect())
}

/// The name that `text` begins with, and what is behind its `=` or `:`.
fn name(text: &str) -> Option<(&str, &str)> {
    let line = text.split('\n').next().unwrap_or_default();
    let at = line.find(['=', ':'])?;
    let name = line[..at].trim();
    let name =
        name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim();
    let right = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    (!name.is_empty() && name.chars().all(right)).then(|| (name, &text[at + 1..]))
}

/// The value that `text` begins with, and the lines behind it.
fn value<'t>(text: &'t str, known: &HashMap<String, String>) -> Option<(String, &'t str)> {
    let text = text.trim_start_matches([' ', '\t']);
    match text.chars().next() {
        Some('\'') => {
            let (inside, after) = text[1..].split_once('\'')?;
            Some((inside.to_owned(), after))
        }
        Some('"') => {
            let inside = &text[1..];
            let mut escaped = false;
            let end = inside.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            Some((filled(&unescaped(&inside[..end]), known), &inside[end + 1..]))
        }
        _ => {
            let (line, after) = text.split_once('\n').unwrap_or((text, ""));
            let comment = line.find(" #").or_else(|| line.find("\t#"));
            let line = if line.starts_with('#') { "" } else { &line[..comment.unwrap_or(line.len())] };
            Some((filled(line.trim(), known), after))
        }
    }
}

/// `\n` and `\r` are what they say, `\$` waits for [`filled`], and another backslash goes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(first) = chars.next() {
        match (first, first == '\\') {
            (_, false) => out.push(first),
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('$') => out.push_str("\\$"),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
        }
    }
    out
}

/// `$NAME` and `${NAME}` of earlier lines; what is not there is empty.
fn filled(text: &str, known: &HashMap<String, String>) -> String {
    let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        if let Some(before) = before.strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            rest = after;
            continue;
        }
        out.push_str(before);
        let (braces, inner) = after.strip_prefix('{').map_or((false, after), |inner| (true, inner));
        let end = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let (name, behind) = inner.split_at(end);
        let closed = if braces { behind.strip_prefix('}') } else { Some(behind) };
        match closed.filter(|_| !name.is_empty()) {
            Some(behind) if out.len() <= MAX => {
                out.push_str(known.get(name).map_or("", String::as_str));
                rest = behind;
            }
            _ => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
