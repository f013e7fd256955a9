//! `missing-user`.

use crate::dockerfile::{BaseImage, Keyword};
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the stage that is built where neither it nor a stage that it continues has a `USER`, and its base
    /// image is not known to set one.
    ///
    /// ## Why is this bad?
    /// The service then runs as root. A flaw in it gives an attacker every right in the container, and often a way
    /// out of it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["app"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// USER 10001
    /// CMD ["app"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#user>
    /// - <https://docs.docker.com/build/building/best-practices/#user>
    IMG222 "missing-user" {
        level: Warning,
        items: [BestPractice],
        aliases: ["CIS-DI-0001", "DS-0002", "CKV_DOCKER_3"],
        remedy: "switch to an unprivileged user at the end, such as USER 10001",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let Some(target) = file.target() else { return };
    let chain = file.graph.chain(target);
    let steps = chain.iter().flat_map(|stage| file.of_stage(*stage));
    if steps.filter(|step| !step.onbuild).any(|step| step.instruction.keyword == Keyword::User) {
        return;
    }
    match chain.first().and_then(|first| file.graph.bases.get(*first)) {
        Some(BaseImage::Image(reference)) if !sets_user(reference) => {}
        Some(BaseImage::Scratch) => {}
        _ => return,
    }
    if let Some(step) = file.from_of(target) {
        found
            .add(file.place(step), format!("{} sets no USER, and so runs as root", file.stage_title(target)));
    }
}

/// Base images whose names say that they do, or that are known to.
fn sets_user(reference: &str) -> bool {
    let name = reference.to_ascii_lowercase();
    let words = ["nonroot", "non-root", "rootless", "unprivileged"];
    let known =
        ["cgr.dev/chainguard/", "docker.io/bitnami/", "bitnami/", "jenkins/jenkins", "grafana/grafana"];
    words.iter().any(|word| name.contains(word)) || known.iter().any(|start| name.starts_with(start))
}
