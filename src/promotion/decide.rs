//! The pure function at the centre: facts in, promotion or every reason against it out.

use semver::Version;

use super::image;
use super::inputs::{Inputs, Reach};
use super::model::{Promotion, SCHEMA};
use super::reasons::{Reason, Reasons, shown};
use super::release::Release;
use crate::error::{Error, Kind, Result};
use crate::evidence::Proof;
use crate::image::{Tag, label};
use crate::plan::{self, KeptTag, PlannedTag, Promise};
use crate::source::{CiContext, RefName};

/// Refuses runs that never promote, before anything is asked.
pub fn who(ci: &CiContext) -> Result<()> {
    let never = ci.why_never().or_else(|| ci.is_pr().then_some("this run is for a pull request"));
    match never {
        None => Ok(()),
        Some(why) => Err(Error::new(Kind::Refused, format!("{why}: such a run never promotes"))
            .hint("no setting changes this: promote from a run for a branch or a tag")),
    }
}

/// Decides every tag, or refuses with all the reasons there are. Does nothing else.
pub fn decide(inputs: &Inputs<'_>) -> Result<Promotion> {
    let mut reasons = Reasons::default();
    image::doubts(inputs, &mut reasons);
    image::labels(inputs, &mut reasons);
    image::provenance(inputs, &mut reasons);
    let branch = branch(inputs, &mut reasons);
    let tags = match inputs.release {
        Ok(release) => Some(tags(inputs, release, &mut reasons)?),
        Err(reason) => {
            reasons.add(reason.clone());
            None
        }
    };
    let source = format!("{}@{}", inputs.named.repository(), inputs.digest);
    if let Some(error) = reasons.into_error(&source) {
        return Err(error);
    }
    let (Ok(release), Some(commit), Some(branch), Some((tags, kept))) =
        (inputs.release, inputs.commit, branch, tags)
    else {
        return Err(Error::new(Kind::Internal, "a promotion lacks what no reason was told for"));
    };
    let (notes, warnings) = remarks(inputs, release, &kept);
    Ok(Promotion {
        schema: SCHEMA,
        source,
        digest: inputs.digest.clone(),
        target: inputs.target.clone(),
        version: release.version.to_string(),
        revision: commit.id.clone(),
        branch: branch.to_string(),
        git_tag: release.git_tag.clone(),
        platforms: inputs
            .platforms
            .iter()
            .filter_map(|one| one.image.as_ref())
            .map(|image| format!("{}/{}", image.os, image.architecture))
            .collect(),
        signed_by: signers(inputs.proofs),
        tags,
        kept,
        warnings,
        notes,
    })
}

/// The allowed branch that the commit is on.
fn branch<'a>(inputs: &Inputs<'a>, reasons: &mut Reasons) -> Option<&'a RefName> {
    let commit = inputs.commit?;
    let allowed = inputs.branches.join(", ");
    let short = shown(&commit.id);
    if commit.tree.is_none() {
        reasons.say(
            format!("its commit {short} is not in this clone, so nobody can tell which branch it is on"),
            "fetch it: git fetch origin, in a shallow clone git fetch --unshallow origin; or run where the image was built from",
        );
        return None;
    }
    match &commit.reach {
        Reach::On(branch) => return Some(branch),
        Reach::Nowhere => reasons.say(
            format!("its commit {short} is on no branch that may be promoted ({allowed})"),
            "merge it first, and fetch: git fetch origin; which branches may be promoted is for [promote] branches to say",
        ),
        Reach::Unknown => reasons.say(
            format!("this clone is shallow, and does not tell whether the commit {short} is on a branch that may be promoted ({allowed})"),
            "fetch the rest: git fetch --unshallow origin, or `fetch-depth: 0` with actions/checkout",
        ),
        Reach::NoBranch => reasons.say(
            format!("this clone has none of the remote's branches that may be promoted ({allowed})"),
            "fetch them: git fetch origin '+refs/heads/*:refs/remotes/origin/*'; which ones may be promoted is for [promote] branches to say",
        ),
    }
    None
}

/// The tags of the version, those that are set and those that stay.
fn tags(
    inputs: &Inputs<'_>,
    release: &Release,
    reasons: &mut Reasons,
) -> Result<(Vec<PlannedTag>, Vec<KeptTag>)> {
    let names: Vec<RefName> = inputs.refs.tags.iter().map(|tag| tag.name.clone()).collect();
    let there: Vec<Version> = plan::of_registry(inputs.registry, inputs.variant).collect();
    let known: Vec<Version> = plan::of_git_tags(&names)
        .chain(there.iter().cloned())
        .filter(|known| *known != release.version)
        .collect();
    let (mut tags, mut kept) = (Vec::new(), Vec::new());
    for wanted in plan::version_tags(&release.version, &known, inputs.variant) {
        let tag: Tag = wanted.tag.parse().map_err(|cause| {
            Error::new(Kind::Config, format!("cannot make a tag of the version {}", release.version))
                .because(cause)
                .hint("a tag has at most 128 characters; the variant counts, too")
        })?;
        let promise = wanted.line.promise();
        let now = inputs.registry.tags.get(tag.as_str()).cloned();
        if promise == Promise::Version
            && let Some(taken) = now.as_ref().filter(|now| *now != inputs.digest)
        {
            reasons.add(Reason::new(
                format!(
                    "{} exists already with other content, {taken}, and a version never changes its content",
                    inputs.target.tag(&tag)
                ),
                format!("release a new version; `imgbuild tags {}` lists what is there", inputs.target),
            ));
        }
        match wanted.newer {
            Some(newer) => {
                let why = if there.contains(&newer) {
                    format!("{newer} is newer")
                } else {
                    format!("{newer} is newer, as a git tag says, though it was not promoted yet")
                };
                kept.push(KeptTag { tag, now, why, holds_newer_commit: false });
            }
            None => tags.push(PlannedTag { tag, promise, now, becomes: Some(inputs.digest.clone()) }),
        }
    }
    tags.sort_by_key(|planned| planned.promise);
    Ok((tags, kept))
}

/// The keys that signed what was proven.
fn signers(proofs: &[Proof]) -> Vec<String> {
    let standings = proofs.iter().flat_map(|proof| proof.standings());
    let mut signers: Vec<String> =
        standings.filter_map(|standing| standing.signer.as_ref()).map(ToString::to_string).collect();
    signers.sort();
    signers.dedup();
    signers
}

/// What the reader should know: what was chosen, and what will bite.
fn remarks(inputs: &Inputs<'_>, release: &Release, kept: &[KeptTag]) -> (Vec<String>, Vec<String>) {
    let mut notes: Vec<String> =
        kept.iter().map(|kept| format!("{} is not moved: {}", kept.tag, kept.why)).collect();
    let mut warnings = Vec::new();
    if !inputs.has_keys {
        notes.push(format!(
            "no key is configured: the evidence is as trustworthy as everybody who may push to {}",
            inputs.named.repository()
        ));
    }
    let version = release.version.to_string();
    let images = inputs.platforms.iter().filter_map(|platform| platform.image.as_ref());
    let mut labelled: Vec<&str> = images.filter_map(|image| image.label(label::oci::VERSION)).collect();
    labelled.dedup();
    for other in labelled.into_iter().filter(|other| *other != version) {
        warnings.push(format!("the image says of itself that it is {}, and becomes {version}", shown(other)));
    }
    (notes, warnings)
}
