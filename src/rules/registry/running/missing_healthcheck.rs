//! `missing-healthcheck`.

use crate::dockerfile::{BaseImage, Keyword};
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the stage that is built where neither it nor a stage that it continues has a `HEALTHCHECK`, at its `FROM`.
    /// `HEALTHCHECK NONE` says that there is none on purpose. A stage from `scratch` that starts nothing is no service
    /// and needs none.
    ///
    /// ## Why is this bad?
    /// A process can run and answer nobody. Without a health check the engine knows only that it runs: nothing is
    /// restarted, and what waits for the service starts too early. If the base image brings a check, it is made for the
    /// base image.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["serve", "--port", "8080"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK --interval=10s --timeout=3s CMD ["serve", "--ping", "http://127.0.0.1:8080/health"]
    /// CMD ["serve", "--port", "8080"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#healthcheck>
    IMG505 "missing-healthcheck" {
        level: Warning,
        items: [Healthcheck],
        aliases: ["DL3057", "CIS-DI-0006", "DS-0026", "CKV_DOCKER_2"],
        remedy: "add HEALTHCHECK CMD with a command of the image that asks the service; HEALTHCHECK NONE where no service runs",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let Some(target) = file.target() else { return };
    let stages = file.graph.chain(target);
    let has = |keywords: &[Keyword]| {
        let mut steps = stages.iter().flat_map(|stage| file.of_stage(*stage));
        steps.any(|step| !step.onbuild && keywords.contains(&step.instruction.keyword))
    };
    let first = stages.first().and_then(|first| file.graph.bases.get(*first));
    let only_files = first == Some(&BaseImage::Scratch) && !has(&[Keyword::Cmd, Keyword::Entrypoint]);
    if only_files || has(&[Keyword::Healthcheck]) {
        return;
    }
    if let Some(from) = file.from_of(target) {
        found.add(file.place(from), "the image that is built sets no HEALTHCHECK");
    }
}
