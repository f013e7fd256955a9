//! zstd as it comes: whole blocks are gathered, of which none is larger than 128 KiB.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window that is taken, in bytes. Builders' levels up to 19 stay at 8 MiB; a frame may claim terabytes.
const MAX_WINDOW: u64 = 8 << 20;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The decoder of any number of frames.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    /// What came and is no whole header or block yet.
    pending: Vec<u8>,
    state: State,
    out: Vec<u8>,
}

enum State {
    /// A frame's header comes next.
    Header,
    /// A block; whether its frame ends in a checksum.
    Block { checksum: bool },
    /// So many bytes of a frame that holds nothing.
    Skip(u64),
}

impl Zstd {
    pub(super) fn new() -> Zstd {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Zstd { decoder, pending: Vec::new(), state: State::Header, out: Vec::new() }
    }

    /// Takes the next bytes and gives what they unpack to, in pieces.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        loop {
            if let State::Skip(left) = &mut self.state {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(taken..).unwrap_or_default();
                *left = left.saturating_sub(taken as u64);
                if *left > 0 {
                    return Ok(());
                }
                self.state = State::Header;
            }
            // No more than what is needed is copied, so that `pending` holds one block at most.
            let needed = self.needed()?;
            let missing = needed.saturating_sub(self.pending.len()).min(bytes.len());
            self.pending.extend_from_slice(bytes.get(..missing).unwrap_or_default());
            bytes = bytes.get(missing..).unwrap_or_default();
            if self.pending.len() < needed {
                return Ok(());
            }
            if self.needed()? == needed {
                self.step(sink)?;
            }
        }
    }

    /// Whether the bytes so far may be all.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.state, State::Header) && self.pending.is_empty()
    }

    /// How many bytes the next header or block takes, as far as the pending ones tell; more of them may tell more.
    fn needed(&self) -> Result<usize, String> {
        let byte = |at: usize| self.pending.get(at).copied();
        match self.state {
            State::Skip(_) => Ok(0),
            State::Header => {
                let Some(magic) = self.pending.get(..4) else { return Ok(5) };
                if is_skippable(magic) {
                    return Ok(8);
                }
                if magic != MAGIC {
                    return Err("zstd: what follows a frame is none".to_owned());
                }
                let Some(descriptor) = byte(4) else { return Ok(5) };
                let single = descriptor & 0x20 != 0;
                let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
                let size = match descriptor >> 6 {
                    0 => usize::from(single),
                    1 => 2,
                    2 => 4,
                    _ => 8,
                };
                Ok(5 + usize::from(!single) + dictionary + size)
            }
            State::Block { checksum } => {
                let (Some(a), Some(b), Some(c)) = (byte(0), byte(1), byte(2)) else { return Ok(3) };
                let header = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
                let (is_last, is_run) = (header & 1 == 1, (header >> 1) & 3 == 1);
                let content = if is_run { 1 } else { header >> 3 };
                if content > 128 << 10 {
                    return Err("zstd: a block of more than 128 KiB".to_owned());
                }
                Ok(3 + content + if is_last && checksum { 4 } else { 0 })
            }
        }
    }

    fn step(&mut self, sink: &mut dyn FnMut(&[u8]) -> Result<(), String>) -> Result<(), String> {
        let mut source = self.pending.as_slice();
        match self.state {
            State::Skip(_) => {}
            State::Header if self.pending.get(..4).is_some_and(is_skippable) => {
                let size = self.pending.get(4..8).and_then(|size| size.try_into().ok());
                self.state = State::Skip(u64::from(u32::from_le_bytes(size.unwrap_or_default())));
            }
            State::Header => {
                self.decoder.reset(&mut source).map_err(|error| format!("zstd: {error}"))?;
                let checksum = self.pending.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
                self.state = State::Block { checksum };
            }
            State::Block { .. } => {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let ended =
                    self.decoder.decode_blocks(&mut source, one).map_err(|error| format!("zstd: {error}"))?;
                self.out.clear();
                self.decoder.collect_to_writer(&mut self.out).map_err(|error| format!("zstd: {error}"))?;
                sink(&self.out)?;
                if ended {
                    if self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum()
                        && self.decoder.get_checksum_from_data().is_some()
                    {
                        return Err("zstd: a frame with another checksum than it says".to_owned());
                    }
                    self.state = State::Header;
                }
            }
        }
        self.pending.clear();
        Ok(())
    }
}

fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn unpacked(bytes: &[u8], piece: usize) -> Result<(Vec<u8>, bool), String> {
        let (mut zstd, mut all) = (Zstd::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            zstd.push(piece, &mut |out| {
                all.extend_from_slice(out);
                Ok(())
            })?;
        }
        Ok((all, zstd.is_whole()))
    }

    #[test]
    fn frames_are_read_whatever_the_pieces_are() {
        let text: Vec<u8> = (0..400_000u32).flat_map(|n| (n % 2357).to_le_bytes()).collect();
        let mut packed = compress_to_vec(text.as_slice(), CompressionLevel::Fastest);
        // As zstd:chunked has it: what holds nothing, and a second frame.
        packed.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        packed.extend(compress_to_vec(&b"end"[..], CompressionLevel::Uncompressed));
        let whole = [text.as_slice(), b"end"].concat();
        for piece in [1, 7, 4096, packed.len()] {
            assert!(unpacked(&packed, piece).unwrap() == (whole.clone(), true), "{piece}");
        }
        let (_, is_whole) = unpacked(&packed[..packed.len() - 1], 100).unwrap();
        assert!(!is_whole);
    }

    #[test]
    fn hostile_frames_are_errors() {
        // A window of 2 TB, a block of 2 MB, garbage behind a frame.
        let mut behind = compress_to_vec(&b"x"[..], CompressionLevel::Fastest);
        behind.extend(b"garbage");
        for bytes in [
            vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 0, 0, 0],
            vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x00, 0xfd, 0xff, 0xff],
            behind,
        ] {
            assert!(unpacked(&bytes, 3).is_err(), "{bytes:?}");
        }
    }
}
