//! `imgbuild copy SRC DST`: an image or index with its referrers, byte for byte, to another repository or registry.

use super::registries::{self, Registries};
use super::roles::role;
use super::session::Session;
use super::supervise::{Ended, supervise};
use super::{gather, reference};
use crate::config::{Flags, Role};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stage};
use crate::image::{Digest, Reference, Repository, Tag, label, tag_shape};
use crate::registry::{self, Copied, CopyStep, Manifest, Pushed, Registry, RepositoryAt, read_images};
use crate::report::RunReport;
use crate::report::run_report::{ImageFacts, TagFacts, TagState};
use crate::source::CiContext;

/// Copies what `source` names to `destination`.
pub async fn copy(session: &Session, flags: &Flags, source: &str, destination: &str) -> Ended {
    supervise(session, "copy", async |report, _| {
        session.stage(Stage::Publish, stages(session, flags, source, destination, report)).await
    })
    .await
}

async fn stages(
    session: &Session,
    flags: &Flags,
    source: &str,
    destination: &str,
    report: &mut RunReport,
) -> Result<()> {
    let from = reference::parse(source)?.or_latest();
    let (to, tag) = target(&from, reference::parse(destination)?)?;
    let (settings, ci) = gather::settings_for_registries(session, flags, Some(gather::PUSHES)).await?;
    let role = role(&settings, &to);
    refuse_role(role, &ci, &to)?;

    let store = registries::store(session)?.publishing_to(to.registry());
    let registries = Registries::new(session, &settings, store, None);
    let (reading, writing) = (registries.open(session, from.repository())?, registries.open(session, &to)?);
    if from.digest().is_some_and(|digest| digest.parse::<Digest>().is_err()) {
        return Err(Error::new(
            Kind::Usage,
            format!("cannot copy {from}: only sha256 digests can be checked here"),
        )
        .hint("name it by its tag, or by its sha256 digest"));
    }
    let path = from.repository().path();
    let which = from.digest().or(from.tag().map(Tag::as_str)).unwrap_or_default();
    let seen = async {
        match &tag {
            Some(tag) => writing.head(to.path(), tag.as_str()).await,
            None => Ok(None),
        }
    };
    let (found, before) = tokio::try_join!(reading.manifest(path, which), seen)?;
    let Some(manifest) = found else {
        return Err(Error::new(Kind::Registry, format!("there is no {from}"))
            .hint(format!("`imgbuild tags {}` lists what is there", from.repository())));
    };
    if let Some(tag) = &tag {
        free(before.as_ref(), &to, tag, &manifest)?;
    }
    if role == Some(Role::Integration) {
        refuse_development(&reading, path, &manifest, &to).await?;
    }
    report.image = Some(ImageFacts {
        config_digest: manifest.config_digest(),
        digest: Some(manifest.digest.clone()),
        repository: Some(to.to_string()),
        ..ImageFacts::default()
    });
    let source = RepositoryAt { registry: &reading, path };
    let target = RepositoryAt { registry: &writing, path: to.path() };
    let copied = transfer(session, source, manifest.clone(), target).await?;
    if let Some(tag) = &tag {
        let quick = copied.manifests_sent + copied.blobs_sent + copied.blobs_mounted == 0;
        set(session, &writing, (&to, tag), &manifest, (before, quick)).await?;
    } else {
        report.tags.push(TagFacts {
            reference: format!("{to}@{}", manifest.digest),
            digest: Some(manifest.digest.clone()),
            before: None,
            state: TagState::Verified,
        });
    }
    report.pushed = true;
    Ok(())
}

/// Copies a manifest with all that belongs to it, and tells every step.
pub(super) async fn transfer(
    session: &Session,
    source: RepositoryAt<'_>,
    manifest: Manifest,
    target: RepositoryAt<'_>,
) -> Result<Copied> {
    let events = &session.events;
    let note = |step: CopyStep<'_>| match step {
        CopyStep::Blob(blob, pushed) => {
            events.emit(Event::PushStatus { line: format!("{}: {}", blob.digest.short(), words(pushed)) });
        }
        CopyStep::Manifest(digest, sent) => {
            let did = if sent { "sent" } else { "already exists" };
            events.emit(Event::PushStatus { line: format!("manifest {}: {did}", digest.short()) });
        }
        CopyStep::Skipped(digest, why) => {
            events.warn(format!("{digest}, which is attached at the source, is left out: {why}"));
        }
        CopyStep::Kept(tag) => {
            events.note(format!("the tag {tag} holds all that the source's does, and more: left as it is"));
        }
    };
    let copied = registry::copy_manifest(source, manifest, target, &note).await?;
    tell(session, &copied);
    Ok(copied)
}

