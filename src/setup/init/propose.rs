//! From a repository to what it lacks.

use super::ci::{self, Ci, Values};
use super::config_file::{ConfigFile, Ready};
use super::description::Description;
use super::dockerfile::{self, Found};
use super::language::Language;
use super::look::{Look, below};
use super::proposal::Proposal;
use super::template::{filled, is_plain};
use super::{bake, compose, ignore_file, program, registry, release, suite_files};
use crate::config::{self, FILE_NAME};
use crate::error::{Error, Kind, Result};
use crate::source::Checkout;

/// The port of a service for which nothing says another.
const PORT: u16 = 8080;
/// The path that answers, likewise.
const HEALTH_PATH: &str = "/healthz";

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The CI: `None` is the one that is found, `Some(None)` none.
    pub ci: Option<Option<Ci>>,
    /// The language, in place of what is found.
    pub language: Option<Language>,
    /// Where the image goes, as registry/name.
    pub image: Option<String>,
    /// Which Dockerfile is meant, below the root.
    pub dockerfile: Option<String>,
    /// What a Dockerfile that is written builds or starts.
    pub start: Option<String>,
    /// The port that the service listens on.
    pub port: Option<u16>,
    /// The path that answers once the service works.
    pub health_path: Option<String>,
    /// imgbuild's action, as `owner/name@commit`.
    pub action: Option<String>,
    /// imgbuild's image.
    pub imgbuild_image: Option<String>,
    /// The id of Jenkins' credentials for the registry.
    pub credentials: Option<String>,
}

impl Options {
    /// Refuses what would mean something else in a file than it does here.
    fn check(&self) -> Result<()> {
        let plain = |text: &Option<String>| text.as_deref().is_none_or(is_plain);
        let path = self.health_path.as_deref().unwrap_or(HEALTH_PATH);
        let is_path = path.strip_prefix('/').is_some_and(|rest| rest.is_empty() || is_plain(rest));
        let action = self.action.as_deref().is_none_or(ci::is_action);
        let image = self.imgbuild_image.as_deref().is_none_or(ci::is_image);
        let repository = self.image.as_deref().is_none_or(|image| registry::valid(image).is_some());
        for (is_right, option, wanted) in [
            (
                plain(&self.start),
                "--start",
                "a relative path or a module, of letters, digits, `.`, `_`, `-` and `/`",
            ),
            (
                is_path,
                "--health-path",
                "a path that begins with /, of letters, digits, `.`, `_`, `-` and `/`",
            ),
            (
                self.port.is_none_or(|port| port > 1023),
                "--port",
                "a port above 1023, since the service does not run as root",
            ),
            (action, "--action", "OWNER/imgbuild@COMMIT"),
            (image, "--imgbuild-image", "the reference of an image"),
            (repository, "--image", "registry/name without a tag, such as ghcr.io/acme/api"),
            (
                plain(&self.credentials),
                "--credentials",
                "the id of credentials, of letters, digits, `.`, `_`, `-` and `/`",
            ),
        ] {
            if !is_right {
                return Err(Error::new(Kind::Usage, format!("{option} must be {wanted}")));
            }
        }
        Ok(())
    }
}

impl Options {
    /// The options that are for a file which is not written, since it is there.
    fn unused(&self, dockerfile: bool, config: bool) -> Vec<String> {
        let of_dockerfile = [
            ("--language", self.language.is_some()),
            ("--start", self.start.is_some()),
            ("--port", self.port.is_some()),
            ("--health-path", self.health_path.is_some()),
        ];
        let of_config = [("--image", self.image.is_some()), ("--dockerfile", self.dockerfile.is_some())];
        let unused = |options: &[(&str, bool)], is_written: bool, name: &str| {
            let given: Vec<&str> =
                options.iter().filter(|(_, given)| *given).map(|(option, _)| *option).collect();
            let given = (!is_written && !given.is_empty()).then(|| given.join(", "));
            given.map(|given| format!("{name} is there and stays as it is: {given} changes nothing"))
        };
        let dockerfile = unused(&of_dockerfile, dockerfile, "the Dockerfile");
        dockerfile.into_iter().chain(unused(&of_config, config, FILE_NAME)).collect()
    }
}

