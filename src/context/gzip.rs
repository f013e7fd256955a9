//! Compression, for engines across a network only: on a Unix socket it makes one second into ten.

use std::io::Write;

use flate2::{Compression, GzBuilder};

use crate::error::{Error, Kind, Result};

/// Runs `write` with a sink whose bytes arrive in `sink` compressed. Fast rather than small, and without a time or a
/// system in the header, so that the same input gives the same bytes. After an error nothing more arrives, and what did
/// has no end.
pub fn gzip<T>(sink: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    /// RFC 1952: "unknown".
    const ANY_SYSTEM: u8 = 255;
    let builder = GzBuilder::new().mtime(0).operating_system(ANY_SYSTEM);
    let mut encoder = builder.write(Valve { sink, open: true }, Compression::fast());
    let finished = write(&mut encoder).and_then(|written| {
        let end = encoder.try_finish().and_then(|()| encoder.get_mut().sink.flush());
        end.map(|()| written)
            .map_err(|e| Error::new(Kind::Io, "cannot write the compressed context").because(e))
    });
    // When it is dropped the encoder would write an end even to what has none.
    encoder.get_mut().open = false;
    finished
}

/// A sink that can be closed.
struct Valve<'a> {
    sink: &'a mut dyn Write,
    open: bool,
}

impl Write for Valve<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.open { self.sink.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.open { self.sink.flush() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_bytes_each_time() {
        let once = || {
            let mut out = Vec::new();
            let write = |sink: &mut dyn Write| {
                sink.write_all(&[b'x'; 100_000]).unwrap();
                Ok(())
            };
            gzip(&mut out, write).unwrap();
            out
        };
        let compressed = once();
        assert_eq!(compressed, once());
        assert_eq!(compressed[4..8], [0; 4], "no time in the header");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(compressed.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, [b'x'; 100_000]);
    }

    #[test]
    fn after_an_error_there_is_no_end() {
        let mut out = Vec::new();
        let failed = gzip(&mut out, |sink| {
            sink.write_all(b"half a tar").unwrap();
            Err::<(), _>(Error::new(Kind::Refused, "changed"))
        });
        assert_eq!(failed.unwrap_err().kind(), Kind::Refused);
        let read = flate2::read::GzDecoder::new(out.as_slice()).read_to_end(&mut Vec::new());
        assert!(read.is_err(), "it must not look complete");
    }
}
