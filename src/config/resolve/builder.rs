//! The layers of what only BuildKit can.

use std::path::{Path, PathBuf};

use super::Layers;
use super::layers::{Asked, Key, join};
use crate::config::flags::Flags;
use crate::config::model;
use crate::config::origin::{Origin, Sourced};
use crate::config::settings::{
    Builder, BuilderSettings, CacheSpec, ContextFrom, Fetched, Handed, HandedBy, Mtime, SourceDate,
};

const BUILDER: Key = Key::variable("image.build.builder", "--builder", "IMGBUILD_BUILDER");
const MTIME: &str = "image.build.mtime";
const CONTEXT: &str = "image.build.context";
const FETCHED: &str = "image.build.fetched";
/// The field's own name for "this is the time of the source".
const SOURCE_DATE: Key = Key::quiet("image.build.source-date-epoch", Some("SOURCE_DATE_EPOCH"));
const REWRITE: &str = "image.build.rewrite-timestamp";
const ENTITLEMENTS: &str = "image.build.entitlements";
const CONTEXTS: Key = Key::flag("image.build.contexts", "--build-context");
const SECRETS: Key = Key::flag("image.build.secrets", "--secret");
const SSH: Key = Key::flag("image.build.ssh", "--ssh");
const CACHE_FROM: Key = Key::flag("image.build.cache-from", "--cache-from");
const CACHE_TO: Key = Key::flag("image.build.cache-to", "--cache-to");

pub(super) fn builder(asked: &mut Asked<'_>, layers: &Layers<'_>, flags: &Flags) -> BuilderSettings {
    let builder = asked
        .flag(&BUILDER, &flags.builder)
        .or_else(|| {
            asked.variable_as(&BUILDER, |word| word.parse::<Builder>().map_err(|why| why.to_string()))
        })
        .or_else(|| asked.image(BUILDER.file, |image| image.build.as_ref()?.builder.map(Into::into)))
        .unwrap_or(Sourced::default(Builder::Auto));
    let source_date = asked
        .variable_as(&SOURCE_DATE, str::parse::<SourceDate>)
        .or_else(|| {
            asked.image(SOURCE_DATE.file, |image| image.build.as_ref()?.source_date_epoch.map(Into::into))
        })
        .unwrap_or(Sourced::default(SourceDate::None));
    BuilderSettings {
        builder,
        context: asked
            .image(CONTEXT, |image| image.build.as_ref()?.context.map(Into::into))
            .unwrap_or(Sourced::default(ContextFrom::Worktree)),
        fetched: fetched(asked),
        source_date,
        rewrite_timestamp: asked
            .image(REWRITE, |image| image.build.as_ref()?.rewrite_timestamp)
            .unwrap_or(Sourced::default(false)),
        entitlements: entitlements(asked),
        mtime: asked
            .image(MTIME, |image| image.build.as_ref()?.mtime.map(Into::into))
            .unwrap_or(Sourced::default(Mtime::Content)),
        secrets: handed(asked, &SECRETS, &flags.secrets, |build| build.secrets.as_ref()),
        agents: handed(asked, &SSH, &flags.ssh, |build| build.ssh.as_ref()),
        contexts: asked.map(&CONTEXTS, |image| image.build.as_ref()?.contexts.as_ref(), &flags.contexts),
        cache_from: caches(asked, layers, &CACHE_FROM, &flags.cache_from, |build| build.cache_from.as_ref()),
        cache_to: caches(asked, layers, &CACHE_TO, &flags.cache_to, |build| build.cache_to.as_ref()),
    }
}

/// The list of the strongest part of the file.
fn fetched(asked: &Asked<'_>) -> Vec<Sourced<Fetched>> {
    let of_part = asked.parts_for(FETCHED).find_map(|part| {
        let list = part.image?.build.as_ref()?.fetched.as_ref()?;
        let one = |(nth, what): (usize, &model::Fetched)| {
            Sourced::new((*what).into(), part.origin(&format!("{FETCHED}[{nth}]")))
        };
        Some(list.iter().enumerate().map(one).collect())
    });
    of_part.unwrap_or_default()
}

