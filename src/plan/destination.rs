//! Where the image goes, whether the run pushes, and whether what it makes is a development image. It is decided
//! first, since it says which registry has to be asked before the rest can be planned.

use serde::Serialize;

use crate::config::{self, Push, Role, Settings};
use crate::error::{Error, Kind, Result};
use crate::image::Repository;
use crate::source::CiContext;

/// The command that is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// `imgbuild ci`.
    Ci,
    /// `imgbuild build`.
    Build,
}

/// Whether the run pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum PushDecision {
    /// It does, if the tests pass.
    Push,
    /// It does not.
    Hold {
        /// Why, as a sentence fragment for the reader.
        why: String,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Where the tags live.
    pub repository: Repository,
    /// Whether they leave the engine.
    pub push: PushDecision,
    /// Whether the image is a development image.
    pub development: bool,
    /// Whether only promotion sets version tags, since the registries have roles.
    pub versions_by_promotion: bool,
}

/// What the destination depends on.
#[derive(Debug)]
pub struct Request<'a> {
    /// The command.
    pub command: Command,
    /// The settings in force.
    pub settings: &'a Settings,
    /// Who runs us.
    pub ci: &'a CiContext,
    /// The remote's URL without secrets, for a local name.
    pub remote_url: Option<&'a str>,
    /// The repository's folder, for a local name where there is no remote.
    pub folder: &'a str,
}

impl Request<'_> {
    fn role(&self) -> Role {
        match self.command {
            Command::Ci => Role::Integration,
            Command::Build => Role::Sandbox,
        }
    }
}

/// Decides, or refuses a push that was asked for and may not be.
pub fn destination(request: &Request<'_>) -> Result<Destination> {
    let (repository, has_registry) = repository(request)?;
    let in_ci = request.ci.is_ci() || (has_registry && repository.is_loopback());
    let development = request.command == Command::Build || !in_ci;
    let versions_by_promotion = !request.settings.registries.is_empty();
    let push = decide(request, has_registry, repository.is_loopback(), development)?;
    Ok(Destination { repository, push, development, versions_by_promotion })
}

/// Where a registry has the images of the command; `None` where they stay on the engine.
pub fn registry(request: &Request<'_>) -> Result<Option<Repository>> {
    let (repository, has_registry) = repository(request)?;
    Ok(has_registry.then_some(repository))
}

/// The repository, and whether it names a registry.
fn repository(request: &Request<'_>) -> Result<(Repository, bool)> {
    let (name, has_registry) = name(request);
    let repository = name.parse().map_err(|cause| {
        Error::new(Kind::Config, format!("image.repository: {cause}"))
            .hint("write it as registry/name, such as ghcr.io/acme/api, without a tag")
    })?;
    Ok((repository, has_registry))
}

/// The repository's name, and whether it names a registry.
fn name(request: &Request<'_>) -> (String, bool) {
    let settings = request.settings;
    if let (None, true, Command::Ci) = (&settings.repository, settings.registries.is_empty(), request.command)
        && let Some(name) = &request.ci.repository
    {
        return (name.clone(), true);
    }
    let local = local_name(request);
    match settings.destination(request.role(), &local) {
        config::Destination::Registry(name) => (name, true),
        config::Destination::Local(name) => (name, false),
        config::Destination::NoRole(_) => {
            (settings.repository.as_ref().map_or(local, |r| r.value.clone()), false)
        }
    }
}

/// The remote's last component, or the folder's name, made to fit a path component.
fn local_name(request: &Request<'_>) -> String {
    let last = request.remote_url.and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let name = last.filter(|name| !name.is_empty()).unwrap_or(request.folder).to_ascii_lowercase();
    let mut fitting = String::new();
    for c in name.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            fitting.push(c);
        } else if !fitting.is_empty() && !fitting.ends_with('-') {
            fitting.push('-');
        }
    }
    // A path is at most 255 bytes; nobody needs a local name that long.
    fitting.truncate(128);
    let fitting = fitting.trim_matches('-');
    if fitting.is_empty() { "image".to_owned() } else { fitting.to_owned() }
}

fn decide(
    request: &Request<'_>,
    has_registry: bool,
    on_loopback: bool,
    development: bool,
) -> Result<PushDecision> {
    let hold = |why: String| Ok(PushDecision::Hold { why });
    let push = request.settings.push.value;
    if push == Push::Never {
        return hold("--push never".to_owned());
    }
    let always = push == Push::Always;
    let refuse = |message: String, hint: &str| Err(Error::new(Kind::Refused, message).hint(hint));
    if let Some(never) = request.ci.why_never() {
        let why = format!("{never}: such a run never pushes");
        return if always {
            refuse(why, "leave out --push always here: no setting changes this")
        } else {
            hold(why)
        };
    }
    if !always && has_registry && !on_loopback && request.ci.is_for_who_knows_what() {
        return hold(
            "this CI does not say what the run is for, so nobody knows whether this is a fork's pull request; set \
             IMGBUILD_BRANCH or IMGBUILD_TAG, or give --push always"
                .to_owned(),
        );
    }
    if !has_registry {
        let (why, hint) = if request.settings.registries.is_empty() {
            let hint = "set image.repository in imgbuild.toml to registry/name, or give --repository";
            ("no registry is named".to_owned(), hint.to_owned())
        } else {
            let role = request.role().as_str();
            (format!("no registry has the role {role}"), format!("set registries.{role} in imgbuild.toml"))
        };
        return if always {
            refuse(format!("cannot push: {why}"), &hint)
        } else {
            hold(format!("{why}; {hint}"))
        };
    }
    match (request.command, development, always) {
        (Command::Ci, true, true) if !request.settings.registries.is_empty() => refuse(
            "outside a CI the image is a development image, which the integration registry refuses"
                .to_owned(),
            "use `imgbuild build --push always`, which pushes to the sandbox registry",
        ),
        (_, _, true) | (Command::Ci, false, false) => Ok(PushDecision::Push),
        (Command::Ci, true, false) => {
            hold("outside a CI the image is a development image; --push always pushes it".to_owned())
        }
        (Command::Build, _, false) => {
            hold("a development build stays on the engine; --push always pushes it".to_owned())
        }
    }
}

