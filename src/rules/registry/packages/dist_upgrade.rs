//! `dist-upgrade`.

use crate::rules::words::commands::{has_verb, report};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `apt-get upgrade`, `dist-upgrade` and `full-upgrade` in `RUN`.
    ///
    /// ## Why is this bad?
    /// It replaces packages of the base image with what is newest on the day of the build: what the image
    /// holds is then decided neither by its base nor by the commit, and every replaced file is in it twice.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get dist-upgrade -y
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12.7
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often>
    /// - <https://manpages.debian.org/stable/apt/apt-get.8.en.html>
    IMG324 "dist-upgrade" {
        level: Info,
        items: [Repeatable],
        aliases: ["DS-0024", "DKL-DI-0003"],
        remedy: "start from a newer base image, or install the one package that has to be newer",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report(file, found, |_, command| {
        let is_apt = matches!(command.name(), "apt-get" | "apt" | "aptitude");
        let verb = ["upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"]
            .into_iter()
            .find(|verb| is_apt && has_verb(command, &[verb]))?;
        Some(format!("{} {verb} replaces packages of the base image", command.name()))
    });
}
