//! What is known of a file.

use crate::source::FileState;

/// Bytes of a record on the disk.
pub(super) const SIZE: usize = 64;
/// Nanoseconds for which a file's times have to have passed. Until then it may change once more without another time: file
/// systems count in ticks, some in whole seconds.
const RACY: i64 = 2_000_000_000;

/// A file by its identity, the state that it was in, and the hash of its content then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// Nanoseconds since 1970, as is the next.
    pub(super) modified: i64,
    pub(super) changed: i64,
    /// The git blob id.
    pub(super) blob: [u8; 20],
    /// The run that needed it last, by number.
    pub(super) run: u32,
}

impl Record {
    /// A file's state, without a hash; `None` where its times are beyond the years 1677 to 2262.
    pub(super) fn of(state: &FileState) -> Option<Record> {
        let nanos = |(s, ns): (i64, i64)| s.checked_mul(1_000_000_000)?.checked_add(ns);
        Some(Record {
            device: state.device,
            inode: state.inode,
            size: state.size,
            modified: nanos(state.modified)?,
            changed: nanos(state.changed)?,
            blob: [0; 20],
            run: 0,
        })
    }

    /// Which file it is; records are sorted by it.
    pub(super) fn key(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether both are the same file in the same state.
    pub(super) fn is_state(&self, other: &Record) -> bool {
        let state = |r: &Record| (r.key(), r.size, r.modified, r.changed);
        state(self) == state(other)
    }

    /// Whether the file might change after `now` and keep its times.
    pub(super) fn is_racy(&self, now: i64) -> bool {
        self.modified.max(self.changed) > now.saturating_sub(RACY)
    }

    pub(super) fn to_bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let fields = [
            self.device.to_be_bytes(),
            self.inode.to_be_bytes(),
            self.size.to_be_bytes(),
            self.modified.to_be_bytes(),
            self.changed.to_be_bytes(),
        ];
        let all = fields.iter().flatten().chain(&self.blob);
        for (to, &from) in bytes.iter_mut().zip(all.chain(&self.run.to_be_bytes())) {
            *to = from;
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; SIZE]) -> Option<Record> {
        let part = |at: usize| bytes.get(at..at + 8)?.try_into().ok();
        Some(Record {
            device: u64::from_be_bytes(part(0)?),
            inode: u64::from_be_bytes(part(8)?),
            size: u64::from_be_bytes(part(16)?),
            modified: i64::from_be_bytes(part(24)?),
            changed: i64::from_be_bytes(part(32)?),
            blob: bytes.get(40..60)?.try_into().ok()?,
            run: u32::from_be_bytes(bytes.get(60..)?.try_into().ok()?),
        })
    }
}
