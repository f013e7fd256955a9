//! `imgbuild inspect REF`: where a published image comes from, and what is attached to it.

mod text;

use std::path::PathBuf;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::drift::{self, Asking, Base};
use super::published::{self, Platform, Published};
use super::registries::Registries;
use super::session::Session;
use super::{gather, guarded, keys};
use crate::config::{Flags, Settings};
use crate::error::{Error, Result};
use crate::evidence::{
    self, Collected, Predicate, Provenance, PublicKey, Standing, Statement, TestSummary, slsa_level,
};
use crate::image::{Digest, Reference, TagShape, label, newest_first, tag_shape};
use crate::inventory::of_registry;

/// How many tags are looked up at once.
const AT_ONCE: usize = 8;
/// How many tags are looked up: a repository may have one for each run of years.
const MAX_TAGS: usize = 500;

/// What is known of an image.
#[derive(Debug)]
pub struct Inspected {
    /// For people, with a final newline. It holds words of whoever built the image and of whoever attached something.
    pub text: String,
    /// The same for programs.
    pub json: Value,
}

/// All that is known, before it is told.
struct Known {
    found: Published,
    bases: Vec<Base>,
    /// Of the index first, and of each image, in their order; of a single image, its own.
    standings: Vec<(Digest, Vec<Standing>)>,
    has_keys: bool,
    /// What the layers of each image say, where no SBOM is attached: how many packages, or why they could not be read.
    read: Vec<Result<usize, String>>,
    tags: Vec<String>,
    /// How many tags were not looked up.
    more_tags: usize,
}

/// Tells where the image comes from. Signatures are judged by the keys in `files`, or those of the configuration.
pub async fn inspect(session: &Session, reference: &str, files: &[PathBuf]) -> Result<Inspected> {
    let reference = published::parse(reference)?;
    let (settings, _) = gather::settings_for_registries(session, &Flags::default(), None).await?;
    let keys = keys::believed(session, files, &settings.evidence)?;
    let registries = published::reading(session, &settings)?;
    let what = format!("inspect {reference}");
    let looked = look(session, &settings, &registries, reference, &keys);
    let known = guarded::read(session, &settings, &what, looked).await?;
    Ok(Inspected { text: text::text(&known), json: known.json() })
}

async fn look(
    session: &Session,
    settings: &Settings,
    registries: &Registries,
    reference: Reference,
    keys: &[PublicKey],
) -> Result<Known> {
    let found = published::find(session, registries, reference).await?;
    let (tags, more_tags) = tags(&found).await?;
    let mut bases = Vec::new();
    for image in &found.images {
        let asking = Asking { session, settings, registries, of: found.reference.repository() };
        bases.push(drift::base(&asking, image).await);
    }
    let collected = found.evidence().await?;
    let standings = collected.iter().map(|one| standing(one, keys)).collect();
    let has_keys = !keys.is_empty();
    let mut known = Known { found, bases, standings, has_keys, read: Vec::new(), tags, more_tags };
    if known.packages().is_empty() {
        known.read = read(&known.found).await;
    }
    Ok(known)
}

fn standing(collected: &Collected, keys: &[PublicKey]) -> (Digest, Vec<Standing>) {
    (collected.subject.clone(), evidence::read(collected, keys))
}

/// How many packages the layers of each image hold.
async fn read(found: &Published) -> Vec<Result<usize, String>> {
    let mut all = Vec::new();
    for image in &found.images {
        let inventory = of_registry(&found.registry, found.path(), &image.manifest).await;
        all.push(inventory.map(|inventory| inventory.packages.len()).map_err(|error| error.to_string()));
    }
    all
}

/// The tags that resolve to the image, versions first, and how many were not looked up. Unique tags come last, since
/// there is one for each run.
async fn tags(found: &Published) -> Result<(Vec<String>, usize)> {
    let (registry, path) = (&found.registry, found.path());
    let mut listed = registry.tags(path).await?;
    listed.retain(|tag| tag_shape(tag) != TagShape::Digest);
    listed.sort_by(|a, b| tag_shape(a).cmp(&tag_shape(b)).then_with(|| newest_first(a, b)));
    let more = listed.len().saturating_sub(MAX_TAGS);
    listed.truncate(MAX_TAGS);
    let heads = listed.into_iter().map(|tag| async move {
        let digest = registry.head(path, &tag).await?;
        Ok::<_, Error>((tag, digest))
    });
    let all: Vec<(String, Option<Digest>)> = stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
    let same = all.into_iter().filter(|(_, digest)| digest.as_ref() == Some(&found.top.digest));
    Ok((same.map(|(tag, _)| tag).collect(), more))
}

