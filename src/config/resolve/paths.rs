//! Settings that are paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Layers;
use super::layers::{Asked, Key, join};
use crate::config::model;
use crate::config::origin::{Origin, Sourced};

/// A path of a file starts at that file's folder and stays in the repository, so that nobody's home ends in an image
/// by way of a pull request. Who gives a flag or a variable may read what they like.
pub(super) fn path(
    asked: &mut Asked<'_>,
    layers: &Layers<'_>,
    key: &Key,
    flag: &Option<PathBuf>,
    get: fn(&model::Image) -> Option<&PathBuf>,
) -> Option<Sourced<PathBuf>> {
    if let Some(given) = asked.flag(key, flag).or_else(|| asked.variable_path(key)) {
        return Some(given.map(|path| join(layers.working_folder, &path)));
    }
    let (written, folder) = asked.parts_for(key.file).find_map(|part| {
        let path = get(part.image?)?;
        Some((Sourced::new(path, part.origin(key.file)), part.document().folder(layers.root)))
    })?;
    let folder = join(layers.root, &folder);
    let found = written.map(|path| join(&folder, path));
    let root = join(layers.root, Path::new("."));
    if folder.starts_with(&root) && !found.starts_with(&root) {
        asked.wrong(&found.origin, &format!("{} leads out of the repository", key.file));
    }
    Some(found)
}

/// The files that the strongest part of the file lists, and behind them those of the flags, each once. They start and
/// stay where a single path does.
pub(super) fn paths(
    asked: &mut Asked<'_>,
    layers: &Layers<'_>,
    key: &Key,
    flags: &[PathBuf],
    get: fn(&model::Image) -> Option<&Vec<PathBuf>>,
) -> Vec<Sourced<PathBuf>> {
    let written = asked.parts_for(key.file).find_map(|part| {
        let folder = join(layers.root, &part.document().folder(layers.root));
        let read = |(nth, path): (usize, &PathBuf)| {
            Sourced::new(join(&folder, path), part.origin(&format!("{}[{nth}]", key.file)))
        };
        let all: Vec<Sourced<PathBuf>> = get(part.image?)?.iter().enumerate().map(read).collect();
        Some((folder, all))
    });
    let (folder, mut all) = written.unwrap_or_default();
    let root = join(layers.root, Path::new("."));
    for path in all.iter().filter(|path| folder.starts_with(&root) && !path.starts_with(&root)) {
        asked.offence(&path.origin, &format!("{} leads out of the repository", key.file));
    }
    if !flags.is_empty() {
        asked.unlocked(key, &Origin::Flag(key.flag));
    }
    all.extend(
        flags.iter().map(|path| Sourced::new(join(layers.working_folder, path), Origin::Flag(key.flag))),
    );
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.value.clone()));
    all
}
