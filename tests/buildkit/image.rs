//! What is in an image, as `docker export` tells it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::lab::Lab;

/// An entry: its type, mode, owner, where it links to, its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    kind: tar::EntryType,
    mode: u32,
    owner: (u64, u64),
    link: String,
    pub(crate) content: Vec<u8>,
}

/// What the engine itself puts into every container.
const ENGINES: [&str; 8] =
    [".dockerenv", "dev/", "etc/", "proc/", "sys/", "etc/hostname", "etc/hosts", "etc/resolv.conf"];

/// Every entry of `image` by its path. It is never started.
pub(crate) fn entries(lab: &Lab, image: &str) -> BTreeMap<String, Entry> {
    let container = lab.docker(&["create", image, "/none"]);
    let mut child = Command::new(std::env::var_os("IMGBUILD_TEST_DOCKER").expect("IMGBUILD_TEST_DOCKER"))
        .args(["export", &container])
        .env_clear()
        .envs(lab.environment())
        .stdout(Stdio::piped())
        .spawn()
        .expect("docker export");
    let mut archive = tar::Archive::new(child.stdout.take().expect("stdout"));
    let mut found = BTreeMap::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if ENGINES.contains(&path.as_str()) || path.starts_with("dev/") || path == "etc/mtab" {
            continue;
        }
        let header = entry.header();
        let (kind, mode) = (header.entry_type(), header.mode().expect("mode"));
        let owner = (header.uid().expect("uid"), header.gid().expect("gid"));
        let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        found.insert(path, Entry { kind, mode, owner, link: link.unwrap_or_default(), content });
    }
    assert!(child.wait().expect("docker export").success());
    lab.docker(&["rm", &container]);
    found
}

/// The bytes of one file of `image`.
pub(crate) fn file(lab: &Lab, image: &str, path: &Path) -> Vec<u8> {
    let all = entries(lab, image);
    let path = path.to_str().expect("path");
    all.get(path).unwrap_or_else(|| panic!("{path} is not in {:?}", all.keys())).content.clone()
}
