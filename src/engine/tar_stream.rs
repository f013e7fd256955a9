//! Small files out of a tar stream that arrives in pieces: nothing is unpacked, layers are passed over.

/// A header or a file's content comes in blocks of this size.
const BLOCK: usize = 512;

/// Reads headers and keeps the content of files up to a size.
pub(super) struct TarStream {
    max: u64,
    header: Vec<u8>,
    name: String,
    content: Vec<u8>,
    keep: bool,
    /// Of the content, and of its padding.
    left: u64,
    padding: u64,
}

impl TarStream {
    /// Keeps files of at most `max` bytes.
    pub(super) fn new(max: u64) -> TarStream {
        let header = Vec::with_capacity(BLOCK);
        TarStream { max, header, name: String::new(), content: Vec::new(), keep: false, left: 0, padding: 0 }
    }

    /// Takes the next bytes and gives each kept file that ends in them, by its name. The error says what is no tar.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&str, Vec<u8>),
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            let taken = if self.left > 0 {
                let piece = bytes.get(..within(self.left, bytes)).unwrap_or_default();
                if self.keep {
                    self.content.extend_from_slice(piece);
                }
                self.left = self.left.saturating_sub(piece.len() as u64);
                if self.left == 0 && self.keep {
                    each(&self.name, std::mem::take(&mut self.content));
                }
                piece.len()
            } else if self.padding > 0 {
                let skipped = within(self.padding, bytes);
                self.padding = self.padding.saturating_sub(skipped as u64);
                skipped
            } else {
                let piece = bytes
                    .get(..within((BLOCK.saturating_sub(self.header.len())) as u64, bytes))
                    .unwrap_or_default();
                self.header.extend_from_slice(piece);
                if self.header.len() == BLOCK {
                    self.read_header()?;
                    self.header.clear();
                }
                piece.len()
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), String> {
        let header = self.header.as_slice();
        if header.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let name = header.get(..100).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let size = size(header.get(124..136).unwrap_or_default()).ok_or("a tar header without a size")?;
        // Types 0 and NUL are files; all others are passed over with their content.
        let file = matches!(header.get(156), Some(b'0' | 0));
        self.name = String::from_utf8_lossy(name).into_owned();
        self.keep = file && size > 0 && size <= self.max;
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        Ok(())
    }
}

fn within(limit: u64, bytes: &[u8]) -> usize {
    bytes.len().min(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Octal digits, or GNU's big-endian binary with the first bit set.
fn size(field: &[u8]) -> Option<u64> {
    if field.first().is_some_and(|byte| byte & 0x80 != 0) {
        let tail = field.get(4..)?;
        return Some(u64::from_be_bytes(tail.try_into().ok()?));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        header[156] = kind;
        header
    }

    fn archive(files: &[(&str, usize, u8)]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, size, kind) in files {
            tar.extend(header(name, *size, *kind));
            tar.extend(vec![b'x'; *size]);
            tar.resize(tar.len().next_multiple_of(BLOCK), 0);
        }
        tar.extend([0; 2 * BLOCK]);
        tar
    }

    fn read(tar: &[u8], piece: usize) -> Result<Vec<(String, usize)>, String> {
        let (mut stream, mut files) = (TarStream::new(1000), Vec::new());
        for piece in tar.chunks(piece) {
            stream.push(piece, |name, bytes| files.push((name.to_owned(), bytes.len())))?;
        }
        Ok(files)
    }

    #[test]
    fn small_files_come_out_and_large_ones_are_passed_over() {
        let tar = archive(&[
            ("dir/", 0, b'5'),
            ("a", 3, b'0'),
            ("layer", 5000, b'0'),
            ("b", 512, b'0'),
            ("link", 0, b'2'),
            ("c", 1000, 0),
        ]);
        for piece in [1, 7, 512, 100_000] {
            assert_eq!(
                read(&tar, piece).unwrap(),
                [("a".to_owned(), 3), ("b".to_owned(), 512), ("c".to_owned(), 1000)]
            );
        }
    }

    #[test]
    fn what_is_no_tar_is_an_error() {
        assert!(read(&[b'x'; 600], 600).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1200), size in 1usize..600) {
            let _ = read(&bytes, size);
        }
    }
}
