//! `copied-secret-file`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::listed;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `COPY` and `ADD` from the build context of a file whose name says that it holds secrets or the
    /// settings of one environment: `.env`, `.npmrc`, `id_rsa`, `*.key`, `.aws/`, `credentials`, `config.prod.yml`
    /// and the like. Examples and public halves are fine.
    ///
    /// ## Why is this bad?
    /// Whoever can pull the image has the file, also where a later line removes it. An image with the settings of
    /// one environment cannot be the one that was tested in another.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY .env /app/
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY .env.example /app/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/secrets/>
    /// - <https://12factor.net/config>
    IMG227 "copied-secret-file" {
        level: Warning,
        items: [Configuration, OneImage],
        aliases: [],
        remedy: "mount it when the container starts, or give it to the build with RUN --mount=type=secret",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in &file.steps {
        let is_copy = matches!(step.instruction.keyword, Keyword::Copy | Keyword::Add);
        if !is_copy || step.instruction.flag("from").is_some() {
            continue;
        }
        let Some(transfer) = file.transfer(step) else { continue };
        let names = transfer.sources.iter().map(|source| source.text.as_str());
        let wrong: Vec<&str> = names.filter(|name| !name.contains("://") && is_private(name)).collect();
        if !wrong.is_empty() {
            let message =
                format!("the image gets {}, which by its name is private to one place", listed(&wrong));
            found.add(file.place(step), message);
        }
    }
}

fn is_private(path: &str) -> bool {
    const FOLDERS: [&str; 4] = [".aws", ".ssh", ".gnupg", ".kube"];
    const NAMES: [&str; 22] = [
        ".env",
        ".npmrc",
        ".yarnrc",
        ".netrc",
        ".pypirc",
        ".pgpass",
        ".my.cnf",
        ".dockercfg",
        ".git-credentials",
        ".htpasswd",
        ".vault-token",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "credentials",
        "credentials.json",
        "secrets.yml",
        "secrets.yaml",
        "secrets.json",
        "secrets.toml",
        "kubeconfig",
    ];
    const ENDS: [&str; 6] = [".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx"];
    let path = path.to_ascii_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let name = parts.clone().next_back().unwrap_or_default();
    if is_harmless(name) {
        return false;
    }
    parts.any(|part| FOLDERS.contains(&part))
        || NAMES.contains(&name)
        || name.starts_with(".env.")
        || path.ends_with(".docker/config.json")
        || ENDS.iter().any(|end| name.ends_with(end))
        || name.strip_suffix(".pem").is_some_and(|stem| !is_certificate(stem))
        || is_of_one_environment(name)
}

fn is_harmless(name: &str) -> bool {
    let words = ["example", "sample", "template", "dist", "default", "defaults", "test", "public"];
    let mut parts = name.split(['.', '-', '_']);
    name.ends_with(".pub") || parts.any(|part| words.contains(&part))
}

fn is_certificate(stem: &str) -> bool {
    let words =
        ["ca", "cacert", "cert", "certs", "crt", "chain", "fullchain", "bundle", "root", "certificate"];
    stem.split(['.', '-', '_', '*']).any(|part| words.contains(&part)) && !stem.contains("key")
}

/// `config.prod.yml`, `application-production.properties`, `settings.staging.json`.
fn is_of_one_environment(name: &str) -> bool {
    let mut parts = name.split(['.', '-', '_']);
    let is_settings = parts
        .next()
        .is_some_and(|first| matches!(first, "config" | "application" | "appsettings" | "settings"));
    let ends = [".yml", ".yaml", ".json", ".toml", ".ini", ".properties", ".env", ".xml"];
    is_settings
        && ends.iter().any(|end| name.ends_with(end))
        && parts.any(|part| matches!(part, "prod" | "production" | "staging" | "dev" | "development" | "qa"))
}
