//! `absent-base-image`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::Analysis;
use crate::rules::facts::{BaseFacts, BaseState};
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image that its registry does not have. A registry that does not answer, or not to us, says
    /// nothing of the kind.
    ///
    /// ## Why is this bad?
    /// The build works only where an engine still has the image from before. Nobody else can build this commit.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12.99-slim
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
    IMG116 "absent-base-image" {
        level: Warning,
        items: [Repeatable],
        aliases: [],
        remedy: "look for a mistake in its name, and name a tag or a digest that the registry has",
        check: Base(check),
    }
}

fn check(file: &Analysis<'_>, bases: &BaseFacts, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(reference)) = file.graph.bases.get(index) else { continue };
        if bases.known(reference).is_none_or(|base| base.state != BaseState::Absent) {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        let message = format!("the registry does not have the base image {}", shown(reference));
        found.add(file.place(step), message);
    }
}
