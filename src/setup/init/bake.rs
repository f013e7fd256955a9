//! Bake files, `docker-bake.hcl` and `docker-bake.json`: of one target what is written down. What variables, functions
//! and conditions come to is known when bake runs, and told by name.

use std::collections::BTreeSet;

use hcl_edit::structure::{Block, Body, Structure};

use super::description::Description;
use super::look::Look;
use super::value::{Value, of_hcl_json};
use crate::yaml;

/// Names that bake looks for by itself, in its order, without those that change what others say.
const FILES: [&str; 2] = ["docker-bake.json", "docker-bake.hcl"];
/// Names of files that change what others say.
const OVERRIDES: [&str; 2] = ["docker-bake.override.json", "docker-bake.override.hcl"];

/// How the targets, groups and the rest of a file are called there.
#[derive(Debug, Default, PartialEq, Eq)]
struct File {
    targets: Vec<(String, Vec<(String, Value)>)>,
    groups: Vec<(String, Value)>,
    /// Variables, functions and whatever else stands at the top, for people.
    others: Vec<String>,
}

/// What a bake file says of the build. `None` where there is none; the error says why nothing of it is taken over.
pub(super) fn describe(look: &Look) -> Option<Result<Description, String>> {
    let name = FILES.into_iter().find(|name| look.is_there(name))?;
    let described = look.read(name).ok_or_else(|| "it cannot be read".to_owned()).and_then(|bytes| {
        let file = if name.ends_with(".json") { of_json(&bytes) } else { of_hcl(&bytes) }?;
        describe_file(name, &file)
    });
    let described = described.map(|mut description| {
        let overrides = OVERRIDES.into_iter().filter(|name| look.is_there(name));
        description.left.extend(overrides.map(str::to_owned));
        description
    });
    Some(described.map_err(|why| format!("{name}: nothing is taken over: {why}")))
}

fn describe_file(name: &str, file: &File) -> Result<Description, String> {
    let target = choose(file)?;
    let mut left = file.others.clone();
    let mut attributes = Vec::new();
    inherit(file, target, &mut BTreeSet::new(), &mut attributes, &mut left);
    let mut description = Description::new(format!("{name}, target {target}"), &attributes);
    description.left.extend(left);
    Ok(description)
}

