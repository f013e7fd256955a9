//! What the final image shows of its layers.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::layer::{Hasher, Item, Layer};
use super::packages::Found;
use super::{Inventory, OsRelease, Package, leftover};
use crate::engine::resolve_link;
use crate::rules::facts::{FileFacts, Leftover, OpenAccount, SecretFile, SetuidFile};

/// Links that are followed on the way to one file.
const MAX_LINKS: usize = 40;

/// Folders that are looked at for all links of an image together: whoever makes one may have each lead through thousands.
const MAX_STEPS: u32 = 20_000_000;

/// Where the tools of distributions look for their lists.
const SYSTEM: [&str; 6] = [
    "/var/lib/dpkg/status",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/share/rpm/rpmdb.sqlite",
];
/// A folder of lists of one package each, for images without dpkg.
const STATUS_FOLDER: &str = "/var/lib/dpkg/status.d";

/// The layers, the lowest first, which `diff_ids` names.
pub(super) fn merge(layers: &[Arc<Layer>], hasher: &Hasher, diff_ids: Vec<String>) -> Inventory {
    let view = View { layers, hasher, above: Above::of(layers), steps: Cell::new(MAX_STEPS) };
    let mut packages = view.system_packages();
    let mut files = FileFacts { layers: diff_ids, ..FileFacts::default() };
    for (nth, layer) in layers.iter().enumerate() {
        for (path, items) in &layer.items {
            let hidden = view.is_hidden(nth, path);
            for item in items {
                match item {
                    Item::Packages(found) if !hidden => {
                        packages.extend(found.iter().map(|one| one.at(path, nth)));
                    }
                    Item::Setuid { mode, uid, gid } if !hidden => files.setuid.push(SetuidFile {
                        path: path.clone(),
                        setuid: mode & 0o4000 != 0,
                        setgid: mode & 0o2000 != 0,
                        uid: *uid,
                        gid: *gid,
                    }),
                    Item::Secret(signs) => files.secrets.push(SecretFile {
                        path: path.clone(),
                        layer: nth,
                        hidden,
                        signs: signs.clone(),
                    }),
                    _ => {}
                }
            }
        }
        files.leftovers.extend(view.leftovers(nth, layer));
    }
    files.open_accounts = view.open_accounts();
    files.setuid.sort();
    files.secrets.sort();
    files.leftovers.sort();
    packages.sort();
    packages.dedup();
    let os = view.os();
    let mut notes = notes(layers);
    if view.steps.get() == 0 {
        notes.push("its links lead further than is followed: what they lead to may be left out".to_owned());
    }
    Inventory { packages, os, files, notes }
}

fn notes(layers: &[Arc<Layer>]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for note in layers.iter().flat_map(|layer| &layer.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    if layers.iter().any(|layer| layer.is_partial) {
        notes.push(
            "the image has more files than are kept: what later layers delete may count as being there"
                .to_owned(),
        );
    }
    notes
}

/// Of each path the highest layer that has it: 48 bits of its hash, and the layer. Sorted.
#[derive(Default)]
struct Above {
    covered: Vec<u64>,
    opaque: Vec<u64>,
    folders: Vec<u64>,
}

/// The bits of a layer's number, of which an image has less than a thousand.
const LAYER: u64 = 0xffff;

impl Above {
    fn of(layers: &[Arc<Layer>]) -> Above {
        let all = |of: fn(&Layer) -> &Vec<u64>| {
            let mut keys: Vec<u64> = Vec::with_capacity(layers.iter().map(|layer| of(layer).len()).sum());
            for (nth, layer) in layers.iter().enumerate() {
                keys.extend(of(layer).iter().map(|hash| hash & !LAYER | (nth as u64 & LAYER)));
            }
            keys.sort_unstable();
            keys
        };
        Above {
            covered: all(|layer| &layer.covered),
            opaque: all(|layer| &layer.opaque),
            folders: all(|layer| &layer.folders),
        }
    }
}

/// The highest layer that has what `hash` is of.
fn highest(sorted: &[u64], hash: u64) -> Option<usize> {
    let end = sorted.partition_point(|key| *key <= hash | LAYER);
    let key = sorted.get(end.checked_sub(1)?)?;
    (key | LAYER == hash | LAYER).then(|| usize::try_from(key & LAYER).unwrap_or_default())
}

struct View<'a> {
    layers: &'a [Arc<Layer>],
    hasher: &'a Hasher,
    above: Above,
    /// Folders that may still be looked at on the way through links.
    steps: Cell<u32>,
}

