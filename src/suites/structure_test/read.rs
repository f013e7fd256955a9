//! The file as a whole.

use std::time::Duration;

use super::options::{self, Outside};
use super::{command, file, metadata};
use crate::expect::{Check, LicenseCheck, TestSpec, What};
use crate::yaml::{self, Fields, Node, Problem, shown};

/// The one version of the schema that is read.
const SCHEMA: &str = "2.0.0";

/// The longest that one command may take; the tool itself knows no limit.
pub(super) const COMMAND: Duration = Duration::from_secs(300);

/// The longest that all of a file may take, however many commands it has.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The test that `bytes` describe, in YAML or JSON, under `name`. Its checks come as the tool makes them: commands,
/// contents, existence, licences, metadata.
pub fn structure_test(name: &str, bytes: &[u8], outside: &Outside<'_>) -> Result<TestSpec, Problem> {
    let root = yaml::load(bytes)?;
    if root.is_null() {
        return Err(root.problem("the file is empty: it needs `schemaVersion: 2.0.0` and tests"));
    }
    let mut fields = root.fields("the file")?;
    schema(fields.take("schemaVersion"), &root)?;
    let global = options::variables(&mut fields, "globalEnvVars")?;
    let options = options::options(&mut fields, outside)?;
    let mut container = options.container;
    container.expand = true;
    container.env = global.into_iter().collect();

    let mut checks = Vec::new();
    let mut longest = COMMAND;
    for test in fields.list("commandTests")? {
        let run = command::command(test, &options.env)?;
        let commands = 1 + run.1.setup.len() + run.1.teardown.len();
        longest = longest.saturating_add(COMMAND.saturating_mul(u32::try_from(commands).unwrap_or(u32::MAX)));
        checks.push(Check { name: Some(run.0), what: What::Run(run.1), skip: false });
    }
    for test in fields.list("fileContentTests")? {
        checks.push(file::content(test)?);
    }
    for test in fields.list("fileExistenceTests")? {
        checks.push(file::existence(test)?);
    }
    for test in fields.list("licenseTests")? {
        checks.push(Check::new(What::Licenses(licenses(test)?)));
    }
    if let Some(test) = fields.take("metadataTest")
        && let Some(image) = metadata::metadata(test)?
    {
        checks.push(Check::new(What::Image(Box::new(image))));
    }
    fields.finish("the file")?;
    if checks.is_empty() {
        return Err(root.problem("the file has no test"));
    }
    Ok(TestSpec {
        name: name.to_owned(),
        start: None,
        container,
        services: Vec::new(),
        checks,
        within: longest.min(LONGEST),
    })
}

fn schema(version: Option<&Node>, root: &Node) -> Result<(), Problem> {
    let Some(version) = version else {
        return Err(root.problem(format!("`schemaVersion` is missing: write `schemaVersion: {SCHEMA}`")));
    };
    match version.text("schemaVersion")?.as_str() {
        SCHEMA => Ok(()),
        "1.0.0" => Err(version.problem(
            "schema 1.0.0 is not supported: write 2.0.0, and in command tests one `command` with its `args` in place of the \
             list, `setup` and `teardown` as lists of lists, and `metadataTest` in place of other tests of the image",
        )),
        other => Err(version.problem(format!("schema {} is not known: {SCHEMA} is", shown(other)))),
    }
}

/// The name that every test but those of licences and metadata needs.
pub(super) fn name(fields: &mut Fields<'_>, test: &Node) -> Result<String, Problem> {
    filled(fields, "name", test, "every test needs a `name`")
}

/// A text that must be there and not be empty.
pub(super) fn filled(
    fields: &mut Fields<'_>,
    key: &'static str,
    test: &Node,
    why: &str,
) -> Result<String, Problem> {
    fields.text(key)?.filter(|text| !text.is_empty()).ok_or_else(|| test.problem(why))
}

fn licenses(test: &Node) -> Result<LicenseCheck, Problem> {
    let mut fields = test.fields("licenseTests")?;
    let check =
        LicenseCheck { debian: fields.boolean("debian")?.unwrap_or(false), files: fields.texts("files")? };
    fields.finish("a license test")?;
    Ok(check)
}
