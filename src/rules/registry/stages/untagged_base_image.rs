//! `untagged-base-image`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image that has neither a tag nor a digest.
    ///
    /// ## Why is this bad?
    /// Without a tag the builder takes `latest`, which is whatever was published last. The same commit gives
    /// another image tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12.8-slim
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#from>
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    IMG101 "untagged-base-image" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3006"],
        remedy: "name the version that is meant, such as debian:12.8-slim",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(reference)) = file.graph.bases.get(index) else { continue };
        // A registry's port stands before the last slash; what begins with one has lost a variable without a value.
        let name = reference.rsplit('/').next().unwrap_or(reference);
        if name.contains([':', '@']) || reference.starts_with('/') {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        found
            .add(
                file.place(step),
                format!("the base image {} of {} has no tag", shown(reference), file.stage_title(index)),
            )
            .remedy(format!("name the version that is meant: {}:VERSION", shown(reference)));
    }
}
