//! What the processes of a container are: services, what only starts or helps one, and what manages several.

use std::collections::{BTreeMap, BTreeSet};

use super::services::SUPERVISORS;
use crate::rules::facts::{ProcessSeen, ProcessesSeen};

const SHELLS: [&str; 8] = ["sh", "ash", "bash", "dash", "zsh", "ksh", "mksh", "fish"];

/// First processes that pass signals on and reap others.
const REAPERS: [&str; 9] = [
    "tini",
    "tini-static",
    "dumb-init",
    "docker-init",
    "podman-init",
    "catatonit",
    "pid1",
    "gosu",
    "su-exec",
];

/// Programs that start one other, and wait for it.
const PASSES_ON: [&str; 31] = [
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "bunx",
    "uv",
    "uvx",
    "poetry",
    "pipenv",
    "bundle",
    "bundler",
    "su",
    "sudo",
    "runuser",
    "setpriv",
    "s6-setuidgid",
    "chpst",
    "timeout",
    "nice",
    "ionice",
    "env",
    "time",
    "script",
    "stdbuf",
    "xvfb-run",
    "flock",
    "nodemon",
    "strace",
    "make",
    "doppler",
    "chamber",
];

/// What waits, copies or shows, and serves nothing.
const HELPERS: [&str; 8] = ["sleep", "tail", "cat", "tee", "logger", "wait", "inotifywait", "ps"];

/// Programs that start others for their own use: those are no services of their own.
const STAFF: [(&str, &[&str]); 5] = [
    ("beam.smp", &["erl_child_setup", "inet_gethost", "epmd", "memsup", "cpu_sup"]),
    ("java", &["jspawnhelper"]),
    ("chrome", &["chrome_crashpad_handler", "chrome_crashpad"]),
    ("chromium", &["chrome_crashpad_handler", "chrome_crashpad"]),
    ("mariadbd", &["mariadbd-safe", "mysqld_safe"]),
];

/// One executable with many commands inside.
const MANY_IN_ONE: [&str; 3] = ["busybox", "toybox", "coreutils"];

/// Interpreters, whose names may end with their version.
const INTERPRETERS: [&str; 7] = ["python", "ruby", "perl", "php", "node", "lua", "php-fpm"];

/// Programs of managers beside those that a command line names.
const OF_MANAGERS: [(&str, &str); 6] = [
    ("runsv", "runit"),
    ("s6-supervise", "s6"),
    ("systemd-journald", "systemd"),
    ("systemd-journal", "systemd"),
    ("supervise", "daemontools"),
    ("bluepilld", "bluepill"),
];

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name of the program that a process runs: of its executable, without the version of an interpreter; of the command
/// where one executable has many.
pub(in crate::rules) fn program(process: &ProcessSeen) -> &str {
    let name = base(&process.executable);
    if !MANY_IN_ONE.contains(&name) {
        return plain(name);
    }
    let mut words = process.args.split_whitespace().map(base);
    words.find(|word| !MANY_IN_ONE.contains(word)).map_or(name, plain)
}

fn plain(name: &str) -> &str {
    let name = name.trim_start_matches('-').trim_end_matches(':');
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if INTERPRETERS.contains(&bare) { bare } else { name }
}

/// Whether a program of this name is a shell.
pub(in crate::rules) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

/// The init system or process manager that a process is: its program, and what that belongs to.
pub(in crate::rules) fn manager(process: &ProcessSeen) -> Option<(&str, &'static str)> {
    let mut words = process.args.split_whitespace();
    let first = words.next().unwrap_or_default();
    let own = program(process);
    // `/init` is what many call their own program.
    let is_init = own == "init" || base(first) == "init" && MANY_IN_ONE.contains(&base(&process.executable));
    if is_init && matches!(first, "init" | "/sbin/init" | "/bin/init" | "/usr/sbin/init") {
        return Some(("init", "init"));
    }
    let known = |name: &str| {
        let name = name.strip_prefix("supervisor.").unwrap_or(name);
        let mut all = SUPERVISORS.iter().chain(&OF_MANAGERS);
        all.find(|(program, _)| *program == name).copied()
    };
    // What an interpreter runs: the file, or the module behind `-m`.
    let run = INTERPRETERS.contains(&own).then(|| words.find(|word| !word.starts_with('-'))).flatten();
    // pm2 gives its daemon a title of its own.
    let is_pm2 = process.args.starts_with("PM2 v");
    let found = [own, plain(base(first))].into_iter().chain(run.map(base)).find_map(known);
    found.or_else(|| is_pm2.then_some(("pm2", "pm2")))
}

