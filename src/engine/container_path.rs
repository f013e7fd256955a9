//! Paths inside a container: text that a container wrote, never a path of this machine.

/// Where a symbolic link in the folder `folder` leads: absolute, without `.`, `..` and doubled slashes, and never above
/// the container's root. Folders that are links themselves are not looked at.
pub fn resolve_link(folder: &str, target: &str) -> String {
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts = Vec::new();
    for part in start.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The path in the container of what the archive of `asked` calls `entry`: archives begin with the last part of what was
/// asked for.
pub(super) fn of_entry(asked: &str, entry: &str) -> String {
    let asked = resolve_link("/", asked);
    if asked == "/" {
        return resolve_link("/", entry.trim_start_matches('/'));
    }
    let entry = entry.trim_start_matches("./").trim_start_matches('/');
    let below = entry.split_once('/').map_or("", |(_, below)| below);
    resolve_link(&asked, below.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_inside_the_container() {
        for (folder, target, to) in [
            ("/usr/bin", "busybox", "/usr/bin/busybox"),
            ("/usr/bin", "../lib//x/", "/usr/lib/x"),
            ("/usr/bin", "/etc/./passwd", "/etc/passwd"),
            ("/", "../../../etc/passwd", "/etc/passwd"),
            ("/a", "/../..", "/"),
            ("", "", "/"),
            ("a", "b", "/a/b"),
        ] {
            assert_eq!(resolve_link(folder, target), to, "{target} in {folder}");
        }
    }

    #[test]
    fn entries_stand_below_what_was_asked_for() {
        for (asked, entry, path) in [
            ("/etc/passwd", "passwd", "/etc/passwd"),
            ("/usr/share", "share/", "/usr/share"),
            ("/usr/share/", "share/doc/a b", "/usr/share/doc/a b"),
            ("/usr/share/", "./share//doc", "/usr/share/doc"),
            ("/", "/", "/"),
            ("/", "./bin/sh", "/bin/sh"),
            ("/", "/bin/sh", "/bin/sh"),
            ("/srv", "srv/../../../x", "/x"),
        ] {
            assert_eq!(of_entry(asked, entry), path, "{entry} of {asked}");
        }
    }
}
