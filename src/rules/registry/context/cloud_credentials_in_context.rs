//! `cloud-credentials-in-context`.

use crate::rules::context_files::{Held, each, is_for_tests};
use crate::rules::facts::{ContextFacts, Sign};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports logins of clouds, clusters and container registries in the build context: credentials of AWS, Google Cloud, Azure,
    /// Kubernetes, Docker and Terraform by their content. Files that are mostly full of secrets (Terraform's state and `.tfvars`, the
    /// caches of the clouds' command lines) are a warning by their names, and so is what lies in a folder of tests or examples.
    ///
    /// ## Why is this bad?
    /// Everything in the context goes to the engine, and `COPY . .` puts it into a layer, which anybody who may pull the image
    /// can read. Such a login mostly opens far more than the application.
    ///
    /// ## Example
    /// ```text
    /// # the context
    /// .aws/credentials
    /// Dockerfile
    /// infra/terraform.tfstate
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// .aws
    /// infra
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    /// - <https://docs.docker.com/build/building/secrets/>
    IMG603 "cloud-credentials-in-context" {
        level: Error,
        items: [Configuration],
        aliases: [],
        remedy: "leave it out by the ignore file, mount it where a step needs it, and replace the credentials if an image has had them",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let held = context.files(|_| true).filter(|file| !file.is_link).filter_map(|file| {
        let path = file.path;
        let signs = context.signs.get(path).map(Vec::as_slice).unwrap_or_default();
        let whose = signs.iter().find_map(|sign| match sign {
            Sign::CloudCredentials(whose) => Some(*whose),
            _ => None,
        });
        let (level, what) = match whose {
            Some(whose) if is_for_tests(path) => (Level::Warning, format!("holds credentials of {whose}")),
            Some(whose) => (Level::Error, format!("holds credentials of {whose}")),
            None if is_mostly_secret(path) => {
                (Level::Warning, "is a file that mostly holds secrets".to_owned())
            }
            None => return None,
        };
        Some(Held { path, level, message: format!("{path} {what}, and goes to the engine with the context") })
    });
    each(context, found, held.collect(), "hold credentials");
}

fn is_mostly_secret(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let is = |end: &&str| lower == **end || lower.ends_with(&format!("/{end}"));
    let known = [
        ".aws/credentials",
        ".azure/accesstokens.json",
        ".azure/msal_token_cache.json",
        ".azure/msal_token_cache.bin",
        ".config/gcloud/credentials.db",
        ".config/gcloud/access_tokens.db",
        "application_default_credentials.json",
        "terraform.tfstate",
        "terraform.tfstate.backup",
    ];
    let variables = name.ends_with(".tfvars") || name.ends_with(".tfvars.json");
    known.iter().any(is) || variables && !name.contains("example") && !name.contains("sample")
}
