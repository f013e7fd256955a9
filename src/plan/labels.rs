//! The labels of the image.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::inputs::{BaseImage, Inputs};
use crate::config::Sourced;
use crate::image::{Digest, Reference, label};

/// Longest value of a label that comes from the source, in bytes: a branch may be longer than anyone wants to read.
const MAX_VALUE: usize = 1024;

/// What the labels say beyond the inputs.
pub(super) struct Said<'a> {
    pub(super) development: bool,
    pub(super) version: Option<&'a str>,
    /// RFC 3339.
    pub(super) created: &'a str,
    /// RFC 3339, wall clock.
    pub(super) built: &'a str,
}

/// Every label: the configured ones first, so that no configuration can forge what imgbuild states.
pub(super) fn labels(inputs: &Inputs<'_>, said: &Said<'_>) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = inputs
        .settings
        .labels
        .iter()
        .filter(|(key, _)| !key.starts_with("dev.imgbuild."))
        .map(|(key, value)| (key.clone(), value.value.clone()))
        .collect();
    let mut set = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            labels.insert(key.to_owned(), cut(value));
        }
    };
    let ci = inputs.ci;
    let source_url = ci.repository_url.as_deref().or(inputs.source.remote_url.as_deref());
    set(label::oci::CREATED, Some(said.created));
    set(label::oci::SOURCE, source_url);
    set(label::oci::REVISION, Some(&inputs.revision.commit));
    set(label::oci::VERSION, said.version);
    set(label::GIT_TREE, Some(&inputs.source.tree));
    set(label::GIT_CLEAN, Some(if inputs.is_clean() { "true" } else { "false" }));
    set(label::GIT_BRANCH, inputs.branch().map(|name| name.to_string()).as_deref());
    set(label::GIT_PR, ci.pr.as_deref());
    set(label::GIT_MERGE_COMMIT, inputs.revision.merge_commit.as_deref());
    set(label::CONTEXT_DIGEST, Some(inputs.context_digest.as_str()));
    set(label::DOCKERFILE_DIGEST, Some(inputs.dockerfile_digest.as_str()));
    set(label::BUILD_DIGEST, Some(asked(inputs).as_str()));
    set(
        label::GIT_TIME,
        Timestamp::from_second(inputs.source.commit_time).ok().map(|time| time.to_string()).as_deref(),
    );
    set(label::TOOL_VERSION, Some(env!("CARGO_PKG_VERSION")));
    if said.development {
        set(label::DEV, Some("true"));
    }
    // What differs from run to run is wanted on CI images only: elsewhere the same commit gives the same image.
    if ci.is_ci() && !inputs.settings.reproducible.value {
        set(label::BUILD_URL, ci.build_url.as_deref());
        set(label::TESTS_URL, ci.build_url.as_deref());
        set(label::BUILD_TIME, Some(said.built));
    }
    if let Some(base) = inputs.base {
        let name = base.reference.parse::<Reference>().map(|reference| reference.or_latest().to_string());
        set(label::oci::BASE_NAME, name.ok().as_deref());
        set(label::oci::BASE_DIGEST, base.digest.as_deref());
    }
    let written = &inputs.facts.labels;
    if !labels.contains_key(label::oci::TITLE)
        && !written.contains_key(label::oci::TITLE)
        && let Some(title) = inputs.destination.repository.path().rsplit('/').next()
    {
        labels.insert(label::oci::TITLE.to_owned(), title.to_owned());
    }
    blank_inherited(&mut labels, inputs.base, written);
    labels
}

/// Digest of what tells two builds of one commit and context apart: what the configuration and the command line ask for.
/// What differs from run to run is not in it.
pub(super) fn asked(inputs: &Inputs<'_>) -> Digest {
    let settings = inputs.settings;
    let text = |value: &Option<Sourced<String>>| value.as_ref().map(|value| value.value.clone());
    let values = |map: &BTreeMap<String, Sourced<String>>| -> BTreeMap<String, String> {
        map.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect()
    };
    let mut document = serde_json::json!({
        "variant": text(&settings.variant), "target": text(&settings.target), "platform": text(&settings.platform),
        "args": values(&settings.build_args), "labels": values(&settings.labels),
    });
    let date = inputs.source_date_epoch();
    if let (Some(seconds), Some(table)) = (date, document.as_object_mut()) {
        table.insert("source-date-epoch".to_owned(), seconds.into());
        table.insert("rewrite-timestamp".to_owned(), settings.builder.rewrite_timestamp.value.into());
    }
    Digest::of(document.to_string().as_bytes())
}

/// A base image's title, version or licences are not ours: what it would leak, and neither we nor the Dockerfile set,
/// is blanked. A label given through the API beats the Dockerfile's own.
fn blank_inherited(
    labels: &mut BTreeMap<String, String>,
    base: Option<&BaseImage>,
    written: &BTreeMap<String, u32>,
) {
    for key in base.map(|base| base.labels.keys()).into_iter().flatten() {
        let ours = label::oci::ALL.contains(&key.as_str()) || key.starts_with("dev.imgbuild.");
        // `dev` is kept to be seen: it makes the result a development image.
        if ours && key != label::DEV && !labels.contains_key(key) && !written.contains_key(key) {
            labels.insert(key.clone(), String::new());
        }
    }
}

/// Caps a value and takes out what would break a line: labels are printed by everybody.
fn cut(value: &str) -> String {
    let mut end = value.len().min(MAX_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
