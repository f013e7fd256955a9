//! The pure function at the centre: facts in, plan or refusal out.

use jiff::Timestamp;
use semver::Version;

use super::adopt::{self, Found};
use super::destination::Command;
use super::inputs::Inputs;
use super::model::{KeptTag, Plan, PlannedTag, Promise, SCHEMA};
use super::request::{Ref, TagRequest, Wanted};
use super::tags::TagSet;
use super::{args, forward, labels, refuse, tags, version};
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, TagTemplate};
use crate::source::RefName;

/// Decides every tag, label and argument, or refuses. Does nothing else.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    precheck(inputs)?;
    refuse::development_base(inputs)?;
    let development = inputs.destination.development;
    let created = inputs.source_date.unwrap_or(inputs.source.commit_time);
    let reference = reference(inputs);
    let variant = inputs.variant();
    let known = known_versions(inputs, &reference, variant);
    let taken = |tag: &str| {
        inputs.registry.is_some_and(|registry| registry.all_tags.iter().any(|known| known == tag))
    };
    let extra = templates(inputs);
    let request = request(inputs, &reference, &extra, &known, &taken);
    let TagSet { tags: wanted, released, left_out } = tags::tags(&request)?;
    let moves = wanted.len() > 2 && released.is_some();
    refuse::blind_release(inputs, moves)?;
    let found = adopt::find(inputs, &wanted, &tags::unique_prefix(&request), released.as_ref())?;
    let (tags, kept) = settle(inputs, wanted, found.as_ref());

    let created_text = rfc3339(created)?;
    let built_text = rfc3339(inputs.now)?;
    let version = released.as_ref().map(Version::to_string);
    // Stable for a commit, so that an `ARG VERSION` keeps the cache.
    let version_arg = version.clone().unwrap_or_else(|| format!("0.0.0-{}", short(&inputs.revision.commit)));
    let said =
        labels::Said { development, version: version.as_deref(), created: &created_text, built: &built_text };
    let labels = labels::labels(inputs, &said);
    let (args, mut warnings) =
        args::args(inputs, &args::Said { version: &version_arg, created: &created_text });
    let mut notes = left_out;
    for kept in &kept {
        let stays = format!("{} is not moved: {}", kept.tag, kept.why);
        // A back-port leaves `latest` on purpose; an old commit was hardly built for its own sake.
        if kept.holds_newer_commit { warnings.push(stays) } else { notes.push(stays) }
    }
    if let Some(version) = released.as_ref().filter(|version| !version.build.is_empty()) {
        warnings.push(format!(
            "{version} has build metadata, which no image tag can hold: it gets no version tag"
        ));
    }
    Ok(Plan {
        schema: SCHEMA,
        command: inputs.command,
        development,
        revision: inputs.revision.commit.clone(),
        repository: inputs.destination.repository.clone(),
        push: inputs.destination.push.clone(),
        adopts: found.map(|found| found.image),
        tags,
        kept,
        notes,
        labels,
        args,
        target: inputs.settings.target.as_ref().map(|target| target.value.clone()),
        platform: inputs.settings.platform.as_ref().map(|platform| platform.value.clone()),
        builder: inputs.settings.builder.builder.value.as_str().to_owned(),
        source_date_epoch: inputs.source_date_epoch(),
        dockerfile: inputs.dockerfile.to_owned(),
        context_digest: inputs.context_digest.clone(),
        context_commit: inputs.context_commit.map(str::to_owned),
        created,
        warnings,
    })
}

/// Refuses what needs neither engine nor registry to be known, so that nobody is asked in vain.
pub fn precheck(inputs: &Inputs<'_>) -> Result<()> {
    if inputs.command == Command::Ci {
        refuse::unclean(inputs)?;
        refuse::moved_tag(inputs)?;
    }
    refuse::forged_labels(inputs)
}

/// What tags depend on, in this run.
fn request<'a>(
    inputs: &'a Inputs<'_>,
    reference: &'a Ref,
    extra: &'a [TagTemplate],
    known: &'a [Version],
    taken: &'a dyn Fn(&str) -> bool,
) -> TagRequest<'a> {
    TagRequest {
        reference,
        commit: &inputs.revision.commit,
        now: inputs.now,
        development: inputs.destination.development,
        variant: inputs.variant(),
        extra,
        versions: !inputs.destination.versions_by_promotion,
        known,
        taken,
    }
}

