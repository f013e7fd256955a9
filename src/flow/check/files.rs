//! Which files are judged: those that are named, those in folders, those that patterns fit, and stdin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CheckOptions, TextFile};
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::flow::gather;
use crate::flow::session::{Session, blocking};
use crate::rules::Glob;
use crate::stop::Stop;

/// How deep folders are searched; nobody keeps a Dockerfile below that, and a loop of mounts ends here.
const DEEPEST: usize = 64;
/// Folders that hold other people's files.
const LEFT_OUT: [&str; 4] = [".git", "node_modules", ".venv", "target"];

/// Reads the files that `options` names, each once, in the order of their names but for stdin, which is `-`.
pub(super) async fn read(session: &Session, options: &CheckOptions) -> Result<Vec<TextFile>> {
    let (directory, paths, stop) = (session.directory.clone(), options.paths.clone(), session.stop.clone());
    let stdin = options.stdin.clone();
    blocking(move || {
        let mut files = Vec::new();
        if let Some(bytes) = stdin.filter(|_| paths.iter().any(|path| path.as_os_str() == "-")) {
            files.push(TextFile { path: "-".to_owned(), bytes: Arc::new(bytes), file: None });
        }
        let root = gather::root_of(&directory).to_owned();
        for path in expand(&directory, &paths, &stop)? {
            stays_inside(&path, &root)?;
            let shown = path.strip_prefix(&directory).unwrap_or(&path).to_string_lossy().into_owned();
            let bytes = gather::read_dockerfile(&path, &shown)?;
            files.push(TextFile { path: shown, bytes: Arc::new(bytes), file: Some(path) });
        }
        Ok(files)
    })
    .await
}

/// A link in a repository could lead `check` to show, and `--fix` to write, what the repository's author cannot read.
fn stays_inside(path: &Path, root: &Path) -> Result<()> {
    let (Ok(real), Ok(root)) = (path.canonicalize(), root.canonicalize()) else { return Ok(()) };
    if !path.starts_with(&root) || real.starts_with(&root) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!("{} is a link that leads out of {}", path.display(), root.display()),
    )
    .hint("name the file that it leads to, if it is meant"))
}

fn expand(directory: &Path, paths: &[PathBuf], stop: &Stop) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        let full = directory.join(path);
        if full.is_dir() {
            let before = found.len();
            search(&full, 0, stop, &mut |file| is_dockerfile(file).then(|| found.insert(file.to_owned())))?;
            if found.len() == before && paths.len() == 1 {
                return Err(Error::new(
                    Kind::Usage,
                    format!("there is no Dockerfile below {}", path.display()),
                ));
            }
            continue;
        }
        if full.exists() {
            found.insert(full);
            continue;
        }
        let text = path.to_string_lossy();
        let before = found.len();
        if let Some(glob) = text.contains(['*', '?']).then(|| Glob::new(&format!("/{text}"))).flatten() {
            // The folder above the first pattern is where the search begins.
            let fixed: PathBuf =
                path.iter().take_while(|part| !part.to_string_lossy().contains(['*', '?'])).collect();
            search(&directory.join(fixed), 0, stop, &mut |file| {
                let relative = file.strip_prefix(directory).unwrap_or(file).to_string_lossy();
                glob.matches(&relative).then(|| found.insert(file.to_owned()))
            })?;
        }
        if found.len() == before {
            return Err(Error::new(Kind::Usage, format!("there is no file {text}"))
                .hint("name Dockerfiles, folders that hold some, patterns such as 'services/*/Dockerfile', or - for stdin"));
        }
    }
    Ok(found)
}

/// Calls `take` with every file below `folder`. Links to folders are not followed.
fn search(
    folder: &Path,
    depth: usize,
    stop: &Stop,
    take: &mut dyn FnMut(&Path) -> Option<bool>,
) -> Result<()> {
    stop.check()?;
    let unreadable = |cause: std::io::Error| {
        Error::new(Kind::Io, format!("cannot read {}", folder.display())).because(cause)
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let name = entry.file_name();
        if kind.is_dir() {
            if depth < DEEPEST && !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                search(&entry.path(), depth + 1, stop, take)?;
            }
        } else if kind.is_file() || kind.is_symlink() && entry.path().is_file() {
            take(&entry.path());
        }
    }
    Ok(())
}

fn is_dockerfile(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(config::is_dockerfile)
}
