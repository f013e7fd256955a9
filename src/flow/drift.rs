//! `imgbuild drift REF…`: published images whose base tag resolves to another image by now.

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::base_registry::{Way, way};
use super::published::{self, Platform};
use super::registries::Registries;
use super::session::Session;
use super::verify::one_line;
use super::{gather, guarded};
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, Reference, Repository, Tag, label};
use crate::registry::Registry;

/// How many images are looked at side by side.
const AT_ONCE: usize = 4;

/// How an image's base stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drift {
    /// The base's tag resolves to what the image was built on.
    Same,
    /// It resolves to another image now.
    Moved(Digest),
    /// It was named by its digest, and cannot move.
    Pinned,
    /// Nobody can tell, and why.
    Unknown(String),
}

impl Drift {
    /// A word for people and JSON.
    pub(super) const fn state(&self) -> &'static str {
        match self {
            Drift::Same => "same",
            Drift::Moved(_) => "moved",
            Drift::Pinned => "pinned",
            Drift::Unknown(_) => "unknown",
        }
    }
}

/// The base of one image, and how it stands.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) name: Option<String>,
    /// What it was when the image was built.
    pub(super) digest: Option<String>,
    pub(super) drift: Drift,
}

impl Base {
    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name, "digest": self.digest, "state": self.drift.state(),
            "now": match &self.drift { Drift::Moved(digest) => Some(digest.as_str()), _ => None },
            "why": match &self.drift { Drift::Unknown(why) => Some(why.as_str()), _ => None },
        })
    }

    pub(super) fn text(&self) -> String {
        let name = self.name.as_deref().unwrap_or("no base is named");
        match &self.drift {
            Drift::Same => format!("{name} is what it was"),
            Drift::Pinned => format!("{name} is named by its digest"),
            Drift::Moved(now) => format!(
                "{name} moved: {} when it was built, {} now",
                self.digest.as_deref().unwrap_or_default(),
                now
            ),
            Drift::Unknown(why) => format!("{name}: not known, {why}"),
        }
    }
}

/// The drift of several images.
#[derive(Debug)]
pub struct Drifted {
    /// For people, with a final newline. It holds words of whoever built the images.
    pub text: String,
    /// The same for programs.
    pub json: Value,
    /// Where an image could not be read, else where at least one base moved.
    pub error: Option<Error>,
}

/// Looks at the bases of the images behind `references`.
pub async fn drift(session: &Session, references: &[String]) -> Result<Drifted> {
    let parsed: Vec<Reference> =
        references.iter().map(|text| published::parse(text)).collect::<Result<_>>()?;
    let (settings, _) = gather::settings_for_registries(session, &Flags::default(), None).await?;
    let registries = &published::reading(session, &settings)?;
    let settings = &settings;
    let looks = parsed.iter().map(|reference| async move {
        let found =
            published::find(session, registries, reference.clone()).await.map_err(guarded::refused)?;
        let asking = Asking { session, settings, registries, of: reference.repository() };
        let mut bases = Vec::new();
        for image in &found.images {
            bases.push((image.name(), base(&asking, image).await));
        }
        Ok::<_, Error>((found, bases))
    });
    let looks = async { Ok(stream::iter(looks).buffered(AT_ONCE).collect::<Vec<Result<_>>>().await) };
    let what = "look at the bases of all images";
    let all = guarded::read(session, settings, what, looks).await?;
    let (mut text, mut entries, mut moved) = (String::new(), Vec::new(), Vec::new());
    let mut failure = None;
    for (reference, looked) in parsed.iter().zip(all) {
        let (found, bases) = match looked {
            Ok(looked) => looked,
            // One that is gone hides nothing of the others.
            Err(error) => {
                let name = reference.to_string();
                text.push_str(&format!("{}\n", one_line(&format!("{:<8}  {name}: {error}", "failed"))));
                entries.push(json!({"reference": name, "error": error.to_string()}));
                failure = failure.or(Some(error));
                continue;
            }
        };
        let name = found.reference.to_string();
        for (platform, base) in &bases {
            let shown = if bases.len() > 1 { format!("{name} ({platform})") } else { name.clone() };
            text.push_str(&format!(
                "{}\n",
                one_line(&format!("{:<8}  {shown}: {}", base.drift.state(), base.text()))
            ));
            if matches!(base.drift, Drift::Moved(_)) && !moved.contains(&name) {
                moved.push(name.clone());
            }
        }
        let images: Vec<Value> =
            bases.iter().map(|(platform, base)| json!({"platform": platform, "base": base.json()})).collect();
        entries.push(json!({"reference": name, "digest": found.top.digest, "images": images}));
    }
    let error = (!moved.is_empty()).then(|| {
        let count = moved.len();
        let message = format!("the base of {count} of {} has moved on: {}", entries.len(), moved.join(", "));
        Error::new(Kind::Findings, message).hint("build them anew, to have what was mended in their bases")
    });
    Ok(Drifted { text, json: json!({"schema": 1, "images": entries}), error: failure.or(error) })
}

