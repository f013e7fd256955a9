//! `curl-and-wget`.

use std::collections::BTreeMap;

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage in which `RUN` calls both `curl` and `wget`, at each call from the one on that makes it
    /// two.
    ///
    /// ## Why is this bad?
    /// They do the same. The second one is one more package to install, to patch and to explain.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSLO https://example.com/a-1.2.tar.gz
    /// RUN wget -q https://example.com/b-1.2.tar.gz
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSLO https://example.com/a-1.2.tar.gz
    /// RUN curl -fsSLO https://example.com/b-1.2.tar.gz
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages>
    IMG403 "curl-and-wget" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL4001", "DS-0014"],
        remedy: "use one of the two for all downloads of the stage",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    // Which of the two each stage has called so far.
    let mut seen: BTreeMap<Option<usize>, [bool; 2]> = BTreeMap::new();
    for step in file.of(Keyword::Run).filter(|step| !step.onbuild) {
        let both = seen.entry(step.stage).or_default();
        let mut here = None;
        for (body, command) in step.commands() {
            let which = match called_name(command) {
                "curl" => 0,
                "wget" => 1,
                _ => continue,
            };
            both[which] = true;
            here = Some((body, command));
        }
        if let (Some((body, command)), [true, true]) = (here, *both) {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "the stage downloads with both curl and wget");
        }
    }
}
