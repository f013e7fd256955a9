//! Keeps an excluded Dockerfile out of the image where the engine would not know that it is excluded.
//!
//! The classic builder needs the Dockerfile in the archive, and takes it out of what `COPY` sees if the `.dockerignore` in the
//! archive excludes it. Where a `<Dockerfile>.dockerignore` holds instead, the builder knows nothing of it. A
//! `.dockerignore` that says no more than is needed then goes along, and takes itself out, too.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::ignore_file::NAME;
use super::listing::Listing;

/// The bytes of the `.dockerignore` to send, if one is needed and there is none in the context.
pub(super) fn patterns(listing: &Listing) -> Option<Vec<u8>> {
    let dockerfile = listing.dockerfile().as_os_str().as_bytes();
    let entries = listing.raw_entries();
    let forced = entries.find(dockerfile).and_then(|n| entries.get(n)).is_some_and(|e| e.forced);
    if !forced || listing.contains(Path::new(NAME)) {
        return None;
    }
    Some([&escaped(dockerfile), b"\n".as_slice(), NAME.as_bytes(), b"\n"].concat())
}

/// The path as a pattern that matches nothing else (but where white space is, which a line cannot hold at its ends).
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'*' | b'?' | b'[' | b']' | b'\\' | b'^' | b'!' | b'#' | b'|' | b'{' | b'}' => {
                pattern.extend([b'\\', byte])
            }
            _ if byte.is_ascii_whitespace() => pattern.push(b'?'),
            _ => pattern.push(byte),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Ignore;

    #[test]
    fn an_escaped_path_matches_itself() {
        for path in ["Dockerfile", "a/*?[b]^\\{1}|!", "#x", "!x", " x ", "a\nb", "caf\u{e9}"] {
            let ignore = Ignore::parse(&escaped(path.as_bytes())).unwrap();
            assert!(ignore.matches(path.as_bytes()).unwrap(), "{path:?}");
            assert!(!ignore.matches(b"other").unwrap(), "{path:?}");
        }
    }
}
