//! Entries of a listing as the builder's file protocol has them.
//!
//! The builder compares path, mode, size, time and link target with what it kept of an earlier session, and asks for the
//! content only where one of them differs.

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};

use crate::context::{EntryKind, SentEntry};
use crate::error::{Error, Kind, Result};

/// Bits of Go's `os.FileMode`.
const FOLDER: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;

/// The packet that tells of an entry; `nanos` is the time that it is said to be of, since 1970.
pub(super) fn stat(entry: &SentEntry<'_>, nanos: i64) -> Result<Packet> {
    let mode = match entry.kind {
        EntryKind::Dir => FOLDER | entry.mode,
        EntryKind::Symlink => SYMLINK | 0o777,
        EntryKind::File | EntryKind::Hardlink => entry.mode,
    };
    let linkname = match &entry.target {
        Some(target) => text(target)?,
        None => String::new(),
    };
    let stat = Stat {
        path: text(&entry.path)?,
        mode,
        size: i64::try_from(entry.size).unwrap_or(i64::MAX),
        mod_time: nanos,
        linkname,
        ..Stat::default()
    };
    Ok(Packet { stat: Some(stat), ..packet(PacketType::PacketStat) })
}

/// Behind the last entry.
pub(super) fn last_stat() -> Packet {
    packet(PacketType::PacketStat)
}

/// A piece of the content of the entry `id`; an empty one ends it.
pub(super) fn data(id: u32, data: Vec<u8>) -> Packet {
    Packet { id, data, ..packet(PacketType::PacketData) }
}

/// All was sent that was asked for.
pub(super) fn fin() -> Packet {
    packet(PacketType::PacketFin)
}

/// Why the transfer ends.
pub(super) fn failed(why: &str) -> Packet {
    Packet { data: why.as_bytes().to_vec(), ..packet(PacketType::PacketErr) }
}

fn packet(kind: PacketType) -> Packet {
    Packet { r#type: kind.into(), ..Packet::default() }
}

fn text(path: &[u8]) -> Result<String> {
    String::from_utf8(path.to_vec()).map_err(|_| {
        Error::new(
            Kind::Config,
            format!("BuildKit cannot be sent {:?}: it is not UTF-8", String::from_utf8_lossy(path)),
        )
        .hint("rename it, name it in .dockerignore, or build with --builder classic")
    })
}
