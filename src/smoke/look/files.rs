//! Files of a container, started or not, by what the engine says of them: nothing runs inside, and nothing is written here.

use sha2::Digest as _;

use super::go_mode::GoMode;
use crate::engine::{Engine, FileHeader, PathStat, resolve_link};
use crate::error::Result;
use crate::expect::FileKind;

/// How many links are followed, as by the kernel.
const LINKS: usize = 40;

/// The container that is looked into.
#[derive(Clone, Copy)]
pub(in crate::smoke) struct Place<'a> {
    /// Its engine.
    pub(in crate::smoke) engine: &'a Engine,
    /// Its id.
    pub(in crate::smoke) id: &'a str,
}

/// Something at a path.
#[derive(Debug, Clone)]
pub(in crate::smoke) struct Found {
    /// Where it is, once links have been followed.
    pub(in crate::smoke) path: String,
    /// What the engine says of it.
    pub(in crate::smoke) stat: PathStat,
}

impl Found {
    /// Kind and permissions.
    pub(in crate::smoke) fn mode(&self) -> GoMode {
        GoMode(self.stat.mode)
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(in crate::smoke) struct Content {
    /// The beginning.
    pub(in crate::smoke) bytes: Vec<u8>,
    /// There are more.
    pub(in crate::smoke) cut: bool,
    /// Hexadecimal sums of all of it, MD5, SHA-256 and SHA-512, where they were asked for.
    pub(in crate::smoke) sums: [Option<String>; 3],
}

/// A sum of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::smoke) enum Sum {
    Md5,
    Sha256,
    Sha512,
}

/// What is at `path`; folders on the way may be links, one at its end is followed where `follow` says so. The inner
/// error says why nobody can tell.
pub(in crate::smoke) async fn find(
    place: Place<'_>,
    path: &str,
    follow: bool,
) -> Result<Result<Option<Found>, String>> {
    // As the kernel has it, a slash at the end means the folder that a link leads to.
    let is_folder = path.ends_with('/');
    let follow = follow || is_folder;
    let mut path = resolve_link("/", path);
    for _ in 0..=LINKS {
        let stat = match look(place, place.engine.stat_path(place.id, &path).await).await? {
            Ok(Some(stat)) => stat,
            Ok(None) => return Ok(Ok(None)),
            Err(why) => return Ok(Err(why)),
        };
        let kind = GoMode(stat.mode).kind();
        if !follow || kind != Some(FileKind::Symlink) {
            let wanted = !is_folder || kind == Some(FileKind::Directory);
            return Ok(Ok(wanted.then_some(Found { path, stat })));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        path = resolve_link(&folder, &stat.link_target);
    }
    Ok(Err(format!("more than {LINKS} links lead on from there")))
}

/// Owner and the like of what is at `path`, which is no socket; `None` where there is nothing.
pub(in crate::smoke) async fn header(
    place: Place<'_>,
    path: &str,
) -> Result<Result<Option<FileHeader>, String>> {
    let read = place.engine.read_file(place.id, path, 0).await;
    Ok(look(place, read).await?.map(|content| content.map(|content| content.header)))
}

/// Reads the file at `path`, which is no link: at most `max` bytes are kept, and all are read where sums are asked for.
pub(in crate::smoke) async fn content(
    place: Place<'_>,
    path: &str,
    max: u64,
    sums: &[Sum],
) -> Result<Result<Option<Content>, String>> {
    if sums.is_empty() {
        let read = place.engine.read_file(place.id, path, max).await;
        let content = |read: crate::engine::FileContent| Content {
            bytes: read.bytes,
            cut: read.cut,
            sums: Default::default(),
        };
        return Ok(look(place, read).await?.map(|read| read.map(content)));
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let wants = |sum: Sum| sums.contains(&sum);
    let mut md5 = wants(Sum::Md5).then(md5::Md5::new);
    let mut sha256 = wants(Sum::Sha256).then(sha2::Sha256::new);
    let mut sha512 = wants(Sum::Sha512).then(sha2::Sha512::new);
    let mut content = Content::default();
    let mut sink = |piece: &[u8]| {
        let room = max.saturating_sub(content.bytes.len()).min(piece.len());
        content.bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
        content.cut |= room < piece.len();
        md5.iter_mut().for_each(|sum| sum.update(piece));
        sha256.iter_mut().for_each(|sum| sum.update(piece));
        sha512.iter_mut().for_each(|sum| sum.update(piece));
    };
    let read = place.engine.stream_file(place.id, path, &mut sink).await;
    let read = look(place, read).await?;
    content.sums = [
        md5.map(|sum| hex(&sum.finalize())),
        sha256.map(|sum| hex(&sum.finalize())),
        sha512.map(|sum| hex(&sum.finalize())),
    ];
    Ok(read.map(|read| read.map(|_| content)))
}

/// The whole text of the file that `path` leads to; `None` where there is none. More than `max` bytes are an error.
pub(in crate::smoke) async fn text(
    place: Place<'_>,
    path: &str,
    max: u64,
) -> Result<Result<Option<Vec<u8>>, String>> {
    let found = match find(place, path, true).await? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(None)),
        Err(why) => return Ok(Err(format!("{path}: {why}"))),
    };
    Ok(match content(place, &found.path, max, &[]).await? {
        Ok(Some(content)) if content.cut => Err(format!("{path} is larger than {max} bytes")),
        read => read.map(|read| read.map(|content| content.bytes)),
    })
}

/// An engine that refuses a path (too many links, a name that is too long) and has the container still is not at fault:
/// its words become the inner error.
pub(in crate::smoke) async fn look<T>(place: Place<'_>, looked: Result<T>) -> Result<Result<T, String>> {
    match looked {
        Ok(seen) => Ok(Ok(seen)),
        Err(error) => match place.engine.inspect_container(place.id).await {
            Ok(Some(_)) => Ok(Err(error.message().to_owned())),
            _ => Err(error),
        },
    }
}

fn hex(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
