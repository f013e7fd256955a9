//! Fixtures of rules on running containers: JSON with the fields of `RuntimeFacts`; one that is left out was not seen.
//!
//! Behind the fence: `flagged` or `flagged=2` findings, the `level=` and `field=` of each, `says=` a word of the message or
//! the remedy; `unjudged` where the rule has to say that it could not judge; the image's `kind=`, a service where nothing
//! is said; what the settings ask for: `read-only`, `hardened`, `tests=yes|no`, `allow-services=a,b`.

use std::collections::BTreeMap;

use imgbuild::rules::facts::{KindSeen, RuntimeFacts};
use imgbuild::rules::{Expectations, Fact, Finding, Rule, Verdicts};

use super::rule_fixtures::Block;

/// Judges a block, and compares with what its fence says.
pub(crate) fn check(rule: &Rule, block: &Block) -> Result<(), String> {
    let mut facts: RuntimeFacts = serde_json::from_str(&block.text).map_err(|error| error.to_string())?;
    let options: BTreeMap<&str, &str> =
        block.options.iter().map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
    facts.reference = "image:1".to_owned();
    let kind = options.get("kind").unwrap_or(&"service").parse()?;
    facts.kind = Fact::Known(KindSeen { kind, why: "configured".to_owned() });
    facts.expectations = expectations(&options)?;
    let mut verdicts = Verdicts::default();
    verdicts.of_running(&facts);
    let found: Vec<&Finding> = verdicts.findings.iter().filter(|f| f.rule.code == rule.code).collect();
    let told: Vec<_> = found
        .iter()
        .map(|f| format!("{} {:?}: {} ({:?})", f.level, f.place.field, f.message, f.evidence))
        .collect();
    let expected = match options.get("flagged") {
        Some(&"") => 1,
        Some(count) => count.parse().map_err(|_| "flagged=NUMBER")?,
        None => 0,
    };
    if found.len() != expected {
        return Err(format!("{} findings, expected {expected}: {}", found.len(), told.join("; ")));
    }
    if verdicts.ran.contains(rule.code) == options.contains_key("unjudged") {
        return Err(format!("why it could not judge: {:?}", verdicts.skipped.get(rule.code)));
    }
    for finding in found {
        let texts = [&finding.message, &finding.remedy].into_iter().chain(&finding.evidence);
        let says = |word: &str| texts.clone().any(|text| text.contains(word));
        let is_right = finding.place.path == "image:1"
            && options.get("level").is_none_or(|level| *level == finding.level.as_str())
            && options.get("field").is_none_or(|wanted| Some(*wanted) == finding.place.field.as_deref())
            && options.get("says").is_none_or(|word| says(word))
            // What secrets in fixtures hold, and what would drive a terminal.
            && !says("hunter2")
            && !texts.clone().any(|text| text.contains(char::is_control));
        if !is_right {
            return Err(format!("another finding than expected: {}", told.join("; ")));
        }
    }
    Ok(())
}

fn expectations(options: &BTreeMap<&str, &str>) -> Result<Expectations, String> {
    let mut expectations = Expectations { has_tests: Some(true), ..Expectations::default() };
    for (key, value) in options {
        match *key {
            "read-only" => expectations.read_only = true,
            "hardened" => expectations.hardened = true,
            "tests" => {
                expectations.has_tests = match *value {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                };
            }
            "allow-services" => expectations.allow_services = value.split(',').map(str::to_owned).collect(),
            "flagged" | "level" | "field" | "says" | "kind" | "unjudged" => {}
            other => return Err(format!("the option {other} means nothing")),
        }
    }
    Ok(expectations)
}
