//! `secret-in-arg-or-env`.

use crate::dockerfile::Keyword;
use crate::rules::Place;
use crate::rules::analysis::Analysis;
use crate::rules::words::{listed, means_otherwise, names_secret, unquoted};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `ARG` and `ENV` whose names say that they hold a secret: words such as `PASSWORD`, `TOKEN` or
    /// `API_KEY`. Names that end the thought otherwise, such as `TOKEN_FILE` and `PUBLIC_KEY`, are fine.
    ///
    /// ## Why is this bad?
    /// The values of both stay in the image, in its configuration or its history, and whoever can pull it can read
    /// them. A secret in an image also cannot be changed without a new one.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ARG NPM_TOKEN
    /// RUN ./install
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN ./install
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/>
    /// - <https://docs.docker.com/build/building/secrets/>
    IMG225 "secret-in-arg-or-env" {
        level: Warning,
        items: [Configuration],
        aliases: ["SecretsUsedInArgOrEnv", "DL3064", "CIS-DI-0010", "DS-0031"],
        remedy: "give it to the build with RUN --mount=type=secret, and to the container when it starts",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in &file.steps {
        if !matches!(step.instruction.keyword, Keyword::Arg | Keyword::Env) {
            continue;
        }
        let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
        let names: Vec<String> = pairs.iter().map(|pair| unquoted(&pair.name, file.escape())).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| says_secret(name)).collect();
        if names.is_empty() {
            continue;
        }
        let keyword = step.instruction.keyword.name();
        // Without a region: an excerpt of the file would show the value.
        let place = Place { region: None, ..file.place(step) };
        let finding = found.add(place, format!("{keyword} keeps {} in the image", listed(&names)));
        match (names.iter().any(|name| names_secret(name)), names.iter().any(|name| has_part(name))) {
            (true, false) => finding.known_as("SecretsUsedInArgOrEnv"),
            (false, true) => finding.known_as("DL3064"),
            _ => finding,
        };
    }
}

fn says_secret(name: &str) -> bool {
    names_secret(name) || (has_part(name) && !means_otherwise(name))
}

/// What people also build into longer words.
fn has_part(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = ["password", "secret", "token", "api_key", "private", "username"];
    name == "aws_access_key_id" || parts.iter().any(|part| name.contains(part))
}