/// A service that ran for as long as was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Service<'a> {
    /// Its program.
    pub(in crate::rules) name: &'a str,
    /// The command line of its first process.
    pub(in crate::rules) args: &'a str,
}

/// The services that ran at the last look and at one before it, in the order of their processes; `None` where there were
/// not two looks. Processes of one executable are one service. What only starts or helps another is none, nor is what was
/// started into the container from outside, such as a healthcheck.
pub(crate) fn services(seen: &ProcessesSeen) -> Option<Vec<Service<'_>>> {
    let (last, before) = seen.samples.split_last().filter(|(_, before)| !before.is_empty())?;
    let earlier: BTreeSet<(u32, &str)> =
        before.iter().flatten().map(|process| (process.pid, program(process))).collect();
    let mut children: BTreeMap<u32, Vec<&ProcessSeen>> = BTreeMap::new();
    for process in last {
        children.entry(process.ppid).or_default().push(process);
    }
    let first = last.iter().find(|process| process.pid == seen.first);
    let mut serving: Vec<&ProcessSeen> = Vec::new();
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&ProcessSeen> = first.into_iter().collect();
    while let Some(process) = waiting.pop() {
        if !reached.insert(process.pid) {
            continue;
        }
        let own = children.get(&process.pid).map(Vec::as_slice).unwrap_or_default();
        waiting.extend(own);
        let name = program(process);
        let is_companion = [name, base(&process.executable), &process.name]
            .iter()
            .any(|name| seen.companions.iter().any(|companion| base(companion) == *name));
        let serves = !name.is_empty()
            && !process.args.contains("<defunct>")
            && !is_shell(name)
            && !REAPERS.contains(&name)
            && process.executable != "/dev/init"
            && !HELPERS.contains(&name)
            && (!PASSES_ON.contains(&name) || own.is_empty())
            && manager(process).is_none()
            && !is_companion
            && earlier.contains(&(process.pid, name));
        if serves {
            serving.push(process);
        }
    }
    serving.sort_by_key(|process| process.pid);
    Some(grouped(&serving))
}

