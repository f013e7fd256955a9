//! What a container wrote into its own layer: logs apart from data.

use std::collections::BTreeSet;

/// Folders whose content is not meant to last.
const TEMPORARY: [&str; 12] = [
    "/tmp",
    "/run",
    "/var/run",
    "/var/tmp",
    "/var/cache",
    "/var/lock",
    "/dev",
    "/proc",
    "/sys",
    "/root/.cache",
    "/var/log",
    "/lost+found",
];
/// Files that an engine makes at every start.
const ENGINES: [&str; 9] = [
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/.dockerenv",
    "/sbin/docker-init",
    "/run/.containerenv",
    "/etc/passwd-",
    "/etc/group-",
];

/// Whether `path` is below `folder`, or is it.
fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a file looks like a log.
pub(super) fn is_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    // A log that was turned over: `app.log.1`.
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let ends =
        |name: &str| [".log", ".err", ".out"].iter().any(|end| name.len() > end.len() && name.ends_with(end));
    // The system's own records of logins are in the way of nobody.
    let records = ["wtmp", "btmp", "lastlog", "faillog"];
    (below(path, "/var/log") || ends(name) || ends(stem)) && !records.contains(&name)
}

/// Of the paths that were added or changed, those of logs and those of data: what is temporary, a cache, an engine's or
/// below one of `volumes` is left out, and so are folders that only hold others of the list.
pub(super) fn sort(changed: &[String], volumes: &[String]) -> (Vec<String>, Vec<String>) {
    let all: BTreeSet<&str> = changed.iter().map(String::as_str).collect();
    let holds_others = |path: &str| {
        let start = format!("{}/", path.trim_end_matches('/'));
        all.range(start.as_str()..).next().is_some_and(|next| next.starts_with(&start))
    };
    let mut logs = Vec::new();
    let mut data = Vec::new();
    for path in &all {
        if ENGINES.contains(path)
            || volumes.iter().any(|volume| below(path, volume))
            || holds_others(path)
            || path.contains("/__pycache__")
            || path.contains("/.cache/")
            || path.contains("/.npm/")
            || path.ends_with("_history")
        {
            continue;
        }
        if is_log(path) && !below(path, "/tmp") && !below(path, "/dev") {
            logs.push((*path).to_owned());
        } else if !TEMPORARY.iter().any(|folder| below(path, folder)) {
            data.push((*path).to_owned());
        }
    }
    (logs, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_data_and_what_does_not_matter() {
        let changed = [
            "/var",
            "/var/log",
            "/var/log/app.log",
            "/srv.db",
            "/etc",
            "/etc/hosts",
            "/run",
            "/run/app.pid",
            "/tmp/x",
            "/data/db",
            "/data",
            "/app",
            "/app/log",
            "/app/log/x.log.1",
            "/usr/lib/python3/__pycache__/a.pyc",
            "/database",
            "/var/log/wtmp",
            "/root/.ash_history",
            "/var/cache/x",
            "/empty",
        ];
        let changed: Vec<String> = changed.iter().map(|path| (*path).to_owned()).collect();
        let (logs, data) = sort(&changed, &["/data".to_owned()]);
        assert_eq!(logs, ["/app/log/x.log.1", "/var/log/app.log"]);
        assert_eq!(data, ["/database", "/empty", "/srv.db"]);
    }

    #[test]
    fn what_a_log_is_called() {
        for (path, expected) in [
            ("/var/log/nginx/access", true),
            ("/app/server.log", true),
            ("/app/server.log.12", true),
            ("/app/server.log.2026-01-01", true),
            ("/app/catalog", false),
            ("/app/.log", false),
            ("/app/blog", false),
            ("/var/log/lastlog", false),
        ] {
            assert_eq!(is_log(path), expected, "{path}");
        }
    }
}
