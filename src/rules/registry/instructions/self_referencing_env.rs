//! `self-referencing-env`.

use std::collections::{BTreeMap, BTreeSet};

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::listed;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an `ENV` that uses a variable which the same `ENV` sets, where nothing above sets it.
    ///
    /// ## Why is this bad?
    /// All values of one instruction see the variables as they were before it: the value is empty.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ENV HOME_DIR=/app BIN_DIR=$HOME_DIR/bin
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENV HOME_DIR=/app
    /// ENV BIN_DIR=$HOME_DIR/bin
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#environment-replacement>
    IMG212 "self-referencing-env" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3044"],
        remedy: "split the ENV in two, so that the variable is set before it is used",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Env).filter(|step| !step.onbuild) {
        let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
        if pairs.len() < 2 {
            continue;
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for pair in &pairs {
            *times.entry(&pair.name).or_default() += 1;
        }
        let scope = file.scopes.at(step.index);
        let mut used = BTreeSet::new();
        for pair in &pairs {
            let Some(resolved) = scope.expand(pair.value.as_deref().unwrap_or_default()) else { continue };
            for name in resolved.unset {
                let others =
                    times.get(name.as_str()).map_or(0, |times| times - usize::from(name == pair.name));
                if others > 0 && scope.get(&name).is_none() {
                    used.insert(name);
                }
            }
        }
        if !used.is_empty() {
            let used: Vec<String> = used.into_iter().collect();
            found.add(file.place(step), format!("ENV uses {}, which it only sets itself", listed(&used)));
        }
    }
}
