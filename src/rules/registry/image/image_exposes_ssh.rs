//! `image-exposes-ssh`.

use crate::rules::facts::ImageFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that exposes port 22. The base image may have brought it.
    ///
    /// ## Why is this bad?
    /// An SSH server is a second service and a second way in, with keys and users of its own that somebody has
    /// to look after. The engine already has a way into its containers, under its own rights.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 22
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 8080
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#expose>
    /// - <https://docs.docker.com/reference/cli/docker/container/exec/>
    IMG812 "image-exposes-ssh" {
        level: Warning,
        items: [BestPractice, OneService],
        aliases: [],
        remedy: "leave the SSH server out, and look into containers with docker exec",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    if image.exposed_ports.iter().any(|port| matches!(port.as_str(), "22" | "22/tcp")) {
        let place = Place::field(&image.reference, "Config.ExposedPorts");
        found.add(place, "the image exposes port 22, which is SSH's");
    }
}
