//! Whether an image may run here.

use std::collections::BTreeMap;

use crate::config::{Accept, DeploySettings};
use crate::engine::Image;
use crate::error::{Error, Kind, Result};
use crate::image::label;

/// An image that may be deployed. Made by [`admit`] alone.
#[derive(Debug, Clone)]
pub struct Admitted {
    image: Image,
    digest: String,
    reference: String,
}

impl Admitted {
    /// The image as the engine describes it.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The digest of its manifest; of an image that no registry has, the engine's id.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What was asked for.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// Judges `image`, which `reference` resolved to by `digest`: the labels that the deployment wants, and where it takes
/// releases alone, that imgbuild built it in a CI of a clean commit. One that `ran_before` here was judged then, or adopted:
/// who has to go back is not asked again. [`Kind::Refused`] where it may not run.
///
/// Labels are the word of whoever may write to the registry. `evidence`, asked with the digest, is who can prove it: what it
/// refuses is refused.
pub async fn admit(
    deploy: &DeploySettings,
    image: Image,
    reference: String,
    digest: String,
    ran_before: bool,
    evidence: impl AsyncFnOnce(&str) -> Result<()>,
) -> Result<Admitted> {
    refuse_labels(&image.labels, &reference)?;
    let judged = !ran_before;
    let why = not_a_release(&image).filter(|_| judged && deploy.accept == Accept::Release);
    if let Some(why) = why {
        return Err(refused(&reference, &why).hint(format!(
            "deploy what `imgbuild ci` published, or say `accept = \"any\"` in [deploy.{}]",
            deploy.name
        )));
    }
    for (key, wanted) in deploy.labels.iter().filter(|_| judged) {
        let found = image.labels.get(key);
        if found != Some(wanted) {
            let found = found.map_or_else(|| "none".to_owned(), |found| format!("{found:?}"));
            let why = format!("its label {key} has to be {wanted:?}, and is {found}");
            return Err(refused(&reference, &why).hint("is it the image of another service?"));
        }
    }
    evidence(&digest).await?;
    Ok(Admitted { image, digest, reference })
}

/// Refuses an image whose labels say that a container of it is a deployment, or belongs to a run: a container inherits them.
pub fn refuse_labels(labels: &BTreeMap<String, String>, reference: &str) -> Result<()> {
    let reserved = [label::deploy::PREFIX, label::owner::PREFIX];
    // Empty ones say nothing: imgbuild itself blanks them where it makes an image of a container.
    let taken = labels.iter().find(|(key, value)| {
        let empty = value.is_empty() && key.starts_with(label::owner::PREFIX);
        !empty && reserved.iter().any(|prefix| key.starts_with(prefix))
    });
    match taken {
        None => Ok(()),
        Some((key, _)) => Err(refused(
            reference,
            &format!("it carries the label {key}, which only containers of imgbuild's own have"),
        )),
    }
}

/// Why nobody would take it for a release.
fn not_a_release(image: &Image) -> Option<String> {
    let text = |key: &str| image.labels.get(key).map_or("", String::as_str);
    if text(label::DEV) == "true" {
        return Some(format!("it is a development image (label {})", label::DEV));
    }
    if text(label::TOOL_VERSION).is_empty() {
        return Some(format!("it is none of imgbuild's: it has no label {}", label::TOOL_VERSION));
    }
    if text(label::GIT_CLEAN) != "true" || text(label::oci::REVISION).is_empty() {
        return Some(format!(
            "no commit holds what is in it (labels {} and {})",
            label::GIT_CLEAN,
            label::oci::REVISION
        ));
    }
    None
}

fn refused(reference: &str, why: &str) -> Error {
    Error::new(Kind::Refused, format!("{reference} may not be deployed: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(labels: &[(&str, &str)]) -> Image {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Image { labels, ..Image::default() }
    }

    const RELEASE: [(&str, &str); 3] =
        [(label::TOOL_VERSION, "1"), (label::GIT_CLEAN, "true"), (label::oci::REVISION, "abc")];

    #[test]
    fn a_release_is_a_clean_commit_of_a_ci() {
        assert_eq!(not_a_release(&image(&RELEASE)), None);
        for (nth, word) in ["none of imgbuild's", "no commit", "no commit"].into_iter().enumerate() {
            let mut labels = RELEASE.to_vec();
            labels.remove(nth);
            assert!(not_a_release(&image(&labels)).unwrap().contains(word), "{labels:?}");
        }
        let dev = [RELEASE.as_slice(), &[(label::DEV, "true")]].concat();
        assert!(not_a_release(&image(&dev)).unwrap().contains("development"));
    }

    #[test]
    fn no_image_says_what_containers_say() {
        let with = |key: &str, value: &str| refuse_labels(&image(&[(key, value)]).labels, "r");
        assert_eq!(with(label::deploy::NAME, "web").unwrap_err().kind(), Kind::Refused);
        assert!(with(label::deploy::NAME, "").is_err() && with(label::owner::RUN, "r").is_err());
        assert!(with(label::owner::RUN, "").is_ok() && with(label::DEV, "true").is_ok());
    }
}
