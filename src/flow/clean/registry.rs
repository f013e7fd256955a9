//! `imgbuild clean --registry REPO`: what of a repository is of no more use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::report::Cleaned;
use crate::config::{self, Flags, Role, Settings};
use crate::deploy::{deployments, kept_tag};
use crate::engine::{Engine, ImageSummary, Service};
use crate::error::{Error, Kind, Result};
use crate::flow::gather::{self, connect};
use crate::flow::registries::{self, Registries};
use crate::flow::session::{Session, blocking};
use crate::image::{Digest, Reference, Repository, label};
use crate::plan::{self, Command, Request};
use crate::retention::{self, Holds, Judged, Names, Outcome, bytes_text};
use crate::source::{self, Branches, CiContext, SourceState};

/// Why what a deployment keeps stays.
const KEPT: &str = "a deployment on this engine may go back to it";

/// What is cleaned up, and what is held beside what the configuration says.
#[derive(Debug, Clone, Default)]
pub struct RetentionOptions {
    /// The repository, without a tag.
    pub repository: String,
    /// Delete, rather than list.
    pub yes: bool,
    /// Tags, in which `*` stands for anything, and digests that stay.
    pub keep: Vec<String>,
}

/// Lists what of the repository may go, and with `yes` deletes it.
///
/// It takes a clone that knows every branch: what a branch holds that is not known here would go. A failure does not keep the
/// rest from going: it is in [`Cleaned::error`], of kind [`Kind::Registry`].
pub async fn clean_registry(session: &Session, flags: &Flags, options: &RetentionOptions) -> Result<Cleaned> {
    let name = &options.repository;
    let repository: Repository = name.parse().map_err(|cause| {
        Error::new(Kind::Usage, format!("{name:?} is no name of a repository"))
            .because(cause)
            .hint("write it as registry/name, such as ghcr.io/acme/api, without a tag")
    })?;
    let (settings, ci) =
        gather::settings_for_registries(session, flags, options.yes.then_some(gather::PUSHES)).await?;
    let source = gather::source(session, &ci).await?;
    let branches = branches(session, &source).await?;
    let mut holds = holds(session, &settings, &ci, &source, &branches, &repository)?;
    for keep in &options.keep {
        match keep.parse::<Digest>() {
            Ok(digest) => {
                holds.used.insert(digest, "it is to stay (--keep)".to_owned());
            }
            Err(_) => holds.keep.push(keep.clone()),
        }
    }
    let engine = match connect(session).await {
        Ok(engine) => {
            holds.used.extend(in_use(&engine, &repository).await?);
            Some(engine)
        }
        // Whoever names what stays has asked the host.
        Err(error) if options.yes && options.keep.is_empty() && deploys(&settings, &repository).is_some() => {
            let name = deploys(&settings, &repository).unwrap_or_default();
            return Err(error.hint(format!(
                "[deploy.{name}] runs an image of {repository}, and no engine says which: reach its host by DOCKER_HOST, or \
                 name with --keep what stays"
            )));
        }
        Err(error) => {
            session.events.note(format!("no engine was asked which images its containers run: {error}"));
            None
        }
    };
    let store = registries::store(session)?.publishing_to(repository.registry());
    let registries = Registries::new(session, &settings, store, engine.as_ref().map(Engine::info));
    let registry = registries.open(session, &repository)?;
    let path = repository.path();
    let graph = retention::read(&registry, path).await?;
    let decision = retention::of_repository(&graph, &holds);
    let mut kept = decision.kept;
    let outcome = if options.yes {
        retention::carry_out(&registry, path, graph, holds).await
    } else {
        Outcome { deleted: decision.deleted, ..Outcome::default() }
    };
    kept.extend(outcome.spared.iter().cloned());
    let error = failure(&repository, &outcome);
    Ok(Cleaned {
        text: text(&repository, options.yes, &kept, &outcome),
        json: json(&repository, options.yes, &kept, &outcome),
        error,
    })
}

/// The deployment that runs images of the repository.
fn deploys<'s>(settings: &'s Settings, repository: &Repository) -> Option<&'s str> {
    settings
        .deploys
        .values()
        .find(|deploy| deploy.image.repository() == repository)
        .map(|deploy| deploy.name.as_str())
}

