//! What an image says of itself, and what was proven of it: both have to hold.

use std::collections::BTreeSet;

use super::inputs::Inputs;
use super::reasons::{Reasons, shown};
use crate::evidence::{Proof, Provenance};
use crate::image::label;
use crate::registry::StoredImage;

/// What to do about an image that was not made as it should.
const BUILD: &str =
    "`imgbuild ci` in a CI makes images that may be promoted: have it build this commit, and promote that";
/// What to do about evidence that is not there or does not hold.
const ATTACH: &str =
    "`imgbuild ci` attaches evidence to what it pushes, and `imgbuild verify` tells what holds of it";

/// The longest that is told of one doubt, in characters: it may quote whoever attached something.
const LONGEST: usize = 600;

/// What was demanded of the evidence and does not hold.
pub(super) fn doubts(inputs: &Inputs<'_>, reasons: &mut Reasons) {
    for doubt in inputs.doubts {
        let text = doubt.to_string();
        let cut: String = text.chars().take(LONGEST).collect();
        let more = if cut.len() < text.len() { "…" } else { "" };
        reasons.say(format!("its evidence does not hold: {cut}{more}"), ATTACH);
    }
}

/// What the labels of each platform's image say. Anybody could have written them, so they only ever speak against it.
pub(super) fn labels(inputs: &Inputs<'_>, reasons: &mut Reasons) {
    if inputs.platforms.is_empty() {
        reasons.say("it holds no image", "promote an image, or an index of images");
    }
    for platform in inputs.platforms {
        let Some(image) = &platform.image else {
            reasons.say(
                format!("it holds {}, which is no image", platform.digest),
                "promote an image, or an index that lists nothing but images and their attestations",
            );
            continue;
        };
        let name = platform.name();
        if image.label(label::DEV) == Some("true") {
            reasons.say(format!("{name} is a development image (label {})", label::DEV), BUILD);
        }
        match image.label(label::GIT_CLEAN) {
            Some("true") => {}
            Some(_) => reasons.say(format!("{name} was built from an unclean tree"), BUILD),
            None => reasons.say(
                format!("{name} does not say whether its tree was clean (label {})", label::GIT_CLEAN),
                BUILD,
            ),
        }
        commit(inputs, image, &name, reasons);
    }
}

/// Whether an image is of the one commit, and of nothing but its tree.
fn commit(inputs: &Inputs<'_>, image: &StoredImage, name: &str, reasons: &mut Reasons) {
    let revision = image.label(label::oci::REVISION);
    let (Some(revision), Some(commit)) = (revision, inputs.commit) else {
        reasons.say(format!("{name} names no commit (label {})", label::oci::REVISION), BUILD);
        return;
    };
    if revision != commit.id {
        reasons.say(
            format!("its platforms are of different commits, {} and {}", shown(&commit.id), shown(revision)),
            "build all platforms of one commit",
        );
        return;
    }
    let tree = image.label(label::GIT_TREE);
    // Where the clone does not have the commit, that is the reason.
    let known = commit.tree.as_deref();
    if known.is_some() && tree != known {
        let tree = tree.map_or_else(|| "none".to_owned(), shown);
        reasons.say(
            format!(
                "{name} was built from the tree {tree}, and that of its commit {} is {}",
                shown(revision),
                shown(known.unwrap_or_default())
            ),
            "a merge commit that a CI makes for a pull request exists nowhere else: promote the image of a branch",
        );
    }
}

/// What was proven of how it came about. Every word that counts has to agree: one that it is fit to be released does not
/// outdo another that it is not.
pub(super) fn provenance(inputs: &Inputs<'_>, reasons: &mut Reasons) {
    let mut told = BTreeSet::new();
    for proof in inputs.proofs {
        let ours = proof.provenance().into_iter().map(|proven| proven.said).filter(Provenance::is_ours);
        for said in ours {
            told.insert(proof.subject());
            one(inputs, proof, &said, reasons);
        }
    }
    // That of the index is about all it lists. Where there is none at all, that was told.
    let is_told = told.contains(inputs.digest)
        || inputs.platforms.iter().all(|platform| told.contains(&platform.digest));
    let has_any = inputs.proofs.iter().any(|proof| !proof.provenance().is_empty());
    if !is_told && has_any {
        reasons.say("its provenance is of another builder's, which does not tell of a clean commit", BUILD);
    }
}

fn one(inputs: &Inputs<'_>, proof: &Proof, said: &Provenance, reasons: &mut Reasons) {
    let subject = proof.subject().short();
    let internal = &said.build_definition.internal_parameters;
    // What does not say so may be one.
    if internal.development != Some(false) {
        reasons.say(
            format!("the provenance of {subject} tells of a development build, whatever its labels say"),
            BUILD,
        );
    }
    if !said.git().is_some_and(|git| git.clean) {
        reasons.say(format!("the provenance of {subject} tells of an unclean tree"), BUILD);
    }
    let id = inputs.commit.map(|commit| commit.id.as_str());
    if let Some(told) = said.commit()
        && Some(told) != id
    {
        let labelled = id.map_or_else(|| "none".to_owned(), shown);
        reasons.say(
            format!(
                "the provenance of {subject} is of the commit {}, and its label names {labelled}",
                shown(told)
            ),
            BUILD,
        );
    } else if said.commit().is_none() {
        reasons.say(format!("the provenance of {subject} names no commit"), BUILD);
    }
    let tree = inputs.commit.and_then(|commit| commit.tree.as_deref());
    if let (Some(git), Some(tree)) = (said.git(), tree)
        && git.tree != tree
    {
        reasons.say(
            format!(
                "the provenance of {subject} is of the tree {}, and that of the commit is {}",
                shown(&git.tree),
                shown(tree)
            ),
            BUILD,
        );
    }
    let config = inputs.platforms.iter().filter(|platform| platform.digest == *proof.subject());
    let config = config.filter_map(|platform| platform.image.as_ref()).map(|image| &image.config).next();
    if let (Some(told), Some(config)) = (&internal.config_digest, config)
        && told != config
    {
        reasons.say(format!("the provenance of {subject} is of another image, {told}"), BUILD);
    }
}
