//! `volume-on-system-path-in-image`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::{is_of_system, listed};
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image with a volume on a folder of the system: `/`, `/etc` or `/usr`, or below `/proc`,
    /// `/sys`, `/dev`, `/bin` or `/lib`. The base image may have brought it.
    ///
    /// ## Why is this bad?
    /// The volume hides what the image has there. An old volume keeps old programs alive in a container of a
    /// new image, and whoever can mount it can change the system.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// VOLUME /usr
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// VOLUME /data
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#volume>
    /// - <https://docs.docker.com/engine/storage/volumes/>
    IMG808 "volume-on-system-path-in-image" {
        level: Warning,
        items: [Data, BestPractice],
        aliases: ["DKL-DI-0002"],
        remedy: "keep the data in a folder of its own, such as /data",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let is_wrong = |path: &&String| is_of_system(path) || path.trim_end_matches('/').is_empty();
    let wrong: Vec<&String> = image.volumes.iter().filter(is_wrong).collect();
    if !wrong.is_empty() {
        let message = format!("the image has a volume on a folder of the system: {}", listed(&wrong));
        found.add(Place::field(&image.reference, "Config.Volumes"), message);
    }
}