/// The repository and tag that are copied to. A digest alone, or none, takes the tag of the source.
fn target(from: &Reference, to: Reference) -> Result<(Repository, Option<Tag>)> {
    if to.digest().is_some() {
        return Err(Error::new(
            Kind::Usage,
            format!("cannot copy to {to}: a copy has the digest that it has"),
        )
        .hint("name the repository, and a tag if it is to have one"));
    }
    let tag = to.tag().cloned().or_else(|| from.tag().filter(|_| from.digest().is_none()).cloned());
    Ok((to.repository().clone(), tag))
}

/// What a role takes is no matter of who asks.
fn refuse_role(role: Option<Role>, ci: &CiContext, to: &Repository) -> Result<()> {
    let refuse = |why: &str, hint: &str| {
        Err(Error::new(Kind::Refused, format!("cannot copy to {to}: {why}")).hint(hint))
    };
    match role {
        Some(Role::Release) => refuse(
            "it is in the release registry, where only promotion puts images",
            "promotion checks what was proven of an image; a copy does not",
        ),
        Some(Role::Integration) if !ci.is_ci() => refuse(
            "it is in the integration registry, which takes images from a CI only",
            "copy to the sandbox registry, or let a CI do this",
        ),
        _ => Ok(()),
    }
}

/// A development image is refused whatever its tag says, and so is an index that has one.
async fn refuse_development(
    registry: &Registry,
    path: &str,
    manifest: &Manifest,
    to: &Repository,
) -> Result<()> {
    let images = read_images(registry, path, manifest).await?;
    if images.iter().all(|image| image.label(label::DEV) != Some("true")) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Refused,
        format!("cannot copy to {to}: {} is a development image (label {})", manifest.digest, label::DEV),
    )
    .hint("`imgbuild ci` in a CI makes images that may be published"))
}

/// Refuses a tag that holds other content and never changes it.
fn free(now: Option<&Digest>, to: &Repository, tag: &Tag, manifest: &Manifest) -> Result<()> {
    match now {
        Some(found) if *found != manifest.digest && tag_shape(tag.as_str()).is_fixed() => {
            let message = format!(
                "{} exists already with other content, {found}, and a tag like this never changes its content",
                to.tag(tag)
            );
            Err(Error::new(Kind::Refused, message).hint("copy to another tag"))
        }
        _ => Ok(()),
    }
}

/// Sets the tag, which held `before`; `quick` says that nothing was sent since that was seen.
async fn set(
    session: &Session,
    registry: &Registry,
    (to, tag): (&Repository, &Tag),
    manifest: &Manifest,
    (before, quick): (Option<Digest>, bool),
) -> Result<()> {
    let reference = to.tag(tag).to_string();
    let events = &session.events;
    let was = before.as_ref().map(Digest::to_string);
    // A copy may take long, and somebody may have set the tag since.
    let now = if quick { before.clone() } else { registry.head(to.path(), tag.as_str()).await? };
    free(now.as_ref(), to, tag, manifest)?;
    let there = now.as_ref() == Some(&manifest.digest);
    if !there && now != before {
        let now = now.map_or_else(|| "nothing".to_owned(), |now| now.to_string());
        return Err(Error::new(
            Kind::Refused,
            format!("{reference} was moved by somebody else during the copy: it is {now} now"),
        )
        .hint("look at what is there, and copy again if it is to be replaced"));
    }
    if !there {
        events.emit(Event::TagPushing { reference: reference.clone(), before: was.clone() });
        registry.move_tag(to.path(), tag.as_str(), manifest, now.as_ref()).await?;
    }
    match registry.manifest(to.path(), tag.as_str()).await? {
        Some(found) if found.digest == manifest.digest => {
            let digest = manifest.digest.to_string();
            events.emit(Event::TagPublished { reference, digest, before: was });
            Ok(())
        }
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), |found| found.digest.to_string());
            Err(Error::new(
                Kind::Refused,
                format!("{reference} was set to {}, and is {found} now", manifest.digest),
            )
            .hint("somebody else sets this tag at the same time, and theirs stays"))
        }
    }
}

fn words(pushed: Pushed) -> &'static str {
    match pushed {
        Pushed::Present => "already exists",
        Pushed::Mounted => "mounted",
        Pushed::Sent => "sent",
    }
}

fn tell(session: &Session, copied: &Copied) {
    session.events.note(format!(
        "copied {} manifests, {} of them sent, {} referrers among them; {} blobs sent ({} bytes), {} mounted, {} there already",
        copied.manifests,
        copied.manifests_sent,
        copied.referrers,
        copied.blobs_sent,
        copied.bytes_sent,
        copied.blobs_mounted,
        copied.blobs_present,
    ));
    for tag in &copied.tags {
        session.events.note(format!("copied the tag {tag}, which belongs to the image"));
    }
}
