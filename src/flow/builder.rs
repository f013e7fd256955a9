//! Which builder a run takes, and what it hands to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::prepare::Prepared;
use super::session::Session;
use crate::config::{
    Builder, BuilderSettings, CacheSpec, Handed, HandedBy, Mtime, Origin, Settings, SourceDate, Sourced,
    has_login,
};
use crate::engine::{Address, Agent, BUILDER_TLS_DIR, BuildKit, Endpoint, Engine, FileTimes, Secret};
use crate::error::{Error, Kind, Result};
use crate::image::{IMAGE_CONTEXT, Reference, Repository, hex};
use crate::plan::PushDecision;
use crate::rules::holds_secret;
use crate::source::CiContext;

/// The build argument that is the time of the source.
pub(super) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The builder of a run.
pub(super) enum Chosen {
    /// The engine's BuildKit, or one at an address of its own.
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

/// Refuses to rewrite times where nobody says which one they get.
pub(super) fn nothing_to_rewrite_without_a_time(settings: &Settings) -> Result<()> {
    let builder = &settings.builder;
    if !builder.rewrite_timestamp.value || builder.source_date.value != SourceDate::None {
        return Ok(());
    }
    let origin = &builder.rewrite_timestamp.origin;
    let what = format!(
        "rewrite-timestamp ({origin}) gives newer files the time of source-date-epoch, and there is none"
    );
    Err(Error::new(Kind::Config, what)
        .hint("write source-date-epoch = \"commit\" beside it, or set SOURCE_DATE_EPOCH"))
}

/// Refuses a build argument that gives the source another time than the settings: the builder would go by the argument,
/// the plan and the label `created` by the settings.
pub(super) fn one_time_of_the_source(settings: &Settings, commit_time: i64) -> Result<()> {
    let date = &settings.builder.source_date;
    let (Some(seconds), Some(argument)) =
        (date.value.seconds(commit_time), settings.build_args.get(SOURCE_DATE_EPOCH))
    else {
        return Ok(());
    };
    if argument.value == seconds.to_string() {
        return Ok(());
    }
    let what = format!(
        "the build argument {SOURCE_DATE_EPOCH} ({}) is not the time of the source, {seconds} ({})",
        argument.origin, date.origin
    );
    Err(Error::new(Kind::Config, what)
        .hint("leave the argument out: a Dockerfile that declares it gets the time of the source")
        .hint("or set the variable SOURCE_DATE_EPOCH, which goes before source-date-epoch"))
}

/// Where the builder is of a run that was given an address; an error where that cannot be one.
pub(super) fn address(session: &Session, settings: &Settings) -> Result<Option<Endpoint>> {
    let builder = &settings.builder.builder;
    match &builder.value {
        Builder::At(address) => {
            Endpoint::builder(address, builder.origin.to_string(), &session.environment).map(Some)
        }
        Builder::Auto | Builder::BuildKit | Builder::Classic => Ok(None),
    }
}

/// BuildKit where the engine has it and it can do what is asked, unless the settings say otherwise.
pub(super) async fn choose(session: &Session, prepared: &Prepared, engine: &Engine) -> Result<Chosen> {
    if let Some(endpoint) = address(session, &prepared.settings)? {
        let builder = BuildKit::at(engine, &endpoint).await?;
        if endpoint.is_remote() && matches!(endpoint.address(), Address::Tcp { .. }) {
            session.events.warn(format!(
                "{endpoint} is sent the context, logins and secrets over a network without TLS: name certificates in \
                 {BUILDER_TLS_DIR}"
            ));
        }
        return chosen(session, prepared, builder);
    }
    let why = match prepared.settings.builder.builder.value {
        Builder::Classic => return Ok(classic(session, prepared)),
        Builder::Auto if need(prepared).is_none() => match unfit(prepared) {
            Some(why) => why,
            None => match BuildKit::find(engine).await? {
                Ok(builder) => return chosen(session, prepared, builder),
                Err(why) => why,
            },
        },
        Builder::Auto | Builder::BuildKit | Builder::At(_) => {
            return match BuildKit::find(engine).await? {
                Ok(builder) => chosen(session, prepared, builder),
                Err(why) => Err(missing(prepared, &why)),
            };
        }
    };
    session.events.note(format!("built by the classic builder: {why}"));
    Ok(classic(session, prepared))
}

fn classic(session: &Session, prepared: &Prepared) -> Chosen {
    if prepared.plan.source_date_epoch.is_some() {
        let origin = &prepared.settings.builder.source_date.origin;
        session.events.note(format!(
            "the classic builder knows no time of the source ({origin}): labels and arguments have it, the image and its \
             history do not"
        ));
    }
    Chosen::Classic
}

fn chosen(session: &Session, prepared: &Prepared, builder: BuildKit) -> Result<Chosen> {
    let builder = able(prepared, builder)?;
    if prepared.plan.source_date_epoch.is_some() && !knows_times(prepared, &builder) {
        let origin = &prepared.settings.builder.source_date.origin;
        session.events.note(format!(
            "{} is too old to know the time of the source ({origin}): labels and arguments have it, the image and its \
             history do not",
            builder.name()
        ));
    }
    Ok(Chosen::BuildKit(Box::new(builder)))
}

/// Whether images get SOURCE_DATE_EPOCH. A frontend of the file's own brings what it needs.
fn knows_times(prepared: &Prepared, builder: &BuildKit) -> bool {
    builder.is_at_least((0, 11)) || prepared.dockerfile.directives.syntax.is_some()
}

/// Why the builder cannot give the times that the file asks for.
fn untimely(prepared: &Prepared, builder: &BuildKit) -> Option<Error> {
    let settings = &prepared.settings.builder;
    let asked = matches!(settings.source_date.origin, Origin::File(_) | Origin::Profile { .. });
    if asked && prepared.plan.source_date_epoch.is_some() && !knows_times(prepared, builder) {
        let origin = &settings.source_date.origin;
        let what = format!("{} is too old for source-date-epoch ({origin})", builder.name());
        return Some(
            Error::new(Kind::Config, what).hint("use Docker Engine 24 or later, or a BuildKit from 0.11 on"),
        );
    }
    let archives = builder.is_elsewhere() || builder.has_containerd_store();
    if !settings.rewrite_timestamp.value || (archives && builder.is_at_least((0, 13))) {
        return None;
    }
    let origin = &settings.rewrite_timestamp.origin;
    let what = format!("{} cannot rewrite the times of files (rewrite-timestamp, {origin})", builder.name());
    Some(Error::new(Kind::Config, what).hint(
        "use a BuildKit from 0.13 on: that of an engine which keeps images in containerd's store (Engine 26 or later), or a \
         buildkitd (--builder tcp://…)",
    ))
}

/// What of the Dockerfile or the settings only BuildKit can do.
fn need(prepared: &Prepared) -> Option<String> {
    let line = prepared.needs_buildkit.as_ref();
    let line = line.map(|(line, what)| format!("{}:{line}: {what} needs BuildKit", prepared.plan.dockerfile));
    line.or_else(|| {
        let fills_caches = !caches_to_fill(prepared).is_empty();
        let (key, origin) = prepared.settings.builder.needs_buildkit(fills_caches)?;
        Some(format!("{key} ({origin}) needs BuildKit"))
    })
}

/// Why BuildKit cannot build what is asked for, where the classic builder can.
fn unfit(prepared: &Prepared) -> Option<String> {
    let network = prepared.settings.network.as_ref().map(|network| network.value.as_str());
    if let Some(name) = network.filter(|name| !matches!(*name, "none" | "host" | "default" | "bridge")) {
        return Some(format!("BuildKit runs no step in the network {name}"));
    }
    let is_odd = |text: &[u8]| std::str::from_utf8(text).is_err();
    prepared.listing.entries().find_map(|entry| match &entry.target {
        _ if is_odd(&entry.path) => Some(format!(
            "BuildKit cannot be sent {:?}, which is not UTF-8",
            String::from_utf8_lossy(&entry.path)
        )),
        Some(target) if is_odd(target) => Some(format!(
            "BuildKit cannot be sent the link {:?}, whose target is not UTF-8",
            String::from_utf8_lossy(&entry.path)
        )),
        _ => None,
    })
}

/// The builder, where it can do what is asked of BuildKit: an old one would leave it out without a word.
fn able(prepared: &Prepared, builder: BuildKit) -> Result<BuildKit> {
    if let Some(error) = untimely(prepared, &builder) {
        return Err(error);
    }
    // Before 23 engines do not tell the version; a frontend of the file's own brings what it needs.
    let is_old = builder.version().is_empty() && prepared.dockerfile.directives.syntax.is_none();
    if let Some((name, context)) = prepared.settings.builder.contexts.first_key_value().filter(|_| is_old) {
        let what = format!("{} is too old for the context {name} ({})", builder.name(), context.origin);
        return Err(Error::new(Kind::Config, what)
            .hint("use Docker Engine 23 or later, or name a frontend: # syntax=docker/dockerfile:1"));
    }
    let exports = caches_to_fill(prepared).into_iter().find(|cache| cache.kind != "inline");
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
    let (ci, source, settings) = (&prepared.ci, &prepared.source, &prepared.settings);
    let trust = trust(ci, &source.commit);
    let root = source.root.to_string_lossy();
    // Times on the disk say nothing to another clone: with them, each has files of its own.
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let of_disk = format!("{machine} {root}");
    let home = match (settings.builder.mtime.value, source.remote_url.as_deref()) {
        (Mtime::Real, _) | (_, None) => of_disk.as_str(),
        (Mtime::Content, Some(url)) => url,
    };
    let context = prepared.located.context.strip_prefix(&source.root).unwrap_or(&prepared.located.context);
    let mut hash = Sha256::new();
    for part in
        ["imgbuild files 1", home, &context.to_string_lossy(), &trust, settings.builder.mtime.value.as_str()]
    {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Whose run it is, as far as that decides with whom it may share files.
fn trust(ci: &CiContext, commit: &str) -> String {
    match (&ci.pr, &ci.tag, &ci.branch) {
        // One whose number nobody says may be anybody's.
        (Some(pr), _, _) if pr != "unknown" => format!("pull request {pr}"),
        // Nobody says whose it is.
        _ if ci.is_pr() || ci.is_for_who_knows_what() => format!("foreign {commit}"),
        (_, Some(_), _) => "tag".to_owned(),
        (_, None, Some(branch)) => match &ci.default_branch {
            Some(main) if branch.as_bytes() == main.as_bytes() => "default branch".to_owned(),
            Some(_) => "other branch".to_owned(),
            // It may be the default one.
            None => format!("branch {}", hex(branch.as_bytes())),
        },
        (_, None, None) if ci.is_ci() => format!("foreign {commit}"),
        (_, None, None) => "local".to_owned(),
    }
}

pub(super) fn times(mtime: Mtime) -> FileTimes {
    match mtime {
        Mtime::Content => FileTimes::Content,
        Mtime::Real => FileTimes::Real,
    }
}

/// The caches that the run fills. To fill one is to push, and before any test has run: a pull request does not, whatever
/// it may push otherwise.
pub(super) fn caches_to_fill(prepared: &Prepared) -> Vec<&Sourced<CacheSpec>> {
    let pushes = prepared.plan.push == PushDecision::Push && !prepared.ci.is_pr();
    prepared.settings.builder.cache_to.iter().filter(|_| pushes).collect()
}

/// The images that the builder reads or writes beside those of the Dockerfile: it needs their logins.
pub(super) fn further_images(settings: &Settings) -> impl Iterator<Item = String> {
    let builder = &settings.builder;
    let caches = builder.cache_from.iter().chain(&builder.cache_to).filter(|cache| cache.kind == "registry");
    let caches = caches.filter_map(|cache| cache.attributes.get("ref").cloned());
    let contexts = builder.contexts.values().filter_map(|context| context.strip_prefix(IMAGE_CONTEXT));
    caches.chain(contexts.map(str::to_owned))
}

/// Refuses caches that would take the place of an image, and where only some registries are trusted, contexts that the rules
/// cannot judge as the bases that they replace.
pub(super) fn nothing_in_disguise(settings: &Settings, repository: &Repository) -> Result<()> {
    let own = repository.to_string();
    for cache in settings.builder.cache_to.iter().filter(|cache| cache.kind == "registry") {
        let reference = cache.attributes.get("ref").and_then(|text| text.parse::<Reference>().ok());
        let Some(reference) = reference.filter(|reference| reference.repository().to_string() == own) else {
            continue;
        };
        let tag = reference.tag().map_or("latest", |tag| tag.as_str());
        if !tag.contains("cache") {
            return Err(Error::new(
                Kind::Config,
                format!("the cache {} ({}) would be a tag of the image itself", cache.value, cache.origin),
            )
            .hint("give it a repository of its own, or a tag with `cache` in its name"));
        }
    }
    let trusts = settings.checks.trusted_registries.as_ref().filter(|list| !list.value.is_empty());
    let is_judged = |name: &str, context: &str| context.starts_with(IMAGE_CONTEXT) && !name.contains("::");
    let unjudged = settings.builder.contexts.iter().find(|(name, context)| !is_judged(name, context));
    match unjudged.zip(trusts) {
        None => Ok(()),
        Some(((name, context), trusted)) => Err(Error::new(
            Kind::Refused,
            format!(
                "the context {name} ({}) may replace a base image, and checks.trusted-registries ({}) judges images \
                 alone",
                context.origin, trusted.origin
            ),
        )
        .hint("give an image, docker-image://REFERENCE, for all platforms")),
    }
}

/// Why the run hands over no secret and no agent, where it does not: whose code is built must be known.
pub(super) fn withheld(prepared: &Prepared) -> Option<&'static str> {
    prepared.ci.why_never()
}

/// Refuses contexts whose address has a login in it, for a run that is given none: a frontend that its Dockerfile names reads
/// them.
pub(super) fn no_login_in_contexts(settings: &BuilderSettings) -> Result<()> {
    let found = settings.contexts.iter().find(|(_, context)| has_login(&context.value));
    match found {
        None => Ok(()),
        Some((name, context)) => Err(Error::new(
            Kind::Refused,
            format!(
                "the context {name} ({}) has a login in its address, which a run that may never push is not given",
                context.origin
            ),
        )
        .hint("give it an address without a login")),
    }
}

/// The secrets of the build, masked from now on; one that is not there is an error before anything is built.
pub(super) fn secrets(session: &Session, handed: &[Sourced<Handed>]) -> Result<BTreeMap<String, Secret>> {
    let mut all = BTreeMap::new();
    for one in handed {
        let value = secret(session, one)?;
        session.masker.add(&String::from_utf8_lossy(&value));
        all.insert(one.id.clone(), Secret::Value(value));
    }
    Ok(all)
}

fn secret(session: &Session, handed: &Sourced<Handed>) -> Result<Vec<u8>> {
    let of_variable = |name: &str| {
        let value = session.environment.get_os(name)?;
        Some(std::os::unix::ffi::OsStrExt::as_bytes(value).to_vec())
    };
    let lacking = |what: String, hint: String| {
        let (id, origin) = (&handed.id, &handed.origin);
        Error::new(Kind::Config, format!("the secret {id:?} ({origin}) is not there: {what}")).hint(hint)
    };
    let of_file = |path: PathBuf| {
        Secret::read(&path).map_err(|cause| {
            let what = format!("{} cannot be read: {cause}", path.display());
            lacking(what, "name the file that holds it".to_owned())
        })
    };
    match &handed.by {
        HandedBy::Variable(name) => of_variable(name).ok_or_else(|| {
            let what = format!("the variable {name} is not set");
            lacking(what, format!("set {name}, and in a CI hand it to this step"))
        }),
        HandedBy::File(path) => of_file(session.directory.join(path)),
        HandedBy::Id => {
            let name = variable_of(&handed.id);
            let in_file = format!("{name}_FILE");
            match (of_variable(&name), session.environment.get_os(&in_file)) {
                (Some(value), _) => Ok(value),
                (None, Some(path)) => of_file(session.directory.join(path)),
                (None, None) => Err(lacking(
                    format!("neither {name} nor {in_file} is set"),
                    format!("set {name}, or name a file with --secret id={},src=FILE", handed.id),
                )),
            }
        }
    }
}

/// `npm-token` is in `NPM_TOKEN`.
pub(super) fn variable_of(id: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::config::testing;
    use crate::environment::Environment;

    fn settings(build: &str, argument: &str) -> Settings {
        let text = format!("[image.build]\n{build}\nargs = {{ SOURCE_DATE_EPOCH = '{argument}' }}\n");
        testing::settings(&text, &Flags::default())
    }

    /// Who may not write to a branch shares nothing with whoever builds it.
    #[test]
    fn files_are_shared_with_nobody_who_could_plant_one() {
        let github = |event: &str, of: &str, more: &[(&str, &str)]| {
            let mut pairs =
                vec![("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_REF", of)];
            pairs.extend(more);
            let payload = serde_json::json!({
                "repository": {"default_branch": "main", "full_name": "acme/hello"},
                "pull_request": {"number": 7, "head": {"repo": {"full_name": "acme/hello"}}, "base": {"repo": {"full_name": "acme/hello"}}},
            });
            let payload = payload.as_object().cloned().unwrap_or_default();
            let event =
                payload.into_iter().filter(|(key, _)| key != "pull_request" || event.starts_with("pull"));
            let event = serde_json::Value::Object(event.collect());
            crate::source::detect(&Environment::from_pairs(pairs), Some(&event))
        };
        let other = |more: &[(&str, &str)]| {
            let pairs =
                [("CI", "true"), ("IMGBUILD_CI_PROVIDER", "other")].into_iter().chain(more.iter().copied());
            crate::source::detect(&Environment::from_pairs(pairs), None)
        };
        let all = [
            (github("push", "refs/heads/main", &[]), "default branch"),
            (github("push", "refs/heads/feature", &[]), "other branch"),
            (github("push", "refs/heads/default branch", &[]), "other branch"),
            (github("push", "refs/tags/v1.0.0", &[]), "tag"),
            (github("pull_request", "refs/pull/7/merge", &[]), "pull request 7"),
            (other(&[("IMGBUILD_PR", "unknown")]), "foreign abc"),
            (other(&[("IMGBUILD_PR", "8")]), "pull request 8"),
            (other(&[("IMGBUILD_FORK", "true"), ("IMGBUILD_BRANCH", "main")]), "foreign abc"),
            (other(&[]), "foreign abc"),
            (other(&[("IMGBUILD_BRANCH", "main")]), "branch 6d61696e"),
            (CiContext::default(), "local"),
        ];
        for (ci, expected) in &all {
            assert_eq!(trust(ci, "abc"), *expected, "{ci:?}");
        }
    }

    #[test]
    fn an_argument_gives_the_source_no_other_time() {
        let said = |build: &str, argument: &str| one_time_of_the_source(&settings(build, argument), 7);
        assert!(said("", "1").is_ok());
        assert!(said("source-date-epoch = 'commit'", "7").is_ok());
        assert!(said("source-date-epoch = 12", "12").is_ok());
        for (build, argument) in [("source-date-epoch = 'commit'", "1"), ("source-date-epoch = 12", "012")] {
            let error = said(build, argument).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.message().contains("is not the time of the source"), "{error}");
        }
    }
}
