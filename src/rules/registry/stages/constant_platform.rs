//! `constant-platform`.

use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `FROM` whose `--platform` is a constant. Stages that carry the system or the architecture in their
    /// name are taken for one of several and left alone.
    ///
    /// ## Why is this bad?
    /// The image is then of that platform whoever builds it and for whatever it is asked: elsewhere it runs
    /// emulated, or not at all.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM --platform=linux/amd64 debian:12
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/>
    /// - <https://docs.docker.com/build/building/multi-platform/>
    IMG104 "constant-platform" {
        level: Warning,
        items: [BestPractice],
        aliases: ["FromPlatformFlagConstDisallowed", "DL3029"],
        remedy: "leave --platform out, or take $BUILDPLATFORM for a stage that runs on the machine that builds",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, stage) in file.stages() {
        let Some(platform) = stage.platform.as_deref().filter(|platform| !platform.contains('$')) else {
            continue;
        };
        let name = stage.name.as_deref().unwrap_or_default();
        let parts = platform.split('/').take(2);
        if parts.filter(|part| !part.is_empty()).any(|part| name.contains(&part.to_lowercase())) {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        let flag = step.instruction.flags.iter().rfind(|flag| flag.name == "platform");
        let span = flag.map_or(step.instruction.span, |flag| flag.span);
        found.add(
            file.place_at(step, span),
            format!("the platform of {} is always {}", file.stage_title(index), shown(platform)),
        );
    }
}
