//! `registry-token-in-context`.

use crate::rules::context_files::{Held, each, is_for_tests};
use crate::rules::facts::{ContextFacts, Sign};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports logins of package registries and hosts in the build context: a token or password in `.npmrc`, `.yarnrc.yml`, `.netrc`,
    /// `.pypirc`, `pip.conf`, `.gem/credentials`, `.cargo/credentials.toml`, `nuget.config`, Maven's `settings.xml`, Composer's `auth.json` or
    /// `.git-credentials`. A variable in place of the value (`${NPM_TOKEN}`) is no matter.
    ///
    /// ## Why is this bad?
    /// Everything in the context goes to the engine, and `COPY . .` puts it into a layer, which anybody who may pull the image
    /// can read. With such a token one may mostly publish, too.
    ///
    /// ## Example
    /// ```text
    /// # .npmrc
    /// //registry.npmjs.org/:_authToken=npm_abcdef
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # .npmrc
    /// //registry.npmjs.org/:_authToken=${NPM_TOKEN}
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/secrets/>
    /// - <https://docs.npmjs.com/docker-and-private-modules>
    IMG604 "registry-token-in-context" {
        level: Error,
        items: [Configuration],
        aliases: [],
        remedy: "leave it out by the ignore file, or read the token from a variable or a mounted secret, and replace it if an image has had it",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    let held = context.files(|path| context.signs.contains_key(path)).filter_map(|file| {
        let path = file.path;
        let whose = context.signs.get(path)?.iter().find_map(|sign| match sign {
            Sign::RegistryToken(whose) => Some(*whose),
            _ => None,
        })?;
        let level = if is_for_tests(path) { Level::Warning } else { Level::Error };
        let message = format!("{path} holds a login for {whose}, and goes to the engine with the context");
        Some(Held { path, level, message })
    });
    each(context, found, held.collect(), "hold logins");
}
