//! `inherited-image-label`.

use crate::image::label::oci;
use crate::rules::facts::ImageFacts;
use crate::rules::words::listed;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports labels that tell what an image is and have the very values of the base image: title,
    /// description, version, revision, time, and the addresses of source and documentation. It judges only
    /// where the labels of the base image are known.
    ///
    /// ## Why is this bad?
    /// A base image hands its labels on. Whoever reads them takes the service for its base: its version, its
    /// source, its commit.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM registry.example.com/base:1.2
    /// COPY server /usr/local/bin/server
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM registry.example.com/base:1.2
    /// LABEL org.opencontainers.image.title="server" org.opencontainers.image.version="2.0.0"
    /// COPY server /usr/local/bin/server
    /// ```
    ///
    /// ## References
    /// - <https://github.com/opencontainers/image-spec/blob/main/annotations.md>
    /// - <https://docs.docker.com/reference/dockerfile/#label>
    IMG805 "inherited-image-label" {
        level: Warning,
        items: [Labels],
        aliases: [],
        remedy: "set the labels to what this image is, under [image.labels] or in the Dockerfile",
        check: Image(check),
    }
}

/// Labels that are true of one image only. Vendor, authors and licenses may be those of the base.
const OWN: [&str; 16] = [
    oci::TITLE,
    oci::DESCRIPTION,
    oci::VERSION,
    oci::REVISION,
    oci::CREATED,
    oci::SOURCE,
    oci::URL,
    oci::DOCUMENTATION,
    oci::REF_NAME,
    "org.label-schema.name",
    "org.label-schema.description",
    "org.label-schema.version",
    "org.label-schema.build-date",
    "org.label-schema.vcs-ref",
    "org.label-schema.vcs-url",
    "org.label-schema.url",
];

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let Some(Fact::Known(base)) = &image.base_labels else { return };
    let is_inherited = |key: &&str| {
        let own = image.labels.get(*key).filter(|value| !value.is_empty());
        own.is_some() && own == base.get(*key)
    };
    let inherited: Vec<&str> = OWN.into_iter().filter(is_inherited).collect();
    if !inherited.is_empty() {
        let verb = if inherited.len() == 1 { "is the base image's" } else { "are the base image's" };
        let message = format!("{} {verb}", listed(&inherited));
        found.add(Place::field(&image.reference, "Config.Labels"), message);
    }
}
