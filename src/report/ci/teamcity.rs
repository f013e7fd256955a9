//! TeamCity's service messages: `##teamcity[name key='value']`, on stdout.
//!
//! <https://www.jetbrains.com/help/teamcity/service-messages.html>

use super::{Annotation, Outputs};
use crate::report::escape;

/// TeamCity cuts the description of a problem there.
const MOST_DESCRIPTION: usize = 4_000;

pub(super) fn open(title: &str) -> String {
    message("blockOpened", &[("name", title)])
}

pub(super) fn close(title: &str) -> String {
    message("blockClosed", &[("name", title)])
}

/// The problem that fails the build: why the run failed. What else there is to say is said by the tests and the report.
pub(super) fn problem(annotation: &Annotation) -> Option<String> {
    if !annotation.is_of_run {
        return None;
    }
    let lines: Vec<String> =
        annotation.message.lines().take(20).map(|line| escape::line(line, escape::LOG_COLUMNS)).collect();
    let text = escape::line(&format!("imgbuild: {}", lines.join(" / ")), MOST_DESCRIPTION);
    Some(message("buildProblem", &[("description", &text), ("identity", "imgbuild")]))
}

/// Parameters of the build.
pub(super) fn outputs(outputs: &Outputs) -> String {
    let line = |(name, value): (&str, String)| {
        // `%name%` is another parameter's value, and those hold passwords.
        let value = value.replace('%', "%%");
        message("setParameter", &[("name", &format!("imgbuild.{name}")), ("value", &value)])
    };
    outputs.pairs().into_iter().map(line).collect()
}

/// A file of results of tests.
pub(super) fn tests(path: &str) -> String {
    message("importData", &[("type", "junit"), ("path", path)])
}

fn message(name: &str, properties: &[(&str, &str)]) -> String {
    let mut line = format!("##teamcity[{name}");
    for (key, value) in properties {
        line.push_str(&format!(" {key}='{}'", value_of(value)));
    }
    line + "]\n"
}

fn value_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\'' | '[' | ']' => out.extend(['|', c]),
            '\n' => out.push_str("|n"),
            '\r' => out.push_str("|r"),
            c if escape::is_hidden(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("|0x{unit:04x}")));
            }
            c => out.push(c),
        }
    }
    out
}
