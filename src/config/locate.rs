//! Whether the build context is there, and which Dockerfile is meant.

use std::io;
use std::path::{Path, PathBuf};

use super::origin::{Origin, Sourced};
use super::settings::Settings;
use crate::error::{Error, Kind, Result};

/// Where a Dockerfile is looked for, relative to the context.
pub const DOCKERFILES: [&str; 4] = ["Dockerfile", "Containerfile", "docker/Dockerfile", "build/Dockerfile"];

/// Whether a file of this name is one: `Dockerfile`, `Dockerfile.NAME`, `NAME.Dockerfile`, and the same of Containerfile.
pub fn is_dockerfile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["dockerfile", "containerfile"].iter().any(|kind| {
        let behind = lower.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        behind && !lower.ends_with(".dockerignore")
            || lower.strip_suffix(kind).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// What a build reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The context: a folder that exists, its path without links.
    pub context: PathBuf,
    /// The Dockerfile: a file below the context, relative to it.
    pub dockerfile: PathBuf,
}

/// Where files are looked for: the file system, or the tree of a commit.
pub trait Lookup {
    /// The path without links, as `std::fs::canonicalize` has it. Paths are absolute.
    fn real(&self, path: &Path) -> io::Result<PathBuf>;
    /// Whether a path without links is a folder.
    fn is_folder(&self, real: &Path) -> bool;
    /// Whether a path without links is a regular file.
    fn is_file(&self, real: &Path) -> bool;
}

/// The file system.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Lookup for Disk {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn is_folder(&self, real: &Path) -> bool {
        real.is_dir()
    }

    fn is_file(&self, real: &Path) -> bool {
        real.is_file()
    }
}

/// Looks for the context and the Dockerfile that `settings` mean. `root` is the repository's: a context named by the
/// file may not leave it through links either.
///
/// Blocking. Every error is [`Kind::Config`], or [`Kind::Io`] where a look was denied.
pub fn locate(settings: &Settings, root: &Path) -> Result<Located> {
    locate_in(&Disk, settings, root)
}

/// [`locate`] where `files` are.
pub fn locate_in(files: &dyn Lookup, settings: &Settings, root: &Path) -> Result<Located> {
    let wanted = &settings.context;
    let context = files.real(wanted).map_err(|error| missing("build context", wanted, error))?;
    if !files.is_folder(&context) {
        return Err(invalid(format!(
            "the build context {} is not a folder{}",
            wanted.display(),
            said_by(wanted)
        )));
    }
    let from_file = matches!(wanted.origin, Origin::File(_) | Origin::Profile { .. });
    let root = files.real(root).map_err(|error| missing("repository", root, error))?;
    if from_file && !context.starts_with(&root) {
        let message = format!("the build context {} is a link out of the repository", wanted.display());
        return Err(invalid(format!("{message}{}", said_by(wanted))));
    }
    let dockerfile = match &settings.dockerfile {
        Some(dockerfile) => configured(files, &context, wanted, dockerfile)?,
        None => discovered(files, &context)?,
    };
    Ok(Located { context, dockerfile })
}

fn configured(
    files: &dyn Lookup,
    context: &Path,
    wanted: &Path,
    dockerfile: &Sourced<PathBuf>,
) -> Result<PathBuf> {
    let real = files.real(dockerfile).map_err(|error| missing("Dockerfile", dockerfile, error))?;
    if !files.is_file(&real) {
        return Err(invalid(format!(
            "the Dockerfile {} is not a file{}",
            dockerfile.display(),
            said_by(dockerfile)
        )));
    }
    // The path as written is what messages and the engine see; a link inside of the context may point anywhere in it.
    let written = dockerfile.strip_prefix(wanted).or_else(|_| dockerfile.strip_prefix(context));
    match (written, real.strip_prefix(context)) {
        (Ok(written), Ok(_)) => Ok(written.to_owned()),
        (Err(_), Ok(real)) => Ok(real.to_owned()),
        (_, Err(_)) => {
            let message = format!(
                "the Dockerfile {} is outside of the build context {}{}",
                dockerfile.display(),
                wanted.display(),
                said_by(dockerfile)
            );
            Err(invalid(message)
                .hint("move it, or widen the context: only files of the context reach the engine"))
        }
    }
}

fn discovered(files: &dyn Lookup, context: &Path) -> Result<PathBuf> {
    let mut found: Vec<(&str, PathBuf)> = Vec::new();
    for name in DOCKERFILES {
        let Some(real) = real_file(files, &context.join(name))? else { continue };
        // One may be a link to the other.
        if found.iter().all(|(_, other)| *other != real) {
            found.push((name, real));
        }
    }
    match found.as_slice() {
        [(name, real)] if real.starts_with(context) => Ok(PathBuf::from(name)),
        [(name, _)] => {
            Err(invalid(format!("{name} in {} is a link out of the build context", context.display())))
        }
        [] => Err(invalid(format!("there is no Dockerfile in {}", context.display()))
            .hint(format!("looked for {}", DOCKERFILES.join(", ")))
            .hint("name one with --dockerfile, or with `dockerfile` under [image] in imgbuild.toml")),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            Err(invalid(format!(
                "there are several Dockerfiles in {}: {}",
                context.display(),
                names.join(", ")
            ))
            .hint("choose one with --dockerfile, or with `dockerfile` under [image] in imgbuild.toml"))
        }
    }
}

/// The path without links of what is a file in the end; `None` where there is none.
fn real_file(files: &dyn Lookup, path: &Path) -> Result<Option<PathBuf>> {
    match files.real(path) {
        Ok(real) if files.is_file(&real) => Ok(Some(real)),
        Ok(_) => Ok(None),
        // NotADirectory: `build` is a file, and so there is no `build/Dockerfile`.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(missing("Dockerfile", path, error)),
    }
}

fn invalid(message: String) -> Error {
    Error::new(Kind::Config, message)
}

fn missing(what: &str, path: &Path, error: io::Error) -> Error {
    let absent = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let kind = if absent { Kind::Config } else { Kind::Io };
    Error::new(kind, format!("cannot find the {what} {}", path.display())).because(error)
}

fn said_by<T>(value: &Sourced<T>) -> String {
    match value.origin {
        Origin::Default => String::new(),
        ref origin => format!(" ({origin})"),
    }
}
