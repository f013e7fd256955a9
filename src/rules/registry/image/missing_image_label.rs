//! `missing-image-label`.

use crate::image::label::oci;
use crate::rules::facts::ImageFacts;
use crate::rules::words::{listed, noun, shown};
use crate::rules::{Found, Level, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image without a label that the setting `checks.labels` asks for. A label without a value
    /// counts as missing.
    ///
    /// Of every image, it also says at the level info which of `org.opencontainers.image.created`, `source`
    /// and `revision` it lacks; imgbuild sets these on what it builds.
    ///
    /// ## Why is this bad?
    /// Labels say what an image is: where its source is, which commit it was made from, who answers for it.
    /// Nobody can tell that of a running container afterwards.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY server /usr/local/bin/server
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.source="https://example.com/acme/server"
    /// COPY server /usr/local/bin/server
    /// ```
    ///
    /// ## References
    /// - <https://github.com/opencontainers/image-spec/blob/main/annotations.md>
    /// - <https://docs.docker.com/reference/dockerfile/#label>
    IMG803 "missing-image-label" {
        level: Warning,
        items: [Labels],
        aliases: [],
        remedy: "set the label under [image.labels] or in the Dockerfile",
        check: Image(check),
    }
}

/// What every image should have.
const EXPECTED: [&str; 3] = [oci::CREATED, oci::SOURCE, oci::REVISION];

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let is_missing = |key: &str| image.labels.get(key).is_none_or(String::is_empty);
    let demanded = &image.expectations.labels;
    for (key, kind) in demanded.iter().filter(|(key, _)| is_missing(key)) {
        let place = Place::field(&image.reference, format!("Config.Labels.{}", shown(key)));
        found
            .add(place, format!("the image has no label {}", shown(key)))
            .remedy(format!("set it under [image.labels] or in the Dockerfile, to {}", noun(*kind)));
    }
    let missing: Vec<&str> =
        EXPECTED.into_iter().filter(|key| is_missing(key) && !demanded.contains_key(*key)).collect();
    if !missing.is_empty() {
        let what = if missing.len() == 1 { "label" } else { "labels" };
        let message = format!("the image lacks the {what} {}", listed(&missing));
        found.add(Place::field(&image.reference, "Config.Labels"), message).level(Level::Info);
    }
}
