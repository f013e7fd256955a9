//! Which Dockerfile the image is built from, and what that says of the image.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{Look, below};
use crate::config::{self, DOCKERFILES};
use crate::context::Ignore;
use crate::dockerfile::{self, Facts};
use crate::error::{Error, Kind, Result};
use crate::rules::facts::{ContextFiles, copies};
use crate::rules::{Analysis, Expectations};

/// The most Dockerfiles that are named.
const NAMED: usize = 10;

/// A Dockerfile that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Below the root.
    pub(super) path: String,
    /// The context below the root; `.` is the root.
    pub(super) context: String,
    /// Whether a build finds it in its context by itself.
    pub(super) is_default: bool,
}

impl Found {
    /// The Dockerfile `path` of the context, as two texts of some file have it; `None` where there is no such file.
    pub(super) fn in_context(look: &Look, context: Option<&str>, path: Option<&str>) -> Option<Found> {
        let context = below(&[context.unwrap_or(".")])?;
        let path = below(&[&context, path.unwrap_or("Dockerfile")])?;
        look.real_file(&path)?;
        Some(Found::new(look, path, context))
    }

    fn new(look: &Look, path: String, context: String) -> Found {
        let defaults = defaults(look, &context);
        let is_default = defaults.len() == 1 && defaults.contains(&path);
        Found { path, context, is_default }
    }
}

/// The Dockerfile: the one that was asked for, the one that another tool's file names, one where a build looks by itself, or
/// the only other one. `None` where there is none. Further ones become notes.
pub(super) fn choose(
    look: &Look,
    asked: Option<&str>,
    described: Option<Found>,
    notes: &mut Vec<String>,
) -> Result<Option<Found>> {
    if let Some(asked) = asked {
        let found = below(&[asked]).filter(|path| look.real_file(path).is_some());
        let path = found.ok_or_else(|| {
            Error::new(Kind::Usage, format!("--dockerfile: there is no file {asked} in the repository"))
                .hint("give it as it is called from the repository's root")
        })?;
        let context = context_of(look, &path);
        return Ok(Some(Found::new(look, path, context)));
    }
    let all: Vec<String> = look.files.iter().filter(|path| is_dockerfile(path)).cloned().collect();
    let others = |chosen: &str, notes: &mut Vec<String>| {
        let others: Vec<&str> = all.iter().map(String::as_str).filter(|path| *path != chosen).collect();
        if !others.is_empty() {
            notes.push(format!(
                "the image is that of {chosen}; imgbuild.toml describes one image, and these are left: {}",
                listed(&others)
            ));
        }
    };
    if let Some(found) = described {
        others(&found.path, notes);
        return Ok(Some(found));
    }
    let defaults = defaults(look, ".");
    match (defaults.as_slice(), all.as_slice()) {
        ([one], _) => {
            others(one, notes);
            Ok(Some(Found::new(look, one.clone(), ".".to_owned())))
        }
        ([], []) => Ok(None),
        ([], [one]) => Ok(Some(Found::new(look, one.clone(), context_of(look, one)))),
        ([], several) | (several, _) => {
            let names: Vec<&str> = several.iter().map(String::as_str).collect();
            Err(Error::new(Kind::Usage, format!("there are several Dockerfiles: {}", listed(&names)))
                .hint("imgbuild.toml describes one image: say which with --dockerfile"))
        }
    }
}

/// What is known of a Dockerfile's image, where that can be read; the error says why not.
pub(super) fn facts(look: &Look, path: &str, target: Option<&str>) -> Result<Facts> {
    let bytes = look.read(path).ok_or_else(|| {
        Error::new(
            Kind::Config,
            format!("cannot read {}: it is no file of at most 1 MiB", path.escape_debug()),
        )
    })?;
    dockerfile::facts(&dockerfile::parse(&bytes), target, &BTreeMap::new())
}

/// What it copies from its context, as far as no variable keeps it open.
pub(super) fn copied(look: &Look, path: &str) -> BTreeSet<String> {
    let Some(bytes) = look.read(path) else { return BTreeSet::new() };
    let file = dockerfile::parse(&bytes);
    let Ok(nothing) = Ignore::parse(b"") else { return BTreeSet::new() };
    let expectations = Expectations::default();
    let analysis = Analysis::new(path, &bytes, &file, &expectations);
    copies(&analysis, &nothing, &ContextFiles::default()).into_iter().map(|copied| copied.source).collect()
}

