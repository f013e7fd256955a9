//! `too-many-layers`.

use crate::rules::facts::ImageFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image with more layers than the setting `checks.max-layers` allows, those of its base
    /// included. Without the setting it reports 100 layers and more.
    ///
    /// ## Why is this bad?
    /// Engines with the overlay2 driver refuse an image of more than 127 layers, so that the next image made
    /// from this one may not build. Each layer also costs a request and some time at every pull.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN touch /a
    /// RUN touch /b
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN touch /a /b
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/storage/drivers/overlayfs-driver/>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG810 "too-many-layers" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "join RUN instructions that belong together, and copy files in one COPY; or start from a base with fewer layers",
        check: Image(check),
    }
}

/// Docker's own limit is 127; an image may have to be the base of others.
const MANY: usize = 100;

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let place = || Place::field(&image.reference, "RootFS.Layers");
    match image.expectations.max_layers {
        Some(most) if image.layers > most => {
            found.add(place(), format!("the image has {} layers, and {most} are allowed", image.layers));
        }
        None if image.layers >= MANY => {
            found.add(place(), format!("the image has {} layers of the 127 that engines take", image.layers));
        }
        _ => {}
    }
}
