//! A tar stream that arrives in pieces, read without being kept: entries and their content pass by.

use std::ops::ControlFlow;

use super::tar_header::{BLOCK, Block, Extra, FileHeader, Overrides, read};

/// A long path or PAX records; those hold a file's extended attributes, of at most 64 KiB each.
const MAX_EXTRA: u64 = 1 << 20;

/// What passes by.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// An entry begins.
    Entry(FileHeader),
    /// The next bytes of its content.
    Bytes(&'a [u8]),
    /// It is complete.
    End,
}

/// The decoder. Its memory is a block and what is said about the next entry.
#[derive(Debug, Default)]
pub(crate) struct TarStream {
    header: Vec<u8>,
    said: Overrides,
    /// Set within what is said about the next entry; its bytes so far.
    extra: Option<(Extra, Vec<u8>)>,
    /// Of the content, and of its padding.
    left: u64,
    padding: u64,
    /// Something was said about an entry that has not come yet.
    announced: bool,
    strict: bool,
}

impl TarStream {
    /// One that refuses entries that another reader of the same bytes may take for something else.
    pub(super) fn strict() -> TarStream {
        TarStream { strict: true, ..TarStream::default() }
    }

    /// Takes the next bytes and passes on what they hold, until `on` breaks. The error says what is no tar.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        on: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, String> {
        while !bytes.is_empty() {
            let (taken, flow) = self.step(bytes, on)?;
            if flow.is_break() {
                return Ok(flow);
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether the bytes so far may be all: they end between two entries.
    pub(crate) fn is_whole(&self) -> bool {
        self.left == 0 && self.padding == 0 && self.header.is_empty() && !self.announced
    }

    /// Takes some of the bytes, at least one; says how many.
    fn step(
        &mut self,
        bytes: &[u8],
        on: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>,
    ) -> Result<(usize, ControlFlow<()>), String> {
        if self.left > 0 {
            let piece = first(bytes, self.left);
            self.left = self.left.saturating_sub(piece.len() as u64);
            return Ok((piece.len(), self.content(piece, on)?));
        }
        if self.padding > 0 {
            let piece = first(bytes, self.padding);
            self.padding = self.padding.saturating_sub(piece.len() as u64);
            return Ok((piece.len(), ControlFlow::Continue(())));
        }
        let piece = first(bytes, BLOCK.saturating_sub(self.header.len()) as u64);
        self.header.extend_from_slice(piece);
        let flow = if self.header.len() == BLOCK { self.block(on)? } else { ControlFlow::Continue(()) };
        Ok((piece.len(), flow))
    }

    fn content(
        &mut self,
        piece: &[u8],
        on: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, String> {
        match &mut self.extra {
            Some((_, said)) => said.extend_from_slice(piece),
            None if on(Part::Bytes(piece)).is_break() => return Ok(ControlFlow::Break(())),
            None => {}
        }
        if self.left == 0 { self.end(on) } else { Ok(ControlFlow::Continue(())) }
    }

    fn end(&mut self, on: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>, String> {
        match self.extra.take() {
            Some((kind, said)) => self.said.read(kind, &said)?,
            None => return Ok(on(Part::End)),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn block(&mut self, on: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>, String> {
        let block = read(&self.header, &mut self.said, self.strict);
        self.header.clear();
        let size = match block? {
            Block::Zeros => return Ok(ControlFlow::Continue(())),
            Block::Extra(_, size) if size > MAX_EXTRA => {
                return Err(format!("a tar header that is announced with {size} bytes"));
            }
            Block::Extra(kind, size) => {
                self.extra = Some((kind, Vec::new()));
                self.announced = kind != Extra::Global;
                size
            }
            Block::Entry(header) => {
                self.announced = false;
                let size = header.size;
                if on(Part::Entry(header)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                size
            }
        };
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        if size == 0 { self.end(on) } else { Ok(ControlFlow::Continue(())) }
    }
}

/// At most `limit` bytes of the beginning.
fn first(bytes: &[u8], limit: u64) -> &[u8] {
    let end = bytes.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
