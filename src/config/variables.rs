//! The `IMGBUILD_*` variables: a closed list, since a free mapping would turn every typing error into silence.

use crate::environment::Environment;

/// One variable of the environment that imgbuild listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub value: &'static str,
    /// What it does: one sentence, for the reference.
    pub about: &'static str,
}

const fn variable(name: &'static str, value: &'static str, about: &'static str) -> Variable {
    Variable { name, value, about }
}

/// Every variable that stands for a setting, sorted by name. An empty value counts as unset.
pub const VARIABLES: [Variable; 21] = [
    variable(
        "IMGBUILD_BUILDER",
        "auto|buildkit|classic|ADDRESS",
        "What builds, or where the BuildKit is that does: tcp://HOST:PORT, unix:///PATH.",
    ),
    variable(
        "IMGBUILD_BUILDER_TLS_DIR",
        "DIR",
        "The folder of ca.pem, cert.pem and key.pem for TLS to a builder at an address.",
    ),
    variable("IMGBUILD_CI_OUTPUT", "auto|off", "Whether to show a CI more than lines of text."),
    variable("IMGBUILD_CONFIG", "FILE", "The configuration file, instead of the one found by walking up."),
    variable("IMGBUILD_CONTEXT", "DIR", "The build context, relative to the working folder."),
    variable("IMGBUILD_DOCKERFILE", "FILE", "The Dockerfile, relative to the working folder."),
    variable(
        "IMGBUILD_INSECURE_REGISTRIES",
        "HOST[:PORT],...",
        "Registries reached over plain HTTP, beside those of `registries.insecure`.",
    ),
    variable("IMGBUILD_NO_CACHE", "true|false", "Build every step anew."),
    variable("IMGBUILD_PLATFORM", "OS/ARCH[/VARIANT]", "The platform to build for."),
    variable(
        "IMGBUILD_POLICY",
        "FILE|REPOSITORY@DIGEST",
        "A configuration file, or an OCI artifact by its digest, whose registries, secrets and checks replace the others'.",
    ),
    variable(
        "IMGBUILD_PROFILE",
        "ci|local",
        "The overlay of the file that applies, instead of the detected one.",
    ),
    variable("IMGBUILD_PULL", "true|false", "Ask the registry for newer base images."),
    variable("IMGBUILD_PUSH", "auto|never|always", "Whether to push."),
    variable("IMGBUILD_PUSH_IDLE_TIMEOUT", "TIME", "The longest that a push may stand still: 60s."),
    variable("IMGBUILD_PUSH_RETRY_FOR", "TIME", "How long a failed push may be tried again: 30s."),
    variable("IMGBUILD_REPORT", "FILE", "Where to write the run report."),
    variable("IMGBUILD_REPORT_DIR", "DIR", "The folder for the run report in every form."),
    variable("IMGBUILD_REPOSITORY", "NAME", "The image's name, as `image.repository`."),
    variable("IMGBUILD_REPRODUCIBLE", "true|false", "Leave out what differs from run to run."),
    variable(
        "IMGBUILD_SIGN_KEY",
        "FILE|env://NAME|PEM",
        "The private key that signs what is attached to a published image, or where it is.",
    ),
    variable("IMGBUILD_TARGET", "STAGE", "The stage to build."),
];

/// Variables of the environment that start with `IMGBUILD_` and that nobody listens to, each with the name that was
/// probably meant. `others` are the names that other rooms listen to. The names are the environment's own: hostile.
pub fn unknown_variables(environment: &Environment, others: &[&str]) -> Vec<(String, Option<String>)> {
    let known: Vec<&str> =
        VARIABLES.iter().map(|variable| variable.name).chain(others.iter().copied()).collect();
    environment
        .iter()
        .map(|(name, _)| name.to_string_lossy())
        .filter(|name| name.starts_with("IMGBUILD_") && !known.contains(&name.as_ref()))
        .map(|name| (name.to_string(), super::parse::nearest(&name, &known).map(str::to_owned)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_free_of_doubles() {
        assert!(VARIABLES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn a_slip_of_the_pen_is_told() {
        let environment = Environment::from_pairs([
            ("IMGBUILD_REPOSITRY", "x"),
            ("IMGBUILD_TARGET", "x"),
            ("IMGBUILD_CI", "1"),
        ]);
        assert_eq!(
            unknown_variables(&environment, &["IMGBUILD_CI"]),
            [("IMGBUILD_REPOSITRY".to_owned(), Some("IMGBUILD_REPOSITORY".to_owned()))]
        );
    }
}
