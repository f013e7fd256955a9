//! `unpinned-npm-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{package_name, report_unpinned};
use crate::rules::words::node::npm_install;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `npm install` names without a version, or with the tags `latest` and `next`,
    /// and repositories without a commit or tag. Folders and archives are left alone.
    ///
    /// ## Why is this bad?
    /// The registry serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// RUN npm install --global pnpm
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// RUN npm install --global pnpm@9.12.0
    /// ```
    ///
    /// ## References
    /// - <https://docs.npmjs.com/cli/commands/npm-install>
    IMG310 "unpinned-npm-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3016"],
        remedy: "name the version of each package, such as pnpm@9.12.0",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        let name = word
            .text
            .rsplit_once('@')
            .filter(|(name, _)| !name.is_empty())
            .map_or(&*word.text, |(name, _)| name);
        if !name.contains(['$', '`', ':']) {
            finding.remedy(format!(
                "name a version: {}@VERSION",
                package_name(&Word { text: name.to_owned(), ..word.clone() })
            ));
        }
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    let packages = npm_install(command).unwrap_or_default();
    packages.into_iter().filter(|word| !is_pinned(&word.text)).cloned().collect()
}

fn is_pinned(text: &str) -> bool {
    let is_local = matches!(text, "." | "..")
        || ["./", "../", "/", "~/", "file:"].iter().any(|start| text.starts_with(start))
        || [".tgz", ".tar", ".tar.gz"].iter().any(|end| text.ends_with(end));
    // The `@` of a scope begins the word; that of `git@host:repository` counts as a version's, and that of a URL does not.
    let behind = text.get(1..).and_then(|rest| rest.rsplit_once('@'));
    let has_version = behind.is_some_and(|(_, version)| !matches!(version, "" | "latest" | "next"));
    is_local || text.contains('#') || has_version && !text.contains("://")
}
