//! Files of a container by the engine's archive call, which works on containers that were never started and needs no
//! program inside them. Nothing is unpacked, and no more is held in memory than was asked for.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::container_path::of_entry;
use super::containers::short;
use super::fault::Fault;
use super::inspect::answer;
use super::tar_files::TarFiles;
use super::tar_header::FileHeader;
use super::tar_stream::{Part, TarStream};
use super::wire::{Plain, Reply, escape, within};

/// What the engine says about a path without sending its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathStat {
    /// The last part of the path.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Go's `os.FileMode`: permissions in the lowest nine bits, kinds and setuid far above them.
    pub mode: u32,
    /// RFC 3339.
    pub mtime: String,
    /// Of a symbolic link; docker resolves it to an absolute path within the container.
    pub link_target: String,
}

answer! { struct Stat {
    name: String = "name",
    size: i64 = "size",
    mode: u32 = "mode",
    mtime: String = "mtime",
    link_target: String = "linkTarget",
} }

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// What it is; only files have content.
    pub header: FileHeader,
    /// At most as many bytes as were asked for.
    pub bytes: Vec<u8>,
    /// There are more.
    pub cut: bool,
}

const STAT_HEADER: &str = "x-docker-container-path-stat";

impl Engine {
    /// Looks at a path in the container `id`, started or not, without following a link at its end; `None` where there
    /// is none.
    pub async fn stat_path(&self, id: &str, path: &str) -> Result<Option<PathStat>> {
        let stat = within(CALL, async {
            let reply = self.wire.send(self.archive_request(Method::HEAD, id, path)?).await?;
            let header = reply.headers.get(STAT_HEADER).map(http::HeaderValue::as_bytes);
            let json = STANDARD.decode(header.unwrap_or_default()).ok();
            let stat: Option<Stat> = json.and_then(|json| serde_json::from_slice(&json).ok());
            stat.ok_or_else(|| Fault::Garbled(format!("no usable header {STAT_HEADER}")))
        })
        .await;
        let what = || format!("look at {path} in container {}", short(id));
        match stat {
            Ok(stat) => Ok(Some(PathStat {
                name: stat.name,
                size: u64::try_from(stat.size).unwrap_or(0),
                mode: stat.mode,
                mtime: stat.mtime,
                link_target: stat.link_target,
            })),
            // The answer to HEAD has no body: the one to GET tells what is missing.
            Err(refused @ Fault::Refused { .. }) => match self.archive(id, path).await {
                Ok(None) => Ok(None),
                Ok(Some(_)) => Err(self.told(refused, what())),
                Err(fault) => Err(self.told(fault, what())),
            },
            Err(fault) => Err(self.told(fault, what())),
        }
    }

