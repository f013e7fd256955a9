//! A layer's bytes unpacked as they come, by how they begin: what a manifest says of their kind is the word of whoever wrote it.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use super::zstd::Zstd;

/// So little goes into the unpacker at once, since a thousandfold may come out.
const MORSEL: usize = 4 << 10;

/// The unpacker.
pub(super) struct Unpack {
    state: State,
    /// Bytes that may still come out.
    left: u64,
}

enum State {
    /// The first bytes, while there are less than four.
    Head(Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Box<Zstd>),
}

/// Where what was unpacked goes.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), String>;

impl Unpack {
    /// One that gives at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Unpack {
        Unpack { state: State::Head(Vec::new()), left: limit }
    }

    /// Takes the next bytes, and gives what they unpack to in pieces. The error says what is wrong with them.
    pub(super) fn push(&mut self, bytes: &[u8], sink: Sink<'_>) -> Result<(), String> {
        if let State::Head(head) = &mut self.state {
            head.extend_from_slice(bytes);
            if head.len() < 4 {
                return Ok(());
            }
            let head = std::mem::take(head);
            self.state = match head.as_slice() {
                [0x1f, 0x8b, ..] => State::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
                // A frame of zstd, or one to be skipped.
                [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                    State::Zstd(Box::new(Zstd::new()))
                }
                _ => State::Plain,
            };
            return self.unpack(&head, sink);
        }
        self.unpack(bytes, sink)
    }

    /// Says that everything came.
    pub(super) fn end(&mut self, sink: Sink<'_>) -> Result<(), String> {
        let Unpack { state, left } = self;
        let mut counted = |piece: &[u8]| count(left, piece, sink);
        match state {
            State::Head(head) => counted(head),
            State::Plain => Ok(()),
            State::Gzip(gzip) => {
                gzip.try_finish().map_err(|error| format!("gzip: {error}"))?;
                counted(gzip.get_ref())
            }
            State::Zstd(zstd) if zstd.is_whole() => Ok(()),
            State::Zstd(_) => Err("zstd: it ends in the middle".to_owned()),
        }
    }

    fn unpack(&mut self, bytes: &[u8], sink: Sink<'_>) -> Result<(), String> {
        let Unpack { state, left } = self;
        let mut counted = |piece: &[u8]| count(left, piece, sink);
        match state {
            State::Head(_) | State::Plain => counted(bytes),
            State::Zstd(zstd) => zstd.push(bytes, &mut counted),
            State::Gzip(gzip) => {
                for mut morsel in bytes.chunks(MORSEL) {
                    while !morsel.is_empty() {
                        let taken = gzip.write(morsel).map_err(|error| format!("gzip: {error}"))?;
                        morsel = morsel.get(taken..).unwrap_or_default();
                        counted(gzip.get_ref())?;
                        gzip.get_mut().clear();
                    }
                }
                Ok(())
            }
        }
    }
}

fn count(left: &mut u64, piece: &[u8], sink: Sink<'_>) -> Result<(), String> {
    *left = left.checked_sub(piece.len() as u64).ok_or("it unpacks to more than a layer may hold")?;
    if piece.is_empty() { Ok(()) } else { sink(piece) }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8], piece: usize, limit: u64) -> Result<Vec<u8>, String> {
        let (mut unpack, mut all) = (Unpack::new(limit), Vec::new());
        let mut sink = |out: &[u8]| {
            // However much comes out in all, a piece is small.
            assert!(out.len() <= 8 << 20);
            all.extend_from_slice(out);
            Ok(())
        };
        for piece in bytes.chunks(piece) {
            unpack.push(piece, &mut sink)?;
        }
        unpack.end(&mut sink)?;
        Ok(all)
    }

    #[test]
    fn every_kind_by_how_it_begins() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|n| (n % 999).to_le_bytes()).collect();
        let members = [gzip(&text), gzip(b"more")].concat();
        let zstd =
            ruzstd::encoding::compress_to_vec(text.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
        let both = [text.as_slice(), b"more"].concat();
        for (packed, plain) in
            [(&members, &both), (&zstd, &text), (&text, &text), (&b"ab".to_vec(), &b"ab".to_vec())]
        {
            for piece in [1, 3, 5000, packed.len()] {
                assert!(unpacked(packed, piece, u64::MAX).as_ref() == Ok(plain));
            }
        }
    }

    #[test]
    fn what_ends_in_the_middle_or_never_is_an_error() {
        let packed = gzip(&vec![0; 1 << 20]);
        assert!(unpacked(&packed[..packed.len() - 9], 100, u64::MAX).unwrap_err().starts_with("gzip: "));
        let mut other = packed.clone();
        let end = other.len() - 5;
        other[end] ^= 1;
        assert!(unpacked(&other, 100, u64::MAX).is_err());
        let bomb = unpacked(&packed, 100, 1000).unwrap_err();
        assert!(bomb.contains("more than a layer may hold"), "{bomb}");
    }
}