/// What a run does that its registry lets read and not push, as `denied` says.
///
/// A pull request builds and tests without: its token is often one that only reads. Any other run was meant to publish,
/// and a release that quietly was not is worse than one that fails.
pub fn without_rights(settings: &Settings, ci: &CiContext, denied: Error) -> Result<PushDecision> {
    if ci.is_pr() && settings.push.value == Push::Auto {
        return Ok(PushDecision::Hold { why: denied.to_string() });
    }
    Err(denied.hint("to build and test without pushing, give --push never"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Flags, Layers};
    use crate::environment::Environment;
    use crate::source::Provider;

    const ONE: &str = "[image]\nrepository = \"registry.example.com/acme/api\"\n";
    const ROLES: &str = "[image]\nrepository = \"api\"\n[registries]\nsandbox = \"s.example.com/dev\"\n\
                         integration = \"i.example.com/int\"\nrelease = \"r.example.com/rel\"\n";
    const NO_SANDBOX: &str =
        "[image]\nrepository = \"api\"\n[registries]\nintegration = \"i.example.com/int\"\n";
    const LOOPBACK: &str = "[image]\nrepository = \"127.0.0.1:5000/api\"\n";

    fn settings(toml: &str, push: Push) -> Settings {
        let document = config::parse("imgbuild.toml", toml.as_bytes()).unwrap();
        let flags = Flags { push: Some(push), ..Flags::default() };
        let layers = Layers {
            flags: &flags,
            environment: &Environment::default(),
            document: Some(&document),
            is_ci: false,
            push: Push::Auto,
            working_folder: Path::new("/r"),
            root: Path::new("/r"),
            now: 0,
            rule_names: |id| vec![id.to_owned()],
        };
        config::resolve(&layers).unwrap()
    }

    fn decide(command: Command, toml: &str, push: Push, ci: &CiContext) -> Result<Destination> {
        let settings = settings(toml, push);
        let remote_url = Some("https://git.example.com/Acme/My_API");
        destination(&Request { command, settings: &settings, ci, remote_url, folder: "folder" })
    }

    fn github() -> CiContext {
        CiContext { provider: Some(Provider::GitHub), ..CiContext::default() }
    }

    /// Command, configuration, `--push`, in a CI → repository, pushes, development.
    #[test]
    fn who_pushes_where() {
        use Command::{Build, Ci};
        use Push::{Always, Auto, Never};
        for (command, toml, push, in_ci, repository, pushes, development) in [
            (Ci, ONE, Auto, true, "registry.example.com/acme/api", true, false),
            (Ci, ONE, Never, true, "registry.example.com/acme/api", false, false),
            (Ci, ONE, Auto, false, "registry.example.com/acme/api", false, true),
            (Ci, ONE, Always, false, "registry.example.com/acme/api", true, true),
            (Ci, LOOPBACK, Auto, false, "127.0.0.1:5000/api", true, false),
            (Ci, ROLES, Auto, true, "i.example.com/int/api", true, false),
            (Build, ONE, Auto, true, "registry.example.com/acme/api", false, true),
            (Build, ROLES, Auto, false, "s.example.com/dev/api", false, true),
            (Build, ROLES, Always, false, "s.example.com/dev/api", true, true),
            (Ci, "", Auto, true, "docker.io/library/my-api", false, false),
        ] {
            let ci = if in_ci { github() } else { CiContext::default() };
            let decided = decide(command, toml, push, &ci).unwrap();
            let what = format!("{command:?} {push:?} in_ci={in_ci} {toml}");
            assert_eq!(decided.repository.to_string(), repository, "{what}");
            assert_eq!(decided.push == PushDecision::Push, pushes, "{what}: {:?}", decided.push);
            assert_eq!(decided.development, development, "{what}");
        }
    }

    #[test]
    fn a_push_that_may_not_be_is_refused_and_not_dropped() {
        let fork = CiContext { fork: true, ..github() };
        for (command, toml, ci) in [
            (Command::Ci, ONE, &fork),
            (Command::Ci, "", &github()),
            (Command::Ci, ROLES, &CiContext::default()),
            (Command::Build, NO_SANDBOX, &CiContext::default()),
        ] {
            let error = decide(command, toml, Push::Always, ci).unwrap_err();
            assert_eq!(error.kind(), Kind::Refused, "{command:?} {toml}: {error}");
            assert!(!error.hints().is_empty(), "{error}");
        }
        let held = decide(Command::Ci, ONE, Push::Auto, &fork).unwrap();
        assert_ne!(held.push, PushDecision::Push);
    }

    #[test]
    fn a_ci_gives_its_own_registry_where_none_is_named() {
        let ci = CiContext { repository: Some("ghcr.io/acme/api".to_owned()), ..github() };
        let decided = decide(Command::Ci, "", Push::Auto, &ci).unwrap();
        assert_eq!(
            (decided.repository.to_string().as_str(), decided.push),
            ("ghcr.io/acme/api", PushDecision::Push)
        );
        let decided = decide(Command::Ci, ONE, Push::Auto, &ci).unwrap();
        assert_eq!(decided.repository.registry(), "registry.example.com");
    }
}