/// Works out what the repository lacks, and writes nothing. Blocking.
///
/// Kind `Usage` where a choice has to be made by an option, `Refused` where there is neither a Dockerfile nor a template for
/// what the repository holds, `Config` where its Dockerfile cannot be read.
pub fn propose(checkout: &Checkout, options: &Options) -> Result<Proposal> {
    options.check()?;
    let look = Look::at(&checkout.root);
    let mut proposal = Proposal { root: checkout.root.clone(), ..Proposal::default() };
    if look.cut {
        proposal.notes.push("only the first 20000 files and folders were looked at".to_owned());
    }
    if look.unnamed > 0 {
        let count = look.unnamed;
        proposal.notes.push(format!("{count} names of files or folders are no UTF-8, and are passed by"));
    }
    if let Some(remote) = &checkout.remote_url {
        proposal.found.push(format!("the remote {remote}"));
    }
    let repository = match look.is_there(FILE_NAME) {
        true => with_config(&look, checkout, options, &mut proposal)?,
        false => without_config(&look, checkout, options, &mut proposal)?,
    };
    let writes = |name: &str| proposal.files.iter().any(|(path, _)| path == name);
    let unused = options.unused(writes("Dockerfile"), writes(FILE_NAME));
    proposal.notes.extend(unused);
    let remote = checkout.remote_url.as_deref();
    let chosen = options.ci.unwrap_or_else(|| ci::choose(&look, remote, &mut proposal.notes));
    if repository.is_none() && proposal.files.iter().any(|(path, _)| path == FILE_NAME) {
        let note = match chosen {
            // What the pipeline's own variables say.
            Some(Ci::GitLab) => {
                "the image goes to the project's own registry; --image registry/name says another place"
            }
            _ => {
                "nothing says where the image goes, so nothing is pushed: --image registry/name, or repository in imgbuild.toml"
            }
        };
        proposal.notes.push(note.to_owned());
    }
    if let Some(ci) = chosen {
        proposal.found.push(ci.name().to_owned());
        let branch = checkout.default_branch.as_ref().map(ToString::to_string);
        let values = Values {
            action: options.action.as_deref(),
            image: options.imgbuild_image.as_deref(),
            credentials: options.credentials.as_deref().unwrap_or("registry"),
            branch: branch.as_deref(),
            repository: repository.as_deref(),
        };
        ci::propose(&look, ci, values, &mut proposal)?;
    }
    Ok(proposal)
}

/// The file says what is built: only what stands beside it can be missing.
fn with_config(
    look: &Look,
    checkout: &Checkout,
    options: &Options,
    proposal: &mut Proposal,
) -> Result<Option<String>> {
    proposal.found.push(FILE_NAME.to_owned());
    let text = look.text(FILE_NAME).unwrap_or_default();
    if config::parse(FILE_NAME, text.as_bytes()).is_err() || text.is_empty() && look.read(FILE_NAME).is_none()
    {
        proposal.notes.push(format!("{FILE_NAME} cannot be read: imgbuild config says why"));
        return Ok(None);
    }
    let table: toml::Table = text.parse().unwrap_or_default();
    let value = |key: &str| table.get("image")?.as_table()?.get(key)?.as_str().map(str::to_owned);
    let context = value("context").and_then(|context| below(&[&context])).unwrap_or_else(|| ".".to_owned());
    let named = value("dockerfile").and_then(|path| below(&[&path]));
    let found = match named {
        Some(path) => {
            look.real_file(&path).map(|_| Found { path, context: context.clone(), is_default: false })
        }
        None => {
            config::DOCKERFILES.iter().find_map(|name| Found::in_context(look, Some(&context), Some(name)))
        }
    };
    match found {
        Some(found) => ignore_what_is_not_needed(look, Some(&found), proposal),
        // What it extends may name them.
        None if table.contains_key("extends") => {
            proposal.notes.push(format!("{FILE_NAME} extends another file: no Dockerfile is written"));
        }
        None if context == "." && value("dockerfile").is_none() => {
            write_dockerfile(look, checkout, options, proposal)?;
            ignore_what_is_not_needed(look, None, proposal);
        }
        None => proposal.notes.push(format!("{FILE_NAME} names a Dockerfile or context that is not there")),
    }
    Ok(value("repository"))
}

