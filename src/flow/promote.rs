//! `imgbuild promote REF --to release`: the very bytes that were tested go to the release registry, with what was proven of
//! them, and get the tags of a version there. Nothing is built, and no engine is asked.

mod commit;
mod look;
mod place;
mod tag;

use std::path::PathBuf;

use super::clock;
use super::copy::transfer;
use super::guarded;
use super::session::Session;
use super::supervise::{Ended, supervise};
use crate::config::Flags;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stage};
use crate::evidence::{self, Draft, Place, SigningKey};
use crate::promotion::{self, By, Promotion};
use crate::publish::{self, Way};
use crate::registry::RepositoryAt;
use crate::report::RunReport;
use crate::report::run_report::{CiFacts, ImageFacts, PromotionFacts, SourceFacts, TagFacts, TagState};
use look::Looked;

/// What is to be promoted, and as what.
#[derive(Debug, Clone, Default)]
pub struct PromoteOptions {
    /// The image, by tag or digest.
    pub reference: String,
    /// The version; `None` leaves it to the git tag at the image's commit.
    pub version: Option<String>,
    /// Files of public keys, in place of those of the configuration.
    pub keys: Vec<PathBuf>,
    /// Whether to make the git tag where there is none, and to push it.
    pub makes_tag: bool,
}

/// A promotion that was decided and not done, ready to be printed.
#[derive(Debug)]
pub struct Foreseen {
    /// For people; values in it may be hostile.
    pub text: String,
    /// For programs.
    pub json: String,
}

/// Promotes, or refuses with every reason.
pub async fn promote(session: &Session, flags: &Flags, options: &PromoteOptions) -> Ended {
    supervise(session, "promote", async |report, _| {
        let looked = look::look(session, flags, options).await.map_err(guarded::refused)?;
        describe(session, report, &looked);
        session.stage(Stage::Publish, carry_out(session, &looked, report)).await
    })
    .await
}

/// Decides as [`promote`] does, and does nothing.
pub async fn foresee(session: &Session, flags: &Flags, options: &PromoteOptions) -> Result<Foreseen> {
    let promotion = look::look(session, flags, options).await.map_err(guarded::refused)?.promotion;
    let json = serde_json::to_string_pretty(&promotion)
        .map_err(|cause| Error::new(Kind::Internal, "cannot serialise the promotion").because(cause))?;
    Ok(Foreseen { text: promotion.to_string(), json })
}

/// The git tag, as it may be refused; then content, the record, and the tags last: whoever pulls one finds all of it. Each
/// step looks for what is there already, so that a promotion that broke off is finished by another one.
async fn carry_out(session: &Session, looked: &Looked, report: &mut RunReport) -> Result<()> {
    let Looked { promotion, manifest, reading, writing, path, .. } = looked;
    let target = promotion.target();
    let from = RepositoryAt { registry: reading, path };
    let to = RepositoryAt { registry: writing, path: target.path() };
    let is_tagged = tag::set(session, looked).await?;
    let published = async {
        transfer(session, from, manifest.clone(), to).await.map_err(guarded::refused)?;
        record(session, looked).await?;
        let way = Way { repository: target, registry: writing, events: &session.events, keeper: None };
        publish::promote(promotion, manifest, way).await
    };
    published.await.map_err(|error| match is_tagged {
        true => error.hint(format!(
            "the remote has the git tag {} by now: run the same again",
            promotion.git_tag.name
        )),
        false => error,
    })?;
    report.pushed = true;
    Ok(())
}

/// Keeps beside the image who promoted it, when and from where, unless that is there. What came along from the source is
/// no such record: whoever may push there could have written it. Where we sign, one of our key's alone counts.
async fn record(session: &Session, looked: &Looked) -> Result<()> {
    let Looked { promotion, manifest, reading, writing, .. } = looked;
    let path = promotion.target().path();
    let key = looked.signing.as_ref();
    let ours: Vec<_> = key.map(SigningKey::public).into_iter().collect();
    let (there, before) = tokio::try_join!(
        evidence::collect(writing, path, promotion.digest()),
        reading.referrers(&looked.path, promotion.digest())
    )?;
    let came_along = |place: &Place| before.iter().any(|one| *place == Place::Referrer(one.digest.clone()));
    let standings = evidence::read(&there, &ours);
    let mut counts = standings
        .iter()
        .filter(|standing| standing.objection.is_none() && (key.is_some() || !came_along(&standing.place)))
        .filter_map(|standing| standing.statement.as_ref());
    if counts.any(|statement| promotion::is_recorded(promotion, statement)) {
        return Ok(());
    }
    let by = by(session, looked);
    let draft = Draft { statement: promotion::record(promotion, &by), created: by.at };
    let subject = manifest.descriptor()?;
    for attached in evidence::attach(writing, path, &subject, &[draft], key).await? {
        session.events.emit(Event::EvidenceAttached {
            kind: "promotion".to_owned(),
            place: attached.digest.to_string(),
            subject: promotion.digest().to_string(),
            signed: attached.signed,
        });
    }
    Ok(())
}

/// Who runs us. A CI says it of its own accord, and so does the system: it is a note, and no proof.
fn by(session: &Session, looked: &Looked) -> By {
    let ci = &looked.ci;
    let user = || session.environment.get("USER").or(session.environment.get("LOGNAME")).map(str::to_owned);
    By {
        user: ci.actor.clone().or_else(|| user().filter(|_| !ci.is_ci())),
        login: looked.writing.user(),
        ci: ci.provider_name().map(str::to_owned),
        url: ci.build_url.clone(),
        run: session.run.clone(),
        at: clock::rfc3339(session.now),
    }
}

/// What the report says of it, whatever becomes of it.
fn describe(session: &Session, report: &mut RunReport, looked: &Looked) {
    let Looked { promotion, manifest, ci, .. } = looked;
    for warning in &promotion.warnings {
        session.events.warn(warning);
    }
    for note in &promotion.notes {
        session.events.note(note);
    }
    let by = by(session, looked);
    report.source = Some(SourceFacts {
        commit: promotion.revision.clone(),
        short: promotion.revision.chars().take(7).collect(),
        tree: looked.tree.clone(),
        branch: Some(promotion.branch.clone()),
        tag: Some(promotion.git_tag.name.clone()),
        clean: true,
        remote: looked.source.remote_url.clone(),
        ..SourceFacts::default()
    });
    report.ci = ci
        .provider_name()
        .map(|provider| CiFacts { provider: provider.to_owned(), build_url: ci.build_url.clone() });
    report.image = Some(ImageFacts {
        config_digest: manifest.config_digest(),
        digest: Some(promotion.digest().clone()),
        repository: Some(promotion.target().to_string()),
        ..ImageFacts::default()
    });
    report.tags = planned(promotion);
    report.promotion = Some(PromotionFacts {
        source: promotion.source.clone(),
        target: promotion.target().to_string(),
        digest: promotion.digest().clone(),
        version: promotion.version.clone(),
        signed_by: promotion.signed_by.clone(),
        user: by.user,
        login: by.login,
    });
}

/// Every tag, as not touched yet.
fn planned(promotion: &Promotion) -> Vec<TagFacts> {
    let fact = |tag: &crate::plan::PlannedTag| TagFacts {
        reference: promotion.target().tag(&tag.tag).to_string(),
        digest: None,
        before: tag.now.clone(),
        state: TagState::Planned,
    };
    promotion.tags().iter().map(fact).collect()
}