/// The branches, where this clone knows them all.
async fn branches(session: &Session, source: &Arc<SourceState>) -> Result<Branches> {
    let (source, environment, stop) = (Arc::clone(source), session.environment.clone(), session.stop.clone());
    let shallow = source.shallow;
    let branches =
        blocking(move || source::branches(&source.root, source.reader, &environment, &stop)).await?;
    let why = if branches.fetched.is_empty() {
        "it has no branch of a remote"
    } else if !branches.all_are_fetched {
        "it fetches some branches of its remote, and not all"
    } else if shallow {
        "its history is cut off, as that of clones of one branch is"
    } else if branches.fetched_at.is_none() {
        "git does not say when all of them were fetched"
    } else {
        return Ok(branches);
    };
    Err(Error::new(
        Kind::Refused,
        format!("this clone does not tell which branches live: {why}"),
    )
    .hint(
        "images of branches that it does not know would be taken for those of dead ones: run it in a whole clone after \
         `git fetch --prune` (in GitHub Actions, `fetch-depth: 0`)",
    ))
}

/// What holds images by configuration and git.
fn holds(
    session: &Session,
    settings: &Settings,
    ci: &CiContext,
    source: &SourceState,
    branches: &Branches,
    repository: &Repository,
) -> Result<Holds> {
    let variant = settings.variant.iter().map(|variant| variant.value.clone());
    let literals = settings.tags.iter().filter_map(|tag| tag.value.literal()).map(str::to_owned);
    let reserved: Vec<String> = variant.chain(literals).collect();
    let retention = &settings.retention;
    Ok(Holds {
        branches: Names::new(branches.names.iter().map(|name| name.as_bytes()), &reserved),
        keep_newest: retention.keep_newest.value,
        keep_within: retention.keep_within.value.seconds(),
        pull_requests: retention.pull_requests.value.seconds(),
        keep: retention.keep.value.clone(),
        used: BTreeMap::new(),
        source: ci.repository_url.clone().or_else(|| source.remote_url.clone()),
        is_configured: is_configured(settings, ci, source, repository)?,
        fetched: branches.fetched_at,
        now: session.now,
    })
}

/// Whether the configuration names the repository, in any role.
fn is_configured(
    settings: &Settings,
    ci: &CiContext,
    source: &SourceState,
    repository: &Repository,
) -> Result<bool> {
    let folder = source.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut names = BTreeSet::new();
    for command in [Command::Build, Command::Ci] {
        let remote_url = source.remote_url.as_deref();
        names.extend(plan::registry(&Request { command, settings, ci, remote_url, folder: &folder })?);
    }
    if let Some(name) = &settings.repository {
        for role in Role::ALL {
            if let config::Destination::Registry(name) = settings.destination(role, &name.value) {
                names.extend(name.parse::<Repository>().ok());
            }
        }
    }
    Ok(names.contains(repository))
}

/// What an engine uses of the repository: images of its containers, whether or not they are up, and those that deployments
/// keep to go back to.
async fn in_use(engine: &Engine, repository: &Repository) -> Result<BTreeMap<Digest, String>> {
    let images = engine.list_images(&[], false).await?;
    let mut used = BTreeMap::new();
    let digests = |image: &ImageSummary| -> Vec<Digest> {
        let names = image.repo_digests.iter().filter_map(|name| name.parse::<Reference>().ok());
        let ours = names.filter(|reference| reference.repository() == repository);
        ours.filter_map(|reference| reference.digest()?.parse().ok()).collect()
    };
    for image in &images {
        if image.tags.iter().any(|tag| kept_tag(tag).is_some()) {
            used.extend(digests(image).into_iter().map(|digest| (digest, KEPT.to_owned())));
        }
    }
    // Who takes the last tag of a repository from an image takes its digests there along: the deployment knows them.
    let kept: BTreeSet<&str> =
        images.iter().flat_map(|image| &image.tags).filter_map(|tag| kept_tag(tag)).collect();
    for deployed in deployments(engine).await? {
        let all = [deployed.record.past()].into_iter().chain(deployed.record.history);
        let all = all.filter_map(|past| past.digest.parse::<Digest>().ok());
        used.extend(
            all.filter(|digest| kept.contains(digest.short())).map(|digest| (digest, KEPT.to_owned())),
        );
    }
    for container in engine.list_containers(&[]).await? {
        let image = images.iter().find(|image| image.id == container.image_id);
        let deployed = container.labels.get(label::deploy::DIGEST).and_then(|digest| digest.parse().ok());
        let why = format!("the container {} on this engine has it", container.name);
        let all = image.into_iter().flat_map(digests).chain(deployed);
        used.extend(all.map(|digest| (digest, why.clone())));
    }
    if engine.is_manager().await? {
        used.extend(of_services(&engine.list_services(&[]).await?, repository));
    }
    Ok(used)
}