/// The ids of the strongest part of the file; a flag says where one is, or adds one.
fn handed(
    asked: &mut Asked<'_>,
    key: &Key,
    flags: &[String],
    get: fn(&model::Build) -> Option<&Vec<String>>,
) -> Vec<Sourced<Handed>> {
    let mut all: Vec<Sourced<Handed>> =
        listed(asked, key, get).into_iter().map(|id| id.map(|id| Handed { id, by: HandedBy::Id })).collect();
    for handed in of_flags::<Handed>(asked, key, flags) {
        match all.iter_mut().find(|known| known.value.id == handed.value.id) {
            Some(known) => *known = handed,
            None => all.push(handed),
        }
    }
    all
}

/// The file's caches were checked with their lines. A folder starts and stays where a path does.
fn caches(
    asked: &mut Asked<'_>,
    layers: &Layers<'_>,
    key: &Key,
    flags: &[String],
    get: fn(&model::Build) -> Option<&Vec<String>>,
) -> Vec<Sourced<CacheSpec>> {
    let is_filled = key.file == CACHE_TO.file;
    let of_part = asked.parts_for(key.file).find(|part| {
        let build = part.image.and_then(|image| image.build.as_ref());
        build.and_then(get).is_some()
    });
    let folder = of_part.map(|part| join(layers.root, &part.document().folder(layers.root)));
    let mut all: Vec<Sourced<CacheSpec>> = Vec::new();
    for text in listed(asked, key, get) {
        let Ok(cache) = text.value.parse() else { continue };
        let mut cache = Sourced::new(cache, text.origin);
        let base = folder.as_deref().unwrap_or(layers.root);
        locate(&mut cache.value, base, is_filled);
        let root = join(layers.root, Path::new("."));
        // Links are held to it when it is opened: now they may lead elsewhere than then.
        cache.value.within = Some(root).filter(|root| base.starts_with(root));
        let leaves = |(found, root): (&PathBuf, &PathBuf)| !found.starts_with(root);
        if cache.folder.as_ref().zip(cache.within.as_ref()).is_some_and(leaves) {
            asked.offence(&cache.origin, &format!("{} leads out of the repository", key.file));
        }
        all.push(cache);
    }
    for mut cache in of_flags::<CacheSpec>(asked, key, flags) {
        if let Err(why) = cache.suits(is_filled) {
            asked.wrong(&cache.origin, &why);
        }
        locate(&mut cache.value, layers.working_folder, is_filled);
        all.push(cache);
    }
    all
}

/// What the strongest part of the file allows.
pub(super) fn entitlements(asked: &Asked<'_>) -> Vec<Sourced<String>> {
    let of_part = asked.parts_for(ENTITLEMENTS).find_map(|part| {
        let list = part.image?.build.as_ref()?.entitlements.as_ref()?;
        let one = |(nth, entitlement): (usize, &model::Entitlement)| {
            Sourced::new(entitlement.as_str().to_owned(), part.origin(&format!("{ENTITLEMENTS}[{nth}]")))
        };
        Some(list.iter().enumerate().map(one).collect())
    });
    of_part.unwrap_or_default()
}

fn locate(cache: &mut CacheSpec, base: &Path, is_filled: bool) {
    if cache.kind == "local" {
        let path = cache.attributes.get(CacheSpec::folder_key(is_filled));
        cache.folder = path.map(|path| join(base, Path::new(path)));
    }
}

fn listed(
    asked: &Asked<'_>,
    key: &Key,
    get: fn(&model::Build) -> Option<&Vec<String>>,
) -> Vec<Sourced<String>> {
    let of_part = asked.parts_for(key.file).find_map(|part| {
        let list = get(part.image?.build.as_ref()?)?;
        let one = |(nth, text): (usize, &String)| {
            Sourced::new(text.clone(), part.origin(&format!("{}[{nth}]", key.file)))
        };
        Some(list.iter().enumerate().map(one).collect())
    });
    of_part.unwrap_or_default()
}

fn of_flags<T: std::str::FromStr<Err = String>>(
    asked: &mut Asked<'_>,
    key: &Key,
    flags: &[String],
) -> Vec<Sourced<T>> {
    let origin = Origin::Flag(key.flag);
    if !flags.is_empty() {
        asked.unlocked(key, &origin);
    }
    let mut all = Vec::new();
    for text in flags {
        match text.parse::<T>() {
            Ok(value) => all.push(Sourced::new(value, origin.clone())),
            Err(why) => asked.wrong(&origin, &why),
        }
    }
    all
}
