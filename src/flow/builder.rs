//! Which builder a run takes, and what it hands to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::prepare::Prepared;
use super::session::Session;
use crate::config::{Builder, CacheSpec, Handed, HandedBy, Mtime, Settings, Sourced};
use crate::engine::{Agent, BuildKit, Cache, Engine, FileTimes, Secret};
use crate::error::{Error, Kind, Result};
use crate::image::hex;
use crate::rules::holds_secret;

/// The builder of a run.
pub(super) enum Chosen {
    /// The engine's BuildKit.
    BuildKit(Box<BuildKit>),
    /// The engine's classic builder.
    Classic,
}

/// Refuses build arguments that are secrets by their names: their values stand in the image's history.
pub(super) fn no_secret_arguments(settings: &Settings) -> Result<()> {
    let Some((name, value)) = settings.build_args.iter().find(|(name, value)| holds_secret(name, value))
    else {
        return Ok(());
    };
    let id = name.to_ascii_lowercase().replace('_', "-");
    Err(Error::new(
        Kind::Refused,
        format!(
            "the build argument {name} ({}) looks like a secret, and the value of an argument stands in the image's history",
            value.origin
        ),
    )
    .hint(format!("hand it over with --secret id={id},env={name}"))
    .hint(format!("and read it in the Dockerfile: RUN --mount=type=secret,id={id},env={name} …"))
    .hint("an argument that is none needs another name"))
}

/// BuildKit where the engine has it and it can do what is asked, unless the settings say otherwise.
pub(super) async fn choose(session: &Session, prepared: &Prepared, engine: &Engine) -> Result<Chosen> {
    let why = match prepared.settings.builder.builder.value {
        Builder::Classic => return Ok(Chosen::Classic),
        Builder::Auto if need(prepared).is_none() => match unfit(prepared) {
            Some(why) => why,
            None => match BuildKit::find(engine).await? {
                Ok(builder) => return Ok(Chosen::BuildKit(Box::new(builder))),
                Err(why) => why,
            },
        },
        Builder::Auto | Builder::BuildKit => {
            return match BuildKit::find(engine).await? {
                Ok(builder) => able(prepared, builder).map(|builder| Chosen::BuildKit(Box::new(builder))),
                Err(why) => Err(missing(prepared, &why)),
            };
        }
    };
    session.events.note(format!("built by the classic builder: {why}"));
    Ok(Chosen::Classic)
}

/// What of the Dockerfile or the settings only BuildKit can do.
fn need(prepared: &Prepared) -> Option<String> {
    let line = prepared.needs_buildkit.as_ref();
    let line = line.map(|(line, what)| format!("{}:{line}: {what} needs BuildKit", prepared.plan.dockerfile));
    line.or_else(|| {
        let (key, origin) = prepared.settings.builder.needs_buildkit()?;
        Some(format!("{key} ({origin}) needs BuildKit"))
    })
}

/// Why BuildKit cannot build what is asked for, where the classic builder can.
fn unfit(prepared: &Prepared) -> Option<String> {
    let network = prepared.settings.network.as_ref().map(|network| network.value.as_str());
    if let Some(name) = network.filter(|name| !matches!(*name, "none" | "host" | "default" | "bridge")) {
        return Some(format!("BuildKit runs no step in the network {name}"));
    }
    let odd = prepared.listing.entries().find(|entry| std::str::from_utf8(&entry.path).is_err())?;
    Some(format!("BuildKit cannot be sent {:?}, which is not UTF-8", String::from_utf8_lossy(&odd.path)))
}

/// The builder, where it can do what is asked of BuildKit: an old one would leave it out without a word.
fn able(prepared: &Prepared, builder: BuildKit) -> Result<BuildKit> {
    // Before 23 engines do not tell the version; a frontend of the file's own brings what it needs.
    let is_old = builder.version().is_empty() && prepared.dockerfile.directives.syntax.is_none();
    if let Some((name, context)) = prepared.settings.builder.contexts.first_key_value().filter(|_| is_old) {
        let what = format!("the engine's BuildKit is too old for the context {name} ({})", context.origin);
        return Err(Error::new(Kind::Config, what)
            .hint("use Docker Engine 23 or later, or name a frontend: # syntax=docker/dockerfile:1"));
    }
    let exports = prepared.settings.builder.cache_to.iter().find(|cache| cache.kind != "inline");
    match exports.filter(|_| !builder.has_containerd_store()) {
        None => Ok(builder),
        Some(cache) => Err(Error::new(
            Kind::Config,
            format!(
                "the engine cannot fill the cache {} ({}): its BuildKit exports inline caches alone",
                cache.value, cache.origin
            ),
        )
        .hint("use type=inline, or turn on the containerd image store of the engine (Engine 24 or later)")),
    }
}

fn missing(prepared: &Prepared, why: &str) -> Error {
    let asked = need(prepared)
        .unwrap_or_else(|| format!("BuildKit is asked for ({})", prepared.settings.builder.builder.origin));
    Error::new(Kind::Config, format!("{asked}, and the engine has none: {why}"))
        .hint("use Docker Engine 18.09 or later, or build with --builder classic")
}

