//! The images that a host keeps to go back to. A name of their own holds each, so that no clean-up of dangling images takes it.

use std::collections::BTreeSet;

use super::name::{Name, Names};
use super::record::{Past, Record};
use crate::engine::{Engine, ImageSummary, Standing};
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

/// Names with tags; podman has those with digests among them.
fn tags(image: &ImageSummary) -> impl Iterator<Item = &String> {
    image.tags.iter().filter(|name| !name.contains('@'))
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
        path.is_some_and(|path| Standing::is_name(path, &repository))
            || digest.parse::<Reference>().is_ok_and(|digest| {
                came_from.iter().any(|reference| reference.repository() == digest.repository())
            })
    };
    let is_ours =
        |name: &&String| name.rsplit_once(':').is_some_and(|(path, _)| Standing::is_name(path, &repository));
    let is_wanted = |name: &str| wanted.iter().any(|wanted| Standing::is_name(name, wanted));
    let of_image = |image: &ImageSummary| {
        let ours = tags(image).filter(is_ours).filter(|name| !is_wanted(name));
        let mut names: Vec<String> = ours.cloned().collect();
        let mut goes = names.len() == tags(image).count();
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

/// The repositories in which kept images of the deployment have their names that the container `name` is of, whichever of a swap's
/// names it has: for whoever asks, each that it may be.
pub fn kept_for(name: &str) -> Vec<String> {
    let endings = [Name::Previous, Name::Next].map(|name| Names::of("").get(name));
    let bare = endings.iter().filter_map(|ending| name.strip_suffix(ending.as_str()));
    [name].into_iter().chain(bare).map(repository).collect()
}

/// Names of kept images in repositories that are none of `held`: of deployments that are no more.
pub fn forsaken(images: &[ImageSummary], held: &BTreeSet<String>) -> Vec<Fallen> {
    let is_left = |name: &&String| match (name.rsplit_once(':'), kept_tag(name)) {
        (Some((path, _)), Some(_)) => !held.iter().any(|held| Standing::is_name(path, held)),
        _ => false,
    };
    let of_image = |image: &ImageSummary| {
        let mut names: Vec<String> = tags(image).filter(is_left).cloned().collect();
        if names.is_empty() {
            return None;
        }
        let mut goes = names.len() == tags(image).count();
        if goes {
            // A deployment pulls by digest. Of two places nobody knows which one it was, and the other is somebody's own pull.
            let held: BTreeSet<&str> = names.iter().filter_map(|name| kept_tag(name)).collect();
            let (own, pulled): (Vec<&String>, Vec<&String>) = image.repo_digests.iter().partition(|name| {
                name.split_once('@').is_some_and(|(path, _)| path.split('/').any(|part| part == PREFIX))
            });
            let is_it = |name: &&String| {
                let digest = name.split_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
                digest.is_some_and(|digest| held.contains(digest.short()))
            };
            let places: BTreeSet<_> = pulled.iter().filter_map(|name| name.split('@').next()).collect();
            goes = places.is_empty() || (places.len() == 1 && pulled.iter().any(is_it));
            if goes {
                names.extend(own.into_iter().chain(pulled).cloned());
            }
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
        // As podman writes it.
        let written_out = |text: &str| ImageSummary {
            tags: vec![format!("docker.io/{}", kept(text)), format!("r.example/web@{}", digest(text))],
            ..image(text, &[], &["r.example/web", "docker.io/imgbuild-keep/web"])
        };
        let all = [written_out("c"), written_out("b"), written_out("a")];
        let fell = fallen(&all, "web", &record, 2);
        assert_eq!(
            (fell.len(), fell[0].image.as_str(), fell[0].names.len(), fell[0].goes),
            (1, "a", 3, true)
        );
        assert_eq!(kept_tag(&kept("a")).map(str::len), Some(12));
        assert_eq!(kept_tag("r.example/web:a"), None);
    }

    #[test]
    fn of_a_deployment_that_is_no_more_all_goes_and_of_others_nothing() {
        let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
        let image = |text: &str, tags: &[&str], places: &[&str]| ImageSummary {
            id: text.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            repo_digests: places.iter().map(|place| format!("{place}@{}", digest(text))).collect(),
            ..ImageSummary::default()
        };
        let kept = |path: &str, text: &str| format!("{path}:{}", tag(&digest(text)));
        let [one, two, three, odd] = [
            kept("imgbuild-keep/gone", "1"),
            kept("imgbuild-keep/gone", "2"),
            kept("docker.io/imgbuild-keep/gone", "3"),
            kept(&repository("Odd.Name"), "4"),
        ];
        let lives = kept("imgbuild-keep/web", "5");
        let all = [
            image("1", &[&one], &["r.example/web", "imgbuild-keep/gone"]),
            image("2", &[&two, "r.example/web:2"], &["r.example/web"]),
            // Somebody's own pull from elsewhere.
            image("3", &[&three], &["r.example/web", "other.example/web"]),
            image("4", &[&odd], &[]),
            image("5", &[&lives], &["r.example/web"]),
            image("6", &["r.example/imgbuild:6"], &["r.example/imgbuild"]),
        ];
        let held = |names: &[&str]| names.iter().flat_map(|name| kept_for(name)).collect::<BTreeSet<_>>();
        let fell = |id: &str, names: Vec<String>, goes| Fallen { image: id.to_owned(), names, goes };
        let of = |place: &str| format!("{place}@{}", digest("1"));
        let first = fell("1", vec![one, of("imgbuild-keep/gone"), of("r.example/web")], true);
        let second = fell("2", vec![two], false);
        let (third, fourth) = (fell("3", vec![three], false), fell("4", vec![odd], true));
        assert_eq!(forsaken(&all, &held(&["web"])), [first, second, third, fourth.clone()]);
        // Whichever of a swap's names its container has.
        assert_eq!(forsaken(&all, &held(&["web-next", "gone-previous"])), [fourth]);
        assert_eq!(forsaken(&all, &held(&["web", "gone", "Odd.Name-previous"])), []);
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
