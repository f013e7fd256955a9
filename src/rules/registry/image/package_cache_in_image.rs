//! `package-cache-in-image`.

use crate::rules::facts::LayerFacts;
use crate::rules::words::bytes;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports what package managers left in the layers of the image: lists and caches of apt, apk, dnf, yum, zypper, pip, npm, yarn
    /// and the like, of more than 1 MB; also where a later layer deletes them.
    ///
    /// ## Why is this bad?
    /// Nobody needs them at run time, and every node downloads and keeps them. What a later layer deletes is downloaded all the same.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl
    /// RUN rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#apt-get>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG817 "package-cache-in-image" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DKL-LI-0003"],
        remedy: "delete it in the step that makes it, or keep it out of the layer by RUN --mount=type=cache",
        check: Layers(check),
    }
}

/// What is less than this is no matter.
const LEAST: u64 = 1_000_000;

fn check(image: &LayerFacts, found: &mut Found<'_>) {
    for left in image.files.leftovers.iter().filter(|left| left.bytes >= LEAST) {
        let state = if left.hidden == left.files {
            "deleted by a later layer and still in the one that brought it"
        } else {
            "left in the image"
        };
        let message = format!("{} ({}) is {state}", left.path, left.what);
        let evidence = format!("{} in {}", bytes(left.bytes), image.layer(left.layer));
        found.add(Place::field(&image.reference, &left.path), message).evidence(evidence);
    }
}
