//! The pure function at the centre: facts in, plan or refusal out.

use jiff::Timestamp;
use semver::Version;

use super::destination::Command;
use super::inputs::Inputs;
use super::model::{Plan, PlannedTag, SCHEMA};
use super::tags::{Ref, TagRequest, TagSet};
use super::{args, labels, refuse, tags, version};
use crate::error::{Error, Kind, Result};
use crate::source::RefName;

/// Decides every tag, label and argument, or refuses. Does nothing else.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    precheck(inputs)?;
    refuse::development_base(inputs)?;
    let development = inputs.destination.development;
    let reference = reference(inputs);
    let variant = inputs.variant();
    let known = known_versions(inputs, &reference, variant);
    let taken = |tag: &str| {
        inputs.registry.is_some_and(|registry| registry.all_tags.iter().any(|known| known == tag))
    };
    let TagSet { tags, released } = tags::tags(&TagRequest {
        reference: &reference,
        commit: &inputs.revision.commit,
        now: inputs.now,
        development,
        variant,
        versions: !inputs.destination.versions_by_promotion,
        known: &known,
        taken: &taken,
    })?;
    let tags: Vec<PlannedTag> = tags
        .into_iter()
        .map(|(tag, promise)| {
            let now = inputs.registry.and_then(|registry| registry.tags.get(tag.as_str()).cloned());
            PlannedTag { tag, promise, now }
        })
        .collect();
    let moves = tags.len() > 2 && released.is_some();
    refuse::blind_release(inputs, moves)?;
    refuse::taken(&tags, &inputs.destination.repository.to_string())?;

    let created = inputs.source_date.unwrap_or(inputs.source.commit_time);
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
        tags,
        labels,
        args,
        target: inputs.settings.target.as_ref().map(|target| target.value.clone()),
        platform: inputs.settings.platform.as_ref().map(|platform| platform.value.clone()),
        dockerfile: inputs.dockerfile.to_owned(),
        context_digest: inputs.context_digest.clone(),
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

/// The names of the tags that the registry has to be asked about before [`plan`] can decide.
///
/// Versions depend on what the registry lists, so these are all that any list could lead to.
pub fn tags_to_ask(inputs: &Inputs<'_>) -> Result<Vec<String>> {
    let reference = reference(inputs);
    let request = TagRequest {
        reference: &reference,
        commit: &inputs.revision.commit,
        now: inputs.now,
        development: inputs.destination.development,
        variant: inputs.variant(),
        versions: !inputs.destination.versions_by_promotion,
        known: &[],
        taken: &|_| false,
    };
    Ok(tags::tags(&request)?.tags.into_iter().map(|(tag, _)| tag.to_string()).collect())
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
    let git = inputs.source.tags.iter().filter_map(|tag| version::of_git_tag(tag.to_str()?));
    let registry = inputs.registry.map(|registry| registry.all_tags.as_slice()).unwrap_or_default();
    let registry = registry.iter().filter_map(|tag| version::of_registry_tag(tag, variant));
    git.chain(registry).filter(|known| version::is_stable(known) && Some(known) != own.as_ref()).collect()
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