/// What it takes to ask for the base of an image.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) session: &'a Session,
    pub(super) settings: &'a Settings,
    pub(super) registries: &'a Registries,
    /// Where the image is.
    pub(super) of: &'a Repository,
}

/// How the base of an image stands. What cannot be asked is not known: another registry's bad minute is no drift.
pub(super) async fn base(asking: &Asking<'_>, image: &Platform) -> Base {
    let name = image.label(label::oci::BASE_NAME).map(str::to_owned);
    let digest = image.label(label::oci::BASE_DIGEST).map(str::to_owned);
    let drift = match (&name, &digest) {
        (None, _) => Drift::Unknown("the image has no label that names its base".to_owned()),
        (Some(_), None) => Drift::Unknown("the image has no label with the digest of its base".to_owned()),
        (Some(name), Some(digest)) => match look(asking, name, digest).await {
            Ok(drift) => drift,
            Err(error) => Drift::Unknown(error.to_string()),
        },
    };
    Base { name, digest, drift }
}

async fn look(asking: &Asking<'_>, name: &str, digest: &str) -> Result<Drift> {
    let Ok(reference) = name.parse::<Reference>() else {
        return Ok(Drift::Unknown("the label holds no reference".to_owned()));
    };
    let Ok(was) = digest.parse::<Digest>() else {
        return Ok(Drift::Unknown("the label holds no sha256 digest".to_owned()));
    };
    if reference.digest().is_some() {
        return Ok(Drift::Pinned);
    }
    let reference = reference.or_latest();
    let repository = reference.repository();
    let host = repository.registry();
    let unnamed = format!("a label alone names {host}, and not [registries] or checks.trusted-registries");
    match way(asking.settings, asking.of, repository) {
        Way::WithLogin => {
            let registry = asking.registries.open(asking.session, repository)?;
            compare(&registry, &reference, &was).await
        }
        Way::Anonymously => {
            let registry = asking.registries.open_anonymously(repository)?;
            let compared = compare(&registry, &reference, &was).await;
            Ok(compared.unwrap_or_else(|error| {
                Drift::Unknown(format!("{error} (asked without a login: {unnamed})"))
            }))
        }
        Way::NotAtAll => Ok(Drift::Unknown(format!("not asked: {unnamed}"))),
    }
}

/// How what the tag resolves to stands to what it `was`.
async fn compare(registry: &Registry, reference: &Reference, was: &Digest) -> Result<Drift> {
    let tag = reference.tag().map(Tag::as_str).unwrap_or_default();
    let path = reference.repository().path();
    let Some(now) = registry.head(path, tag).await? else {
        return Ok(Drift::Unknown("the tag is not there any more".to_owned()));
    };
    if now == *was {
        return Ok(Drift::Same);
    }
    // An engine may know the platform's image by its own digest, and not by that of the index.
    let index = registry.manifest(path, now.as_str()).await?;
    let children = index.map(|index| index.children()).transpose()?.unwrap_or_default();
    let is_child = children.iter().any(|child| child.digest == *was);
    Ok(if is_child { Drift::Same } else { Drift::Moved(now) })
}
