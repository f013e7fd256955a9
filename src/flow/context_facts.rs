//! What the rules on the build context judge: its files, what they seem to hold, and what git says of them.

mod git;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::contents::Contents;
use super::judging;
use super::session::{Session, blocking};
use crate::config::{Located, Settings};
use crate::context::Ignore;
use crate::dockerfile;
use crate::error::{Error, Kind, Result};
use crate::rules::facts::{
    ContextFacts, ContextFiles, GitFacts, copies, may_hold_secret, signs, started_scripts,
};
use crate::rules::{Analysis, Expectations, Fact};
use crate::stop::Stop;

/// Files that are looked into for secrets, those with the most telling names first.
const MOST_LOOKS: usize = 2_000;
/// How far each is read, in bytes: further than a chain of certificates that stands before a key.
const LOOK: usize = 64 << 10;
/// The longest script that is read, in bytes.
const LONGEST_SCRIPT: usize = 256 << 10;

/// Gathers the facts of a context. Errors:
/// [`Kind::Config`] for a pattern of `generated` that makes no sense, [`Kind::Io`] for a Dockerfile that is gone, and those
/// of git.
pub(super) async fn context_facts(
    session: &Session,
    settings: &Settings,
    expectations: &Expectations,
    located: &Located,
    contents: Contents,
) -> Result<ContextFacts> {
    let stop = session.stop.clone();
    let (located, expectations) = (located.clone(), expectations.clone());
    let environment = session.environment.clone();
    let generated = generated(&settings.generated)?;
    let config = settings.config_path.as_ref().map(|path| (path.clone(), judging::shown(session, path)));
    let root = judging::shown(session, &located.context);
    let shown = judging::shown(session, &located.context.join(&located.dockerfile));
    blocking(move || {
        let entries = contents.entries();
        let bytes = contents.dockerfile_bytes(&located, &shown)?;
        let file = dockerfile::parse(&bytes);
        let analysis = Analysis::new(&shown, &bytes, &file, &expectations);
        let git = match &contents {
            Contents::Listed { listing, source: Fact::Known(source) } => git::facts(&git::Asked {
                source,
                environment: &environment,
                located: &located,
                listing,
                generated: &generated,
                config: config.as_ref(),
                stop: &stop,
            })?,
            Contents::Listed { source: Fact::Missing(why), .. } => Fact::Missing(why.clone()),
            // There is nothing in it but what is committed.
            Contents::Commit(_) => {
                Fact::Known(GitFacts { dockerfile_committed: true, ..GitFacts::default() })
            }
        };
        let (copies, ambiguities) = contents
            .with_ignore(|ignore| (copies(&analysis, ignore, &entries), ignore.ambiguous_patterns()))?;
        Ok(ContextFacts {
            root: if root.is_empty() { ".".to_owned() } else { root },
            signs: all_signs(&contents, &entries, &stop)?,
            dockerfile: lossy(contents.dockerfile()),
            ignore_file: contents.ignore_file().map(lossy),
            ambiguities: ambiguities.into_iter().map(|a| (a.line, a.message)).collect(),
            ignore_warnings: contents.ignore_warnings().to_vec(),
            has_repository: contents.has_repository(&located),
            copies,
            scripts: scripts(&analysis, &contents, &entries, &stop)?,
            git,
            entries,
        })
    })
    .await
}

/// Files that may lie in the context although the commit does not have them, as patterns of an ignore file.
fn generated(patterns: &[String]) -> Result<Vec<u8>> {
    let text = patterns.join("\n").into_bytes();
    Ignore::parse(&text).map(|_| text).map_err(|cause| {
        Error::new(Kind::Config, "a pattern of [image.build] generated makes no sense").because(cause)
    })
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What the files hold whose names say that it is worth a look. A file that cannot be read any more holds nothing.
fn all_signs(
    contents: &Contents,
    entries: &ContextFiles,
    stop: &Stop,
) -> Result<BTreeMap<String, Vec<crate::rules::facts::Sign>>> {
    let readable = entries.iter().filter(|entry| !entry.is_link && !entry.forced);
    let mut wanted: Vec<(u8, &str)> =
        readable.filter_map(|entry| Some((may_hold_secret(entry.path)?, entry.path))).collect();
    wanted.sort_unstable();
    let wanted: Vec<&str> = wanted.into_iter().take(MOST_LOOKS).map(|(_, path)| path).collect();
    let mut found: BTreeMap<_, _> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    contents.each(&wanted, LOOK, stop, &mut |path, bytes| {
        seen.insert(path.to_owned());
        found.insert(path.to_owned(), signs(path, bytes));
    })?;
    // A name may say enough.
    for path in wanted.into_iter().filter(|path| !seen.contains(*path)) {
        found.insert(path.to_owned(), signs(path, b""));
    }
    found.retain(|_, signs| !signs.is_empty());
    Ok(found)
}

/// The scripts that a container starts with.
fn scripts(
    analysis: &Analysis<'_>,
    contents: &Contents,
    entries: &ContextFiles,
    stop: &Stop,
) -> Result<BTreeMap<String, String>> {
    let started = started_scripts(analysis, entries);
    let started: Vec<&str> = started.iter().map(String::as_str).collect();
    let mut found = BTreeMap::new();
    contents.each(&started, LONGEST_SCRIPT, stop, &mut |path, bytes| {
        // A program is no script.
        if !bytes.iter().take(1024).any(|byte| *byte == 0) {
            found.insert(path.to_owned(), String::from_utf8_lossy(bytes).into_owned());
        }
    })?;
    Ok(found)
}

/// Where the context lies in the repository; `None` where it lies elsewhere.
fn inside(context: &Path, root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    context.strip_prefix(root).ok().map(Path::to_owned)
}
