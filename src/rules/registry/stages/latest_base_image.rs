//! `latest-base-image`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image with the tag `latest`.
    ///
    /// ## Why is this bad?
    /// `latest` is whatever was published last. The same commit gives another image tomorrow, and a new major
    /// version of the base arrives without a change that anybody reviewed.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:latest
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22.11-bookworm-slim
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    IMG102 "latest-base-image" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3007", "DS-0001", "DKL-DI-0006"],
        remedy: "name the version that is meant, such as node:22.11-bookworm-slim",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        // Whatever a variable before it holds, the tag is told.
        let Some(BaseImage::Image(reference) | BaseImage::Unresolved(reference)) =
            file.graph.bases.get(index)
        else {
            continue;
        };
        let is_latest = !reference.contains('@') && reference.ends_with(":latest");
        if let Some(step) = file.from_of(index).filter(|_| is_latest) {
            found.add(
                file.place(step),
                format!("the base image of {} has the tag latest", file.stage_title(index)),
            );
        }
    }
}
