//! `image-without-healthcheck`.

use crate::rules::facts::ImageFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that has no healthcheck, or whose healthcheck is switched off.
    ///
    /// ## Why is this bad?
    /// Without one, all that is known of a container is that its process runs. One that no longer answers
    /// stays in service.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM nginx:1.27
    /// COPY site /usr/share/nginx/html
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM nginx:1.27
    /// COPY site /usr/share/nginx/html
    /// HEALTHCHECK CMD ["curl", "--fail", "--silent", "http://localhost/"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#healthcheck>
    IMG802 "image-without-healthcheck" {
        level: Warning,
        items: [Healthcheck],
        aliases: ["CIS-DI-0006"],
        remedy: "add a HEALTHCHECK that asks the service itself",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let message = match image.healthcheck.as_deref() {
        None | Some([]) => "the image has no healthcheck",
        Some([first, ..]) if first == "NONE" => "the image switches its healthcheck off",
        Some(_) => return,
    };
    found.add(Place::field(&image.reference, "Config.Healthcheck"), message);
}
