//! The package managers of Node.js.

use crate::dockerfile::shell::{Command, Word};

use super::commands::{has_verb, operands};

/// The flags of npm whose value is the next word.
const WITH_VALUE: &[&str] = &[
    "registry",
    "loglevel",
    "prefix",
    "C",
    "cache",
    "userconfig",
    "globalconfig",
    "only",
    "omit",
    "include",
    "tag",
    "w",
    "workspace",
    "install-strategy",
    "cpu",
    "os",
    "libc",
    "fetch-timeout",
    "fetch-retries",
];

/// The packages that `npm install` names, where the command is one; none for all that `package.json` names.
pub(in crate::rules) fn npm_install(command: &Command) -> Option<Vec<&Word>> {
    let verbs = ["install", "i", "add"];
    if command.name() != "npm" || !has_verb(command, &verbs) {
        return None;
    }
    let words = operands(command, &verbs, WITH_VALUE).into_iter();
    // Some switches are given a value of their own.
    Some(words.filter(|word| !matches!(word.text.as_str(), "true" | "false")).collect())
}

/// Whether the command is `yarn install`, or `yarn` alone, which means the same.
pub(in crate::rules) fn is_yarn_install(command: &Command) -> bool {
    let words = command.positional(&["cwd", "cache-folder", "modules-folder", "network-timeout", "registry"]);
    let asks = command.has_flag(&["version", "v", "help", "h"]);
    command.name() == "yarn" && !asks && words.first().is_none_or(|word| word.text == "install")
}

/// Whether the command is `pnpm install` or `bun install` of all that `package.json` names.
pub(in crate::rules) fn is_other_install(command: &Command) -> bool {
    let words = command.positional(&["C", "dir", "filter", "F", "registry", "reporter", "store-dir", "cwd"]);
    matches!(command.name(), "pnpm" | "bun")
        && matches!(words.as_slice(), [verb] if matches!(verb.text.as_str(), "install" | "i"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn packages_and_installs_of_everything() {
        for (text, want) in [
            ("npm install", Some(0)),
            ("npm --prefix web i --audit false --omit dev", Some(0)),
            ("npm add a b@1", Some(2)),
            ("npm ci", None),
            ("yarn add a", None),
        ] {
            let command = &parse(text).commands[0];
            assert_eq!(npm_install(command).map(|packages| packages.len()), want, "{text}");
        }
        for (text, want) in [
            ("yarn", true),
            ("yarn --cwd web install --immutable", true),
            ("yarn --version", false),
            ("yarn build", false),
            ("yarn global add a", false),
        ] {
            assert_eq!(is_yarn_install(&parse(text).commands[0]), want, "{text}");
        }
        for (text, want) in [("pnpm i", true), ("bun install a", false), ("pnpm -C web install", true)] {
            assert_eq!(is_other_install(&parse(text).commands[0]), want, "{text}");
        }
    }
}
