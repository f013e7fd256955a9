//! Everything that is refused before anything is done, and why. Pure: each refusal needs nothing but the inputs.

use super::inputs::Inputs;
use crate::error::{Error, Kind, Result};
use crate::image::label;

/// How many offenders a message lists.
const LISTED: usize = 20;

/// `ci` builds what the commit holds, and nothing else.
pub(super) fn unclean(inputs: &Inputs<'_>) -> Result<()> {
    if inputs.is_clean() {
        return Ok(());
    }
    let changed =
        inputs.changes.iter().map(|change| format!("{}: {}", change.kind.name(), change.path.display()));
    let untracked = inputs.untracked.iter().map(|path| format!("untracked: {}", path.display()));
    let mut offenders: Vec<String> = changed.chain(untracked).collect();
    let more = offenders.len().saturating_sub(LISTED);
    offenders.truncate(LISTED);
    if more > 0 {
        offenders.push(format!("and {more} more"));
    }
    let error = Error::new(
        Kind::Refused,
        format!("the tree is not what the commit {} holds: {}", inputs.source.short(), offenders.join("; ")),
    );
    Err(error
        .hint("commit or stash the changes; untracked files may also go into .gitignore or .dockerignore")
        .hint("`imgbuild build` builds an unclean tree as a development image"))
}

/// A release is of the commit that its tag names: the tag may have been moved since the CI was started for it. A
/// clone that does not have the tag proves nothing.
pub(super) fn moved_tag(inputs: &Inputs<'_>) -> Result<()> {
    let (Some(tag), source) = (&inputs.ci.tag, inputs.source) else { return Ok(()) };
    if !source.tags.contains(tag) || source.tags_at_head.contains(tag) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Refused,
        format!(
            "the run is for the git tag {tag}, which names another commit than HEAD ({})",
            source.short()
        ),
    )
    .hint("the tag was moved, or the checkout is of something else: check out the tag, and run again"))
}

/// The labels that imgbuild states are facts about the run: a Dockerfile that sets one could forge them, or pass a
/// development image off as none.
pub(super) fn forged_labels(inputs: &Inputs<'_>) -> Result<()> {
    let ours = |key: &&String| key.starts_with(label::PREFIX);
    let Some((key, line)) = inputs.facts.labels.iter().find(|(key, _)| ours(key)) else { return Ok(()) };
    Err(Error::new(
        Kind::Refused,
        format!(
            "{}:{line}: LABEL {key}: labels under {} are imgbuild's own to set",
            inputs.dockerfile,
            label::PREFIX
        ),
    )
    .hint("take the line out, or give the label another name"))
}

/// A development image makes what is built on it one, too. What can be known of the base before the build is.
pub(super) fn development_base(inputs: &Inputs<'_>) -> Result<()> {
    match inputs.base {
        Some(base) if !inputs.destination.development && base.is_development() => Err(base.refusal()),
        _ => Ok(()),
    }
}

/// Moving tags need every version that exists.
pub(super) fn blind_release(inputs: &Inputs<'_>, releases: bool) -> Result<()> {
    if releases && inputs.source.shallow && inputs.registry.is_none() {
        return Err(Error::new(
            Kind::Refused,
            "this clone is shallow and no registry was asked, so it is not known which versions exist and whether \
             this one moves `latest`",
        )
        .hint("fetch the tags: `git fetch --tags --unshallow`, or `fetch-depth: 0` with actions/checkout"));
    }
    Ok(())
}