/// What files of runs are kept under in the builder. Runs of one repository and context share it, on any machine and in
/// any folder; those of pull requests do not share theirs, so that none can plant a file for others.
pub(super) fn shared_key(prepared: &Prepared) -> String {
    let (ci, source) = (&prepared.ci, &prepared.source);
    let trust = match (&ci.pr, &ci.tag, &ci.branch) {
        (Some(pr), _, _) => format!("pull request {pr}"),
        _ if ci.is_pr() || ci.fork => format!("foreign {}", source.commit),
        (None, Some(_), _) => "tag".to_owned(),
        (None, None, Some(branch))
            if ci.default_branch.as_ref().is_some_and(|main| branch.as_bytes() == main.as_bytes()) =>
        {
            "default branch".to_owned()
        }
        (None, None, Some(_)) => "other branch".to_owned(),
        (None, None, None) => "local".to_owned(),
    };
    let root = source.root.to_string_lossy();
    let home = source.remote_url.as_deref().unwrap_or(&root);
    let context = prepared.located.context.strip_prefix(&source.root).unwrap_or(&prepared.located.context);
    let mut hash = Sha256::new();
    for part in [
        "imgbuild files 1",
        home,
        &context.to_string_lossy(),
        &trust,
        prepared.settings.builder.mtime.value.as_str(),
    ] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(super) fn times(mtime: Mtime) -> FileTimes {
    match mtime {
        Mtime::Content => FileTimes::Content,
        Mtime::Real => FileTimes::Real,
    }
}

pub(super) fn cache(cache: &Sourced<CacheSpec>) -> Cache {
    Cache { kind: cache.kind.clone(), attributes: cache.attributes.clone() }
}

/// The secrets of the build: where each is; a value that is not there is an error before anything is built.
pub(super) fn secrets(session: &Session, handed: &[Sourced<Handed>]) -> Result<BTreeMap<String, Secret>> {
    handed.iter().map(|one| Ok((one.id.clone(), secret(session, one)?))).collect()
}

fn secret(session: &Session, handed: &Sourced<Handed>) -> Result<Secret> {
    let of_variable = |name: &str| {
        let value = session.environment.get_os(name)?;
        Some(Secret::Value(std::os::unix::ffi::OsStrExt::as_bytes(value).to_vec()))
    };
    let lacking = |what: String, hint: String| {
        let (id, origin) = (&handed.id, &handed.origin);
        Error::new(Kind::Config, format!("the secret {id:?} ({origin}) is not there: {what}")).hint(hint)
    };
    match &handed.by {
        HandedBy::Variable(name) => of_variable(name).ok_or_else(|| {
            lacking(
                format!("the variable {name} is not set"),
                format!("set {name}, and in a CI hand it to this step"),
            )
        }),
        HandedBy::File(path) => file(session.directory.join(path), &lacking),
        HandedBy::Id => {
            let name = variable_of(&handed.id);
            let in_file = format!("{name}_FILE");
            match (of_variable(&name), session.environment.get_os(&in_file)) {
                (Some(value), _) => Ok(value),
                (None, Some(path)) => file(session.directory.join(path), &lacking),
                (None, None) => Err(lacking(
                    format!("neither {name} nor {in_file} is set"),
                    format!("set {name}, or name a file with --secret id={},src=FILE", handed.id),
                )),
            }
        }
    }
}

fn file(path: PathBuf, lacking: &dyn Fn(String, String) -> Error) -> Result<Secret> {
    match std::fs::File::open(&path) {
        Ok(_) => Ok(Secret::File(path)),
        Err(cause) => {
            let what = format!("{} cannot be read: {cause}", path.display());
            Err(lacking(what, "name the file that holds it".to_owned()))
        }
    }
}

/// `npm-token` is in `NPM_TOKEN`.
fn variable_of(id: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    id.chars().map(letter).collect()
}

/// The ssh agents of the build.
pub(super) fn agents(session: &Session, handed: &[Sourced<Handed>]) -> Result<BTreeMap<String, Agent>> {
    let agent = |one: &Sourced<Handed>| {
        let (path, from) = match &one.by {
            HandedBy::File(path) => (Some(session.directory.join(path)), "its path".to_owned()),
            HandedBy::Variable(name) => (session.environment.get_os(name).map(PathBuf::from), name.clone()),
            HandedBy::Id => {
                (session.environment.get_os("SSH_AUTH_SOCK").map(PathBuf::from), "SSH_AUTH_SOCK".to_owned())
            }
        };
        let (id, origin) = (&one.id, &one.origin);
        let Some(socket) = path else {
            let what = format!("there is no ssh agent {id:?} ({origin}): {from} is not set");
            return Err(Error::new(Kind::Config, what).hint(format!(
                "start one with ssh-agent, or name its socket with --ssh id={id},src=SOCKET"
            )));
        };
        if !std::fs::metadata(&socket)
            .is_ok_and(|file| std::os::unix::fs::FileTypeExt::is_socket(&file.file_type()))
        {
            let what = format!("there is no ssh agent {id:?} ({origin}): {} is no socket", socket.display());
            return Err(Error::new(Kind::Config, what)
                .hint("keys are not read from files: load them with ssh-add into an agent"));
        }
        Ok((id.clone(), Agent { socket }))
    };
    handed.iter().map(agent).collect()
}
