//! The log of a container, counted.

use crate::engine::{Engine, LogLine, LogOptions, LogSource};
use crate::error::Result;
use crate::expect::shortened;
use crate::rules::facts::LogsSeen;

/// How much of a log is read, in bytes.
const READ: u64 = 1 << 20;
/// Lines that are kept as the end of a log, and bytes of each.
const LAST: u32 = 20;
const SHOWN: usize = 300;

/// Counts the lines of the container's log.
pub(super) async fn count(engine: &Engine, id: &str) -> Result<LogsSeen> {
    let mut seen = LogsSeen::default();
    let options = LogOptions { max_bytes: READ, ..LogOptions::default() };
    engine.container_logs(id, &options, &mut |line| take(&mut seen, &line)).await?;
    Ok(seen)
}

/// The last lines of the container's log, capped.
pub(super) async fn last(engine: &Engine, id: &str) -> Result<Vec<String>> {
    let mut last = Vec::new();
    let options = LogOptions { tail: Some(LAST), max_bytes: READ, ..LogOptions::default() };
    engine.container_logs(id, &options, &mut |line| last.push(cut(&line.text))).await?;
    Ok(last)
}

/// The first line of the container's log for which `is_it` holds, capped; of a long log the beginning is looked at.
pub(super) async fn first(engine: &Engine, id: &str, is_it: fn(&str) -> bool) -> Result<Option<String>> {
    let mut first = None;
    let options = LogOptions { max_bytes: READ, ..LogOptions::default() };
    let mut on_line = |line: LogLine| {
        if first.is_none() && is_it(&line.text) {
            first = Some(cut(&line.text));
        }
    };
    engine.container_logs(id, &options, &mut on_line).await?;
    Ok(first)
}

fn cut(text: &str) -> String {
    shortened(text, SHOWN)
}

fn take(seen: &mut LogsSeen, line: &LogLine) {
    match line.source {
        LogSource::Stdout => {
            seen.stdout_lines += 1;
            let text = cut(&line.text);
            if seen.errors_on_stdout.is_empty() && tells_an_error(&text) {
                seen.errors_on_stdout.push(text);
            }
        }
        LogSource::Stderr => seen.stderr_lines += 1,
    }
}

/// Whether a line says by its level that it tells of an error: the word stands among the first of it, or is the value
/// of a key for levels. A line of JSON is one record of a log collector, which tells levels apart by itself.
fn tells_an_error(line: &str) -> bool {
    if line.trim_start().starts_with('{') {
        return false;
    }
    let is_level = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        matches!(
            word,
            "ERROR"
                | "FATAL"
                | "CRITICAL"
                | "CRIT"
                | "EMERG"
                | "PANIC"
                | "SEVERE"
                | "Error"
                | "error"
                | "fatal"
        )
    };
    let leveled = ["level=error", "level=fatal", "lvl=error", "severity=ERROR"];
    let brackets =
        |word: &str| word.starts_with('[') || word.ends_with(':') || word == word.to_ascii_uppercase();
    // The first level that is named counts.
    let other = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        ["INFO", "WARN", "WARNING", "DEBUG", "TRACE", "NOTICE"]
            .iter()
            .any(|level| word.eq_ignore_ascii_case(level))
    };
    let mut words = line.split_whitespace().take(5).take_while(|word| !other(word));
    words.any(|word| is_level(word) && brackets(word)) || leveled.iter().any(|key| line.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_their_level() {
        for (line, expected) in [
            ("2026-01-01 10:00:00 ERROR cannot connect", true),
            ("[error] worker died", true),
            ("error: no such table", true),
            ("FATAL: out of memory", true),
            ("level=error msg=x", true),
            ("no error here", false),
            ("0 errors found", false),
            ("INFO all well, ERROR count is in another file", false),
            (r#"{"level":"ERROR"}"#, false),
            ("GET /error 200", false),
        ] {
            assert_eq!(tells_an_error(line), expected, "{line}");
        }
    }
}
