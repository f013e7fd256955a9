//! What no layer can know by itself.

use std::collections::BTreeSet;

use super::layers::Asked;
use crate::config::flags::Flags;
use crate::config::origin::Origin;
use crate::config::settings::{Builder, Mtime, Role, Settings};
use crate::config::{grammar, repository};
use crate::image::{Reserved, reserved};

/// Notes every contradiction, and what this version cannot do.
pub(super) fn check(asked: &mut Asked<'_>, flags: &Flags, settings: &Settings) {
    for (name, _) in &flags.build_args {
        if let Err(why) = grammar::argument(name) {
            asked.wrong(&Origin::Flag("--build-arg"), &why);
        }
    }
    for (key, _) in &flags.labels {
        if let Err(why) = grammar::label(key) {
            asked.wrong(&Origin::Flag("--label"), &why);
        }
    }
    // Never dropped in silence: a build that needs a secret and gets none fails later and darker.
    let builder = &settings.builder;
    if builder.builder.value == Builder::Classic
        && let Some((key, origin)) = builder.needs_buildkit(true)
    {
        let why = format!("{key} ({origin}) needs BuildKit, which the classic builder is not");
        asked.wrong(&builder.builder.origin.clone(), &why);
    }
    // A commit has one time, which says nothing of what is in its files.
    if builder.is_of_commit() && builder.mtime.value == Mtime::Real {
        let why =
            format!("`real` asks for the times of files, and a commit has none ({})", builder.context.origin);
        asked.wrong(&builder.mtime.origin.clone(), &why);
    }
    caches_have_folders(asked, settings);
    repository_fits_roles(asked, settings);
    tags_fit_variant(asked, settings);
}

/// A cache is no context, and two caches in one folder would be told apart by nothing that the builder says.
fn caches_have_folders(asked: &mut Asked<'_>, settings: &Settings) {
    let builder = &settings.builder;
    let from = builder.cache_from.iter().map(|cache| (cache, false));
    let mut filled = BTreeSet::new();
    for (cache, is_filled) in from.chain(builder.cache_to.iter().map(|cache| (cache, true))) {
        let Some(folder) = &cache.folder else { continue };
        let why = if settings.context.value.starts_with(folder) {
            format!(
                "{}: the build context is, or is in, this folder: name one of the cache's own",
                cache.value
            )
        } else if is_filled && !filled.insert(folder) {
            format!("{}: another cache fills the same folder: name one for each", cache.value)
        } else {
            continue;
        };
        match &cache.origin {
            flag @ Origin::Flag(_) => asked.wrong(flag, &why),
            of_file => asked.offence(of_file, &why),
        }
    }
}

/// What a template alone is refused for, with the variant behind it.
fn tags_fit_variant(asked: &mut Asked<'_>, settings: &Settings) {
    let Some(variant) = &settings.variant else { return };
    for tag in &settings.tags {
        let Some(literal) = tag.literal() else { continue };
        let stem = literal.strip_suffix(variant.as_str()).and_then(|stem| stem.strip_suffix('-'));
        let form = stem.and_then(|stem| reserved(stem, &[]));
        if literal == variant.value || matches!(form, Some(Reserved::Version | Reserved::PullRequest)) {
            let why = format!(
                "`{literal}` is a tag of the variant `{}`, which imgbuild sets itself",
                variant.value
            );
            asked.wrong(&tag.origin, &why);
        }
    }
}

fn repository_fits_roles(asked: &mut Asked<'_>, settings: &Settings) {
    let Some(name) = settings.repository.as_ref().filter(|_| !settings.registries.is_empty()) else { return };
    if repository::host(name).is_some() {
        asked.wrong(
            &name.origin,
            &format!(
                "`{}` names a registry, but with [registries] the repository is a bare name that is joined to the \
                 role's prefix",
                name.value
            ),
        );
        return;
    }
    for role in Role::ALL {
        let Some(entry) = settings.registries.get(role) else { continue };
        if let Err(why) = repository::check(&repository::join(&entry.prefix, name)) {
            asked.wrong(
                &name.origin,
                &format!("joined to the {} prefix, the repository {why}", role.as_str()),
            );
        }
    }
}