/// The one target that a run without arguments builds; else the only one that no other inherits.
fn choose(file: &File) -> Result<&str, String> {
    let known =
        |name: &str| file.targets.iter().find(|(known, _)| known == name).map(|(name, _)| name.as_str());
    if let Some((_, members)) = file.groups.iter().find(|(name, _)| name == "default") {
        match members.items() {
            Some([one]) => {
                let name = one.text().ok_or("the group default is no plain value")?;
                return known(name)
                    .ok_or_else(|| format!("the group default names {name}, which is no target"));
            }
            _ => {
                return Err(
                    "the group default is not one target, and imgbuild.toml describes one image".to_owned()
                );
            }
        }
    }
    if let Some(name) = known("default") {
        return Ok(name);
    }
    let parents = |attributes: &[(String, Value)]| -> Vec<String> {
        let inherits = attributes.iter().filter(|(key, _)| key == "inherits");
        inherits
            .flat_map(|(_, value)| value.items().unwrap_or_default())
            .filter_map(Value::text)
            .map(str::to_owned)
            .collect()
    };
    let inherited: BTreeSet<String> =
        file.targets.iter().flat_map(|(_, attributes)| parents(attributes)).collect();
    let ends: Vec<&str> = file
        .targets
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !inherited.contains(*name))
        .collect();
    match ends.as_slice() {
        [one] => Ok(one),
        [] => Err("it has no target".to_owned()),
        several => Err(format!(
            "imgbuild.toml describes one image, and it has {} targets: {}",
            several.len(),
            several.iter().take(20).copied().collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Puts together what a target says and what it inherits: its own word counts, then that of its last parent.
fn inherit(
    file: &File,
    target: &str,
    seen: &mut BTreeSet<String>,
    all: &mut Vec<(String, Value)>,
    left: &mut Vec<String>,
) {
    /// Nobody nests that deep; the stack is not endless.
    const DEEPEST: usize = 64;
    if seen.len() > DEEPEST {
        left.push(format!("inherits {target} (more than {DEEPEST} are inherited)"));
        return;
    }
    if !seen.insert(target.to_owned()) {
        return;
    }
    let Some((_, attributes)) = file.targets.iter().find(|(name, _)| name == target) else {
        left.push(format!("inherits {target} (there is no such target)"));
        return;
    };
    for (_, parents) in attributes.iter().filter(|(key, _)| key == "inherits") {
        for parent in parents.items().unwrap_or(&[Value::Open]) {
            match parent.text() {
                Some(parent) => inherit(file, parent, seen, all, left),
                None => left.push("inherits (no plain value)".to_owned()),
            }
        }
    }
    for (key, value) in attributes.iter().filter(|(key, _)| key != "inherits") {
        match (all.iter_mut().find(|(known, _)| known == key), value) {
            (Some((_, Value::Map(known))), Value::Map(new)) => {
                known.retain(|(name, _)| !new.iter().any(|(other, _)| other == name));
                known.extend(new.iter().cloned());
            }
            (Some((_, known)), value) => *known = value.clone(),
            (None, value) => all.push((key.clone(), value.clone())),
        }
    }
}

fn of_json(bytes: &[u8]) -> Result<File, String> {
    let root = yaml::load(bytes).map_err(|problem| format!("line {problem}"))?;
    let Value::Map(pairs) = Value::of_node(&root, of_hcl_json) else { return Err("it is no map".to_owned()) };
    let mut file = File::default();
    for (kind, named) in pairs {
        let Value::Map(named) = named else {
            file.others.push(kind);
            continue;
        };
        for (name, value) in named {
            match (kind.as_str(), value) {
                ("target", Value::Map(attributes)) => file.targets.push((name, attributes)),
                ("group", Value::Map(mut attributes)) => {
                    let at = attributes.iter().position(|(key, _)| key == "targets");
                    file.groups.push((name, at.map_or(Value::Open, |at| attributes.swap_remove(at).1)));
                }
                _ => file.others.push(format!("{kind} {name}")),
            }
        }
    }
    Ok(file)
}

fn of_hcl(bytes: &[u8]) -> Result<File, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    // The parser bounds how deep expressions are, but not blocks.
    if deepest_block(text) > 32 {
        return Err("it is nested too deep".to_owned());
    }
    let body: Body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let place = error.location();
        format!("line {}, column {}: it is no HCL", place.line(), place.column())
    })?;
    let mut file = File::default();
    for structure in &body {
        match structure {
            Structure::Attribute(attribute) => file.others.push(attribute.key.as_str().to_owned()),
            Structure::Block(block) => {
                let label = block.labels.first().map_or("", |label| label.as_str());
                match block.ident.as_str() {
                    "target" => file.targets.push((label.to_owned(), attributes(block))),
                    "group" => {
                        let targets = attributes(block).into_iter().find(|(key, _)| key == "targets");
                        file.groups.push((label.to_owned(), targets.map_or(Value::Open, |(_, value)| value)));
                    }
                    kind => file.others.push(format!("{kind} {label}").trim_end().to_owned()),
                }
            }
        }
    }
    Ok(file)
}

/// The attributes of a block; what is a block in it is open.
fn attributes(block: &Block) -> Vec<(String, Value)> {
    let structures = block.body.iter().map(|structure| match structure {
        Structure::Attribute(attribute) => {
            (attribute.key.as_str().to_owned(), Value::of_hcl(&attribute.value))
        }
        Structure::Block(block) => (block.ident.as_str().to_owned(), Value::Open),
    });
    structures.collect()
}

/// At least as deep as braces are nested.
fn deepest_block(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests;
