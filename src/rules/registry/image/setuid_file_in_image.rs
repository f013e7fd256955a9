//! `setuid-file-in-image`.

use crate::rules::facts::{LayerFacts, SetuidFile, named};
use crate::rules::{Found, Level, Place, rule};

rule! {
    /// ## What it does
    /// Reports programs in the image that run with the rights of their owner or group, whoever starts them (setuid, setgid). Those
    /// that distributions ship so, in the place where they ship them, share one finding of the level information. A shell or an
    /// interpreter is an error. The setting `checks.allow-setuid` names paths that are wanted.
    ///
    /// ## Why is this bad?
    /// A process that was broken into becomes root through them, although the image sets `USER`. A service needs none of them.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY --chmod=4755 helper /usr/local/bin/helper
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY helper /usr/local/bin/helper
    /// # what the distribution brought, where nobody needs it
    /// RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/security/#linux-kernel-capabilities>
    /// - <https://man7.org/linux/man-pages/man7/credentials.7.html>
    IMG814 "setuid-file-in-image" {
        level: Warning,
        items: [BestPractice],
        aliases: ["CIS-DI-0008"],
        remedy: "take the bits away (chmod a-s) in the layer that brings the file, or allow its path by checks.allow-setuid where it is meant",
        check: Layers(check),
    }
}

/// Findings on single files; one more sums up the others.
const MOST: usize = 20;
/// What base images of Debian, Ubuntu, Alpine and Fedora have with these bits, and what their usual packages bring.
const USUAL: [&str; 26] = [
    "bbsuid",
    "chage",
    "chfn",
    "chsh",
    "crontab",
    "dbus-daemon-launch-helper",
    "dotlockfile",
    "expiry",
    "gpasswd",
    "mount",
    "newgidmap",
    "newgrp",
    "newuidmap",
    "pam_extrausers_chkpwd",
    "pam_timestamp_check",
    "passwd",
    "ping",
    "ping6",
    "sg",
    "ssh-agent",
    "ssh-keysign",
    "su",
    "umount",
    "unix_chkpwd",
    "wall",
    "write",
];
/// Where they are.
const FOLDERS: [&str; 4] = ["/bin/", "/sbin/", "/usr/", "/lib/"];
/// What runs whatever it is told to.
const OMNIPOTENT: [&str; 20] = [
    "ash", "awk", "bash", "busybox", "cp", "dash", "dd", "env", "find", "gdb", "ksh", "lua", "nano", "node",
    "perl", "python", "ruby", "sh", "vim", "zsh",
];

fn check(image: &LayerFacts, found: &mut Found<'_>) {
    let allowed = &image.expectations.allow_setuid;
    let files = image.files.setuid.iter().filter(|file| !allowed.contains(&file.path));
    let (usual, own): (Vec<&SetuidFile>, Vec<&SetuidFile>) = files.partition(|file| is_usual(&file.path));
    let place = |file: &SetuidFile| Place::field(&image.reference, &file.path);
    for file in own.iter().take(MOST) {
        let level = if is_omnipotent(&file.path) { Level::Error } else { Level::Warning };
        found.add(place(file), format!("{} {}", file.path, rights(file))).level(level);
    }
    if let Some((first, rest)) = own.get(MOST..).and_then(<[_]>::split_first) {
        let paths = named(std::iter::once(first).chain(rest).map(|file| file.path.as_str()));
        let message = format!("{} more files run with the rights of others: {paths}", rest.len() + 1);
        let worst = own.iter().skip(MOST).any(|file| is_omnipotent(&file.path));
        found.add(place(first), message).level(if worst { Level::Error } else { Level::Warning });
    }
    if !usual.is_empty() {
        let paths = named(usual.iter().map(|file| file.path.as_str()));
        let message =
            format!("{} of the distribution run with the rights of others: {paths}", counted(usual.len()));
        found.add(Place::field(&image.reference, "setuid"), message).level(Level::Info);
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "a program".to_owned() } else { format!("{count} programs") }
}

fn rights(file: &SetuidFile) -> String {
    let (user, group) = (who("user", file.uid), who("group", file.gid));
    match (file.setuid, file.setgid) {
        (true, true) => format!("runs as {user} and {group}, whoever starts it"),
        (true, false) => format!("runs as {user}, whoever starts it"),
        _ => format!("runs as {group}, whoever starts it"),
    }
}

fn who(what: &str, id: u32) -> String {
    match (what, id) {
        ("user", 0) => "root".to_owned(),
        _ => format!("the {what} {id}"),
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Nobody's own files are below `/usr/local`.
fn is_usual(path: &str) -> bool {
    let is_there = FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.starts_with("/usr/local/");
    is_there && USUAL.contains(&name(path))
}

/// `python3.12` is `python`.
fn is_omnipotent(path: &str) -> bool {
    let name = name(path);
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    OMNIPOTENT.contains(&name) || OMNIPOTENT.contains(&bare)
}
