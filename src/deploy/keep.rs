//! The images that a host keeps to go back to. A name of their own holds each, so that no clean-up of dangling images takes it.

use std::collections::BTreeSet;

use super::record::{Past, Record};
use crate::engine::Engine;
use crate::error::Result;
use crate::image::{Digest, Repository, tag_slug};

/// What the names of kept images begin with. No registry is called so.
const PREFIX: &str = "imgbuild-keep";

/// An image that the host keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name there.
    pub name: String,
    /// The engine's id.
    pub id: String,
    /// What is known of it.
    pub past: Past,
}

/// The repository of the kept images of the deployment whose container is called so: a host has one of that name.
fn repository(container: &str) -> String {
    let fits = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let path: String = container.to_ascii_lowercase().chars().map(fits).collect();
    // Two names that come to the same path are told apart.
    let path = path.trim_matches('-');
    if path == container && path.parse::<Repository>().is_ok() {
        return format!("{PREFIX}/{path}");
    }
    format!("{PREFIX}/x{}", Digest::of(container.as_bytes()).short())
}

/// The tag of the image with this digest.
fn tag(digest: &str) -> String {
    digest.parse::<Digest>().map_or_else(|_| tag_slug(digest.as_bytes()), |digest| digest.short().to_owned())
}

/// The images that the host keeps of the deployment whose container is called `container`, in the order in which they ran, the
/// last first: those of `record` that are still there.
pub async fn kept(engine: &Engine, container: &str, record: &Record) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for past in [record.past()].iter().chain(&record.history) {
        if !seen.insert(past.digest.clone()) {
            continue;
        }
        let name = format!("{}:{}", repository(container), tag(&past.digest));
        if let Some(image) = engine.inspect_image(&name).await? {
            all.push(Kept { name, id: image.id, past: past.clone() });
        }
    }
    Ok(all)
}

/// Holds the image `id` that `record` is of, of a container that is called `container`, and of those before it as many as make `most` in all; names of further ones go,
/// and with its last name an image itself. `old` is the image of the container that went, where there was one. Gives the names
/// that went, and why others stayed.
pub async fn keep(
    engine: &Engine,
    container: &str,
    (record, id): (&Record, &str),
    old: Option<(&str, &Past)>,
    most: u32,
) -> Result<(Vec<String>, Vec<String>)> {
    let repository = repository(container);
    engine.tag_image(id, &repository, &tag(&record.digest)).await?;
    if let Some((old, past)) = old {
        engine.tag_image(old, &repository, &tag(&past.digest)).await?;
    }
    let mut wanted = BTreeSet::new();
    for past in [record.past()].iter().chain(&record.history) {
        if wanted.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            break;
        }
        wanted.insert(format!("{repository}:{}", tag(&past.digest)));
    }
    let (mut gone, mut stayed) = (Vec::new(), Vec::new());
    let mut remove = async |name: &String| match engine.remove_image(name, true).await {
        Ok(_) => gone.push(name.clone()),
        // Somebody else may use it by now.
        Err(why) => stayed.push(why.to_string()),
    };
    for image in engine.list_images(&[], false).await? {
        let ours = |name: &&String| name.rsplit_once(':').is_some_and(|(path, _)| path == repository);
        let fallen: Vec<&String> =
            image.tags.iter().filter(ours).filter(|name| !wanted.contains(*name)).collect();
        for name in &fallen {
            remove(name).await;
        }
        // By its digest in a registry alone nobody finds it again, and it would fill the disk.
        if !fallen.is_empty() && fallen.len() == image.tags.len() {
            for name in &image.repo_digests {
                remove(name).await;
            }
        }
    }
    Ok((gone, stayed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kept_images_are_names_of_images() {
        let digest = Digest::of(b"x").to_string();
        for (deployment, path) in [("web", "imgbuild-keep/web"), ("web-2", "imgbuild-keep/web-2")] {
            assert_eq!(repository(deployment), path);
        }
        for odd in ["Web", "a.b", "web_2", "we--b.", "x-"] {
            let made = repository(odd);
            assert!(
                made.starts_with("imgbuild-keep/x") && made.parse::<Repository>().is_ok(),
                "{odd} {made}"
            );
        }
        // Two that would come to the same path.
        for (one, other) in [("a.b", "a-b"), ("Web", "web"), ("web_2", "web-2"), ("x-", "x.")] {
            assert_ne!(repository(one), repository(other));
        }
        assert_eq!(tag(&digest).len(), 12);
    }
}
