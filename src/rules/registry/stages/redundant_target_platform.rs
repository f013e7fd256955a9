//! `redundant-target-platform`.

use crate::dockerfile::{Span, VariableKind};
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `FROM` whose `--platform` is `$TARGETPLATFORM`.
    ///
    /// ## Why is this bad?
    /// That is what a stage is built for anyway. Whoever reads the flag looks for a reason that is not there.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM --platform=$TARGETPLATFORM debian:12
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/redundant-target-platform/>
    IMG106 "redundant-target-platform" {
        level: Info,
        items: [BestPractice],
        aliases: ["RedundantTargetPlatform", "DL3065"],
        remedy: "leave --platform out",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(step) = file.from_of(index) else { continue };
        let mut flags = step.instruction.flags.iter().filter(|flag| flag.name == "platform");
        let (Some(flag), None) = (flags.next(), flags.next()) else { continue };
        if !matches!(flag.value.as_deref(), Some("$TARGETPLATFORM" | "${TARGETPLATFORM}")) {
            continue;
        }
        // A global ARG of that name may ask for another platform.
        let target = file.scopes.at(step.index).get("TARGETPLATFORM");
        if target.is_some_and(|variable| variable.kind != VariableKind::Predefined) {
            continue;
        }
        let message = format!("{} asks for the platform that it has anyway", file.stage_title(index));
        let finding = found.add(file.place_at(step, flag.span), message);
        let rest = file.bytes.get(flag.span.end..).unwrap_or_default();
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let span = Span { start: flag.span.start, end: flag.span.end + blanks };
        finding.fix("leave the flag out", vec![Edit { span, text: String::new() }]);
    }
}