fn without_config(
    look: &Look,
    checkout: &Checkout,
    options: &Options,
    proposal: &mut Proposal,
) -> Result<Option<String>> {
    let mut description = described(look, proposal);
    let named = description.as_ref().filter(|found| found.context.is_some() || found.dockerfile.is_some());
    let described = named
        .and_then(|found| Found::in_context(look, found.context.as_deref(), found.dockerfile.as_deref()));
    if let (Some(found), None) = (&mut description, &described)
        && (found.context.is_some() || found.dockerfile.is_some())
    {
        let dockerfile = found.dockerfile.as_deref().unwrap_or("Dockerfile");
        let context = found.context.as_deref().unwrap_or(".");
        found
            .leave(format!("dockerfile {dockerfile} in context {context} (the repository has no such file)"));
    }
    let chosen =
        dockerfile::choose(look, options.dockerfile.as_deref(), described.clone(), &mut proposal.notes)?;
    // What is said of one Dockerfile does not hold for another one.
    if let (Some(found), Some(described), Some(chosen)) = (&mut description, &described, &chosen)
        && described.path != chosen.path
    {
        proposal
            .notes
            .push(format!("{}: nothing is taken over, since it builds {}", found.source, described.path));
        description = None;
    }
    let mut description = description.unwrap_or_default();
    let suites = suite_files::find(look, &mut proposal.notes);
    proposal.found.extend(suites.structure_tests.iter().chain(&suites.goss).cloned());
    let (context, ready) = match &chosen {
        Some(found) => {
            proposal.found.push(found.path.clone());
            let ready = ready_of(look, found, &mut description)?;
            ignore_what_is_not_needed(look, Some(found), proposal);
            (found.context.as_str(), ready)
        }
        None => {
            let ready = write_dockerfile(look, checkout, options, proposal)?;
            ignore_what_is_not_needed(look, None, proposal);
            (".", Some(ready))
        }
    };
    proposal.notes.extend(description.note());
    let remote = checkout.remote_url.as_deref();
    let repository = options.image.clone().or(description.repository).or_else(|| registry::guess(remote?));
    let file = ConfigFile {
        project: release::project(),
        repository: repository.as_deref(),
        context: Some(context).filter(|context| *context != "."),
        dockerfile: chosen.as_ref().filter(|found| !found.is_default).map(|found| found.path.as_str()),
        target: description.target.as_deref(),
        platform: description.platform.as_deref(),
        labels: description.labels,
        structure_tests: suites.structure_tests,
        goss: suites.goss,
        args: description.args,
        network: description.network.as_deref(),
        pull: description.pull,
        no_cache: description.no_cache,
        ready,
    };
    let text = file.text()?;
    config::parse(FILE_NAME, text.as_bytes()).map_err(|cause| {
        Error::new(Kind::Refused, "what was found in this repository cannot be written into imgbuild.toml")
            .because(cause)
            .hint("write imgbuild.toml by hand, and run imgbuild init for the rest")
    })?;
    proposal.files.push((FILE_NAME.to_owned(), text));
    Ok(repository)
}

/// How another tool builds the image, where it says so.
fn described(look: &Look, proposal: &mut Proposal) -> Option<Description> {
    let mut found = None;
    for description in [bake::describe(look), compose::describe(look)].into_iter().flatten() {
        match description {
            Err(why) => proposal.notes.push(why),
            Ok(description) if found.is_none() => {
                proposal.found.push(description.source.clone());
                found = Some(description);
            }
            Ok(other) => {
                proposal
                    .notes
                    .push(format!("{}: nothing is taken over, since a bake file is there", other.source));
            }
        }
    }
    found
}

