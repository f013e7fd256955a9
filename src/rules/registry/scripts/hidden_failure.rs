//! `hidden-failure`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Command, Link};
use crate::rules::analysis::Analysis;
use crate::rules::words::{downloads, inside};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an installation or a download whose failure is thrown away by `|| true` or `|| :`.
    ///
    /// ## Why is this bad?
    /// On the day when the server does not answer, the build succeeds and the image lacks what it needs.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN pip install -r requirements.txt || true
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN pip install -r requirements.txt
    /// ```
    ///
    /// ## References
    /// - <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_09_03>
    IMG419 "hidden-failure" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "let the build fail; if the step may be left out, ask for what it needs with if",
        check: Text(check),
    }
}

/// What installs, and the words that say so.
const INSTALLERS: [(&str, &[&str]); 19] = [
    ("apt-get", &["install", "update"]),
    ("apt", &["install", "update"]),
    ("apk", &["add"]),
    ("yum", &["install"]),
    ("dnf", &["install"]),
    ("microdnf", &["install"]),
    ("zypper", &["install", "in"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("npm", &["install", "ci", "i"]),
    ("yarn", &["install", "add"]),
    ("pnpm", &["install", "add"]),
    ("gem", &["install"]),
    ("bundle", &["install"]),
    ("composer", &["install"]),
    ("go", &["install", "get", "mod"]),
    ("cargo", &["install", "fetch"]),
    ("dpkg", &["-i", "--install"]),
    ("git", &["clone"]),
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        let first = step.bodies.iter().find_map(|body| {
            let script = inside(body);
            let mut before = None;
            let hidden = script.commands.windows(2).find_map(|pair| {
                let [command, next] = pair else { return None };
                let asked = before.replace(command).filter(|_| command.link == Link::And).is_some_and(asks);
                let hides = next.link == Link::Or && matches!(next.raw_name(), "true" | ":");
                let bare = command.unwrapped();
                (hides && !asked && brings(&bare))
                    .then(|| (command.range.start..next.range.end, bare.name().to_owned()))
            });
            hidden.map(|(range, name)| (step.span(body, range), name))
        });
        if let Some((span, name)) = first {
            found.add(file.place_at(step, span), format!("the failure of {name} is thrown away"));
        }
    }
}

/// Whether the command only asks whether the next one is wanted: `grep -q x && install || true`.
fn asks(command: &Command) -> bool {
    matches!(command.name(), "[" | "[[" | "test" | "grep" | "egrep" | "command" | "which" | "type" | "case")
}

/// Whether the command brings something into the image.
fn brings(command: &Command) -> bool {
    let name = command.name();
    let says = |verbs: &[&str]| command.args().iter().any(|word| verbs.contains(&word.text.as_str()));
    INSTALLERS.iter().any(|(tool, verbs)| *tool == name && says(verbs)) || !downloads(command).is_empty()
}
