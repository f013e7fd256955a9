//! `private-key-in-context`.

use crate::rules::context_files::{Held, each, is_for_tests};
use crate::rules::facts::{ContextFacts, Sign};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports files of the build context that hold a private key: by their content (PEM, OpenSSH, PuTTY, PGP, age), and key
    /// stores (`.p12`, `.pfx`, `.jks`, `.keystore`) by their names. A key that a passphrase guards, a key store, and what lies in a
    /// folder of tests or examples is a warning.
    ///
    /// ## Why is this bad?
    /// Everything in the context goes to the engine, and `COPY . .` puts it into a layer, which anybody who may pull the image
    /// can read, also where a later step deletes the file.
    ///
    /// ## Example
    /// ```text
    /// # the context
    /// Dockerfile
    /// server.crt
    /// server.key
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// *.key
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    /// - <https://docs.docker.com/build/building/secrets/>
    IMG601 "private-key-in-context" {
        level: Error,
        items: [Configuration],
        aliases: [],
        remedy: "leave it out by the ignore file, and replace the key if an image or a registry has had it",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let held = context.files(|_| true).filter(|file| !file.is_link).filter_map(|file| {
        let path = file.path;
        let signs = context.signs.get(path).map(Vec::as_slice).unwrap_or_default();
        let key = signs.iter().find_map(|sign| match sign {
            Sign::PrivateKey { encrypted } => Some(*encrypted),
            _ => None,
        });
        let (level, what) = match key {
            Some(false) if is_for_tests(path) => (Level::Warning, "holds a private key"),
            Some(false) => (Level::Error, "holds a private key"),
            Some(true) => (Level::Warning, "holds a private key behind a passphrase"),
            None if is_key_store(path) && file.size > 0 => (Level::Warning, "is a key store"),
            None => return None,
        };
        Some(Held { path, level, message: format!("{path} {what}, and goes to the engine with the context") })
    });
    each(context, found, held.collect(), "hold private keys");
}

/// Stores of certificates alone are mostly named so.
fn is_key_store(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    [".p12", ".pfx", ".jks", ".keystore"].iter().any(|end| name.ends_with(end)) && !name.contains("trust")
}
