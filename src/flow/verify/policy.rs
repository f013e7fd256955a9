//! What an image may say of itself.

use crate::config::EvidenceSettings;
use crate::evidence::{Aspect, Doubt, Proof, Provenance};
use crate::flow::published::Published;
use crate::image::label;

/// What policy has against the image.
pub(super) fn doubts(found: &Published, proofs: &[Proof], settings: &EvidenceSettings) -> Vec<Doubt> {
    let mut why = Vec::new();
    if found.images.iter().any(|image| image.label(label::DEV) == Some("true")) {
        why.push("it is a development image".to_owned());
    }
    why.extend(limits(proofs, settings));
    why.extend(proofs.iter().flat_map(Proof::provenance).flat_map(|proven| of_provenance(&proven.said)));
    why.dedup();
    why.into_iter().map(|why| Doubt { aspect: Aspect::Policy, why }).collect()
}

/// What the limits for sources and builders have against it.
pub(in crate::flow) fn limits(proofs: &[Proof], settings: &EvidenceSettings) -> Vec<String> {
    let said: Vec<Provenance> = proofs.iter().flat_map(Proof::provenance).map(|proven| proven.said).collect();
    let (mut why, limits) = (
        Vec::new(),
        [
            ("source", settings.sources.as_ref().map(|list| &list.value)),
            ("builder", settings.builders.as_ref().map(|list| &list.value)),
        ],
    );
    for (what, allowed) in limits {
        let Some(allowed) = allowed else { continue };
        if said.is_empty() {
            why.push(format!("no provenance names its {what}, and not every one is allowed"));
        }
        for one in &said {
            let named = match what {
                "source" => one.repository().unwrap_or_default(),
                _ => one.run_details.builder.id.clone(),
            };
            if !allowed.iter().any(|pattern| fits(pattern, &named)) {
                why.push(format!("its {what} {named:?} is none of those allowed: {}", allowed.join(", ")));
            }
        }
    }
    why
}

/// What never is as it should be in an image that is to be trusted.
fn of_provenance(said: &Provenance) -> Vec<String> {
    let mut why = Vec::new();
    if said.build_definition.internal_parameters.development == Some(true) {
        why.push("its provenance says that it is a development image".to_owned());
    }
    if said.git().is_some_and(|git| !git.clean) {
        why.push(
            "its provenance says that it holds what its commit does not: the tree was not clean".to_owned(),
        );
    }
    why
}

/// Whether `name` is what `pattern` says; a `*` at its end stands for anything.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
