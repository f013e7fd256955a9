//! Copying a manifest with all that belongs to it, from one repository to another, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{BoxFuture, try_join};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

use super::{BlobSource, Descriptor, Manifest, Pushed, Registry};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// How many requests run beside each other.
const AT_ONCE: usize = 4;
/// How deep indexes lie in indexes, and referrers refer to referrers, at most.
const MAX_DEPTH: usize = 8;
/// How many manifests one copy may be made of, referrers included.
const MAX_MANIFESTS: usize = 2000;
/// How large these manifests may be together, in bytes: they are held in memory.
const MAX_BYTES: usize = 64 << 20;
/// What cosign appends to `sha256-HEX` for the tags of signatures, attestations and SBOMs.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

/// One repository.
#[derive(Debug, Clone, Copy)]
pub struct RepositoryAt<'a> {
    /// Its registry.
    pub registry: &'a Registry,
    /// Its path there.
    pub path: &'a str,
}

impl RepositoryAt<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.registry.host(), self.path)
    }

    async fn manifest(&self, reference: &str) -> Result<Option<Manifest>> {
        self.registry.manifest(self.path, reference).await
    }

    /// The manifests behind `references`, in their order.
    async fn manifests(self, references: Vec<String>) -> Result<Vec<Option<Manifest>>> {
        let read = |reference: String| async move { self.manifest(&reference).await };
        stream::iter(references.into_iter().map(read)).buffered(AT_ONCE).try_collect().await
    }
}

