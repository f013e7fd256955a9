//! Files as platforms know them: by their paths from the root of the repository, wherever the command ran.

use std::path::{Component, Path, PathBuf};

/// What findings call the text that came by stdin, which no repository has.
const STDIN: &str = "-";

/// `path`, which is named from `folder` of the repository, named from its root; as it is where it leads out of that.
pub fn from_root(folder: &Path, path: &str) -> String {
    if path == STDIN {
        return path.to_owned();
    }
    let mut whole = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::ParentDir if !whole.pop() => return path.to_owned(),
            Component::ParentDir | Component::CurDir => {}
            part => whole.push(part),
        }
    }
    if whole.as_os_str().is_empty() { ".".to_owned() } else { whole.to_string_lossy().into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_repository() {
        let table = [
            ("", "Dockerfile", "Dockerfile"),
            ("", "./Dockerfile", "Dockerfile"),
            ("svc/api", "Dockerfile", "svc/api/Dockerfile"),
            ("svc/api", "../../imgbuild.toml", "imgbuild.toml"),
            ("svc", "./a/../b", "svc/b"),
            ("svc", ".", "svc"),
            ("svc", "..", "."),
            ("", ".", "."),
            ("svc", "../../elsewhere", "../../elsewhere"),
            ("svc", "/etc/x", "/etc/x"),
            ("svc", "-", "-"),
        ];
        for (folder, path, expected) in table {
            assert_eq!(from_root(Path::new(folder), path), expected, "{folder} {path}");
        }
    }
}
