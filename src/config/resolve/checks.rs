//! `[checks]` of all files.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::{Asked, Part, join};
use super::{Layers, RuleNames};
use crate::config::document::Document;
use crate::config::model::{self, FailOn, Level};
use crate::config::origin::Sourced;
use crate::config::quote;
use crate::config::settings::{Baseline, Checks, EffectivePolicy, WaiverSpec};

/// The checks in force. `policy` is put in as it is.
pub(super) fn checks(asked: &mut Asked<'_>, layers: &Layers<'_>, policy: EffectivePolicy) -> Checks {
    Checks {
        fail_on: asked
            .file("checks.fail-on", |part| part.checks?.fail_on)
            .unwrap_or(Sourced::default(FailOn::Error)),
        levels: levels(asked, layers.rule_names),
        trusted_registries: asked
            .file("checks.trusted-registries", |part| part.checks?.trusted_registries.clone()),
        labels: labels(asked),
        max_size: asked.file("checks.max-size", |part| part.checks?.max_size),
        max_layers: asked.file("checks.max-layers", |part| part.checks?.max_layers),
        allow_services: asked
            .file("checks.allow-services", |part| part.checks?.allow_services.clone())
            .unwrap_or(Sourced::default(Vec::new())),
        allow_setuid: asked
            .file("checks.allow-setuid", |part| part.checks?.allow_setuid.clone())
            .unwrap_or(Sourced::default(Vec::new())),
        read_layers: asked
            .file("checks.read-layers", |part| part.checks?.read_layers)
            .unwrap_or(Sourced::default(true)),
        baseline: baseline(asked, layers),
        waivers: waivers(asked),
        policy,
    }
}

/// Merged by rule, whatever each file calls it.
fn levels(asked: &mut Asked<'_>, names: RuleNames) -> BTreeMap<String, Sourced<Level>> {
    let mut merged = BTreeMap::new();
    let mut by_name: BTreeMap<String, (String, Level)> = BTreeMap::new();
    let mut problems = Vec::new();
    for part in asked.parts_for("checks.levels") {
        let mut own = Vec::new();
        for (id, level) in part.checks.and_then(|checks| checks.levels.as_ref()).into_iter().flatten() {
            let names = lower(names(id));
            if names.iter().any(|name| by_name.contains_key(name)) {
                continue;
            }
            let origin = part.origin(&format!("checks.levels.{}", quote::key(id)));
            own.push((id, *level, names, origin));
        }
        // Only now: two names for one rule in one table contradict each other, where neither is stronger.
        for (id, level, names, origin) in own {
            match names.iter().find_map(|name| by_name.get(name)) {
                Some((other, said)) if *said != level => {
                    problems.push((origin, format!("`{id}` and `{other}` are one rule, with two levels")));
                }
                Some(_) => {}
                None => {
                    by_name.extend(names.into_iter().map(|name| (name, (id.clone(), level))));
                    merged.insert(id.clone(), Sourced::new(level, origin));
                }
            }
        }
    }
    for (origin, why) in problems {
        asked.offence(&origin, &why);
    }
    merged
}

/// Names as they are compared.
pub(super) fn lower(names: Vec<String>) -> BTreeSet<String> {
    names.into_iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn labels(asked: &Asked<'_>) -> BTreeMap<String, Sourced<model::LabelType>> {
    let mut merged = BTreeMap::new();
    for part in asked.parts_for("checks.labels") {
        for (key, kind) in part.checks.and_then(|checks| checks.labels.as_ref()).into_iter().flatten() {
            let origin = || part.origin(&format!("checks.labels.{}", quote::key(key)));
            merged.entry(key.clone()).or_insert_with(|| Sourced::new(*kind, origin()));
        }
    }
    merged
}

/// Of the base branch's file it is the base branch's: whoever may change what is known may hide what is new.
fn baseline(asked: &mut Asked<'_>, layers: &Layers<'_>) -> Option<Sourced<Baseline>> {
    let get = |part: &Part<'_>| part.checks?.baseline.clone();
    let (written, folder, document) = asked.parts_for("checks.baseline").find_map(|part| {
        let path = get(&part)?;
        let document = part.document();
        Some((Sourced::new(path, part.origin("checks.baseline")), document.folder(layers.root), document))
    })?;
    let root = join(layers.root, ".".as_ref());
    let folder = join(&root, &folder);
    let path = join(&folder, &written.value);
    if folder.starts_with(&root) && !path.starts_with(&root) {
        asked.offence(&written.origin, "checks.baseline leads out of the repository");
    }
    let revision = document.revision.clone();
    let inside = revision.is_some().then(|| path.strip_prefix(&root).ok()).flatten();
    let path = inside.map_or_else(|| path.clone(), ToOwned::to_owned);
    Some(Sourced::new(Baseline { path, revision }, written.origin))
}

/// A profile's list replaces its file's; the lists of files add up.
fn waivers(asked: &Asked<'_>) -> Vec<Sourced<WaiverSpec>> {
    let mut all = Vec::new();
    let mut done: Option<&Document> = None;
    for part in asked.parts_for("checks.ignore") {
        let document = part.document();
        let Some(written) = part.checks.and_then(|checks| checks.ignore.as_ref()) else { continue };
        if done.is_some_and(|done| std::ptr::eq(done, document)) {
            continue;
        }
        done = Some(document);
        let read = |(nth, waiver): (usize, &model::Waiver)| {
            let spec = WaiverSpec {
                rule: waiver.rule.clone()?,
                path: waiver.path.clone(),
                matching: waiver.matching.clone(),
                until: waiver.until,
                reason: waiver.reason.clone()?,
            };
            Some(Sourced::new(spec, part.origin(&format!("checks.ignore[{nth}]"))))
        };
        all.extend(written.iter().enumerate().filter_map(read));
    }
    all
}
