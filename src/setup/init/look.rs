//! Looks through a repository: bounded in number, depth and size, and never through links that lead out.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// The most entries that are looked at.
const MOST: usize = 20_000;
/// How deep below the root files are looked for.
const DEEPEST: usize = 4;
/// Folders with what others made.
const PASSED: [&str; 7] = ["node_modules", "target", "vendor", "third_party", "testdata", "dist", "venv"];

/// A repository's files.
#[derive(Debug)]
pub(super) struct Look {
    /// Absolute, without links.
    root: PathBuf,
    /// Every regular file that was seen, by its path below the root, those above first and by name within a folder.
    pub(super) files: Vec<String>,
    /// Whether there was more than is looked at.
    pub(super) cut: bool,
    /// How many files and folders have names that are no UTF-8, and so cannot stand in a file of ours.
    pub(super) unnamed: usize,
}

impl Look {
    /// Looks around below `root`, which is without links.
    pub(super) fn at(root: &Path) -> Look {
        Look::within(root, MOST)
    }

    /// The same for at most `most` entries.
    fn within(root: &Path, most: usize) -> Look {
        let mut look = Look { root: root.to_owned(), files: Vec::new(), cut: false, unnamed: 0 };
        let mut folders = VecDeque::from([(String::new(), 0)]);
        let mut seen = 0;
        while let Some((folder, depth)) = folders.pop_front() {
            // What may not be read is passed by: there is nothing in it for us.
            let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
            let mut here = Vec::new();
            for entry in entries.flatten() {
                seen += 1;
                if seen > most {
                    look.cut = true;
                    break;
                }
                let Ok(kind) = entry.file_type() else { continue };
                let Ok(name) = entry.file_name().into_string() else {
                    look.unnamed += usize::from(kind.is_dir() || kind.is_file());
                    continue;
                };
                here.push((name, kind));
            }
            here.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, kind) in here {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if kind.is_file() {
                    look.files.push(path);
                } else if kind.is_dir()
                    && depth < DEEPEST
                    && !name.starts_with('.')
                    && !PASSED.contains(&name.as_str())
                {
                    folders.push_back((path, depth + 1));
                }
            }
            if look.cut {
                break;
            }
        }
        look
    }

    /// Whether anything has this name, be it a link to nowhere.
    pub(super) fn is_there(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok()
    }

    /// The path of a regular file, which links may lead to inside of the repository, without links.
    pub(super) fn real_file(&self, path: &str) -> Option<PathBuf> {
        let real = self.root.join(path).canonicalize().ok()?;
        (real.starts_with(&self.root) && real.is_file()).then_some(real)
    }

    /// The content of such a file; `None` for what is none, is larger than 1 MiB, or may not be read.
    pub(super) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let real = self.real_file(path)?;
        let mut bytes = Vec::new();
        File::open(real).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).ok()?;
        (bytes.len() as u64 <= LARGEST).then_some(bytes)
    }

    /// The content, where it is UTF-8.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.read(path)?).ok()
    }

    /// The files right in a folder that is in the repository, by their names; at most 200.
    pub(super) fn folder(&self, path: &str) -> Vec<String> {
        let Ok(real) = self.root.join(path).canonicalize() else { return Vec::new() };
        if !real.starts_with(&self.root) {
            return Vec::new();
        }
        let Ok(entries) = fs::read_dir(real) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().take(200).filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// Makes of a path as files write it one below the root: without `.`, and `None` where it leads out, is absolute or no path
/// at all. The root is `.`.
pub(super) fn below(parts: &[&str]) -> Option<String> {
    let mut path: Vec<&str> = Vec::new();
    for part in parts {
        if part.starts_with('/') || part.contains("://") || part.contains('\0') {
            return None;
        }
        for name in part.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(path.pop()?),
                name => path.push(name),
            }
        }
    }
    Some(if path.is_empty() { ".".to_owned() } else { path.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn paths_stay_below_the_root() {
        for (parts, path) in [
            (&["."][..], Some(".")),
            (&["./a//b/"], Some("a/b")),
            (&["a", "../b/Dockerfile"], Some("b/Dockerfile")),
            (&["a/../.."], None),
            (&["/etc"], None),
            (&["https://x/y"], None),
            (&["a\0b"], None),
        ] {
            assert_eq!(below(parts).as_deref(), path, "{parts:?}");
        }
    }

    #[test]
    fn links_out_pipes_and_large_files_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "x").unwrap();
        fs::write(root.join("large"), vec![b'x'; (1 << 20) + 1]).unwrap();
        symlink("/etc/passwd", root.join("out")).unwrap();
        symlink("a/b/file", root.join("in")).unwrap();
        symlink("/etc", root.join("folder")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe"), rustix::fs::Mode::from_raw_mode(0o600))
            .unwrap();
        let look = Look::at(&root);
        assert_eq!(look.files, ["large", "a/b/file"]);
        for name in ["out", "folder/passwd", "large", "pipe", "a", "missing", "a/b/file/x"] {
            assert_eq!(look.read(name), None, "{name}");
        }
        let cut = Look::within(&root, 2);
        assert!(cut.cut && cut.files.len() <= 2 && !look.cut);
        assert_eq!(look.read("in"), Some(b"x".to_vec()));
        assert_eq!(look.folder("folder"), Vec::<String>::new());
        assert!(look.is_there("out") && look.is_there("pipe") && !look.is_there("nothing"));
    }
}
