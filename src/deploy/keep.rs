//! The images that a host keeps to go back to. A name of their own holds each, so that no clean-up of dangling images takes it.

use std::collections::BTreeSet;

use super::record::{Past, Record};
use crate::engine::{Engine, ImageSummary};
use crate::error::Result;
use crate::image::{Digest, Reference, Repository, tag_slug};

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

/// The tag of a kept image by its name, whosever deployment's it is; the beginning of its digest.
pub fn kept_tag(name: &str) -> Option<&str> {
    let (path, tag) = name.rsplit_once(':')?;
    path.split('/').any(|part| part == PREFIX).then_some(tag)
}

/// Names of an image that fell out of those that a host keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// The engine's id.
    pub image: String,
    /// The names that go, in this order.
    pub names: Vec<String>,
    /// It has no others, and goes with them.
    pub goes: bool,
}

/// What of `images` the host keeps of the deployment whose container is called `container` beyond the last `most` of `record`.
pub fn fallen(images: &[ImageSummary], container: &str, record: &Record, most: u32) -> Vec<Fallen> {
    let repository = repository(container);
    let last = record.past();
    let all: Vec<&Past> = [&last].into_iter().chain(&record.history).collect();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut wanted = BTreeSet::new();
    for past in &all {
        if wanted.len() >= most {
            break;
        }
        wanted.insert(format!("{repository}:{}", tag(&past.digest)));
    }
    let came_from: Vec<Reference> = all.iter().filter_map(|past| past.reference.parse().ok()).collect();
    // Of somebody's own pull of the same image from elsewhere nothing is taken.
    let by_us = |digest: &&String| {
        let path = digest.split('@').next();
        path == Some(repository.as_str())
            || digest.parse::<Reference>().is_ok_and(|digest| {
                came_from.iter().any(|reference| reference.repository() == digest.repository())
            })
    };
    let ours = |name: &&String| name.rsplit_once(':').is_some_and(|(path, _)| path == repository);
    let of_image = |image: &ImageSummary| {
        let tags = image.tags.iter().filter(ours).filter(|name| !wanted.contains(*name));
        let mut names: Vec<String> = tags.cloned().collect();
        let mut goes = names.len() == image.tags.len();
        if names.is_empty() {
            return None;
        }
        // By its digest in a registry alone nobody finds it again, and it would fill the disk.
        if goes {
            let digests: Vec<String> = image.repo_digests.iter().filter(by_us).cloned().collect();
            goes = digests.len() == image.repo_digests.len();
            names.extend(digests);
        }
        Some(Fallen { image: image.id.clone(), names, goes })
    };
    images.iter().filter_map(of_image).collect()
}

/// Holds the image `id`, of which is known `past`, to go back to with the container that is called `container`.
pub(super) async fn hold(engine: &Engine, container: &str, id: &str, past: &Past) -> Result<()> {
    engine.tag_image(id, &repository(container), &tag(&past.digest)).await
}

/// Holds the image `id` that `record` is of, of a container that is called `container`. Of those before it as many stay as make
/// `most` in all; names of further ones go, and with its last name an image itself. Gives the names that went, and why others
/// stayed.
pub async fn keep(
    engine: &Engine,
    container: &str,
    (record, id): (&Record, &str),
    most: u32,
) -> Result<(Vec<String>, Vec<String>)> {
    hold(engine, container, id, &record.past()).await?;
    let (mut gone, mut stayed) = (Vec::new(), Vec::new());
    let mut remove = async |name: &String| match engine.remove_image(name, true).await {
        Ok(_) => gone.push(name.clone()),
        // Somebody else may use it by now.
        Err(why) => stayed.push(why.to_string()),
    };
    for one in fallen(&engine.list_images(&[], false).await?, container, record, most) {
        for name in &one.names {
            remove(name).await;
        }
    }
    Ok((gone, stayed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fell_out_goes_with_its_digests_and_others_names_stay() {
        let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
        let past = |text: &str| Past {
            reference: format!("r.example/web:{text}"),
            digest: digest(text),
            run: String::new(),
            at: 0,
        };
        let record = Record {
            name: "web".to_owned(),
            reference: "r.example/web:c".to_owned(),
            digest: digest("c"),
            run: String::new(),
            by: String::new(),
            at: 0,
            spec: super::super::record::SpecRecord::default(),
            replaces: None,
            history: vec![past("b"), past("a"), past("0")],
        };
        let kept = |text: &str| format!("imgbuild-keep/web:{}", tag(&digest(text)));
        let image = |text: &str, tags: &[&str], places: &[&str]| ImageSummary {
            id: text.to_owned(),
            tags: [kept(text)].into_iter().chain(tags.iter().map(|tag| (*tag).to_owned())).collect(),
            repo_digests: places.iter().map(|place| format!("{place}@{}", digest(text))).collect(),
            ..ImageSummary::default()
        };
        let all = [
            image("c", &[], &["r.example/web"]),
            image("b", &[], &["r.example/web"]),
            image("a", &["r.example/web:a"], &["r.example/web"]),
            image("0", &[], &["r.example/web", "other.example/theirs"]),
            ImageSummary { tags: vec!["imgbuild-keep/other:x".to_owned()], ..ImageSummary::default() },
        ];
        let fell = |most| fallen(&all, "web", &record, most);
        assert_eq!(fell(4), []);
        let a = Fallen { image: "a".to_owned(), names: vec![kept("a")], goes: false };
        let ours = format!("r.example/web@{}", digest("0"));
        let zero = Fallen { image: "0".to_owned(), names: vec![kept("0"), ours], goes: false };
        assert_eq!(fell(2), [a, zero]);
        let one = fell(1);
        assert_eq!((one[0].names.len(), one[0].goes, one.len()), (2, true, 3));
        assert_eq!(kept_tag(&kept("a")).map(str::len), Some(12));
        assert_eq!(kept_tag("r.example/web:a"), None);
    }

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