/// What the image's test waits for. What was described and does not fit the Dockerfile is left out of the description.
fn ready_of(look: &Look, found: &Found, description: &mut Description) -> Result<Option<Ready>> {
    let facts = match dockerfile::facts(look, &found.path, description.target.as_deref()) {
        Err(_) if description.target.is_some() => {
            let target = description.target.take().unwrap_or_default();
            description.leave(format!("target {target} (the Dockerfile has no such stage)"));
            dockerfile::facts(look, &found.path, None)
        }
        facts => facts,
    };
    let facts = facts.map_err(|error| {
        error.hint(format!("imgbuild check {} shows the place", found.path.escape_debug()))
    })?;
    let unknown: Vec<String> =
        description.args.keys().filter(|name| !facts.declared_args.contains(*name)).cloned().collect();
    for name in unknown {
        description.args.remove(&name);
        description.leave(format!("args.{name} (the Dockerfile declares no such ARG)"));
    }
    if facts.healthcheck {
        return Ok(Some(Ready::Healthcheck));
    }
    let port =
        |word: &String| word.strip_suffix("/tcp").unwrap_or(word).parse().ok().filter(|port| *port > 0);
    Ok(facts.exposed_ports.iter().find_map(port).map(Ready::Port))
}

/// Proposes the Dockerfile for what the repository is written in.
fn write_dockerfile(
    look: &Look,
    checkout: &Checkout,
    options: &Options,
    proposal: &mut Proposal,
) -> Result<Ready> {
    let refused = |why: String| {
        Error::new(Kind::Refused, format!("there is no Dockerfile, and none can be made: {why}"))
    };
    let known = Language::of(look);
    let language = match (options.language, known.as_slice()) {
        (Some(language), _) => language,
        (None, [(language, manifest), others @ ..]) => {
            proposal.found.push(format!("{} ({manifest})", language.name()));
            for (other, manifest) in others {
                let other = other.name();
                proposal.notes.push(format!("{manifest} says {other}, too: --language chooses that"));
            }
            *language
        }
        (None, []) => {
            return Err(refused("nothing at the root says what the repository is written in".to_owned())
                .hint("write one, or say it: imgbuild init --language generic --start PROGRAM"));
        }
    };
    if look.is_there("Dockerfile") {
        return Err(refused("what has its name is no file in the repository".to_owned())
            .hint("a link out of the repository, a folder or a pipe is never replaced: look at it first"));
    }
    let folder =
        checkout.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = registry::program_name(checkout.remote_url.as_deref(), &folder);
    let program = program::find(look, language, &name, options.start.as_deref()).map_err(refused)?;
    let port = options.port.unwrap_or(PORT);
    let path = options.health_path.clone().unwrap_or_else(|| HEALTH_PATH.to_owned());
    let port_text = port.to_string();
    let template = program
        .changes
        .iter()
        .fold(language.template().to_owned(), |text, (from, to)| text.replace(from, to));
    let values = [
        ("name", program.name.as_str()),
        ("start", program.start.as_str()),
        ("port", port_text.as_str()),
        ("health-path", path.as_str()),
    ];
    proposal.files.push(("Dockerfile".to_owned(), filled(&template, &values)?));
    proposal.notes.push(format!(
        "Dockerfile and test take for granted that the service listens on {port} and answers {path}: --port and --health-path, or change both files"
    ));
    Ok(Ready::Answer { path, port, folder: language.folder() })
}

/// Proposes the ignore file of the context; `None` is a Dockerfile that is about to be written.
fn ignore_what_is_not_needed(look: &Look, found: Option<&Found>, proposal: &mut Proposal) {
    let context = found.map_or(".", |found| &found.context);
    let Some(path) = below(&[context, ".dockerignore"]) else { return };
    // A Dockerfile may have one of its own.
    let has_own = found.is_some_and(|found| look.is_there(&format!("{}.dockerignore", found.path)));
    if has_own || look.is_there(&path) {
        return;
    }
    let copied = found.map(|found| dockerfile::copied(look, &found.path)).unwrap_or_default();
    let (text, dropped) = ignore_file::dockerignore(&copied);
    if !dropped.is_empty() {
        let dropped = dropped.join(", ");
        proposal
            .notes
            .push(format!("{path} does not have {dropped}: the Dockerfile copies what that leaves out"));
    }
    proposal.files.push((path, text));
}
