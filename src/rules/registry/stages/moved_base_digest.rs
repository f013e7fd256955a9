//! `moved-base-digest`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::Analysis;
use crate::rules::facts::BaseFacts;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image with a tag and a digest where the tag now means another image.
    ///
    /// ## Why is this bad?
    /// The digest wins, so the build still gives what it gave. But whoever reads the tag believes that its newest
    /// image is in use, and the fixes that came with that are not.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12@sha256:0000000000000000000000000000000000000000000000000000000000000001
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12@sha256:0000000000000000000000000000000000000000000000000000000000000002
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    IMG117 "moved-base-digest" {
        level: Info,
        items: [Repeatable],
        aliases: [],
        remedy: "take the digest that the tag has now, and test the image with it",
        check: Base(check),
    }
}

fn check(file: &Analysis<'_>, bases: &BaseFacts, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(reference)) = file.graph.bases.get(index) else { continue };
        let Some(now) = bases.known(reference).and_then(|base| base.tag_moved_to.as_deref()) else {
            continue;
        };
        let Some(step) = file.from_of(index) else { continue };
        let name = reference.split('@').next().unwrap_or(reference);
        found
            .add(file.place(step), format!("{} no longer means the image of this digest", shown(name)))
            .remedy(format!("take the digest that the tag has now, {now}, and test the image with it"));
    }
}
