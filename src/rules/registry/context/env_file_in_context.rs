//! `env-file-in-context`.

use crate::rules::context_files::{Held, each};
use crate::rules::facts::ContextFacts;
use crate::rules::{Found, Level, rule};

/// Words in the names of files that show which variables there are.
const TEMPLATES: [&str; 9] =
    ["example", "sample", "template", "tpl", "dist", "defaults", "schema", "vault", "md"];

rule! {
    /// ## What it does
    /// Reports `.env` files in the build context. Templates such as `.env.example` are no matter.
    ///
    /// ## Why is this bad?
    /// Such a file holds what differs from one environment to the next, passwords among it. In the image it ties the image to
    /// one environment, and anybody who may pull the image can read it.
    ///
    /// ## Example
    /// ```text
    /// # the context
    /// .env
    /// .env.production
    /// Dockerfile
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .dockerignore
    /// .env
    /// .env.*
    /// !.env.example
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/config>
    /// - <https://docs.docker.com/build/concepts/context/#dockerignore-files>
    IMG602 "env-file-in-context" {
        level: Warning,
        items: [Configuration],
        aliases: [],
        remedy: "leave it out by the ignore file, and give the values to the container when it starts",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let held = context.files(is_env_file).map(|file| Held {
        path: file.path,
        level: Level::Warning,
        message: format!(
            "{} holds an environment's values, and goes to the engine with the context",
            file.path
        ),
    });
    each(context, found, held.collect(), "hold values of an environment");
}

fn is_env_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let Some(rest) = name.strip_prefix(".env") else { return false };
    match rest.strip_prefix('.') {
        Some(rest) => !rest.split(['.', '-', '_']).any(|word| TEMPLATES.contains(&word)),
        None => matches!(rest, "" | "rc"),
    }
}
