//! `metadataTest`.

use super::command;
use crate::expect::{ImageCheck, Matcher};
use crate::yaml::{Fields, Node, Problem};

/// What the image's configuration must say; `None` where nothing is asked.
pub(super) fn metadata(test: &Node) -> Result<Option<ImageCheck>, Problem> {
    let mut fields = test.fields("metadataTest")?;
    let check = ImageCheck {
        env: pairs(&mut fields, "envVars")?,
        unset_env: unset(&mut fields)?,
        labels: pairs(&mut fields, "labels")?,
        // An empty list wants none; a key that is not there asks nothing.
        entrypoint: fields.take("entrypoint").map(|node| node.texts("entrypoint")).transpose()?,
        cmd: fields.take("cmd").map(|node| node.texts("cmd")).transpose()?,
        exposed: ports(&mut fields, "exposedPorts")?,
        unexposed: ports(&mut fields, "unexposedPorts")?,
        volumes: filled(&mut fields, "volumes")?,
        no_volumes: filled(&mut fields, "unmountedVolumes")?,
        workdir: equal(&mut fields, "workdir")?,
        user: equal(&mut fields, "user")?,
        size: None,
    };
    fields.finish("the metadata test")?;
    Ok((check != ImageCheck::default()).then_some(check))
}

fn equal(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<Matcher>, Problem> {
    Ok(fields.text(key)?.filter(|text| !text.is_empty()).map(|text| Matcher::Equals(text.into())))
}

/// Names with a value each, which is a regular expression where `isRegex` says so.
fn pairs(fields: &mut Fields<'_>, list: &'static str) -> Result<Vec<(String, Matcher)>, Problem> {
    fields
        .list(list)?
        .iter()
        .map(|pair| {
            let mut fields = pair.fields(list)?;
            let key = key(&mut fields, pair, list)?;
            let value = fields.take("value");
            let matcher = match (fields.boolean("isRegex")?.unwrap_or(false), value) {
                (true, Some(value)) => command::pattern(value, "value")?,
                // Any value has the empty text in it.
                (true, None) => Matcher::Contains(String::new()),
                (false, value) => {
                    Matcher::Equals(value.map_or(Ok(String::new()), |value| value.text("value"))?.into())
                }
            };
            fields.finish(list)?;
            Ok((key, matcher))
        })
        .collect()
}

/// Variables that must not be there, whatever value is written with them.
fn unset(fields: &mut Fields<'_>) -> Result<Vec<String>, Problem> {
    const LIST: &str = "unboundEnvVars";
    fields
        .list(LIST)?
        .iter()
        .map(|pair| {
            let mut fields = pair.fields(LIST)?;
            let key = key(&mut fields, pair, LIST)?;
            fields.text("value")?;
            fields.boolean("isRegex")?;
            fields.finish(LIST)?;
            Ok(key)
        })
        .collect()
}

fn key(fields: &mut Fields<'_>, pair: &Node, list: &str) -> Result<String, Problem> {
    super::read::filled(fields, "key", pair, &format!("an entry of `{list}` needs a `key`"))
}

/// Texts that are not empty.
fn filled(fields: &mut Fields<'_>, list: &'static str) -> Result<Vec<String>, Problem> {
    fields
        .list(list)?
        .iter()
        .map(|node| {
            let text = node.text_or_nothing(list)?;
            match text.is_empty() {
                true => Err(node.problem(format!("an entry of `{list}` is empty"))),
                false => Ok(text),
            }
        })
        .collect()
}

/// Ports. The tool compares them without their protocol, so that one with it is never there.
fn ports(fields: &mut Fields<'_>, list: &'static str) -> Result<Vec<String>, Problem> {
    fields
        .list(list)?
        .iter()
        .map(|node| {
            let port = node.text_or_nothing(list)?;
            match port.parse::<u16>() {
                Ok(_) => Ok(port),
                Err(_) => {
                    Err(node.problem(format!("`{list}` takes numbers of ports alone, without a protocol")))
                }
            }
        })
        .collect()
}