/// Something that a copy did or found.
#[derive(Debug, Clone, Copy)]
pub enum CopyStep<'a> {
    /// A blob is there now.
    Blob(&'a Descriptor, Pushed),
    /// A manifest is there now; whether it had to be sent.
    Manifest(&'a Digest, bool),
    /// What belongs to the manifest by the source's word was left out, and why.
    Skipped(&'a Digest, &'a str),
    /// A tag of cosign's that stays as it is at the destination, since it holds all that the source's does.
    Kept(&'a str),
}

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The digest of the manifest that was asked for.
    pub digest: Digest,
    /// How many manifests belong to it, itself and referrers included.
    pub manifests: usize,
    /// How many of them were sent.
    pub manifests_sent: usize,
    /// How many blobs were sent.
    pub blobs_sent: usize,
    /// How many blobs the registry took from another repository of its own.
    pub blobs_mounted: usize,
    /// How many blobs were there.
    pub blobs_present: usize,
    /// The size of the blobs that were sent, in bytes.
    pub bytes_sent: u64,
    /// How many of the manifests refer to another one of them.
    pub referrers: usize,
    /// The tags of cosign that were found; each holds at the destination what it holds here, or that and more.
    pub tags: Vec<String>,
    /// What the source lists as referrers and has not, what refers to something else, and what of it all is malformed: anybody
    /// who may push there can attach such a thing, and nobody else's copy fails for it.
    pub skipped: Vec<Digest>,
}

/// Copies what `reference` (a tag or a digest) names from one repository to another: manifests untouched, with their
/// children, blobs, referrers, the referrers' referrers, and the tags that cosign made for it.
///
/// Everything is put by digest, blobs first; to set a tag, once all is there, is the caller's. What is there is not sent
/// again. `note` is told of each step and must not block. Fails with [`Kind::Refused`] where of a tag of cosign's either side
/// holds what the other lacks.
pub async fn copy(
    from: RepositoryAt<'_>,
    reference: &str,
    to: RepositoryAt<'_>,
    note: &(dyn Fn(CopyStep<'_>) + Sync),
) -> Result<Copied> {
    let Some(top) = from.manifest(reference).await? else {
        let why = format!("there is no {reference} in {}, or we may not see it", from.name());
        return Err(
            Error::new(Kind::Registry, why).hint("is the name right? imgbuild tags lists what is there")
        );
    };
    copy_manifest(from, top, to, note).await
}

/// The same for a manifest that was read from there already.
pub async fn copy_manifest(
    from: RepositoryAt<'_>,
    top: Manifest,
    to: RepositoryAt<'_>,
    note: &(dyn Fn(CopyStep<'_>) + Sync),
) -> Result<Copied> {
    let digest = top.digest.clone();
    let copied = Copied {
        digest: digest.clone(),
        manifests: 0,
        manifests_sent: 0,
        blobs_sent: 0,
        blobs_mounted: 0,
        blobs_present: 0,
        bytes_sent: 0,
        referrers: 0,
        tags: Vec::new(),
        skipped: Vec::new(),
    };
    let mut copier =
        Copier { from, to, note, manifests: BTreeSet::new(), blobs: BTreeSet::new(), bytes: 0, copied };
    // What belongs to it is asked for meanwhile: mostly there is nothing, which takes as long to learn.
    let tags = COSIGN.map(|ending| format!("sha256-{}.{ending}", digest.hex()));
    let belongings = try_join(from.registry.referrers(from.path, &digest), from.manifests(tags.to_vec()));
    let (mut level, (listed, cosigned)) = try_join(copier.whole(top), belongings).await?;
    let mut listed = Some((digest, listed));
    for depth in 0.. {
        level = copier.referrers(level, listed.take()).await?;
        match level.is_empty() {
            true => break,
            false if depth < MAX_DEPTH => {}
            false => return Err(copier.too("deep")),
        }
    }
    copier.cosign(tags.into_iter().zip(cosigned)).await?;
    copier.copied.manifests = copier.manifests.len();
    Ok(copier.copied)
}

/// Why a manifest cannot be copied.
enum Trouble {
    /// It is malformed, or lists what is not there: so it was pushed.
    Unfit(Error),
    /// The way there, or a limit.
    Failed(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Failed(error)
    }
}

impl Trouble {
    fn error(self) -> Error {
        match self {
            Trouble::Unfit(error) | Trouble::Failed(error) => error,
        }
    }
}

/// A manifest and what is below it.
#[derive(Default)]
struct Family {
    /// Children first.
    manifests: Vec<Manifest>,
    /// The digests that were met for the first time.
    met: Vec<Digest>,
}

struct Copier<'a> {
    from: RepositoryAt<'a>,
    to: RepositoryAt<'a>,
    note: &'a (dyn Fn(CopyStep<'_>) + Sync),
    /// What was gathered so far.
    manifests: BTreeSet<Digest>,
    blobs: BTreeSet<Digest>,
    /// The size of the manifests so far.
    bytes: usize,
    copied: Copied,
}

impl Copier<'_> {
    /// Copies a manifest and everything below it. Tells the digests of the manifests that were not copied before.
    async fn family(&mut self, top: Manifest) -> Result<Vec<Digest>, Trouble> {
        let mut family = Family::default();
        if let Err(trouble) = self.gather(top, 0, &mut family).await {
            // Nothing of it was copied: what it shares with another one goes with that.
            family.met.iter().for_each(|digest| _ = self.manifests.remove(digest));
            return Err(trouble);
        }
        Ok(self.send(family.manifests).await?)
    }

    /// The same, where all of it is wanted.
    async fn whole(&mut self, top: Manifest) -> Result<Vec<Digest>> {
        self.family(top).await.map_err(Trouble::error)
    }

    /// The same for what is attached; `None` where it was left out, since it is malformed.
    async fn attached(&mut self, top: Manifest) -> Result<Option<Vec<Digest>>> {
        let digest = top.digest.clone();
        match self.family(top).await {
            Ok(came) => Ok(Some(came)),
            Err(Trouble::Unfit(error)) => self.skip(digest, error.message()).map(|()| None),
            Err(Trouble::Failed(error)) => Err(error),
        }
    }

    fn skip(&mut self, digest: Digest, why: &str) -> Result<()> {
        (self.note)(CopyStep::Skipped(&digest, why));
        self.copied.skipped.push(digest);
        if self.copied.skipped.len() > MAX_MANIFESTS { Err(self.too("large")) } else { Ok(()) }
    }

    /// Sends blobs first, and then the manifests of a family.
    async fn send(&mut self, family: Vec<Manifest>) -> Result<Vec<Digest>> {
        let to = self.to;
        let heads = family.iter().map(|manifest| to.registry.head(to.path, manifest.digest.as_str()));
        let held: Vec<Option<Digest>> = stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
        let mut wanted = Vec::new();
        for (manifest, held) in family.iter().zip(&held) {
            for blob in manifest.blobs()? {
                if !self.blobs.insert(blob.digest.clone()) {
                    continue;
                }
                // A registry takes a manifest only behind its blobs.
                match held {
                    Some(_) => self.count(&blob, Pushed::Present),
                    None => wanted.push(blob),
                }
            }
        }
        let source = BlobSource::Registry { registry: self.from.registry, path: self.from.path };
        let pushes = wanted.iter().map(|blob| {
            let source = source.clone();
            async move { Ok::<_, Error>((blob, to.registry.push_blob(to.path, blob, source).await?)) }
        });
        let mut pushes = stream::iter(pushes).buffer_unordered(AT_ONCE);
        while let Some((blob, how)) = pushes.try_next().await? {
            self.count(blob, how);
        }
        drop(pushes);
        for (manifest, held) in family.iter().zip(&held) {
            let sent = self.deliver(manifest, held.is_some()).await?;
            self.copied.manifests_sent += usize::from(sent);
            (self.note)(CopyStep::Manifest(&manifest.digest, sent));
        }
        Ok(family.into_iter().map(|manifest| manifest.digest).collect())
    }

    /// Puts `manifest` and what is below it into `family`, children first.
    fn gather<'b>(
        &'b mut self,
        manifest: Manifest,
        depth: usize,
        family: &'b mut Family,
    ) -> BoxFuture<'b, Result<(), Trouble>> {
        async move {
            if !self.manifests.insert(manifest.digest.clone()) {
                return Ok(());
            }
            family.met.push(manifest.digest.clone());
            self.bytes = self.bytes.saturating_add(manifest.bytes.len());
            if self.manifests.len() > MAX_MANIFESTS || self.bytes > MAX_BYTES {
                return Err(self.too("large").into());
            }
            if depth > MAX_DEPTH {
                return Err(self.too("deep").into());
            }
            readable(&manifest).map_err(Trouble::Unfit)?;
            let mut children = manifest.children()?;
            children.retain(|child| !self.manifests.contains(&child.digest));
            if self.manifests.len().saturating_add(children.len()) > MAX_MANIFESTS {
                return Err(self.too("large").into());
            }
            let from = self.from;
            let found =
                from.manifests(children.iter().map(|child| child.digest.to_string()).collect()).await?;
            for (child, found) in children.iter().zip(found) {
                let Some(found) = found else {
                    let why = format!(
                        "the index {} lists {}, which {} does not hold",
                        manifest.digest,
                        child.digest,
                        from.name()
                    );
                    let error = Error::new(Kind::Registry, why).hint("copy one of its images by digest");
                    return Err(Trouble::Unfit(error));
                };
                self.gather(found, depth + 1, family).await?;
            }
            family.manifests.push(manifest);
            Ok(())
        }
        .boxed()
    }

    /// Sees to it that the destination has `manifest`, and finds it from what it refers to. Whether it was sent.
    async fn deliver(&self, manifest: &Manifest, held: bool) -> Result<bool> {
        let to = self.to;
        let Some(subject) = manifest.subject()? else {
            if !held {
                to.registry.put_manifest(to.path, manifest.digest.as_str(), manifest).await?;
            }
            return Ok(!held);
        };
        if held {
            let listed = to.registry.referrers(to.path, &subject.digest).await?;
            if listed.iter().any(|entry| entry.digest == manifest.digest) {
                return Ok(false);
            }
        }
        to.registry.add_referrer(to.path, manifest).await.map(|()| true)
    }

    /// Copies what refers to the `subjects`. Tells the digests of the manifests that came with it.
    /// `known` is the list of one of them.
    async fn referrers(
        &mut self,
        subjects: Vec<Digest>,
        known: Option<(Digest, Vec<Descriptor>)>,
    ) -> Result<Vec<Digest>> {
        let from = self.from;
        let known = &known;
        let lists = subjects.iter().map(|subject| async move {
            match known {
                Some((digest, list)) if digest == subject => Ok(list.clone()),
                _ => from.registry.referrers(from.path, subject).await,
            }
        });
        let lists: Vec<Vec<Descriptor>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        let mut level = Vec::new();
        for (subject, list) in subjects.iter().zip(lists) {
            for entry in list {
                if self.manifests.contains(&entry.digest) {
                    continue;
                }
                let Some(found) = from.manifest(entry.digest.as_str()).await? else {
                    self.skip(entry.digest, "it is listed, and is not there")?;
                    continue;
                };
                match found.subject() {
                    Ok(Some(it)) if it.digest == *subject => {
                        if let Some(came) = self.attached(found).await? {
                            self.copied.referrers += 1;
                            level.extend(came);
                        }
                    }
                    Ok(_) => self.skip(entry.digest, "it is listed, and refers to something else")?,
                    Err(error) => self.skip(entry.digest, error.message())?,
                }
            }
        }
        Ok(level)
    }

    /// Copies the tags that cosign names after the image, as far as there are any.
    async fn cosign(&mut self, found: impl Iterator<Item = (String, Option<Manifest>)>) -> Result<()> {
        for (tag, found) in found {
            let Some(manifest) = found else { continue };
            if self.attached(manifest.clone()).await?.is_some() {
                self.tag(&tag, &manifest).await?;
                self.copied.tags.push(tag);
            }
        }
        Ok(())
    }

    /// Sets a tag of cosign's. Such a tag collects: what is there already may be replaced by more only, and stays where it
    /// is the more.
    async fn tag(&self, tag: &str, manifest: &Manifest) -> Result<()> {
        let to = self.to;
        if let Some(there) = to.manifest(tag).await? {
            if there.digest == manifest.digest {
                return Ok(());
            }
            let (ours, theirs) = (collected(manifest), collected(&there));
            let (ours, theirs) = (ours.as_ref(), theirs.as_ref());
            if ours.zip(theirs).is_some_and(|(ours, theirs)| ours.is_subset(theirs)) {
                (self.note)(CopyStep::Kept(tag));
                return Ok(());
            }
            if !ours.zip(theirs).is_some_and(|(ours, theirs)| theirs.is_subset(ours)) {
                let why = format!(
                    "the tag {tag} of {} holds what that of {} lacks, and the other way about",
                    to.name(),
                    self.from.name()
                );
                let error = Error::new(Kind::Refused, format!("{why}: not replaced"));
                return Err(error.hint("delete it there if it may go, and copy again"));
            }
        }
        to.registry.put_manifest(to.path, tag, manifest).await.map(drop)
    }

    fn count(&mut self, blob: &Descriptor, how: Pushed) {
        match how {
            Pushed::Present => self.copied.blobs_present += 1,
            Pushed::Mounted => self.copied.blobs_mounted += 1,
            Pushed::Sent => {
                self.copied.blobs_sent += 1;
                self.copied.bytes_sent = self.copied.bytes_sent.saturating_add(blob.size);
            }
        }
        (self.note)(CopyStep::Blob(blob, how));
    }

    fn too(&self, what: &str) -> Error {
        let why = format!("{} of {} is too {what} to copy", self.copied.digest, self.from.name());
        Error::new(Kind::Registry, why).hint(format!(
            "at most {MAX_MANIFESTS} manifests, {MAX_BYTES} bytes of them, and {MAX_DEPTH} levels"
        ))
    }
}

/// Reads all of `manifest` that a copy needs.
fn readable(manifest: &Manifest) -> Result<()> {
    manifest.children()?;
    manifest.blobs()?;
    match manifest.subject()? {
        // By it, lists of referrers name the manifest.
        Some(_) => manifest.descriptor().map(drop),
        None => Ok(()),
    }
}

/// What a tag of cosign's has collected; `None` where that cannot be told. Of two signatures for one payload, which are
/// layers of the same digest, annotations tell which is which.
fn collected(manifest: &Manifest) -> Option<BTreeSet<(Digest, BTreeMap<String, String>)>> {
    let layers = manifest.layers().ok().filter(|_| !manifest.is_index())?;
    Some(layers.into_iter().map(|layer| (layer.digest, layer.annotations)).collect())
}
