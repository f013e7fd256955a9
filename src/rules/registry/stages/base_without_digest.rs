//! `base-without-digest`.

use crate::dockerfile::BaseImage;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image that is not named by its digest.
    ///
    /// ## Why is this bad?
    /// A tag can be moved at any time. Only a digest makes the same commit start from the same bytes next year, and
    /// makes each change of the base a commit that somebody reviews.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12.8
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12.8@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#pin-base-image-versions>
    IMG105 "base-without-digest" {
        level: Info,
        items: [Repeatable],
        aliases: [],
        remedy: "add the digest that the tag stands for now, such as debian:12.8@sha256:…, and let a bot renew it",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(reference)) = file.graph.bases.get(index) else { continue };
        if reference.contains('@') {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        found.add(
            file.place(step),
            format!("the base image {} of {} has no digest", shown(reference), file.stage_title(index)),
        );
    }
}
