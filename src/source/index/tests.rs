use std::io::Write;

use proptest::prelude::*;

use super::*;

/// An index of two entries, `a/b` and `a/cd`, the second one with extended flags from version 3 on.
fn sample(version: u32) -> Vec<u8> {
    let mut bytes = [b"DIRC".to_vec(), version.to_be_bytes().to_vec(), 2u32.to_be_bytes().to_vec()].concat();
    for (number, path, common) in [(1u32, &b"a/b"[..], 0), (2, b"a/cd", 2)] {
        let start = bytes.len();
        let stat =
            [100, 1, 200, 2, 7, 8, 0o100_644, 0, 0, 5].map(|field: u32| (field + number).to_be_bytes());
        let stat = stat.concat();
        bytes.extend([&stat[..24], &0o100_644u32.to_be_bytes(), &stat[28..]].concat());
        bytes.extend([u8::try_from(number).unwrap(); HASH]);
        let extended = version >= 3 && number == 2;
        bytes.extend((u16::from(extended) << 14).to_be_bytes());
        if extended {
            bytes.extend(0x4000u16.to_be_bytes());
        }
        if version == 4 {
            // How much of the path before goes, and what follows the rest of it.
            bytes.push(if number == 1 { 0 } else { 1 });
            bytes.extend_from_slice(&path[common..]);
            bytes.push(0);
        } else {
            bytes.extend_from_slice(path);
            bytes.extend(vec![0; 8 - (bytes.len() - start) % 8]);
        }
    }
    bytes.extend(*b"TREE\0\0\0\x03abc");
    bytes.extend([0; HASH]);
    bytes
}

type Seen = (Vec<u8>, [u8; HASH], bool);

fn read(bytes: &[u8]) -> Result<Vec<Seen>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut entries = Vec::new();
    scan(file.path(), |entry| entries.push((entry.path.to_vec(), entry.id, entry.skip_worktree)))?;
    Ok(entries)
}

#[test]
fn every_version() {
    for version in 2..=4 {
        let entries = read(&sample(version)).unwrap();
        let expected = [(b"a/b".to_vec(), [1; HASH], false), (b"a/cd".to_vec(), [2; HASH], version > 2)];
        assert_eq!(entries, expected, "version {version}");
    }
}

#[test]
fn what_is_not_all_there_is_an_error() {
    for version in 2..=4 {
        let whole = sample(version);
        for length in 0..whole.len() - HASH {
            // Cut right behind an extension, it is whole again.
            let whole_again = length == whole.len() - 11;
            assert!(read(&whole[..length]).is_err() || whole_again, "version {version}, {length} bytes");
        }
    }
    for name in [b"link", b"sdir", b"fsmn"] {
        let mut bytes = sample(2);
        let at = bytes.len() - HASH - 11;
        bytes[at..at + 4].copy_from_slice(name);
        assert!(read(&bytes).unwrap_err().contains("extension"));
    }
    for version in [0, 1, 5] {
        assert!(read(&sample(version)).is_err());
    }
    assert!(scan(Path::new("/nowhere/index"), |_| ()).is_err());
}

proptest! {
    #[test]
    fn any_file_is_survived(
        version in 2u32..5,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sample(version);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len()) + 1);
        let _ = read(&bytes);
    }
}
