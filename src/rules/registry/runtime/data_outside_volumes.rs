//! `data-outside-volumes`.

use std::collections::BTreeSet;

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{listed, shown};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container that writes files outside of its volumes and of folders for what need not last: temporary
    /// files, caches, locks, and settings below `/etc` that a start makes.
    ///
    /// ## Why is this bad?
    /// What is written into the container's own layer is gone with the container, is slow, and cannot be backed up or
    /// given to the next version. An image that writes nothing there can run with a root file system that is read-only.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--database=/srv/app.db"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// VOLUME /srv
    /// CMD ["server", "--database=/srv/app.db"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/storage/volumes/>
    /// - <https://12factor.net/processes>
    IMG909 "data-outside-volumes" {
        level: Warning,
        items: [Data],
        aliases: [],
        remedy: "declare a VOLUME for data, and write what need not last below /tmp or /run",
        check: Running(check),
    }
}

/// Folders and files that are shown.
const MOST: usize = 5;

/// Parts of a path that say that what is below need not last.
const PASSING: [&str; 7] = ["tmp", ".tmp", "temp", "cache", ".cache", "__pycache__", "run"];

/// Endings of files that need not last.
const ENDINGS: [&str; 6] = [".pid", ".sock", ".lock", ".tmp", ".pyc", ".swp"];

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.writes, |writes| {
        let lasting: Vec<&str> =
            writes.paths.iter().map(String::as_str).filter(|path| is_data(path)).collect();
        if lasting.is_empty() {
            return;
        }
        let folders: BTreeSet<&str> = lasting.iter().map(|path| folder(path)).collect();
        let folders: Vec<&str> = folders.into_iter().collect();
        let place = Place::field(&seen.reference, "Config.Volumes");
        let more = match (lasting.len().saturating_sub(MOST), writes.cut) {
            (0, false) => String::new(),
            (more, false) => format!(" and {more} more"),
            (_, true) => " and many more".to_owned(),
        };
        let files: Vec<String> = lasting.iter().take(MOST).map(|path| shown(path)).collect();
        found
            .add(place, format!("it writes outside of its volumes, to {}", listed(&folders)))
            .evidence(format!("{}{more}", files.join(", ")));
    })
}

/// The folder of a file.
fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        _ => "/",
    }
}

/// Whether a file is one that is missed when it is gone.
fn is_data(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let top = parts.peek().copied().unwrap_or_default();
    let named = parts.any(|part| PASSING.contains(&part));
    let name = path.rsplit('/').next().unwrap_or_default();
    !matches!(top, "etc" | "dev" | "proc" | "sys")
        && !named
        && !ENDINGS.iter().any(|end| name.ends_with(end))
        && !is_setting_of_home(path)
}

/// `/root/.config/x`, `/home/app/.bash_history`: what programs note of a user.
fn is_setting_of_home(path: &str) -> bool {
    let in_home = path
        .strip_prefix("/root/")
        .or_else(|| path.strip_prefix("/home/")?.split_once('/').map(|(_, rest)| rest));
    in_home.is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_told_from_what_need_not_last() {
        for (path, expected) in [
            ("/srv.db", true),
            ("/var/lib/app/data.json", true),
            ("/home/app/uploads/a", true),
            ("/app/temperature.csv", true),
            ("/etc/nginx/conf.d/default.conf", false),
            ("/var/cache/nginx/a", false),
            ("/app/tmp/x", false),
            ("/app/__pycache__/a.pyc", false),
            ("/app/server.pid", false),
            ("/root/.config/x", false),
            ("/home/app/.npm/_logs/x", false),
            ("", true),
        ] {
            assert_eq!(is_data(path), expected, "{path}");
        }
        assert_eq!((folder("/srv.db"), folder("/a/b"), folder("a")), ("/", "/a", "/"));
    }
}
