//! `nothing-tested`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image for which no test is configured. It is started all the same, and judged by its HEALTHCHECK, its
    /// ports and its exit code.
    ///
    /// ## Why is this bad?
    /// That a container stays up says little: whether the service answers, and with what, whether a file has the right
    /// owner, whether a command is there, only its authors can say.
    ///
    /// ## Example
    /// ```toml
    /// [image]
    /// repository = "registry.example.com/acme/api"
    /// ```
    ///
    /// ## Use instead
    /// ```toml
    /// [image]
    /// repository = "registry.example.com/acme/api"
    ///
    /// [[image.test]]
    /// name = "serves"
    /// http = [{ path = "/", port = 8080, status = 200 }]
    /// run = [{ cmd = ["api", "--version"], stdout = "1." }]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#build-and-test-your-images-in-ci>
    IMG920 "nothing-tested" {
        level: Warning,
        items: [Tests],
        aliases: [],
        remedy: "add a table [[image.test]] to imgbuild.toml with what the service answers and what the image holds",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    match seen.expectations.has_tests {
        Some(true) => Fact::Known(()),
        Some(false) => {
            found.add(Place::file(&seen.reference), "no test of the image is configured");
            Fact::Known(())
        }
        None => Fact::Missing("no configuration was read".to_owned()),
    }
}