/// One of each executable: those of one program, and those of one name of the kernel's, which a process that gives itself
/// a title keeps.
fn grouped<'a>(serving: &[&'a ProcessSeen]) -> Vec<Service<'a>> {
    let mut groups: Vec<usize> = (0..serving.len()).collect();
    let root = |groups: &[usize], mut at: usize| {
        while let Some(up) = groups.get(at).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    };
    let mut known: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for (at, process) in serving.iter().enumerate() {
        for key in [(true, program(process)), (false, process.name.as_str())] {
            if key.1.is_empty() {
                continue;
            }
            let other = root(&groups, *known.entry(key).or_insert(at));
            let own = root(&groups, at);
            // The lower one stays the root, so that paths only get shorter.
            let (low, high) = (own.min(other), own.max(other));
            if let Some(slot) = groups.get_mut(high) {
                *slot = low;
            }
        }
    }
    let firsts = serving.iter().enumerate().filter(|(at, _)| groups.get(*at) == Some(at));
    let all: Vec<&ProcessSeen> = firsts.map(|(_, process)| *process).collect();
    let is_staff = |name: &str| {
        STAFF.iter().any(|(chief, staff)| {
            staff.contains(&name) && all.iter().any(|process| program(process) == *chief)
        })
    };
    let kept = all.iter().filter(|process| !is_staff(program(process)));
    kept.map(|process| Service { name: program(process), args: &process.args }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, ppid: u32, args: &str) -> ProcessSeen {
        let executable = args.split_whitespace().next().unwrap_or_default().to_owned();
        let name = base(&executable).trim_end_matches(':').to_owned();
        ProcessSeen { pid, ppid, name, executable, args: args.to_owned() }
    }

    fn names(processes: &[(u32, u32, &str)]) -> Vec<String> {
        let sample: Vec<ProcessSeen> =
            processes.iter().map(|(pid, up, args)| process(*pid, *up, args)).collect();
        let seen =
            ProcessesSeen { first: 1, samples: vec![sample.clone(), sample], ..ProcessesSeen::default() };
        services(&seen).unwrap().iter().map(|service| service.name.to_owned()).collect()
    }

    #[test]
    fn services_are_told_from_what_starts_and_helps_them() {
        for (processes, expected) in [
            (&[(1, 0, "nginx: master process nginx"), (7, 1, "nginx: worker process")][..], &["nginx"][..]),
            (&[(1, 0, "/bin/sh /start.sh"), (7, 1, "/srv/app --port 80")], &["app"]),
            (&[(1, 0, "/sbin/docker-init -- app"), (7, 1, "app")], &["app"]),
            (&[(1, 0, "npm start"), (7, 1, "sh -c node app.js"), (8, 7, "node app.js")], &["node"]),
            (&[(1, 0, "python3 app.py"), (7, 1, "/usr/bin/python3.11 -c worker")], &["python"]),
            (&[(1, 0, "sh /start.sh"), (7, 1, "httpd -f"), (8, 1, "crond -f")], &["httpd", "crond"]),
            (&[(1, 0, "sh -c loop"), (7, 1, "app"), (8, 1, "sleep 60")], &["app"]),
            (&[(1, 0, "app"), (90, 50, "curl http://localhost")], &["app"]),
            (&[(1, 0, "supervisord -n"), (7, 1, "nginx"), (8, 1, "php-fpm8.2")], &["nginx", "php-fpm"]),
            (&[(1, 0, "beam.smp -x"), (7, 1, "erl_child_setup 1"), (8, 1, "epmd -daemon")], &["beam.smp"]),
            (&[(1, 0, "app"), (7, 1, "[x] <defunct>")], &["app"]),
            (&[(1, 2, "app"), (2, 1, "other")], &["app", "other"]),
            (&[(5, 4, "app")], &[]),
            (&[], &[]),
        ] {
            assert_eq!(names(processes), expected, "{processes:?}");
        }
    }

    #[test]
    fn a_title_does_not_make_a_service() {
        let titled = |pid, ppid, executable: &str, args: &str| ProcessSeen {
            name: "ruby".to_owned(),
            executable: executable.to_owned(),
            ..process(pid, ppid, args)
        };
        let sample =
            vec![titled(1, 0, "puma", "puma 6 (tcp://0.0.0.0:80)"), titled(7, 1, "ruby", "puma: worker 0")];
        let seen =
            ProcessesSeen { first: 1, samples: vec![sample.clone(), sample], ..ProcessesSeen::default() };
        assert_eq!(services(&seen).unwrap().len(), 1);
    }

    #[test]
    fn what_was_seen_once_is_no_service() {
        let app = process(1, 0, "app");
        let samples = vec![
            vec![app.clone(), process(7, 1, "migrate")],
            vec![app.clone(), process(8, 1, "helper")],
            vec![app.clone(), process(9, 1, "helper")],
        ];
        let seen = ProcessesSeen { first: 1, samples, ..ProcessesSeen::default() };
        assert_eq!(services(&seen).unwrap(), [Service { name: "app", args: "app" }]);
        let once = ProcessesSeen { first: 1, samples: vec![vec![app]], ..ProcessesSeen::default() };
        assert_eq!(services(&once), None);
    }

    #[test]
    fn managers_by_program_script_and_title() {
        for (args, expected) in [
            ("/usr/bin/python3 /usr/bin/supervisord -n", Some("supervisord")),
            ("python -m supervisor.supervisord", Some("supervisord")),
            ("/sbin/init", Some("init")),
            ("/init", None),
            ("/app/init", None),
            ("/lib/systemd/systemd --system", Some("systemd")),
            ("s6-svscan -d4 -- /run/service", Some("s6")),
            ("ruby /usr/local/bin/foreman start", Some("foreman")),
            ("node /usr/local/bin/pm2-runtime app.js", Some("pm2")),
            ("PM2 v5.3.0: God Daemon (/root/.pm2)", Some("pm2")),
            ("tini -- supervisord", None),
            ("app --with supervisord", None),
            ("", None),
        ] {
            assert_eq!(manager(&process(1, 0, args)).map(|(_, title)| title), expected, "{args}");
        }
        let busybox =
            |args: &str| ProcessSeen { executable: "/bin/busybox".to_owned(), ..process(1, 0, args) };
        assert_eq!(manager(&busybox("init")).map(|(_, title)| title), Some("init"));
        assert_eq!(program(&busybox("/bin/busybox httpd -f")), "httpd");
        assert_eq!(program(&busybox("/bin/sh /x")), "sh");
    }
}
