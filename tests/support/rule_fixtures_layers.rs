//! Fixtures of rules on the files of an image: JSON with `setuid` (path: mode, owner and group: `"4755 0 0"`), `open` (file and
//! name of an account), `secrets` and `leftovers` (path: what it holds, and `hidden`).
//!
//! Behind the fence: `flagged` or `flagged=2` findings, the `level=` and `field=` of each, `says=` a word of its message, and
//! what the settings allow: `allow-setuid=a,b`.

use imgbuild::rules::facts::{FileFacts, LayerFacts, Leftover, OpenAccount, SecretFile, SetuidFile, Sign};
use imgbuild::rules::{Expectations, Fact, Finding, Rule, Verdicts};
use serde_json::{Map, Value};

use super::rule_fixtures::Block;

/// Judges a block, and compares with what its fence says.
pub(crate) fn check(rule: &Rule, block: &Block) -> Result<(), String> {
    let option = |name: &str| block.options.iter().find_map(|o| o.strip_prefix(name)?.strip_prefix('='));
    if let Some(other) = block.options.iter().find(|option| {
        let key = option.split('=').next().unwrap_or_default();
        !["flagged", "level", "field", "says", "allow-setuid"].contains(&key)
    }) {
        return Err(format!("the option {other} means nothing"));
    }
    let allow_setuid = option("allow-setuid").into_iter().flat_map(|list| list.split(',')).map(str::to_owned);
    let facts = LayerFacts {
        reference: "image:1".to_owned(),
        files: files(&block.text)?,
        expectations: Expectations { allow_setuid: allow_setuid.collect(), ..Expectations::default() },
    };
    let mut verdicts = Verdicts::default();
    verdicts.of_layers(&Fact::Known(facts));
    let found: Vec<&Finding> = verdicts.findings.iter().filter(|f| f.rule.code == rule.code).collect();
    let expected = match option("flagged") {
        Some(count) => count.parse().map_err(|_| "flagged=NUMBER")?,
        None => usize::from(block.is_bad()),
    };
    let told: Vec<_> = found
        .iter()
        .map(|f| format!("{} {:?}: {} ({:?})", f.level, f.place.field, f.message, f.evidence))
        .collect();
    if found.len() != expected {
        return Err(format!("{} findings, expected {expected}: {}", found.len(), told.join("; ")));
    }
    for finding in found {
        let is_right = finding.place.path == "image:1"
            && option("level").is_none_or(|level| level == finding.level.as_str())
            && option("field").is_none_or(|wanted| Some(wanted) == finding.place.field.as_deref())
            && option("says").is_none_or(|word| finding.message.contains(word));
        if !is_right {
            return Err(format!("another finding than expected: {}", told.join("; ")));
        }
    }
    Ok(())
}

fn files(text: &str) -> Result<FileFacts, String> {
    let value: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut files =
        FileFacts { layers: vec!["sha256:one".to_owned(), String::new()], ..FileFacts::default() };
    for (key, pairs) in value {
        for (path, said) in pairs.as_object().ok_or("no object")? {
            let said = said.as_str().ok_or("no text")?;
            let (path, words) = (path.clone(), said.split(' ').collect::<Vec<_>>());
            let number =
                |nth: usize| words.get(nth).and_then(|word| word.parse::<u32>().ok()).ok_or("a number");
            let hidden = words.contains(&"hidden");
            match key.as_str() {
                "setuid" => {
                    let mode = u32::from_str_radix(words[0], 8).map_err(|_| "a mode")?;
                    let (setuid, setgid) = (mode & 0o4000 != 0, mode & 0o2000 != 0);
                    files.setuid.push(SetuidFile { path, setuid, setgid, uid: number(1)?, gid: number(2)? });
                }
                "open" => files.open_accounts.push(OpenAccount { file: path, name: said.to_owned() }),
                "secrets" => {
                    let sign = match words[0] {
                        "key" => Sign::PrivateKey { encrypted: false },
                        "locked" => Sign::PrivateKey { encrypted: true },
                        "npm" => Sign::RegistryToken("npm"),
                        "AWS" => Sign::CloudCredentials("AWS"),
                        "git" => Sign::GitCredentials,
                        other => return Err(format!("{other} is no sign")),
                    };
                    files.secrets.push(SecretFile { path, layer: 0, hidden, signs: vec![sign] });
                }
                "leftovers" => files.leftovers.push(Leftover {
                    path,
                    what: "the cache of it",
                    layer: 1,
                    hidden: if hidden { 3 } else { 0 },
                    files: 3,
                    bytes: u64::from(number(0)?),
                }),
                other => return Err(format!("the key {other} means nothing")),
            }
        }
    }
    Ok(files)
}
