//! `imgbuild tags REPO`: the versions that a repository has, its moving tags, and what they resolve to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::gather;
use super::registries::{self, Registries};
use super::session::Session;
use crate::config::Flags;
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, Repository, TagShape, newest_first, tag_shape};

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;

/// The tags of a repository.
#[derive(Debug)]
pub struct Tags {
    /// For people, with a final newline. Names in it come from the registry.
    pub text: String,
    /// The same for programs.
    pub json: serde_json::Value,
}

/// A tag that was looked up.
struct Found {
    tag: String,
    shape: TagShape,
    digest: Digest,
}

/// Lists the tags of the repository `name`. With `all`, the unique tags are looked up, too, of which there is one for
/// each run.
pub async fn tags(session: &Session, flags: &Flags, name: &str, all: bool) -> Result<Tags> {
    let repository: Repository = name.parse().map_err(|cause| {
        Error::new(Kind::Usage, format!("{name:?} is no name of a repository"))
            .because(cause)
            .hint("write it as registry/name, such as ghcr.io/acme/api, without a tag")
    })?;
    let (settings, _) = gather::settings_for_registries(session, flags, None).await?;
    let store = registries::store(session)?.publishing_to(repository.registry());
    let registries = Registries::new(session, &settings, store, None);
    let registry = registries.open(session, &repository)?;
    let path = repository.path();
    let listed = registry.tags(path).await?;
    if listed.is_empty() {
        return Err(Error::new(Kind::Registry, format!("{repository} has no tags"))
            .hint("nothing was pushed there yet, or the name is wrong; some registries hide what a login may not see"));
    }
    let mut counts: BTreeMap<TagShape, usize> = BTreeMap::new();
    let mut wanted = Vec::new();
    for tag in listed {
        let shape = tag_shape(&tag);
        *counts.entry(shape).or_default() += 1;
        if all || !matches!(shape, TagShape::Unique | TagShape::Digest) {
            wanted.push((tag, shape));
        }
    }
    let registry = &registry;
    let heads = wanted.into_iter().map(|(tag, shape)| async move {
        let digest = registry.head(path, &tag).await?;
        Ok::<_, Error>(digest.map(|digest| Found { tag, shape, digest }))
    });
    let found: Vec<Option<Found>> = stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
    // One that went between the list and the look is not there.
    let mut found: Vec<Found> = found.into_iter().flatten().collect();
    found.sort_by(|a, b| a.shape.cmp(&b.shape).then_with(|| newest_first(&a.tag, &b.tag)));
    let left_out: Vec<(TagShape, usize)> = if all {
        Vec::new()
    } else {
        counts.into_iter().filter(|(shape, _)| *shape >= TagShape::Unique).collect()
    };
    Ok(Tags { text: text(&repository, &found, &left_out), json: json(&repository, &found, &left_out) })
}

/// The versions that each digest has: what a moving tag stands for.
fn versions<'a>(found: &'a [Found], digest: &Digest) -> Vec<&'a str> {
    let versions = found.iter().filter(|one| one.shape == TagShape::Version && one.digest == *digest);
    versions.map(|one| one.tag.as_str()).collect()
}

fn text(repository: &Repository, found: &[Found], left_out: &[(TagShape, usize)]) -> String {
    let width = found.iter().map(|one| one.tag.len()).max().unwrap_or_default().min(50);
    let mut text = format!("{repository}\n");
    let mut last = None;
    for one in found {
        let title = if last == Some(one.shape) { "" } else { one.shape.name() };
        last = Some(one.shape);
        let versions = match one.shape {
            TagShape::Version => Vec::new(),
            _ => versions(found, &one.digest),
        };
        let line =
            format!("  {title:<8}  {:<width$}  {}  {}", one.tag, one.digest.short(), versions.join(" "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (shape, count) in left_out {
        let _ = writeln!(text, "  and {count} {}", shape.plural());
    }
    text
}

fn json(repository: &Repository, found: &[Found], left_out: &[(TagShape, usize)]) -> serde_json::Value {
    let one = |one: &Found| {
        serde_json::json!({
            "tag": one.tag, "kind": one.shape.name(), "digest": one.digest, "versions": versions(found, &one.digest),
        })
    };
    let left_out: BTreeMap<&str, usize> =
        left_out.iter().map(|(shape, count)| (shape.name(), *count)).collect();
    let tags: Vec<_> = found.iter().map(one).collect();
    serde_json::json!({"schema": 1, "repository": repository.to_string(), "tags": tags, "left_out": left_out})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_before_what_moves_and_newer_ones_first() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let one = |tag: &str, digest: &Digest| Found {
            tag: tag.to_owned(),
            shape: tag_shape(tag),
            digest: digest.clone(),
        };
        let mut found =
            vec![one("main", &b), one("1.9.0", &a), one("latest", &b), one("1.10.0", &b), one("1", &b)];
        found.sort_by(|a, b| a.shape.cmp(&b.shape).then_with(|| newest_first(&a.tag, &b.tag)));
        let repository = "r.example/acme/api".parse().unwrap();
        let expected = format!(
            "r.example/acme/api\n  version   1.10.0  {b}\n            1.9.0   {a}\n  moving    1       {b}  1.10.0\n            \
             latest  {b}  1.10.0\n            main    {b}  1.10.0\n  and 3 unique tags\n",
            a = a.short(),
            b = b.short()
        );
        assert_eq!(text(&repository, &found, &[(TagShape::Unique, 3)]), expected);
    }
}
