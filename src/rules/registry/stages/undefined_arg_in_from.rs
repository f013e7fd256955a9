//! `undefined-arg-in-from`.

use std::collections::BTreeSet;

use crate::rules::analysis::Analysis;
use crate::rules::words::listed;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `FROM` that uses a variable which no `ARG` above the first `FROM` declares.
    ///
    /// ## Why is this bad?
    /// The variable is empty there, whatever a stage declares or whoever builds passes: the base is another image
    /// than the line says, or none.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:${TAG:-12}
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// ARG TAG=12
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/undefined-arg-in-from/>
    /// - <https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact>
    IMG111 "undefined-arg-in-from" {
        level: Warning,
        items: [BestPractice],
        aliases: ["UndefinedArgInFrom"],
        remedy: "declare the ARG above the first FROM",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let scope = file.scopes.global();
    for (index, stage) in file.stages() {
        let texts = [Some(stage.base.as_str()), stage.platform.as_deref()].into_iter().flatten();
        let unset = texts.filter_map(|text| scope.expand(text)).flat_map(|resolved| resolved.unset);
        let undefined: BTreeSet<String> = unset.filter(|name| scope.get(name).is_none()).collect();
        let Some(step) = file.from_of(index).filter(|_| !undefined.is_empty()) else { continue };
        let names: Vec<String> = undefined.into_iter().collect();
        found.add(
            file.place(step),
            format!("FROM uses {}, which no ARG above the first FROM declares", listed(&names)),
        );
    }
}
