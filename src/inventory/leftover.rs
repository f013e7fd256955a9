//! What package managers leave behind: folders of which nothing is needed at run time.

/// Folders at the root, and what is in them.
const FOLDERS: [(&str, &str); 11] = [
    ("/var/lib/apt/lists", "package lists of apt"),
    ("/var/cache/apt", "the cache of apt"),
    ("/var/cache/apk", "the cache of apk"),
    ("/etc/apk/cache", "the cache of apk"),
    ("/var/cache/dnf", "the cache of dnf"),
    ("/var/cache/libdnf5", "the cache of dnf"),
    ("/var/cache/yum", "the cache of yum"),
    ("/var/cache/zypp", "the cache of zypper"),
    ("/var/cache/pacman", "the cache of pacman"),
    ("/usr/local/share/.cache/yarn", "the cache of yarn"),
    ("/tmp/npm-cache", "the cache of npm"),
];
/// Those below somebody's home, wherever it is.
const HOMELY: [(&str, &str); 7] = [
    ("/.cache/pip", "the cache of pip"),
    ("/.cache/uv", "the cache of uv"),
    ("/.npm/_cacache", "the cache of npm"),
    ("/.cache/yarn", "the cache of yarn"),
    ("/.cache/go-build", "the cache of go"),
    ("/.cache/composer", "the cache of composer"),
    ("/.cargo/registry", "downloads of cargo"),
];

/// The folder that a file was left behind in, and the name of what it is directly below.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let below = |end: usize| {
        let (folder, rest) = path.split_at_checked(end)?;
        let child = rest.strip_prefix('/')?.split('/').next()?;
        Some((folder, child)).filter(|(_, child)| *child != "lock")
    };
    let at_root =
        FOLDERS.iter().filter(|(folder, _)| path.starts_with(folder)).find_map(|(f, _)| below(f.len()));
    let home = || {
        let found = HOMELY.iter().filter_map(|(folder, _)| Some(path.find(folder)? + folder.len()));
        found.filter_map(below).next()
    };
    at_root.or_else(home)
}

/// What `folder`, which [`split`] gave, holds.
pub(super) fn what(folder: &str) -> &'static str {
    let at_root = FOLDERS.iter().find(|(known, _)| folder == *known);
    at_root
        .or_else(|| HOMELY.iter().find(|(known, _)| folder.ends_with(known)))
        .map_or("a cache", |(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_by_folder() {
        for (path, expected) in [
            ("/var/lib/apt/lists/partial/x", Some(("/var/lib/apt/lists", "partial"))),
            ("/var/lib/apt/lists/lock", None),
            ("/var/lib/apt/listsx/y", None),
            ("/root/.cache/pip/http/a/b", Some(("/root/.cache/pip", "http"))),
            ("/home/é/.npm/_cacache/x", Some(("/home/é/.npm/_cacache", "x"))),
            ("/usr/lib/x", None),
            ("/var/cache/apt", None),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
        assert_eq!(what("/root/.cache/pip"), "the cache of pip");
        assert_eq!(what("/var/cache/apt"), "the cache of apt");
    }
}
