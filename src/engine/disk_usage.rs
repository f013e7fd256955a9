//! How many bytes on the engine's disk what gives back, and the cache of its builder.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;

use super::client::{CALL, Engine};
use super::inspect::answer;
use super::wire::{Plain, within};
use crate::error::{Error, Kind, Result};

/// Deleting a cache of a hundred gigabytes takes minutes.
const PRUNE: Duration = Duration::from_secs(1800);

/// What the engine's things take of its disk, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// What goes with an image alone, by its id; intermediate images of the builder are not told.
    pub images: BTreeMap<String, u64>,
    /// What a container wrote, by its id.
    pub containers: BTreeMap<String, u64>,
    /// All of the builder's cache, without what images share with it.
    pub cache: u64,
    /// What of it no build uses now.
    pub idle_cache: u64,
}

answer! { struct Told {
    images: Vec<ImageRow> = "Images",
    containers: Vec<ContainerRow> = "Containers",
    cache: Vec<CacheRow> = "BuildCache",
} }
answer! { struct ImageRow {
    id: String = "Id",
    size: i64 = "Size",
    shared: i64 = "SharedSize",
} }
answer! { struct ContainerRow {
    id: String = "Id",
    written: i64 = "SizeRw",
} }
answer! { struct CacheRow {
    size: i64 = "Size",
    in_use: bool = "InUse",
    shared: bool = "Shared",
} }
answer! { struct Pruned {
    bytes: u64 = "SpaceReclaimed",
} }

impl Engine {
    /// What takes how much. The engine adds it all up, which takes seconds where there is much.
    pub async fn disk_usage(&self) -> Result<DiskUsage> {
        let told: Told = self
            .wire
            .get("/system/df", &[], CALL)
            .await
            .map_err(|fault| self.told(fault, "tell what takes how much of the disk"))?;
        // What is not known is told as -1.
        let bytes = |size: i64| u64::try_from(size).unwrap_or_default();
        let own = |row: ImageRow| (row.id, bytes(row.size).saturating_sub(bytes(row.shared)));
        let cache = |row: &&CacheRow| !row.shared;
        let sum = |rows: &mut dyn Iterator<Item = &CacheRow>| {
            rows.fold(0, |sum: u64, row| sum.saturating_add(bytes(row.size)))
        };
        Ok(DiskUsage {
            cache: sum(&mut told.cache.iter().filter(cache)),
            idle_cache: sum(&mut told.cache.iter().filter(cache).filter(|row| !row.in_use)),
            images: told.images.into_iter().map(own).collect(),
            containers: told.containers.into_iter().map(|row| (row.id, bytes(row.written))).collect(),
        })
    }

    /// Removes what was used longest ago from the builder's cache until no more than `keep` bytes are left, or a build uses
    /// the rest. Gives the bytes that it gave back.
    pub async fn prune_build_cache(&self, keep: u64) -> Result<u64> {
        if self.info().podman {
            return Err(Error::new(Kind::Engine, "podman has no build cache that could be made smaller")
                .hint("its cache are images: `podman image prune` removes those that nothing names"));
        }
        let query = [("keep-storage", keep.to_string()), ("all", "1".to_owned())];
        let answer = within(PRUNE, async {
            let request = self.wire.request(Method::POST, "/build/prune", &query, Plain::default())?;
            self.wire.send(request).await?.collect(16 << 20).await
        });
        let told = |fault| self.told(fault, "make the build cache smaller");
        let body = answer.await.map_err(told)?;
        let pruned: Pruned = serde_json::from_slice(&body)
            .map_err(|error| told(super::fault::Fault::Garbled(error.to_string())))?;
        Ok(pruned.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    #[tokio::test]
    async fn what_is_shared_gives_nothing_back() {
        let text = r#"{"Images":[{"Id":"a","Size":100,"SharedSize":30},{"Id":"b","Size":-1,"SharedSize":-1}],
            "Containers":[{"Id":"c","SizeRw":7},{"Id":"d"}],
            "BuildCache":[{"Size":5,"InUse":true},{"Size":3},{"Size":90,"Shared":true}]}"#;
        let script = vec![
            ("GET /v1.51/system/df", Act::Answer(200, text.to_owned())),
            (
                "POST /v1.51/build/prune?keep-storage=4&all=1",
                Act::Answer(200, r#"{"SpaceReclaimed":3}"#.to_owned()),
            ),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                let usage = engine.disk_usage().await.unwrap();
                let map = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
                    pairs.iter().map(|(id, bytes)| ((*id).to_owned(), *bytes)).collect()
                };
                assert_eq!(usage.images, map(&[("a", 70), ("b", 0)]));
                assert_eq!(usage.containers, map(&[("c", 7), ("d", 0)]));
                assert_eq!((usage.cache, usage.idle_cache), (8, 3));
                assert_eq!(engine.prune_build_cache(4).await.unwrap(), 3);
            })
            .await;
    }
}
