//! Commands, processes, accounts and packages.

use std::time::Duration;

use serde_json::Value as Json;

use crate::expect::{GroupCheck, Matcher, PackageCheck, ProcessCheck, RunCheck, UserCheck, What, Where};
use crate::yaml::Problem;

use super::matchers::Kind;
use super::resource::Resource;

/// goss' own limit.
const COMMAND: Duration = Duration::from_secs(10);

fn equals(truth: bool) -> Option<Matcher> {
    Some(Matcher::Equals(Json::Bool(truth)))
}

/// A command, which the container's shell runs.
pub(super) fn command(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let line = resource.command()?;
    if line.contains('\0') {
        return Err(resource.problem("a command cannot have a NUL in it"));
    }
    let argv = vec!["sh".to_owned(), "-c".to_owned(), line];
    let exit = resource.demand("exit-status", Kind::Number)?;
    let stdout = resource.output("stdout")?;
    let stderr = resource.output("stderr")?;
    let within = resource.timeout(COMMAND)?;
    Ok(What::Run(RunCheck { exit, stdout, stderr, ..RunCheck::new(argv, Where::Running, within) }))
}

/// Processes of a name.
pub(super) fn process(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let name = resource.target("comm")?;
    let running = resource.truth("running")?;
    Ok(What::Process(ProcessCheck { name, running: equals(running), count: None, uid: None }))
}

/// A user. goss asks nothing more of one that must not be there; the same goes for groups and packages.
pub(super) fn user(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let name = resource.target("username")?;
    let exists = resource.truth("exists")?;
    let all = UserCheck {
        name: name.clone(),
        exists: equals(exists),
        uid: resource.matcher("uid", Kind::Number)?,
        gid: resource.matcher("gid", Kind::Number)?,
        groups: resource.matcher("groups", Kind::List)?,
        home: resource.matcher("home", Kind::Text)?,
        shell: resource.matcher("shell", Kind::Text)?,
    };
    Ok(What::User(match exists {
        true => all,
        false => UserCheck { name, exists: equals(false), ..UserCheck::default() },
    }))
}

/// A group.
pub(super) fn group(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let name = resource.target("groupname")?;
    let exists = resource.truth("exists")?;
    let gid = resource.matcher("gid", Kind::Number)?;
    Ok(What::Group(GroupCheck { name, exists: equals(exists), gid: gid.filter(|_| exists) }))
}

/// A package.
pub(super) fn package(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let name = resource.target("name")?;
    let installed = resource.truth("installed")?;
    let versions = resource.matcher("versions", Kind::List)?;
    Ok(What::Package(PackageCheck {
        name,
        installed: equals(installed),
        versions: versions.filter(|_| installed),
    }))
}
