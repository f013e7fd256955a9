//! `user-by-name`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `USER` that is a name or a variable and not a number.
    ///
    /// ## Why is this bad?
    /// Kubernetes can check `runAsNonRoot` only where the user is a number. A name needs an entry in `/etc/passwd`,
    /// and volumes keep numbers: a base image that counts its accounts otherwise changes who owns the data.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// USER app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// USER 10001:10001
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#user>
    /// - <https://kubernetes.io/docs/tasks/configure-pod-container/security-context/>
    IMG220 "user-by-name" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3066"],
        remedy: "switch to the number, such as USER 10001:10001, and create the account with that number",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut arguments = BTreeSet::new();
    for step in file.steps.iter().filter(|step| !step.onbuild) {
        match step.instruction.keyword {
            Keyword::Arg => {
                let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
                arguments.extend(pairs.into_iter().map(|pair| pair.name));
            }
            Keyword::User => user(file, step, &arguments, found),
            _ => {}
        }
    }
}

fn user(file: &Analysis<'_>, step: &Step<'_>, arguments: &BTreeSet<String>, found: &mut Found<'_>) {
    let written = step.instruction.arguments.as_str();
    // Who builds can give any number to an argument.
    let Some(used) = file.scopes.at(step.index).expand(written) else { return };
    let is_given = |name: &String| arguments.contains(name);
    if variables(written).iter().any(is_given) || used.unset.iter().any(is_given) {
        return;
    }
    let known = file.expanded(step, written);
    let user = known.as_deref().unwrap_or(written).split(':').next().unwrap_or_default();
    if user.is_empty() || user.chars().all(|c| c.is_ascii_digit()) {
        return;
    }
    let span = step.instruction.place(0..written.len());
    let finding = found.add(file.place_at(step, span), format!("the user {} is no number", shown(user)));
    if user == "root" {
        // Its number is no better.
        finding.remedy("use an unprivileged number such as 10001");
    }
}

/// The names behind `$` and `${`.
fn variables(word: &str) -> BTreeSet<String> {
    let parts = word.split('$').skip(1).map(|part| part.strip_prefix('{').unwrap_or(part));
    let name = |part: &str| part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    parts.map(name).collect()
}
