//! Where the bytes of an image come from: an engine's export, or the blobs of a registry. They arrive here, and are read
//! on a thread of their own.

use std::io::{ErrorKind, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Inventory;
use super::export::{Export, diff_ids};
use super::layer::{Budget, Hasher, Layer};
use super::merge::merge;
use super::scan::Scan;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::registry::{Manifest, Registry};

/// Pieces that wait to be read.
const AHEAD: usize = 16;

/// What the engine's image `id` holds. It is exported once, and nothing of it is kept. An archive that makes no sense is
/// [`Kind::Engine`].
pub async fn of_export(engine: &Engine, id: &str) -> Result<Inventory> {
    let mut export = engine.export_image(id).await?;
    let (feed, mut pieces) = mpsc::channel::<Bytes>(AHEAD);
    let reader = tokio::task::spawn_blocking(move || {
        let mut reader = Export::new();
        while let Some(piece) = pieces.blocking_recv() {
            reader.push(&piece)?;
        }
        reader.end()
    });
    while let Some(piece) = export.chunk().await? {
        // A reader that stopped says why.
        if feed.send(piece).await.is_err() {
            break;
        }
    }
    drop(feed);
    done(reader)
        .await?
        .map_err(|why| Error::new(Kind::Engine, format!("cannot read the export of image {id}: {why}")))
}

/// What the image holds that `archive` is, as `docker save` writes it. It is read to its end, on this thread.
pub fn of_archive(archive: &mut dyn Read) -> Result<Inventory> {
    let wrong = |why: String| Error::new(Kind::Io, format!("cannot read the archive of an image: {why}"));
    let (mut reader, mut piece) = (Export::new(), vec![0; 256 << 10]);
    loop {
        let read = match archive.read(&mut piece) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(wrong(error.to_string())),
        };
        if read == 0 {
            return reader.end().map_err(wrong);
        }
        reader.push(piece.get(..read).unwrap_or_default()).map_err(wrong)?;
    }
}

/// What the image of `manifest` holds, which is no index, in the repository `path`. Each blob is checked against its digest
/// while it is read. What makes no sense is [`Kind::Registry`].
pub async fn of_registry(registry: &Registry, path: &str, manifest: &Manifest) -> Result<Inventory> {
    let config = registry.config(path, manifest).await?;
    let hasher = Hasher::default();
    let mut budget = Budget::default();
    let mut layers: Vec<Arc<Layer>> = Vec::new();
    let blobs = manifest.layers()?;
    for (nth, blob) in blobs.iter().enumerate() {
        // A layer may stand in an image twice.
        if let Some(layer) =
            blobs.iter().position(|other| other.digest == blob.digest).and_then(|at| layers.get(at))
        {
            layers.push(Arc::clone(layer));
            continue;
        }
        let mut stream = registry.blob_stream(path, blob, 0).await?;
        let (feed, mut pieces) = mpsc::channel::<Bytes>(AHEAD);
        let own = hasher.clone();
        let reader = tokio::task::spawn_blocking(move || {
            let mut scan = Scan::new(own, budget);
            while let Some(piece) = pieces.blocking_recv() {
                scan.push(&piece)?;
            }
            Ok(scan)
        });
        while let Some(piece) = stream.next().await {
            if feed.send(piece?).await.is_err() {
                break;
            }
        }
        drop(feed);
        // The last word of the stream, whether the digest holds, came before this one.
        let scanned = done(reader).await?.and_then(|scan: Scan| scan.end());
        let (layer, left) = scanned.map_err(|why| {
            let digest = &blob.digest;
            let what =
                format!("layer {} of {} ({digest}) of {}/{path}", nth + 1, blobs.len(), registry.host());
            Error::new(Kind::Registry, format!("cannot read {what}: {why}"))
        })?;
        budget = left;
        layers.push(Arc::new(layer));
    }
    let config = serde_json::to_vec(&config).unwrap_or_default();
    Ok(merge(&layers, &hasher, diff_ids(&config, layers.len())))
}

async fn done<T>(reader: JoinHandle<Result<T, String>>) -> Result<Result<T, String>> {
    reader.await.map_err(|cause| {
        Error::new(Kind::Internal, "reading the layers of an image broke off").because(cause)
    })
}
