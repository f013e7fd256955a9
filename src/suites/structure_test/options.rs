//! Variables, and `containerRunOptions`.

use super::env_file;
use crate::expect::{ContainerOptions, Mount};
use crate::yaml::{Fields, Problem, shown};

/// What a file may ask for of where imgbuild runs.
pub struct Outside<'a> {
    /// A variable of imgbuild's own environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The content of a file that `envFile` names, as it is written there; the error says in a few words why not. The
    /// caller decides what may be read.
    pub file: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Told of each value that came from there, by the name of its variable, before anything else is: it may be a secret.
    pub hide: &'a dyn Fn(&str, &str),
}

/// What is in `containerRunOptions`.
#[derive(Default)]
pub(super) struct Options {
    /// What all containers get.
    pub(super) container: ContainerOptions,
    /// What commands get besides.
    pub(super) env: Vec<(String, String)>,
}

/// Reads `containerRunOptions`.
pub(super) fn options(file: &mut Fields<'_>, outside: &Outside<'_>) -> Result<Options, Problem> {
    const WHAT: &str = "containerRunOptions";
    let mut options = Options::default();
    let Some(node) = file.take(WHAT) else { return Ok(options) };
    let mut fields = node.fields(WHAT)?;
    let container = &mut options.container;
    container.user = fields.text("user")?.filter(|user| !user.is_empty());
    container.privileged = fields.boolean("privileged")?.unwrap_or(false);
    container.tty = fields.boolean("allocateTty")?.unwrap_or(false);
    container.capabilities = fields.texts("capabilities")?;
    for bind in fields.list("bindMounts")? {
        let text = bind.text("bindMounts")?;
        let mut parts = text.split(':');
        match [parts.next(), parts.next()] {
            [Some(from), Some(to)] if from.starts_with('/') && to.starts_with('/') => {
                container.mounts.push(Mount::Bind(text));
            }
            _ => return Err(bind.problem("an entry of `bindMounts` is written /host/path:/path[:ro]")),
        }
    }
    if let Some(node) = fields.take("envFile") {
        let path = node.text("envFile")?;
        let trouble = |why: String| node.problem(format!("`envFile` {}: {why}", shown(&path)));
        if !path.is_empty() {
            let bytes = (outside.file)(&path).map_err(trouble)?;
            options.env = env_file::read(&bytes).map_err(trouble)?;
            options.env.iter().for_each(|(name, value)| (outside.hide)(name, value));
        }
    }
    for node in fields.list("envVars")? {
        let name = node.text("envVars")?;
        let Some(value) = (outside.env)(&name).filter(|_| !name.is_empty()) else {
            let name = shown(&name);
            return Err(node.problem(format!("`envVars` of `{WHAT}`: {name} is not set in the environment")));
        };
        (outside.hide)(&name, &value);
        options.env.push((name, value));
    }
    fields.finish(&format!("`{WHAT}`"))?;
    Ok(options)
}

/// A list of variables and their values. `isRegex` means nothing here, but may be there.
pub(super) fn variables(file: &mut Fields<'_>, list: &'static str) -> Result<Vec<(String, String)>, Problem> {
    file.list(list)?
        .iter()
        .map(|pair| {
            let mut fields = pair.fields(list)?;
            let key = fields.text("key")?.unwrap_or_default();
            if key.is_empty() || key.contains(['=', '\0']) {
                return Err(
                    pair.problem(format!("an entry of `{list}` needs a `key` that is a variable's name"))
                );
            }
            let value = fields.text("value")?.unwrap_or_default();
            fields.boolean("isRegex")?;
            fields.finish(&format!("`{list}`"))?;
            Ok((key, value))
        })
        .collect()
}