impl Known {
    /// The statements that count, in the form that `read` gives them.
    fn said<T>(&self, read: impl Fn(&Statement) -> Option<T>) -> Vec<(T, &Standing)> {
        let all = self.standings.iter().flat_map(|(_, standings)| standings);
        let counts = all.filter(|standing| standing.objection.is_none());
        counts.filter_map(|standing| Some((read(standing.statement.as_ref()?)?, standing))).collect()
    }

    fn provenance(&self) -> Vec<(Provenance, &Standing)> {
        self.said(Provenance::of)
    }

    /// The commit: what provenance says, else what the image says of itself.
    fn commit(&self) -> Option<String> {
        let said = self.provenance().into_iter().find_map(|(said, _)| said.commit().map(str::to_owned));
        said.or_else(|| self.label(label::oci::REVISION))
    }

    fn source(&self) -> Option<String> {
        let said = self.provenance().into_iter().find_map(|(said, _)| said.repository());
        said.filter(|uri| !uri.is_empty()).or_else(|| self.label(label::oci::SOURCE))
    }

    fn build_url(&self) -> Option<String> {
        let provenance = self.provenance();
        let said = provenance.into_iter().find_map(|(said, _)| said.run_details.metadata.invocation_id);
        self.label(label::BUILD_URL).or(said)
    }

    fn label(&self, key: &str) -> Option<String> {
        self.found.images.first().and_then(|image| image.label(key)).map(str::to_owned)
    }

    /// The level of SLSA's build track that what is attached comes to; `None` without provenance of imgbuild's, since of
    /// other builders' nothing is known here.
    fn level(&self) -> Option<u8> {
        let said = self.provenance();
        let ours = said.iter().filter(|(said, _)| said.is_ours());
        let level = |(said, standing): &(Provenance, &Standing)| {
            slsa_level(standing.signer.is_some(), said.build_definition.internal_parameters.ci.is_some())
        };
        ours.map(level).max()
    }

    fn tests(&self) -> Vec<(TestSummary, &Standing)> {
        self.said(TestSummary::of)
    }

    /// How many packages each SBOM lists.
    fn packages(&self) -> Vec<(Predicate, usize)> {
        let all = self.said(|statement| {
            let list = match statement.kind() {
                Predicate::Spdx => statement.predicate.get("packages"),
                Predicate::CycloneDx => statement.predicate.get("components"),
                _ => return None,
            };
            Some((statement.kind(), list.and_then(Value::as_array).map_or(0, Vec::len)))
        });
        all.into_iter().map(|(said, _)| said).collect()
    }

    fn json(&self) -> Value {
        let image = |(image, base): (&Platform, &Base)| {
            json!({
                "platform": image.name(),
                "digest": image.manifest.digest,
                "config_digest": image.manifest.config_digest(),
                "base": base.json(),
                "labels": image.labels(),
            })
        };
        let images: Vec<Value> = self.found.images.iter().zip(&self.bases).map(image).collect();
        let evidence: Vec<Value> = self
            .standings
            .iter()
            .flat_map(|(subject, all)| all.iter().map(move |standing| attached(subject, standing)))
            .collect();
        let packages: Vec<Value> = self
            .packages()
            .into_iter()
            .map(|(kind, count)| json!({"document": kind.uri(), "packages": count}))
            .collect();
        json!({
            "schema": 1,
            "reference": self.found.reference.to_string(),
            "digest": self.found.top.digest,
            "media_type": self.found.top.media_type,
            "commit": self.commit(),
            "source": self.source(),
            "build_url": self.build_url(),
            "development": self.label(label::DEV).is_some_and(|dev| dev == "true"),
            "slsa_build_level": self.level(),
            "tags": self.tags,
            "tags_not_looked_up": self.more_tags,
            "images": images,
            "tests": self.tests().into_iter().map(|(said, _)| said.to_json()).collect::<Vec<_>>(),
            "sboms": packages,
            "packages_in_layers": self.read.iter().map(|read| read.as_ref().ok()).collect::<Vec<_>>(),
            "evidence": evidence,
        })
    }
}

fn attached(subject: &Digest, standing: &Standing) -> Value {
    json!({
        "subject": subject,
        "place": standing.place.to_string(),
        "kind": standing.kind.as_ref().map(Predicate::uri),
        "signed": standing.has_signature,
        "key": standing.signer.as_ref().map(|key| key.as_str().to_owned()),
        "objection": standing.objection,
    })
}
