//! Everything that is looked up before a promotion is decided; nothing is changed.

use std::sync::Arc;

use super::{PromoteOptions, commit, place, tag};
use crate::config::model::EvidenceKind;
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::event::Stage;
use crate::evidence::{self, Aspect, Demand, Doubt, PublicKey, SigningKey};
use crate::flow::policy::Base;
use crate::flow::registries::{self, Registries};
use crate::flow::session::Session;
use crate::flow::verify::{self, Judged};
use crate::flow::{gather, keys};
use crate::image::{Reference, Repository, Tag, label};
use crate::promotion::{self, Inputs, Platform, Promotion, Wish};
use crate::registry::{Manifest, Registry, read_platforms, read_state};
use crate::source::{CiContext, SourceState};

/// How many images an index may list: each is asked for what is proven of it.
const MAX_PLATFORMS: usize = 200;

/// What was decided, and what carrying it out needs.
pub(super) struct Looked {
    pub(super) promotion: Promotion,
    /// As it was received when the reference was resolved: this is what is copied.
    pub(super) manifest: Manifest,
    pub(super) reading: Registry,
    pub(super) writing: Registry,
    /// The path of the source's repository.
    pub(super) path: String,
    pub(super) source: Arc<SourceState>,
    pub(super) ci: CiContext,
    /// The tree of the image's commit.
    pub(super) tree: String,
    /// Signs the record of the promotion.
    pub(super) signing: Option<SigningKey>,
}

/// Looks and decides.
pub(super) async fn look(session: &Session, flags: &Flags, options: &PromoteOptions) -> Result<Looked> {
    let ci = gather::ci_context(session);
    promotion::who(&ci)?;
    let named = place::source(options)?;
    let version = options.version.as_deref().map(promotion::version).transpose()?;
    let (source, settings) = session
        .stage(Stage::Source, async {
            let source = gather::source(session, &ci).await?;
            let settings = gather::settings(session, flags, &ci, Base::In(&source), &source.root).await?;
            Ok((source, settings))
        })
        .await?;
    let target = place::target(&settings, &named)?;
    let signing = keys::signing(session, &settings.evidence, &ci)?;
    let keys = keys::believed(session, &options.keys, &settings.evidence)?;
    let store = registries::store(session)?.publishing_to(target.registry());
    let registries = Registries::new(session, &settings, store, None);
    let (reading, writing) =
        (registries.open(session, named.repository())?, registries.open(session, &target)?);
    let remote = match options.makes_tag {
        true => Some(tag::of_remote(session, &source).await?),
        false => None,
    };
    let wish = Wish { version: version.as_ref(), remote: remote.as_deref() };
    let looking = Looking {
        session,
        settings: &settings,
        source: &source,
        named: &named,
        target: &target,
        keys: &keys,
    };
    let (promotion, manifest, tree) =
        session.stage(Stage::Plan, looking.decide(&reading, &writing, wish)).await?;
    let path = named.repository().path().to_owned();
    Ok(Looked { promotion, manifest, reading, writing, path, source, ci, tree, signing })
}

struct Looking<'a> {
    session: &'a Session,
    settings: &'a Settings,
    source: &'a Arc<SourceState>,
    named: &'a Reference,
    target: &'a Repository,
    keys: &'a [PublicKey],
}

impl Looking<'_> {
    /// What was decided, the manifest that it was decided for, and the tree of its commit.
    async fn decide(
        &self,
        reading: &Registry,
        writing: &Registry,
        wish: Wish<'_>,
    ) -> Result<(Promotion, Manifest, String)> {
        let variant = self.settings.variant.as_ref().map(|variant| variant.value.as_str());
        let branches = &self.settings.promote.branches.value;
        let manifest = self.resolve(reading).await?;
        let platforms = self.platforms(reading, &manifest).await?;
        let judged = self.evidence(reading, &manifest, &platforms).await?;
        let refs = commit::refs(self.session, self.source).await?;
        let revision = platforms
            .iter()
            .find_map(|platform| platform.image.as_ref()?.label(label::oci::REVISION))
            .map(str::to_owned);
        let commit = match &revision {
            Some(id) => Some(commit::commit(self.session, self.source, &refs, id, branches).await?),
            None => None,
        };
        let release = promotion::release(wish, &refs, revision.as_deref());
        let wanted = release.as_ref().map(|release| release.tags(variant)).unwrap_or_default();
        let path = self.target.path();
        let state = read_state(writing, path, writing.tags(path).await?, &wanted).await?;
        let promotion = promotion::decide(&Inputs {
            named: self.named,
            digest: &manifest.digest,
            proofs: &judged.proofs,
            doubts: &judged.doubts,
            has_keys: !self.keys.is_empty(),
            platforms: &platforms,
            commit: commit.as_ref(),
            refs: &refs,
            branches,
            release: &release,
            variant,
            target: self.target,
            registry: &state,
        })?;
        let tree = commit.and_then(|commit| commit.tree).unwrap_or_default();
        Ok((promotion, manifest, tree))
    }

    /// What the reference names at this moment. From here on nobody asks what it names.
    async fn resolve(&self, reading: &Registry) -> Result<Manifest> {
        let repository = self.named.repository();
        let which = self.named.digest().or(self.named.tag().map(Tag::as_str)).unwrap_or_default();
        let Some(manifest) = reading.manifest(repository.path(), which).await? else {
            return Err(Error::new(Kind::Registry, format!("there is no {}", self.named))
                .hint(format!("`imgbuild tags {repository}` lists what is there")));
        };
        self.session.events.note(format!("{} is {}", self.named, manifest.digest));
        Ok(manifest)
    }

    /// What the manifest holds.
    async fn platforms(&self, reading: &Registry, manifest: &Manifest) -> Result<Vec<Platform>> {
        if manifest.children()?.len() > MAX_PLATFORMS {
            let why = format!("cannot promote {}: it lists more than {MAX_PLATFORMS} images", self.named);
            return Err(Error::new(Kind::Refused, why).hint("promote an index of fewer platforms"));
        }
        let held = read_platforms(reading, self.named.repository().path(), manifest).await?;
        Ok(held.into_iter().map(|(digest, image)| Platform { digest, image }).collect())
    }

    /// What is proven: how it was built and that its tests passed, whatever else is configured, and signed by a key where
    /// there are keys. It is judged as `verify` judges it: of an index, or of each of its images.
    async fn evidence(
        &self,
        reading: &Registry,
        manifest: &Manifest,
        platforms: &[Platform],
    ) -> Result<Judged> {
        let settings = &self.settings.evidence;
        let demand = Demand {
            signature: !self.keys.is_empty(),
            provenance: true,
            tests: true,
            sbom: settings.require.contains(&EvidenceKind::Sbom),
        };
        let path = self.named.repository().path();
        let mut collected = vec![evidence::collect(reading, path, &manifest.digest).await?];
        for platform in platforms.iter().filter(|_| manifest.is_index()) {
            collected.push(evidence::collect(reading, path, &platform.digest).await?);
        }
        let mut judged = verify::judge(&collected, self.keys, demand);
        let limits = verify::limits(&judged.proofs, settings).into_iter();
        judged.doubts.extend(limits.map(|why| Doubt { aspect: Aspect::Policy, why }));
        Ok(judged)
    }
}
