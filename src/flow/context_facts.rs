//! What the rules on the build context judge: its files, what they seem to hold, and what git says of them.

mod git;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gather;
use super::judging;
use super::session::{Session, blocking};
use crate::config::{Located, Settings};
use crate::context::{EntryKind, Ignore, Listing};
use crate::dockerfile;
use crate::error::{Error, Kind, Result};
use crate::rules::facts::{ContextEntry, ContextFacts, copies, may_hold_secret, signs, started_scripts};
use crate::rules::{Analysis, Expectations, Fact};
use crate::source::SourceState;
use crate::stop::Stop;

/// Files that are looked into for secrets, those with the most telling names first.
const MOST_LOOKS: usize = 2_000;
/// How far each is read, in bytes: further than a chain of certificates that stands before a key.
const LOOK: usize = 64 << 10;
/// The longest script that is read, in bytes.
const LONGEST_SCRIPT: usize = 256 << 10;

/// Gathers the facts of a context that was listed. `source` is the git state, or why there is none. Errors:
/// [`Kind::Config`] for a pattern of `generated` that makes no sense, [`Kind::Io`] for a Dockerfile that is gone, and those
/// of git.
pub(super) async fn context_facts(
    session: &Session,
    settings: &Settings,
    expectations: &Expectations,
    located: &Located,
    listing: &Arc<Listing>,
    source: &Fact<Arc<SourceState>>,
) -> Result<ContextFacts> {
    let (listing, source, stop) = (Arc::clone(listing), source.clone(), session.stop.clone());
    let (located, expectations) = (located.clone(), expectations.clone());
    let environment = session.environment.clone();
    let generated = generated(&settings.generated)?;
    let config = settings.config_path.as_ref().map(|path| (path.clone(), judging::shown(session, path)));
    let root = judging::shown(session, &located.context);
    let shown = judging::shown(session, &located.context.join(&located.dockerfile));
    blocking(move || {
        let entries = entries(&listing);
        let bytes = gather::read_dockerfile(&located.context.join(&located.dockerfile), &shown)?;
        let file = dockerfile::parse(&bytes);
        let analysis = Analysis::new(&shown, &bytes, &file, &expectations);
        let ignore = listing.ignore()?;
        let git = match &source {
            Fact::Known(source) => git::facts(&git::Asked {
                source,
                environment: &environment,
                located: &located,
                listing: &listing,
                generated: &generated,
                config: config.as_ref(),
                stop: &stop,
            })?,
            Fact::Missing(why) => Fact::Missing(why.clone()),
        };
        Ok(ContextFacts {
            root: if root.is_empty() { ".".to_owned() } else { root },
            signs: all_signs(&listing, &entries, &stop)?,
            dockerfile: lossy(listing.dockerfile()),
            ignore_file: listing.ignore_file().map(lossy),
            ambiguities: ignore.ambiguous_patterns().into_iter().map(|a| (a.line, a.message)).collect(),
            ignore_warnings: listing.ignore_warnings().to_vec(),
            has_repository: located.context.join(".git").symlink_metadata().is_ok(),
            copies: copies(&analysis, &ignore, &entries),
            scripts: scripts(&analysis, &listing, &entries),
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

/// Files and links, sorted by path.
fn entries(listing: &Listing) -> Vec<ContextEntry> {
    let files = listing.entries().filter(|entry| entry.kind != EntryKind::Dir);
    let mut entries: Vec<ContextEntry> = files
        .map(|entry| ContextEntry {
            path: String::from_utf8_lossy(&entry.path).into_owned(),
            size: entry.size,
            is_link: entry.kind == EntryKind::Symlink,
            forced: entry.forced,
        })
        .collect();
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    entries
}

/// What the files hold whose names say that it is worth a look. A file that cannot be read any more holds nothing.
fn all_signs(
    listing: &Listing,
    entries: &[ContextEntry],
    stop: &Stop,
) -> Result<BTreeMap<String, Vec<crate::rules::facts::Sign>>> {
    let readable = entries.iter().filter(|entry| !entry.is_link && !entry.forced);
    let mut wanted: Vec<(u8, &str)> =
        readable.filter_map(|entry| Some((may_hold_secret(&entry.path)?, entry.path.as_str()))).collect();
    wanted.sort_unstable();
    let mut found = BTreeMap::new();
    for (_, path) in wanted.into_iter().take(MOST_LOOKS) {
        stop.check()?;
        let bytes = listing.peek(path.as_bytes(), LOOK).unwrap_or_default();
        let signs = signs(path, &bytes);
        if !signs.is_empty() {
            found.insert(path.to_owned(), signs);
        }
    }
    Ok(found)
}

/// The scripts that a container starts with.
fn scripts(analysis: &Analysis<'_>, listing: &Listing, entries: &[ContextEntry]) -> BTreeMap<String, String> {
    let started = started_scripts(analysis, entries).into_iter();
    let read = started.filter_map(|path| {
        let bytes = listing.peek(path.as_bytes(), LONGEST_SCRIPT).ok()?;
        // A program is no script.
        let is_text = !bytes.iter().take(1024).any(|byte| *byte == 0);
        is_text.then(|| (path, String::from_utf8_lossy(&bytes).into_owned()))
    });
    read.collect()
}

/// Where the context lies in the repository; `None` where it lies elsewhere.
fn inside(context: &Path, root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    context.strip_prefix(root).ok().map(Path::to_owned)
}