    /// Reads at most `max_bytes` of a file; `None` where there is no such path. Of a link, a folder or a device it gives
    /// the header alone: follow a link with [`resolve_link`](super::resolve_link).
    pub async fn read_file(&self, id: &str, path: &str, max_bytes: u64) -> Result<Option<FileContent>> {
        let max = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let (mut bytes, mut cut) = (Vec::new(), false);
        let header = self
            .first_entry(id, path, &mut |piece| {
                let room = max.saturating_sub(bytes.len()).min(piece.len());
                bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
                cut = room < piece.len();
                if cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .await?;
        Ok(header.map(|header| FileContent { header, bytes, cut }))
    }

    /// Passes a file's content to `sink`, piece by piece: its size costs no memory. `None` where there is no such path.
    pub async fn stream_file(
        &self,
        id: &str,
        path: &str,
        sink: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Option<FileHeader>> {
        self.first_entry(id, path, &mut |piece| {
            sink(piece);
            ControlFlow::Continue(())
        })
        .await
    }

    /// Gives the header of everything at and below `path`, in the order of the archive, a folder before what is in it.
    /// Whether there is such a path. Links are not followed, not even at the end of `path`; contents are received and
    /// passed over.
    pub async fn walk(&self, id: &str, path: &str, on: &mut (dyn FnMut(FileHeader) + Send)) -> Result<bool> {
        let mut tar = TarStream::default();
        let read = async {
            let Some(mut reply) = self.archive(id, path).await? else { return Ok(false) };
            while let Some(chunk) = within(CALL, reply.chunk()).await? {
                let flow = tar.push(&chunk, &mut |part| {
                    if let Part::Entry(header) = part {
                        on(placed(path, header));
                    }
                    ControlFlow::Continue(())
                });
                flow.map(drop).map_err(Fault::Garbled)?;
            }
            whole(tar.is_whole()).map(|()| true)
        };
        read.await.map_err(|fault| self.told(fault, reading(id, path)))
    }

    /// As [`walk`](Self::walk), but gives the files of at most `max` bytes that `wanted` says yes to, with their content.
    /// One file is held at a time.
    pub async fn walk_files(
        &self,
        id: &str,
        path: &str,
        max: u64,
        wanted: &mut (dyn FnMut(&FileHeader) -> bool + Send),
        on: &mut (dyn FnMut(FileHeader, Vec<u8>) + Send),
    ) -> Result<bool> {
        let mut tar = TarFiles::new(max);
        let read = async {
            let Some(mut reply) = self.archive(id, path).await? else { return Ok(false) };
            while let Some(chunk) = within(CALL, reply.chunk()).await? {
                tar.push(
                    &chunk,
                    &mut |header| wanted(&placed(path, header.clone())),
                    &mut |header, bytes| on(placed(path, header), bytes),
                )
                .map_err(Fault::Garbled)?;
            }
            whole(tar.is_whole()).map(|()| true)
        };
        read.await.map_err(|fault| self.told(fault, reading(id, path)))
    }

    /// Unpacks a tar archive below the folder `path`, which must exist.
    pub async fn put_archive(&self, id: &str, path: &str, tar: Vec<u8>) -> Result<()> {
        let sent = within(CALL, async {
            let query = [("path", path.to_owned()), ("noOverwriteDirNonDir", "1".to_owned())];
            let body = Plain::from(Bytes::from(tar));
            let mut put = self.wire.request(Method::PUT, &archive_path(id), &query, body)?;
            let kind = http::HeaderValue::from_static("application/x-tar");
            put.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            self.wire.send(put).await?.collect(1 << 20).await
        });
        let what = || format!("put files into {path} of container {}", short(id));
        sent.await.map(drop).map_err(|fault| self.told(fault, what()))
    }

    /// The archive's first entry: what `path` itself is. The connection is dropped right after it, or once `sink` breaks.
    async fn first_entry(
        &self,
        id: &str,
        path: &str,
        sink: &mut (dyn FnMut(&[u8]) -> ControlFlow<()> + Send),
    ) -> Result<Option<FileHeader>> {
        let (mut tar, mut first) = (TarStream::default(), None);
        let read = async {
            let Some(mut reply) = self.archive(id, path).await? else { return Ok(None) };
            while let Some(chunk) = within(CALL, reply.chunk()).await? {
                let flow = tar.push(&chunk, &mut |part| match part {
                    Part::Entry(header) => {
                        first = Some(placed(path, header));
                        ControlFlow::Continue(())
                    }
                    Part::Bytes(piece) => sink(piece),
                    Part::End => ControlFlow::Break(()),
                });
                if flow.map_err(Fault::Garbled)?.is_break() {
                    return Ok(first);
                }
            }
            Err(Fault::Garbled("an archive that ends before its first entry does".to_owned()))
        };
        read.await.map_err(|fault| self.told(fault, reading(id, path)))
    }

    /// The archive of `path`; `None` where there is no such path.
    async fn archive(&self, id: &str, path: &str) -> Result<Option<Reply>, Fault> {
        let request = self.archive_request(Method::GET, id, path)?;
        match within(CALL, self.wire.send(request)).await {
            Ok(reply) => Ok(Some(reply)),
            Err(fault) => {
                let says = |words| fault.message().contains(words);
                let is_missing = fault.status() == Some(404) && !says("o such container");
                // What stands before it in the path is a file; docker answers 500.
                if is_missing || says("not a directory") { Ok(None) } else { Err(fault) }
            }
        }
    }

    fn archive_request(&self, method: Method, id: &str, path: &str) -> Result<http::Request<Plain>, Fault> {
        self.wire.request(method, &archive_path(id), &[("path", path.to_owned())], Plain::default())
    }
}

fn archive_path(id: &str) -> String {
    format!("/containers/{}/archive", escape(id))
}

fn placed(asked: &str, header: FileHeader) -> FileHeader {
    FileHeader { path: of_entry(asked, &header.path), ..header }
}

fn reading(id: &str, path: &str) -> String {
    format!("read {path} in container {}", short(id))
}

fn whole(is_whole: bool) -> Result<(), Fault> {
    if is_whole { Ok(()) } else { Err(Fault::Garbled("an archive that ends in the middle".to_owned())) }
}

#[cfg(test)]
mod tests;
