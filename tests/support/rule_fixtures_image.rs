//! Fixtures of rules on images: JSON with the keys of an image's `Config`, and `History` (texts, the oldest first),
//! `Size`, `Layers` and `Base` (the labels of its base, or `null` where they are not known).
//!
//! Behind the fence: `flagged` or `flagged=2` findings, the `level=` and `field=` of each, and what the settings ask for:
//! `max-size=`, `max-layers=`, `allow-services=a,b`, `labels=key:type,…`.

use std::collections::BTreeMap;

use imgbuild::config::model::LabelType;
use imgbuild::rules::facts::{HistoryEntry, ImageFacts};
use imgbuild::rules::{Expectations, Fact, Finding, Place, Rule, Verdicts};
use serde_json::Value;

use super::rule_fixtures::Block;

const KEYS: [&str; 13] = [
    "User",
    "Env",
    "Entrypoint",
    "Cmd",
    "ExposedPorts",
    "Volumes",
    "WorkingDir",
    "Healthcheck",
    "Labels",
    "History",
    "Size",
    "Layers",
    "Base",
];

/// Judges a block, and compares with what its fence says.
pub(crate) fn check(rule: &Rule, block: &Block) -> Result<(), String> {
    let mut facts = facts(&block.text)?;
    facts.expectations = expectations(&block.options);
    let mut verdicts = Verdicts::default();
    verdicts.of_image(&Fact::Known(facts));
    let found: Vec<&Finding> = verdicts.findings.iter().filter(|f| f.rule.code == rule.code).collect();
    let option = |name: &str| block.options.iter().find_map(|o| o.strip_prefix(name)?.strip_prefix('='));
    let expected = match option("flagged") {
        Some(count) => count.parse().map_err(|_| "flagged=NUMBER")?,
        None => usize::from(block.is_bad()),
    };
    let told: Vec<_> =
        found.iter().map(|f| format!("{} {:?}: {}", f.level, f.place.field, f.message)).collect();
    if found.len() != expected {
        return Err(format!("{} findings, expected {expected}: {}", found.len(), told.join("; ")));
    }
    for finding in found {
        let Place { path, field, .. } = &finding.place;
        let is_right = path == "image:1"
            && option("level").is_none_or(|level| level == finding.level.as_str())
            && option("field").is_none_or(|wanted| Some(wanted) == field.as_deref())
            // What secrets in fixtures hold.
            && ![&finding.message, &finding.remedy].into_iter().chain(&finding.evidence).any(|t| t.contains("hunter2"));
        if !is_right {
            return Err(format!("another finding than expected: {}", told.join("; ")));
        }
    }
    Ok(())
}

fn facts(text: &str) -> Result<ImageFacts, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let object = value.as_object().ok_or("no object")?;
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("the key {key} means nothing"));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text"));
    let list = |key: &str| -> Result<Vec<String>, String> {
        value[key].as_array().into_iter().flatten().map(text).collect()
    };
    let map = |value: &Value| -> Result<BTreeMap<String, String>, String> {
        value.as_object().into_iter().flatten().map(|(key, value)| Ok((key.clone(), text(value)?))).collect()
    };
    let keys = |key: &str| value[key].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let step = |created_by: String| HistoryEntry { created_by, empty_layer: false };
    let healthcheck = value["Healthcheck"]["Test"].as_array();
    Ok(ImageFacts {
        reference: "image:1".to_owned(),
        user: value["User"].as_str().unwrap_or_default().to_owned(),
        env: list("Env")?,
        entrypoint: list("Entrypoint")?,
        cmd: list("Cmd")?,
        exposed_ports: keys("ExposedPorts"),
        volumes: keys("Volumes").into_iter().collect(),
        working_dir: value["WorkingDir"].as_str().unwrap_or_default().to_owned(),
        healthcheck: healthcheck.map(|words| words.iter().map(text).collect()).transpose()?,
        labels: map(&value["Labels"])?,
        base_labels: match object.get("Base") {
            None => None,
            Some(Value::Null) => Some(Fact::Missing("the registry did not answer".to_owned())),
            Some(labels) => Some(Fact::Known(map(labels)?)),
        },
        history: list("History")?.into_iter().map(step).collect(),
        size: value["Size"].as_u64().unwrap_or_default(),
        layers: value["Layers"].as_u64().and_then(|layers| usize::try_from(layers).ok()).unwrap_or_default(),
        ..ImageFacts::default()
    })
}

fn expectations(options: &[String]) -> Expectations {
    let mut expectations = Expectations::default();
    for (key, value) in options.iter().filter_map(|option| option.split_once('=')) {
        match key {
            "max-size" => expectations.max_size = Some(value.parse().expect("bytes")),
            "max-layers" => expectations.max_layers = Some(value.parse().expect("a number")),
            "allow-services" => expectations.allow_services = value.split(',').map(str::to_owned).collect(),
            "labels" => {
                let pairs = value.split(',').map(|pair| pair.split_once(':').expect("key:type"));
                expectations.labels = pairs.map(|(key, kind)| (key.to_owned(), label_type(kind))).collect();
            }
            "flagged" | "level" | "field" => {}
            other => panic!("the option {other} means nothing"),
        }
    }
    expectations
}

fn label_type(name: &str) -> LabelType {
    match name {
        "text" => LabelType::Text,
        "url" => LabelType::Url,
        "hash" => LabelType::Hash,
        "rfc3339" => LabelType::Rfc3339,
        "semver" => LabelType::Semver,
        "spdx" => LabelType::Spdx,
        "email" => LabelType::Email,
        other => panic!("there is no type {other}"),
    }
}
