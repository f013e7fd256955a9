//! Small files out of a tar stream: those that are wanted are kept until they end, all others are passed over.

use std::ops::ControlFlow;

use super::tar_header::{EntryKind, FileHeader};
use super::tar_stream::{Part, TarStream};

/// Collects the content of some files, one at a time.
#[derive(Debug, Default)]
pub(super) struct TarFiles {
    stream: TarStream,
    /// Where the entry under way is wanted.
    open: Option<(FileHeader, Vec<u8>)>,
    max: u64,
}

impl TarFiles {
    /// Keeps files of at most `max` bytes.
    pub(super) fn new(max: u64) -> TarFiles {
        TarFiles { max, ..TarFiles::default() }
    }

    /// Takes the next bytes; gives each file of at most `max` bytes that `wanted` says yes to, once it is whole. The
    /// error says what is no tar.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        wanted: &mut dyn FnMut(&FileHeader) -> bool,
        each: &mut dyn FnMut(FileHeader, Vec<u8>),
    ) -> Result<(), String> {
        let TarFiles { stream, open, max } = self;
        let flow = stream.push(bytes, &mut |part| {
            match part {
                Part::Entry(header) => {
                    let fits = header.kind == EntryKind::File && header.size <= *max;
                    *open = (fits && wanted(&header)).then(|| (header, Vec::new()));
                }
                Part::Bytes(piece) => {
                    if let Some((_, content)) = open {
                        content.extend_from_slice(piece);
                    }
                }
                Part::End => {
                    if let Some((header, content)) = open.take() {
                        each(header, content);
                    }
                }
            }
            ControlFlow::Continue(())
        });
        flow.map(drop)
    }

    /// Whether the bytes so far may be all.
    pub(super) fn is_whole(&self) -> bool {
        self.stream.is_whole()
    }
}
