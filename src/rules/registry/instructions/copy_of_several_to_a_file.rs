//! `copy-of-several-to-a-file`.

use crate::dockerfile::{Form, Keyword, Span};
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Transfer;
use crate::rules::words::shown;
use crate::rules::{Edit, Level};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY` of several sources to a destination that does not end with a slash.
    ///
    /// ## Why is this bad?
    /// Builders take such a destination for a file and refuse to build, or one source replaces the other.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY a.conf b.conf /etc/app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY a.conf b.conf /etc/app/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#copy>
    IMG205 "copy-of-several-to-a-file" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3021", "DS-0011"],
        remedy: "end the destination with a slash",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Copy).filter(|step| !step.onbuild) {
        let Some(Transfer { sources, destination }) = file.transfer(step) else { continue };
        let to = destination.text.as_str();
        if sources.len() < 2 || to.ends_with('/') {
            continue;
        }
        let message =
            format!("{} sources go to {}, which does not end with a slash", sources.len(), shown(to));
        let finding = found.add(file.place_at(step, destination.span), message);
        // Newer builders know these for folders; what a variable ends with is not known.
        if matches!(to, "." | "..") || to.ends_with("/.") || to.contains('$') {
            finding.level(Level::Warning);
        }
        let is_word = !matches!(step.instruction.form(), Form::Exec(_))
            && destination.span.of(file.bytes) == to.as_bytes();
        if is_word && !to.contains(['$', '\\', file.escape()]) {
            let end = Span { start: destination.span.end, end: destination.span.end };
            finding.fix("end the destination with a slash", vec![Edit { span: end, text: "/".to_owned() }]);
        }
    }
}
