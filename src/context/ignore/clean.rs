//! Go's `filepath.Clean` and `filepath.Dir` on Unix, over bytes.

/// The shortest path with the same lexical meaning: no `.`, no doubled or trailing slash, no `..` that can be
/// resolved. The empty path is `.`.
pub(in crate::context) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut out = Vec::with_capacity(path.len().max(1));
    if rooted {
        out.push(b'/');
    }
    // What lies before this offset is made of `..` (or the root) and cannot be resolved further.
    let mut floor = out.len();
    for component in path.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." if out.len() > floor => {
                let parent = out.iter().rposition(|&b| b == b'/').unwrap_or(0);
                out.truncate(parent.max(floor));
            }
            b".." if rooted => {}
            name => {
                if !matches!(out.as_slice(), b"" | b"/") {
                    out.push(b'/');
                }
                out.extend_from_slice(name);
                if name == b".." {
                    floor = out.len();
                }
            }
        }
    }
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

/// All but the last element, cleaned.
pub(super) fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
    clean(path.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_as_go_does() {
        for (path, cleaned) in [
            ("", "."),
            ("abc", "abc"),
            ("abc/def", "abc/def"),
            ("a/", "a"),
            ("/", "/"),
            ("//", "/"),
            ("//a", "/a"),
            ("./a", "a"),
            ("a/./b", "a/b"),
            ("a/b/..", "a"),
            ("a/b/../..", "."),
            ("a/b/../../..", ".."),
            ("../../a", "../../a"),
            ("../a/../..", "../.."),
            ("/../a", "/a"),
            ("/a/..", "/"),
            ("/a/../../b", "/b"),
            ("!../../x", "x"),
            ("!/", "!"),
            ("a//b///c", "a/b/c"),
            ("...", "..."),
        ] {
            assert_eq!(clean(path.as_bytes()), cleaned.as_bytes(), "{path}");
        }
    }

    #[test]
    fn the_dir_of_a_path() {
        for (path, parent) in
            [("a", "."), ("a/b", "a"), ("a/b/", "a/b"), ("/a", "/"), ("", "."), ("../x", "..")]
        {
            assert_eq!(dir(path.as_bytes()), parent.as_bytes(), "{path}");
        }
    }
}