impl View<'_> {
    /// Whether a layer above the `nth` hides what that one has at `path`.
    fn is_hidden(&self, nth: usize, path: &str) -> bool {
        let Above { covered, opaque, folders } = &self.above;
        let is_above = |sorted: &[u64], hash: u64| highest(sorted, hash).is_some_and(|top| top > nth);
        let own = self.hasher.of(path);
        is_above(covered, own)
            || is_above(folders, own)
            || self.hasher.above(path).any(|folder| is_above(covered, folder) || is_above(opaque, folder))
    }

    /// The layer whose entry at `path` is seen, where that is no folder.
    fn top(&self, path: &str) -> Option<usize> {
        let nth = highest(&self.above.covered, self.hasher.of(path))?;
        self.step(u32::try_from(path.len()).unwrap_or(u32::MAX))?;
        (!self.is_hidden(nth, path)).then_some(nth)
    }

    /// Counts what following links takes; `None` where it is too much.
    fn step(&self, count: u32) -> Option<()> {
        let left = self.steps.get().saturating_sub(count);
        self.steps.set(left);
        (left > 0).then_some(())
    }

    /// Where `path` leads to through links, those of its folders included, and the layer that has the file.
    fn resolve(&self, path: &str) -> Option<(usize, String)> {
        let (mut path, mut links) = (resolve_link("/", path), 0);
        'again: loop {
            let ends: Vec<usize> =
                path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]).collect();
            for end in ends {
                let part = path.get(..end).unwrap_or_default();
                self.step(u32::try_from(part.len()).unwrap_or(u32::MAX))?;
                let Some(nth) = self.top(part) else { continue };
                let Some(link) = self.layers.get(nth).and_then(|layer| layer.links.get(part)) else {
                    continue;
                };
                if link.is_hard {
                    // It is a file of this very layer, whatever lies above that now.
                    return (end == path.len()).then(|| (nth, link.target.clone()));
                }
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
                let target = resolve_link(folder, &link.target);
                path = resolve_link("/", &format!("{target}{}", path.get(end..).unwrap_or_default()));
                continue 'again;
            }
            return self.top(&path).map(|nth| (nth, path));
        }
    }

    /// What the file at `path` says, with where it really is.
    fn items(&self, path: &str) -> Option<(usize, String, &[Item])> {
        let (nth, path) = self.resolve(path)?;
        let items = self.layers.get(nth)?.items.get(&path)?;
        Some((nth, path, items))
    }

    fn system_packages(&self) -> Vec<Package> {
        let mut packages = Vec::new();
        let mut seen = BTreeSet::new();
        let mut take = |nth: usize, real: &str, asked: &str, items: &[Item]| {
            if !seen.insert(real.to_owned()) {
                return;
            }
            let found = items.iter().filter_map(|item| match item {
                Item::System(found) => Some(found),
                _ => None,
            });
            packages.extend(found.flatten().map(|one: &Found| one.at(asked, nth)));
        };
        for path in SYSTEM {
            if let Some((nth, real, items)) = self.items(path) {
                take(nth, &real, path, items);
            }
        }
        for layer in self.layers {
            // Its names are sorted, and what begins so stands together.
            let below = format!("{STATUS_FOLDER}/");
            let listed = layer.items.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
            for (path, _) in listed {
                if let Some((nth, real, items)) = self.items(path) {
                    take(nth, &real, path, items);
                }
            }
        }
        packages
    }

    fn os(&self) -> Option<OsRelease> {
        ["/etc/os-release", "/usr/lib/os-release"].into_iter().find_map(|path| {
            self.items(path)?.2.iter().find_map(|item| match item {
                Item::Os(os) => Some(os.clone()),
                _ => None,
            })
        })
    }

    fn open_accounts(&self) -> Vec<OpenAccount> {
        let mut accounts = Vec::new();
        for file in ["/etc/passwd", "/etc/shadow"] {
            let items = self.items(file).map(|(_, _, items)| items).unwrap_or_default();
            for item in items {
                if let Item::OpenAccounts(names) = item {
                    let open = |name: &String| OpenAccount { file: file.to_owned(), name: name.clone() };
                    accounts.extend(names.iter().map(open));
                }
            }
        }
        accounts.sort();
        accounts
    }

    fn leftovers(&self, nth: usize, layer: &Layer) -> Vec<Leftover> {
        let mut folders: BTreeMap<&str, Leftover> = BTreeMap::new();
        for ((folder, child), heap) in &layer.leftovers {
            let sum = folders.entry(folder).or_insert_with(|| Leftover {
                path: folder.clone(),
                what: leftover::what(folder),
                layer: nth,
                hidden: 0,
                files: 0,
                bytes: 0,
            });
            sum.files = sum.files.saturating_add(heap.files);
            sum.bytes = sum.bytes.saturating_add(heap.bytes);
            if self.is_hidden(nth, &format!("{folder}/{child}")) {
                sum.hidden = sum.hidden.saturating_add(heap.files);
            }
        }
        folders.into_values().collect()
    }
}
