//! Azure Pipelines' logging commands: `##[name]`, and `##vso[area.name key=value;key=value]text`, anywhere in a line.
//!
//! <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>

use super::{Annotation, Outputs};
use crate::report::escape;
use crate::rules::Level;

pub(super) fn open(title: &str) -> String {
    format!("##[group]{title}\n")
}

pub(super) fn close() -> String {
    "##[endgroup]\n".to_owned()
}

/// An issue; Azure knows none that is mere information.
pub(super) fn issue(annotation: &Annotation) -> Option<String> {
    let kind = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => return None,
    };
    let mut properties = format!("type={kind};");
    if let Some(path) = &annotation.path {
        properties.push_str(&format!("sourcepath={};", property(&shown(path))));
        for (name, number) in [("linenumber", annotation.line), ("columnnumber", annotation.column)] {
            properties.push_str(&number.map(|number| format!("{name}={number};")).unwrap_or_default());
        }
    }
    if let Some(code) = &annotation.code {
        properties.push_str(&format!("code={};", property(&shown(code))));
    }
    let message = format!("{}: {}", annotation.title, annotation.message);
    Some(format!("##vso[task.logissue {properties}]{}\n", data(&shown(&message))))
}

/// Variables of the step, which later ones read as `$(STEP.digest)`.
pub(super) fn outputs(outputs: &Outputs) -> String {
    let line = |(name, value): (&str, String)| {
        // `$(name)` is another variable's value, and those hold passwords.
        let value = value.replace("$(", if name == "json" { "\\u0024(" } else { "$ (" });
        format!("##vso[task.setvariable variable={name};isOutput=true]{}\n", data(&value))
    };
    outputs.pairs().into_iter().map(line).collect()
}

/// A file of Markdown for the page of the run.
pub(super) fn summary(path: &str) -> String {
    format!("##vso[task.uploadsummary]{}\n", data(path))
}

/// Text for people on one line, since an issue has one.
fn shown(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().take(20).map(|line| escape::line(line, escape::LOG_COLUMNS)).collect();
    lines.join(" / ")
}

/// Behind the bracket.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In front of it.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
