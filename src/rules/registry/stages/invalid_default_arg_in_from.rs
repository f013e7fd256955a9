//! `invalid-default-arg-in-from`.

use std::collections::BTreeMap;

use crate::dockerfile::scopes;
use crate::image::Reference;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `FROM` whose variables, with the defaults that the file gives them, make no valid name of an
    /// image.
    ///
    /// ## Why is this bad?
    /// The file builds only for those who know which arguments to pass. Everybody else, and every tool that reads
    /// it, gets an error about a name that is not in the file.
    ///
    /// ## Example
    /// ```dockerfile
    /// ARG TAG
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// ARG TAG=12
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/>
    IMG112 "invalid-default-arg-in-from" {
        level: Info,
        items: [BestPractice],
        aliases: ["InvalidDefaultArgInFrom"],
        remedy: "give each ARG that FROM uses a default with which the file builds",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    // What is passed to this build says nothing about the defaults.
    let own = (!file.expectations.build_args.is_empty()).then(|| scopes(file.file, &BTreeMap::new()));
    let scope = own.as_ref().unwrap_or(&file.scopes).global();
    for (index, stage) in file.stages().filter(|(_, stage)| stage.base.contains('$')) {
        let Some(resolved) = scope.expand(&stage.base).filter(|resolved| resolved.unknown.is_empty()) else {
            continue;
        };
        if resolved.text.parse::<Reference>().is_ok() {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        found.add(
            file.place(step),
            format!(
                "with the defaults of its arguments {} is no image: {:?}",
                shown(&stage.base),
                shown(&resolved.text)
            ),
        );
    }
}