/// What services of a swarm are of, and what each was before its last update: nodes get it from the registry whenever a task
/// moves, whether or not this engine has it.
fn of_services(services: &[Service], repository: &Repository) -> BTreeMap<Digest, String> {
    let all = services.iter().flat_map(|service| service.images().map(move |image| (service, image)));
    let ours = all.filter_map(|(service, image)| {
        let reference = image.parse::<Reference>().ok().filter(|named| named.repository() == repository)?;
        let why = format!("the service {} of the swarm is of it, or was before", service.name);
        Some((reference.digest()?.parse().ok()?, why))
    });
    ours.collect()
}

fn failure(repository: &Repository, outcome: &Outcome) -> Option<Error> {
    let (first, why) = outcome.failed.first()?;
    let count = outcome.failed.len();
    let message = format!("{repository}: {count} could not be deleted, among them {}: {why}", named(first));
    Some(Error::new(Kind::Registry, message).hint("what was deleted is listed; run it again for the rest"))
}

fn named(one: &Judged) -> String {
    match one.tags.as_slice() {
        [] => one.digest.short().to_owned(),
        tags => format!("{} ({})", one.digest.short(), tags.join(", ")),
    }
}

fn bytes(deleted: &[Judged]) -> u64 {
    deleted.iter().fold(0, |sum, one| sum.saturating_add(one.bytes))
}

fn text(repository: &Repository, yes: bool, kept: &[Judged], outcome: &Outcome) -> String {
    let mut text = format!("{repository}\n");
    for one in kept {
        let _ = writeln!(text, "  keep    {}: {}", named(one), one.why);
    }
    let verb = if yes { "deleted" } else { "delete " };
    for one in &outcome.deleted {
        let _ = writeln!(text, "  {verb} {}: {}, {}", named(one), one.why, bytes_text(one.bytes));
    }
    for (one, why) in &outcome.failed {
        let _ = writeln!(text, "  failed  {}: {why}", named(one));
    }
    let (count, bytes) = (outcome.deleted.len(), bytes_text(bytes(&outcome.deleted)));
    let _ = if yes {
        writeln!(text, "{count} deleted, {} kept; the registry's own clean-up gives back {bytes}", kept.len())
    } else if count == 0 {
        writeln!(text, "nothing may go, {} stay", kept.len())
    } else {
        writeln!(text, "nothing was deleted: give --yes to delete {count} and keep {} ({bytes})", kept.len())
    };
    text
}

fn json(repository: &Repository, yes: bool, kept: &[Judged], outcome: &Outcome) -> serde_json::Value {
    let one = |one: &Judged| serde_json::json!({"digest": one.digest, "tags": one.tags, "why": one.why, "bytes": one.bytes});
    let failed = |(judged, why): &(Judged, String)| serde_json::json!({"digest": judged.digest, "tags": judged.tags, "why": why});
    serde_json::json!({
        "schema": 1,
        "repository": repository.to_string(),
        "removed": yes,
        "bytes": bytes(&outcome.deleted),
        "kept": kept.iter().map(one).collect::<Vec<_>>(),
        "deleted": outcome.deleted.iter().map(one).collect::<Vec<_>>(),
        "failed": outcome.failed.iter().map(failed).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_is_and_was_stays_whoever_made_it() {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let spec =
            |image: String| serde_json::json!({ "TaskTemplate": { "ContainerSpec": { "Image": image } } });
        let service =
            |spec, previous| Service { name: "web".to_owned(), spec, previous, ..Service::default() };
        let services = [
            service(
                spec(format!("r.example/web@{}", digest("now"))),
                Some(spec(format!("r.example/web:1@{}", digest("before")))),
            ),
            service(spec(format!("r.example/other@{}", digest("other"))), None),
            // A tag names nothing that could be held, and what is no service of containers has no image.
            service(spec("r.example/web:1".to_owned()), Some(serde_json::Value::Null)),
        ];
        let held = of_services(&services, &"r.example/web".parse().unwrap());
        assert_eq!(held.keys().collect::<BTreeSet<_>>(), BTreeSet::from([&digest("now"), &digest("before")]));
        assert!(held.values().all(|why| why.contains("service web")), "{held:?}");
    }
}
