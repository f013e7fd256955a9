//! `label-schema-label`.

use std::collections::BTreeMap;

use crate::dockerfile::Keyword;
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::words::{listed, unquoted};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports labels below `org.label-schema`.
    ///
    /// ## Why is this bad?
    /// That convention was given up in favour of the annotations of the OCI. Registries and scanners read
    /// `org.opencontainers.image`.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.label-schema.version=1.2
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.version=1.2
    /// ```
    ///
    /// ## References
    /// - <https://github.com/opencontainers/image-spec/blob/main/annotations.md>
    IMG702 "label-schema-label" {
        level: Info,
        items: [Labels],
        aliases: [],
        remedy: "set the label of the same meaning below org.opencontainers.image",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let labels = || file.of(Keyword::Label).filter(|step| !step.onbuild);
    let pairs = |step: &Step<'_>| step.instruction.pairs(file.escape()).unwrap_or_default();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for pair in labels().flat_map(pairs) {
        *times.entry(unquoted(&pair.name, file.escape())).or_default() += 1;
    }
    for step in labels() {
        let mut keys = Vec::new();
        let mut edits = Vec::new();
        for pair in pairs(step) {
            let key = unquoted(&pair.name, file.escape());
            let Some(last) = key.strip_prefix("org.label-schema.") else { continue };
            // A label that is there already must not be set a second time; and of two values of one key, changing the
            // first alone would bring it back.
            let is_single = times.get(&key) == Some(&1);
            if let Some(wanted) = successor(last).filter(|wanted| is_single && !times.contains_key(*wanted))
                && let Some(at) = pair.name.find(&key)
            {
                let start = pair.range.start + at;
                let span = step.instruction.place(start..start + key.len());
                edits.push(Edit { span, text: wanted.to_owned() });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            continue;
        }
        let is_fixed = edits.len() == keys.len()
            && edits.iter().zip(&keys).all(|(e, k)| e.span.of(file.bytes) == k.as_bytes());
        let finding =
            found.add(file.place(step), format!("{} is of a convention that was given up", listed(&keys)));
        if is_fixed {
            finding.fix("use the keys of the OCI", edits);
        }
    }
}

/// The key of the OCI that means the same.
fn successor(last: &str) -> Option<&'static str> {
    Some(match last {
        "build-date" => "org.opencontainers.image.created",
        "description" => "org.opencontainers.image.description",
        "name" => "org.opencontainers.image.title",
        "url" => "org.opencontainers.image.url",
        "vcs-ref" => "org.opencontainers.image.revision",
        "vcs-url" => "org.opencontainers.image.source",
        "vendor" => "org.opencontainers.image.vendor",
        "version" => "org.opencontainers.image.version",
        _ => return None,
    })
}
