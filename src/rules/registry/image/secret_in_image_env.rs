//! `secret-in-image-env`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::{holds_secret, listed, secret_in, shown};
use crate::rules::{Found, Level, Place, rule};

rule! {
    /// ## What it does
    /// Reports variables in the environment of an image that hold a secret: by their names, such as
    /// `DB_PASSWORD` or `API_TOKEN`, or by the shape of their values, such as that of a private key or of a
    /// token of a well-known service. Names that end the thought otherwise, such as `TOKEN_FILE` and
    /// `PUBLIC_KEY`, and the fingerprints of keys are fine. A value whose shape says what it is makes it an
    /// error. Values are never shown.
    ///
    /// ## Why is this bad?
    /// Whoever can pull the image can read its environment, and so can every process in the container. A
    /// secret in an image also cannot be changed without a new one.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DB_PASSWORD=hunter2
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DB_PASSWORD_FILE=/run/secrets/db-password
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/>
    /// - <https://docs.docker.com/build/building/secrets/>
    IMG806 "secret-in-image-env" {
        level: Warning,
        items: [Configuration],
        aliases: ["CIS-DI-0010"],
        remedy: "take it out of the image, and give it to the container when it starts; what was published has to be changed",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let mut named = Vec::new();
    for variable in &image.env {
        let Some((name, value)) = variable.split_once('=') else { continue };
        if let Some(what) = secret_in(value) {
            let place = Place::field(&image.reference, format!("Config.Env.{}", shown(name)));
            let message =
                format!("the value of {} in the image's environment looks like {what}", shown(name));
            found.add(place, message).level(Level::Error);
        } else if holds_secret(name, value) {
            named.push(name);
        }
    }
    if !named.is_empty() {
        let message = format!("the image's environment holds {}", listed(&named));
        found.add(Place::field(&image.reference, "Config.Env"), message);
    }
}
