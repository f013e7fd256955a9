//! `image-runs-as-root`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::shown;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image whose user is root: none is set, neither by its Dockerfile nor by its base, or it is
    /// `root` or 0.
    ///
    /// ## Why is this bad?
    /// A flaw in the service then gives an attacker every right in the container, and often a way out of it.
    /// Some platforms refuse to start such an image at all.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY server /usr/local/bin/server
    /// CMD ["server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY server /usr/local/bin/server
    /// USER 10001
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#user>
    /// - <https://docs.docker.com/build/building/best-practices/#user>
    IMG801 "image-runs-as-root" {
        level: Warning,
        items: [BestPractice],
        aliases: ["CIS-DI-0001"],
        remedy: "switch to an unprivileged user at the end of the Dockerfile, such as USER 10001",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let user = image.user.split(':').next().unwrap_or_default();
    let message = match user {
        "" => "the image sets no user, so it runs as root".to_owned(),
        _ if is_root(user) => format!("the image runs as {}", shown(user)),
        _ => return,
    };
    found.add(Place::field(&image.reference, "Config.User"), message);
}

fn is_root(user: &str) -> bool {
    user == "root" || user.parse() == Ok(0_u32)
}
