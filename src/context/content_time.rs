//! Modification times that say what is in a file, and not when somebody cloned it.

use sha2::{Digest as _, Sha256};

/// The time of folders and symbolic links, and where the times of files begin: 1980-01-01T00:00:00Z, in nanoseconds since
/// 1970.
///
/// For them it need say nothing. BuildKit keeps an entry it has where path, mode, size, time and link target are those it
/// is told of: a link's target is all its content, and of a folder the time is not even compared.
pub const FIXED_TIME: i64 = DAY * SECOND;

const DAY: i64 = 315_532_800;
const SECOND: i64 = 1_000_000_000;
/// Seconds over which files are spread: eight and a half years, so that all of it is long before 2038.
const SPREAD: u64 = 1 << 28;
const DOMAIN: &[u8] = b"imgbuild content time 1\n";

/// The time a file is sent with, in nanoseconds since 1970, from its git blob id and its size.
///
/// BuildKit asks for a file's bytes only where its mode, size or time is another than of what it has. With real times a
/// fresh clone sends everything. With one time for all, an edit that keeps the size is never sent, and the image is built
/// with the old file. So the time is a hash of what is sent: equal content, equal time, on every machine.
///
/// The nanoseconds do not survive in an image's layer. Servers such as nginx make an ETag from size and second, so the
/// second depends on the content as well: pages of one size would else share an ETag.
///
/// An edit goes unseen where the size stays and both parts of the time are equal by chance: once in 2^28 · 10^9, which is
/// 2.7 · 10^17.
pub fn content_time(blob: &[u8; 20], size: u64) -> i64 {
    let mut hash = Sha256::new_with_prefix(DOMAIN);
    hash.update(blob);
    hash.update(size.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let part = |at: usize| {
        let bytes = hash.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_be_bytes)
    };
    let seconds = i64::try_from(part(0) % SPREAD).unwrap_or(0);
    let nanoseconds = i64::try_from(part(8) % 1_000_000_000).unwrap_or(0);
    (DAY + seconds) * SECOND + nanoseconds
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sha1::{Digest as _, Sha1};

    use super::*;

    fn blob(content: &[u8]) -> [u8; 20] {
        let mut hash = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
        hash.update(content);
        hash.finalize().into()
    }

    fn time(content: &[u8]) -> i64 {
        content_time(&blob(content), content.len() as u64)
    }

    #[test]
    fn equal_content_has_an_equal_time_and_other_content_another() {
        assert_eq!(time(b"one"), time(b"one"));
        let (one, two) = (time(b"one"), time(b"onf"));
        assert_ne!(one / SECOND, two / SECOND, "the second alone tells");
        assert_ne!(one % SECOND, two % SECOND, "and so do the nanoseconds");
        assert_ne!(content_time(&[0; 20], 1), content_time(&[0; 20], 2));
    }

    /// Every image whose layers depend on it would be built anew.
    #[test]
    fn it_is_the_same_in_every_release() {
        assert_eq!(time(b""), 494_625_602_638_081_143);
        assert_eq!(time(b"hello\n"), 454_482_025_498_889_623);
    }

    #[test]
    fn edits_of_one_size_never_meet() {
        let mut seen = HashSet::new();
        for number in 0..200_000_u64 {
            let mut id = [0x5a; 20];
            id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            let time = content_time(&id, 4096);
            assert!(seen.insert(time), "{number}");
            let seconds = time / SECOND;
            assert!((DAY..DAY + (1 << 28)).contains(&seconds) && seconds < i64::from(i32::MAX), "{seconds}");
        }
        let seconds: HashSet<i64> = seen.iter().map(|time| time / SECOND).collect();
        let nanoseconds: HashSet<i64> = seen.iter().map(|time| time % SECOND).collect();
        // By chance 75 of the seconds and 20 of the nanoseconds meet.
        assert!(seconds.len() > 199_000 && nanoseconds.len() > 199_000);
    }
}
