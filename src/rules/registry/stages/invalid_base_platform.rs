//! `invalid-base-platform`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::{Analysis, Step};
use crate::rules::facts::{BaseFacts, BaseState};
use crate::rules::words::{listed, serves, shown};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image that its registry has for other platforms alone: neither for the one that `--platform`
    /// names, nor for the one that is built.
    ///
    /// ## Why is this bad?
    /// The build fails, or a builder that is less strict takes an image whose programs do not run: the first sign of
    /// it is `exec format error` in production.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM --platform=linux/riscv64 amd64/debian:12
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/invalid-base-image-platform/>
    /// - <https://docs.docker.com/build/building/multi-platform/>
    IMG113 "invalid-base-platform" {
        level: Warning,
        items: [BestPractice],
        aliases: ["InvalidBaseImagePlatform"],
        remedy: "start from an image that is published for this platform, or build for another",
        check: Base(check),
    }
}

fn check(file: &Analysis<'_>, bases: &BaseFacts, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(reference)) = file.graph.bases.get(index) else { continue };
        let Some(BaseState::Present { platforms, .. }) = bases.known(reference).map(|base| &base.state)
        else {
            continue;
        };
        let Some(step) = file.from_of(index) else { continue };
        let Some(wanted) = wanted(file, step, bases) else { continue };
        if platforms.is_empty() || platforms.iter().any(|offered| serves(offered, &wanted)) {
            continue;
        }
        let message = format!(
            "the base image {} is for {}, and {} is built for {}",
            shown(reference),
            listed(platforms),
            file.stage_title(index),
            shown(&wanted)
        );
        found.add(file.place(step), message);
    }
}

/// The platform of a stage, where it is known before the build.
fn wanted(file: &Analysis<'_>, step: &Step<'_>, bases: &BaseFacts) -> Option<String> {
    match step.instruction.flag("platform") {
        None | Some("$TARGETPLATFORM" | "${TARGETPLATFORM}") => bases.platform.clone(),
        Some(value) => file.expanded(step, value).filter(|value| !value.is_empty()),
    }
}
