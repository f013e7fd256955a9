//! `uppercase-stage-name`.

use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage whose name has upper-case letters.
    ///
    /// ## Why is this bad?
    /// Names of stages have no case for the builder: `Build` and `build` are one stage. Written in lower case they
    /// look like what they are, and stand out from the keywords.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12 AS Build
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/stage-name-casing/>
    IMG109 "uppercase-stage-name" {
        level: Info,
        items: [BestPractice],
        aliases: ["StageNameCasing"],
        remedy: "write the name of the stage in lower case",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(step) = file.from_of(index) else { continue };
        let Some(name) = file.from_words(step).and_then(|words| words.name) else { continue };
        if !name.text.contains(char::is_uppercase) {
            continue;
        }
        let message = format!("the stage name {} has upper-case letters", shown(&name.text));
        let finding = found.add(file.place_at(step, name.span), message);
        if name.span.of(file.bytes) == name.text.as_bytes() {
            let edit = Edit { span: name.span, text: name.text.to_lowercase() };
            finding.fix("write the name in lower case", vec![edit]);
        }
    }
}
