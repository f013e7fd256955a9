//! Finding the configuration file, and reading it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::document::Document;
use super::parse::{MAX_BYTES, parse};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The name that is looked for.
pub const FILE_NAME: &str = "imgbuild.toml";

/// The configuration file of a run: `flag` (`--config`), else `IMGBUILD_CONFIG`, else the first `imgbuild.toml` on the
/// way up from `start` to `root`, both included. `None` where there is none, which is no error. `start` and `root` are
/// absolute; without a repository `root` is `start`.
///
/// Blocking. A file that was asked for and is not there is [`Kind::Config`]; one that cannot be read, [`Kind::Io`].
pub fn load(
    flag: Option<&Path>,
    environment: &Environment,
    start: &Path,
    root: &Path,
) -> Result<Option<Document>> {
    let variable = environment.get_os("IMGBUILD_CONFIG").map(Path::new);
    if let Some(given) = flag.or(variable) {
        return read(&start.join(given), root).map(Some);
    }
    // Without links, so that the way up meets the root whatever name the shell has for the working folder.
    let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, root, error));
    let (start, root) = (&real(start)?, &real(root)?);
    let Some(path) = find(start, root)? else { return Ok(None) };
    // A link out of the repository would show lines of somebody's files in the messages of a pull request.
    if !real(&path)?.starts_with(root) {
        let message = format!("{} is a link that leads out of the repository", shown(&path, root));
        return Err(Error::new(Kind::Config, message).hint("name the file with --config if that is meant"));
    }
    read(&path, root).map(Some)
}

/// Reads the file at `path`; messages call it by its path under `root` where it lies there.
///
/// Blocking. At most 1 MiB and a byte is read, whatever the file's size.
pub fn read(path: &Path, root: &Path) -> Result<Document> {
    let mut bytes = Vec::new();
    // One more than allowed, which `parse` refuses.
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, root, error))?;
    let mut document = parse(&shown(path, root), &bytes)?;
    document.path = Some(path.to_owned());
    Ok(document)
}

/// The nearest configuration file. A folder or a pipe of that name is an error: passing by it would be silent.
fn find(start: &Path, root: &Path) -> Result<Option<PathBuf>> {
    // From outside of the repository the root is never met, and the file system's root would be.
    let most = if start.starts_with(root) { usize::MAX } else { 1 };
    for folder in start.ancestors().take(most) {
        let path = folder.join(FILE_NAME);
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => return Ok(Some(path)),
            Ok(_) => return Err(Error::new(Kind::Config, format!("{} is not a file", shown(&path, root)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                let message = format!("{} is a link to a file that does not exist", shown(&path, root));
                return Err(Error::new(Kind::Config, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, root, error)),
        }
        if folder == root {
            break;
        }
    }
    Ok(None)
}

fn unreadable(path: &Path, root: &Path, error: io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::NotFound { Kind::Config } else { Kind::Io };
    Error::new(kind, format!("cannot read the configuration file {}", shown(path, root))).because(error)
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
