//! `npm-install-without-lockfile`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::report;
use crate::rules::words::node::{is_other_install, is_yarn_install, npm_install};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports installs of what `package.json` names that may leave the lock file: `npm install` without
    /// packages, `yarn install` without `--immutable` or `--frozen-lockfile`, `pnpm install` and `bun
    /// install` without `--frozen-lockfile`. Where the variable `CI` is set, yarn and pnpm hold to the lock
    /// file by themselves.
    ///
    /// ## Why is this bad?
    /// They resolve anew what the lock file does not hold, or no longer agrees with, and say nothing. The
    /// image then has other versions than those that were tested.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// COPY package.json package-lock.json ./
    /// RUN npm install
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// ```
    ///
    /// ## References
    /// - <https://docs.npmjs.com/cli/commands/npm-ci>
    /// - <https://yarnpkg.com/cli/install>
    /// - <https://pnpm.io/cli/install>
    IMG326 "npm-install-without-lockfile" {
        level: Info,
        items: [Repeatable],
        aliases: [],
        remedy: "use `npm ci`, `yarn install --immutable` (`--frozen-lockfile` before Yarn 2), `pnpm install --frozen-lockfile`",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report(file, found, |step, command| {
        let is_loose = if npm_install(command).is_some_and(|packages| packages.is_empty()) {
            !command.has_flag(&["g", "global", "version", "help"])
        } else if is_yarn_install(command) || is_other_install(command) {
            let frozen = ["frozen-lockfile", "immutable", "pure-lockfile"];
            !command.has_flag(&frozen) && !is_ci(file, step, command)
        } else {
            false
        };
        is_loose.then(|| format!("{} install may leave the lock file", command.name()))
    });
}

fn is_ci(file: &Analysis<'_>, step: &Step<'_>, command: &Command) -> bool {
    let assigned = command.assignments.iter().any(|assignment| assignment.name == "CI");
    assigned || file.scopes.at(step.index).get("CI").is_some()
}
