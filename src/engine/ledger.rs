//! What earlier runs made on an engine and left there on purpose: the images of their builds, and the names they gave. A later
//! run clears away what is of no more use by it, since labels in an image prove nothing, and names are anybody's.
//!
//! One JSON document beside the journals of the engine, written whole, under a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::client::EngineId;
use crate::error::{Error, Kind, Result};

/// A name that a run gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenName {
    /// The id of the image that got it.
    pub image: String,
    /// The registry has what it names.
    pub pushed: bool,
    /// The variant that was built.
    pub variant: Option<String>,
}

/// Images and names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// By the id of what a build came to, all that it made or found in the cache, where an earlier one had made it; by full ids.
    #[serde(default)]
    pub builds: BTreeMap<String, BTreeSet<String>>,
    /// By reference, as the engine lists it.
    #[serde(default)]
    pub names: BTreeMap<String, GivenName>,
}

/// That of an engine with thousands of images is below 1 MB.
const MAX_FILE: u64 = 64 << 20;

impl Ledger {
    /// The ledger of `engine` below the folder of journals; an empty one where there is none.
    pub fn read(journal_dir: &Path, engine: &EngineId) -> Result<Ledger> {
        let path = place(&journal_dir.join(engine.as_str()));
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Ledger::default()),
            file => file.map_err(|error| failed("read", &path, error))?,
        };
        let mut text = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut text).map_err(|error| failed("read", &path, error))?;
        serde_json::from_slice(&text).map_err(|error| failed("read", &path, error.into()))
    }

    /// Reads, changes and writes it, while no other process does.
    pub fn change(journal_dir: &Path, engine: &EngineId, change: impl FnOnce(&mut Ledger)) -> Result<Ledger> {
        let folder = journal_dir.join(engine.as_str());
        let path = place(&folder);
        let lock = folder.join("ledger.lock");
        let open = |path: &Path, truncate| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(truncate).mode(0o600).open(path)
        };
        let held = open(&lock, false).map_err(|error| failed("lock", &lock, error))?;
        // Where the file system has no locks, two runs at once may lose what one of them noted: that much stays.
        let _ = flock(&held, FlockOperation::LockExclusive);
        let mut ledger = Ledger::read(journal_dir, engine)?;
        change(&mut ledger);
        let text = serde_json::to_vec(&ledger).map_err(|error| failed("write", &path, error.into()))?;
        let new = folder.join("ledger.new");
        open(&new, true)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(|error| failed("write", &path, error))?;
        Ok(ledger)
    }

    /// Whether a build of ours made the image.
    pub fn made(&self, id: &str) -> bool {
        self.builds.values().any(|made| made.contains(id))
    }

    /// Forgets images that are not there any more, and names that are not given any more.
    pub(super) fn forget(&mut self, exists: impl Fn(&str) -> bool, is_named: impl Fn(&str, &str) -> bool) {
        for made in self.builds.values_mut() {
            made.retain(|id| exists(id));
        }
        self.builds.retain(|_, made| !made.is_empty());
        self.names.retain(|reference, given| is_named(reference, &given.image));
    }
}

fn place(folder: &Path) -> PathBuf {
    folder.join("ledger.json")
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot {what} the ledger of images {}", path.display()))
        .because(error)
        .hint("it holds what earlier runs made on the engine; without it, that stays there: remove the file to begin anew")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_and_what_is_gone_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let engine = EngineId::new(&["x"]);
        std::fs::create_dir(dir.path().join(engine.as_str())).unwrap();
        assert_eq!(Ledger::read(dir.path(), &engine).unwrap(), Ledger::default());
        let given = |image: &str| GivenName { image: image.to_owned(), pushed: true, variant: None };
        let noted = Ledger::change(dir.path(), &engine, |ledger| {
            ledger.builds.insert("r".to_owned(), ["r", "a"].map(str::to_owned).into());
            ledger.names.extend([("n:1".to_owned(), given("r")), ("n:2".to_owned(), given("r"))]);
        });
        assert_eq!(Ledger::read(dir.path(), &engine).unwrap(), noted.unwrap());
        let left = Ledger::change(dir.path(), &engine, |ledger| {
            assert!(ledger.made("a") && !ledger.made("b"));
            ledger.forget(|id| id == "a", |name, _| name == "n:2");
        });
        let left = left.unwrap();
        assert_eq!((left.made("a"), left.made("r"), left.names.len()), (true, false, 1));
        std::fs::write(place(&dir.path().join(engine.as_str())), "{").unwrap();
        assert_eq!(Ledger::read(dir.path(), &engine).unwrap_err().kind(), Kind::Io);
    }
}