fn templates(inputs: &Inputs<'_>) -> Vec<TagTemplate> {
    inputs.settings.tags.iter().map(|template| template.value.clone()).collect()
}

/// Which of the run's tags are set, and which stay where they are.
fn settle(
    inputs: &Inputs<'_>,
    wanted: Vec<Wanted>,
    found: Option<&Found>,
) -> (Vec<PlannedTag>, Vec<KeptTag>) {
    let (mut tags, mut kept) = (Vec::new(), Vec::new());
    for Wanted { tag, promise, newer, follows_commits } in wanted {
        let (tag, becomes) = match (promise, found) {
            // The image has its unique tag already, or had one: a second one would say that it was built twice.
            (Promise::Unique, Some(found)) => match &found.unique {
                Some(unique) => (unique.clone(), Some(found.image.digest.clone())),
                None => continue,
            },
            (_, found) => (tag, found.map(|found| found.image.digest.clone())),
        };
        let now = now(inputs, tag.as_str());
        let ahead = if follows_commits { forward::ahead(inputs, tag.as_str()) } else { None };
        let holds_newer_commit = ahead.is_some();
        let why = newer.map(|newer| format!("{newer} is newer")).or(ahead);
        match why {
            Some(why) => kept.push(KeptTag { tag, now, why, holds_newer_commit }),
            None => tags.push(PlannedTag { tag, promise, now, becomes }),
        }
    }
    (tags, kept)
}

fn now(inputs: &Inputs<'_>, tag: &str) -> Option<Digest> {
    inputs.registry.and_then(|registry| registry.tags.get(tag).cloned())
}

/// The names of the tags that the registry has to be asked about before [`plan`] can decide, given all that it lists:
/// the run's own, and on a release those by which its image may be there already.
pub fn tags_to_ask(inputs: &Inputs<'_>, listed: &[String]) -> Result<Vec<String>> {
    let reference = reference(inputs);
    let extra = templates(inputs);
    let request = request(inputs, &reference, &extra, &[], &|_| false);
    let set = tags::tags(&request)?;
    let mut names: Vec<String> = set.tags.into_iter().map(|wanted| wanted.tag.to_string()).collect();
    if set.released.is_some() {
        names.extend(adopt::candidates(&tags::unique_prefix(&request), listed));
    }
    Ok(names)
}

/// What the run is for. Only the kind of a ref decides on a release, never a branch's name. Where nobody but git
/// can be asked, the highest version tag at HEAD counts.
fn reference(inputs: &Inputs<'_>) -> Ref {
    let (ci, source) = (inputs.ci, inputs.source);
    if let Some(number) = &ci.pr {
        return Ref::Pull(number.clone());
    }
    if let Some(tag) = &ci.tag {
        return Ref::Tag(tag.clone());
    }
    if let Some(branch) = &ci.branch {
        return Ref::Branch(branch.clone());
    }
    if inputs.command == Command::Ci
        && let Some(tag) = highest(&source.tags_at_head)
    {
        return Ref::Tag(tag.clone());
    }
    source.branch.clone().map_or(Ref::Detached, Ref::Branch)
}

fn highest(tags: &[RefName]) -> Option<&RefName> {
    let versions = tags.iter().filter_map(|tag| Some((version::of_git_tag(tag.to_str()?)?, tag)));
    versions.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, tag)| tag)
}

/// Every stable version that git or the registry knows, the one being released aside.
fn known_versions(inputs: &Inputs<'_>, reference: &Ref, variant: Option<&str>) -> Vec<Version> {
    let own = match reference {
        Ref::Tag(name) => name.to_str().and_then(version::of_git_tag),
        _ => None,
    };
    let git = version::of_git_tags(&inputs.source.tags);
    let registry = inputs.registry.into_iter().flat_map(|registry| version::of_registry(registry, variant));
    git.chain(registry).filter(|known| Some(known) != own.as_ref()).collect()
}

fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

fn rfc3339(seconds: i64) -> Result<String> {
    Timestamp::from_second(seconds).map(|time| time.to_string()).map_err(|cause| {
        Error::new(Kind::Refused, format!("{seconds} is no time a label could hold"))
            .because(cause)
            .hint("the commit time and SOURCE_DATE_EPOCH are seconds since 1970")
    })
}
