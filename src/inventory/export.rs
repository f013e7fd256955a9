//! An image as an engine exports it, in both layouts: docker's own (`HASH/layer.tar`) and OCI's (`blobs/sha256/HASH`).
//! `manifest.json`, which names the layers in their order, may come last, so every layer is read as it comes.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Deserialize;

use super::Inventory;
use super::layer::{Budget, Hasher, Layer};
use super::merge::merge;
use super::scan::Scan;
use crate::engine::{EntryKind, FileHeader, Part, TarStream, resolve_link};

/// Bytes of a manifest or a configuration.
const MAX_DOCUMENT: u64 = 4 << 20;
/// Documents that are kept, and layers, of which no engine takes more than 127.
const MAX_DOCUMENTS: usize = 64;
const MAX_LAYERS: usize = 512;
/// Tells a layer from a document.
const HEAD: usize = 512;

/// Reads an export as it passes by.
pub(super) struct Export {
    tar: TarStream,
    parts: Parts,
    open: Open,
}

/// What was read.
#[derive(Default)]
struct Parts {
    hasher: Hasher,
    budget: Budget,
    documents: BTreeMap<String, Vec<u8>>,
    /// Or why it could not be read, which matters where the image has it.
    layers: BTreeMap<String, Result<Arc<Layer>, String>>,
    /// Of two equal layers one is a link to the other.
    links: BTreeMap<String, String>,
}

/// The entry that passes by.
enum Open {
    Nothing,
    Unknown { path: String, head: Vec<u8>, size: u64 },
    Document { path: String, bytes: Vec<u8> },
    Layer { path: String, scan: Box<Scan>, wrong: Option<String> },
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Config", default)]
    config: String,
    #[serde(rename = "Layers", default)]
    layers: Option<Vec<String>>,
}

impl Export {
    pub(super) fn new() -> Export {
        Export { tar: TarStream::default(), parts: Parts::default(), open: Open::Nothing }
    }

    /// Takes the next bytes. The error says what is wrong with the archive.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Export { tar, parts, open } = self;
        let flow = tar.push(bytes, &mut |part| {
            match part {
                Part::Entry(header) => *open = parts.begin(header),
                Part::Bytes(piece) => open.take(piece, parts),
                Part::End => parts.end(std::mem::replace(open, Open::Nothing)),
            }
            ControlFlow::Continue(())
        });
        flow.map(drop)
    }

    /// What the image holds. The error says what the export lacks, or which layer could not be read.
    pub(super) fn end(self) -> Result<Inventory, String> {
        if !self.tar.is_whole() {
            return Err("it ends in the middle".to_owned());
        }
        let parts = self.parts;
        let bytes = parts.documents.get("manifest.json").ok_or("it has no manifest.json")?;
        let manifests: Vec<Manifest> = serde_json::from_slice(bytes)
            .map_err(|error| format!("its manifest.json cannot be read: {error}"))?;
        let [manifest] = manifests.as_slice() else {
            return Err(format!("its manifest.json names {} images", manifests.len()));
        };
        let names = manifest.layers.as_deref().unwrap_or_default();
        let mut layers = Vec::new();
        for (nth, name) in names.iter().enumerate() {
            let what = |why: &str| format!("layer {} of {}: {why}", nth + 1, names.len());
            let real = parts.links.get(name).unwrap_or(name);
            match parts.layers.get(real) {
                Some(Ok(layer)) => layers.push(Arc::clone(layer)),
                Some(Err(why)) => return Err(what(why)),
                None => return Err(what(&format!("the export does not hold {name:?}"))),
            }
        }
        let config = parts.documents.get(&manifest.config).map(Vec::as_slice).unwrap_or_default();
        Ok(merge(&layers, &parts.hasher, diff_ids(config, layers.len())))
    }
}

/// The digests of the layers, unpacked, as an image's configuration has them: exactly `count`.
pub(super) fn diff_ids(config: &[u8], count: usize) -> Vec<String> {
    #[derive(Deserialize)]
    struct Config {
        rootfs: RootFs,
    }
    #[derive(Deserialize)]
    struct RootFs {
        diff_ids: Vec<String>,
    }
    let told =
        serde_json::from_slice::<Config>(config).map(|config| config.rootfs.diff_ids).unwrap_or_default();
    let told = told.into_iter().map(|id| id.chars().take(128).collect());
    told.chain(std::iter::repeat(String::new())).take(count).collect()
}

impl Parts {
    fn begin(&mut self, header: FileHeader) -> Open {
        let path = resolve_link("/", &header.path).trim_start_matches('/').to_owned();
        let room = self.layers.len() < MAX_LAYERS;
        match header.kind {
            EntryKind::Symlink if room && self.links.len() < MAX_LAYERS => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let target = resolve_link(folder, &header.link_target).trim_start_matches('/').to_owned();
                self.links.insert(path, target);
                Open::Nothing
            }
            EntryKind::File if room && header.size > 0 => {
                Open::Unknown { path, head: Vec::new(), size: header.size }
            }
            _ => Open::Nothing,
        }
    }

    fn end(&mut self, open: Open) {
        match open {
            Open::Nothing | Open::Unknown { .. } => {}
            Open::Document { path, bytes } => {
                if self.documents.len() < MAX_DOCUMENTS {
                    self.documents.insert(path, bytes);
                }
            }
            Open::Layer { path, scan, wrong } => {
                let read = match wrong {
                    Some(why) => Err(why),
                    None => scan.end().map(|(layer, budget)| {
                        self.budget = budget;
                        Arc::new(layer)
                    }),
                };
                self.layers.insert(path, read);
            }
        }
    }
}

impl Open {
    fn take(&mut self, bytes: &[u8], parts: &Parts) {
        match self {
            Open::Nothing => {}
            Open::Document { bytes: kept, .. } => kept.extend_from_slice(bytes),
            Open::Layer { scan, wrong, .. } => {
                if wrong.is_none() {
                    *wrong = scan.push(bytes).err();
                }
            }
            Open::Unknown { path, head, size } => {
                let room = HEAD.saturating_sub(head.len()).min(bytes.len());
                head.extend_from_slice(bytes.get(..room).unwrap_or_default());
                let is_all = usize::try_from(*size).is_ok_and(|size| head.len() >= size);
                if head.len() < HEAD && !is_all {
                    return;
                }
                let (path, head) = (std::mem::take(path), std::mem::take(head));
                *self = if is_document(&head) {
                    let fits = *size <= MAX_DOCUMENT;
                    if fits { Open::Document { path, bytes: Vec::new() } } else { Open::Nothing }
                } else {
                    let scan = Box::new(Scan::new(parts.hasher.clone(), parts.budget));
                    Open::Layer { path, scan, wrong: None }
                };
                self.take(&head, parts);
                self.take(bytes.get(room..).unwrap_or_default(), parts);
            }
        }
    }
}

/// JSON, and no archive whose first file's name begins so.
fn is_document(head: &[u8]) -> bool {
    let begins = head.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(begins, Some(b'{' | b'[')) && head.get(257..262) != Some(b"ustar")
}