/// Where a build looks by itself in a context: what is there, each file once.
fn defaults(look: &Look, context: &str) -> Vec<String> {
    let mut found: Vec<(String, std::path::PathBuf)> = Vec::new();
    for name in DOCKERFILES {
        let Some(path) = below(&[context, name]) else { continue };
        let Some(real) = look.real_file(&path) else { continue };
        if found.iter().all(|(_, other)| *other != real) {
            found.push((path, real));
        }
    }
    found.into_iter().map(|(path, _)| path).collect()
}

/// The root, unless what the Dockerfile copies is only in its own folder.
fn context_of(look: &Look, path: &str) -> String {
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let all_in = |context: &str, sources: &BTreeSet<String>| {
        let plain = sources.iter().filter(|source| !source.contains(['*', '?', '[']) && *source != ".");
        let mut there =
            plain.map(|source| below(&[context, source]).is_some_and(|path| look.is_there(&path)));
        there.all(|is_there| is_there)
    };
    let sources = copied(look, path);
    if all_in(".", &sources) || !all_in(folder, &sources) { ".".to_owned() } else { folder.to_owned() }
}

/// One that can be built from: no list of what to ignore, whatever engine it is for.
fn is_dockerfile(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    config::is_dockerfile(name) && !name.to_ascii_lowercase().ends_with("ignore")
}

fn listed(names: &[&str]) -> String {
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::repository;
    use super::*;

    fn chosen(files: &[(&str, &str)], asked: Option<&str>) -> (Result<Option<Found>>, Vec<String>) {
        let (_folder, root) = repository(files);
        let mut notes = Vec::new();
        let found = choose(&Look::at(&root), asked, None, &mut notes);
        (found, notes)
    }

    fn found(path: &str, context: &str, is_default: bool) -> Found {
        Found { path: path.to_owned(), context: context.to_owned(), is_default }
    }

    #[test]
    fn names_of_dockerfiles() {
        for name in ["Dockerfile", "a/Containerfile", "Dockerfile.prod", "api.Dockerfile", "b/api.dockerfile"]
        {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in
            ["Dockerfile.dockerignore", "dockerfiles", "MyDockerfile", "Dockerfile_old", "dockerfile/x"]
        {
            assert!(!is_dockerfile(name), "{name}");
        }
    }

    #[test]
    fn one_is_chosen_or_a_choice_is_asked_for() {
        let text = "FROM scratch\nCOPY main.go /\n";
        assert_eq!(chosen(&[], None).0.unwrap(), None);
        let (one, notes) = chosen(&[("Dockerfile", text), ("x/Dockerfile", text)], None);
        assert_eq!(one.unwrap(), Some(found("Dockerfile", ".", true)));
        assert!(notes[0].ends_with("these are left: x/Dockerfile"), "{notes:?}");
        let (one, _) = chosen(&[("svc/Dockerfile", text), ("svc/main.go", "")], None);
        assert_eq!(one.unwrap(), Some(found("svc/Dockerfile", "svc", true)));
        let (one, _) = chosen(&[("svc/Dockerfile", text), ("main.go", "")], None);
        assert_eq!(one.unwrap(), Some(found("svc/Dockerfile", ".", false)));
        let (one, _) = chosen(&[("a/Dockerfile", text), ("b/Dockerfile", text)], Some("./b/Dockerfile"));
        assert_eq!(one.unwrap(), Some(found("b/Dockerfile", ".", false)));
        for files in [["a/Dockerfile", "b/Dockerfile"], ["Dockerfile", "Containerfile"]] {
            let error = chosen(&[(files[0], text), (files[1], text)], None).0.unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.message().contains(files[1]), "{error}");
        }
        for asked in ["missing", "../x", "/etc/passwd"] {
            assert_eq!(chosen(&[], Some(asked)).0.unwrap_err().kind(), Kind::Usage, "{asked}");
        }
    }
}
