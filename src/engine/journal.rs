//! The run journal: what a run makes on an engine, on disk before it exists, so that `imgbuild clean` can finish what a
//! `kill -9` left.
//!
//! One JSON object a line in `FOLDER/ENGINE/RUN.jsonl`, each synced. Folders are 0700 and files 0600. The running
//! process holds a lock on its file, and `clean` holds it while it works through one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

use super::build_progress::{BuildObserver, Origin};
use super::client::{EngineId, EngineInfo};
use super::owner::{Owner, now};

/// Something a run made, or is about to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Record {
    /// First of all.
    Started {
        /// Whose run it is.
        owner: Owner,
        /// The engine's clock, unix seconds: nothing on it that is older was made by this run.
        engine_clock: Option<i64>,
    },
    /// A container exists. Those in which the builder runs a step come only by a cut id.
    Container {
        /// Its id.
        id: String,
    },
    /// A container of this name may exist.
    ContainerName {
        /// Its name.
        name: String,
    },
    /// A network of this name may exist.
    Network {
        /// Its name.
        name: String,
    },
    /// A volume may exist.
    Volume {
        /// Its name.
        name: String,
    },
    /// A step of a build is about to be made. Its container may exist before the builder tells its id.
    Step {
        /// As the builder prints it.
        instruction: String,
    },
    /// An image that a build named as it came.
    Image {
        /// Its id, which may be cut.
        id: String,
        /// The build made it; otherwise it was there, as a base or in the cache.
        made: bool,
        /// No output of a step can have said so: the builder gave it as its result.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        proven: bool,
    },
    /// A name on the engine is about to be given to an image of ours.
    TagOnEngine {
        /// As the engine lists it: `api:1`, `host:5000/api:1`.
        reference: String,
        /// The id it names now. Only a name that named nothing is taken back by `clean`.
        before: Option<String>,
    },
    /// A tag in a registry is about to move.
    TagMoving {
        /// The full reference.
        reference: String,
        /// The digest it resolves to now.
        before: Option<String>,
        /// The digest it will resolve to, where that is known before the push.
        digest: Option<String>,
    },
    /// A tag in a registry was moved.
    TagMoved {
        /// The full reference.
        reference: String,
        /// The digest it resolves to.
        digest: String,
    },
    /// The run ended by itself; what it left on purpose is for `clean`.
    Finished,
}

/// A record and when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Unix seconds by this machine's clock.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub record: Record,
}

/// The journal of the run in this process.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

/// A journal of ordinary runs is below 20 KB.
const MAX_FILE: u64 = 16 << 20;

impl Journal {
    /// Begins the journal of `owner`'s run on `engine` below `dir`, with its first record written and synced.
    pub fn open(dir: &Path, engine: &EngineInfo, owner: &Owner) -> Result<Journal> {
        let folder = dir.join(engine.id.as_str());
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| failed("create", &folder, e))?;
        let path = folder.join(format!("{}.jsonl", file_name(&owner.run)));
        let open = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
        let file = open.map_err(|error| failed("create", &path, error))?;
        // Where the file system has no locks, the owner's pid must do.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        let journal = Journal { path, file: Mutex::new(file) };
        journal.note(Record::Started { owner: owner.clone(), engine_clock: engine.clock })?;
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| failed("sync", &folder, error))?;
        Ok(journal)
    }

    /// Writes a record to disk. Before the thing is made where its name is known, right after where only an id comes
    /// back.
    pub fn note(&self, record: Record) -> Result<()> {
        let told = |error| failed("write", &self.path, error);
        let mut line =
            serde_json::to_vec(&Noted { at: now(), record }).map_err(|error| told(error.into()))?;
        line.push(b'\n');
        // A thread that panicked while it held the file left whole lines or a torn last one: both can be read.
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One write, so that a crash tears at most this line.
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(told)
    }

    /// Ends a run of which nothing is left to clean: the file goes.
    pub fn close(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|error| failed("remove", &self.path, error))
    }

    /// Ends a run that leaves something on purpose (images of a failed build, that the next one finds in the cache), or
    /// could not clean up: the file stays for `imgbuild clean`.
    pub fn leave(self) -> Result<()> {
        self.note(Record::Finished)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every journal of `engine` below `dir`. Those that another process holds, or that cannot be read, come without
    /// being taken; see [`JournalOfARun::is_held`].
    pub fn read_all(dir: &Path, engine: &EngineId) -> Result<Vec<JournalOfARun>> {
        let folder = dir.join(engine.as_str());
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| failed("read", &folder, error))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed("read", &folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                all.extend(JournalOfARun::read(path)?);
            }
        }
        all.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(all)
    }
}

impl BuildObserver for &Journal {
    fn on_image(&mut self, id: &str, origin: Origin) -> Result<()> {
        let (made, proven) = (origin != Origin::Found, origin == Origin::Result);
        self.note(Record::Image { id: id.to_owned(), made, proven })
    }

    fn on_step(&mut self, instruction: &str) -> Result<()> {
        self.note(Record::Step { instruction: instruction.to_owned() })
    }

    fn on_container(&mut self, id: &str) -> Result<()> {
        self.note(Record::Container { id: id.to_owned() })
    }
}

/// A journal on disk, read by another run.
#[derive(Debug)]
pub struct JournalOfARun {
    path: PathBuf,
    records: Vec<Noted>,
    /// Keeps the lock where we got it.
    lock: Option<File>,
}

impl JournalOfARun {
    /// `None` where the file has gone meanwhile.
    pub(super) fn read(path: PathBuf) -> Result<Option<JournalOfARun>> {
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| failed("read", &path, error))?,
        };
        let held = matches!(
            flock(&file, FlockOperation::NonBlockingLockExclusive),
            Err(rustix::io::Errno::WOULDBLOCK)
        );
        let mut text = Vec::new();
        (&mut file).take(MAX_FILE).read_to_end(&mut text).map_err(|error| failed("read", &path, error))?;
        // A torn last line was never followed by what it announces; a line of a later version is passed over.
        let records =
            text.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        Ok(Some(JournalOfARun { path, records, lock: (!held).then_some(file) }))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it noted, in order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|noted| &noted.record)
    }

    /// As [`records`](JournalOfARun::records), with their times.
    pub fn noted(&self) -> &[Noted] {
        &self.records
    }

    /// Whose run it was; `None` where the very first line is torn, so that nothing was made.
    pub fn owner(&self) -> Option<&Owner> {
        self.records().find_map(|record| match record {
            Record::Started { owner, .. } => Some(owner),
            _ => None,
        })
    }

    /// The engine's clock when the run began.
    pub fn engine_clock(&self) -> Option<i64> {
        self.records().find_map(|record| match record {
            Record::Started { engine_clock, .. } => *engine_clock,
            _ => None,
        })
    }

    /// A live process holds the file: the run itself, or another `clean`.
    pub fn is_held(&self) -> bool {
        self.lock.is_none()
    }

    /// Whether the run ended by itself.
    pub fn is_finished(&self) -> bool {
        self.records().any(|record| *record == Record::Finished)
    }

    /// Whether nobody works on this run any more: it finished, or its owner is over.
    pub fn is_over(&self, now: i64) -> bool {
        !self.is_held()
            && (self.is_finished() || self.owner().is_none_or(|owner| owner.liveness(now).is_over()))
    }

    /// Removes the file, once nothing of the run is left.
    pub fn remove(self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed("remove", &self.path, error))
            }
            _ => Ok(()),
        }
    }
}

/// Run ids are ours, but a name from a flag must not leave the folder.
fn file_name(run: &str) -> String {
    run.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(100).collect()
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot {what} the run journal {}", path.display()))
        .because(error)
        .hint("without it `imgbuild clean` could not find what a killed run left; XDG_STATE_HOME moves it")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::super::testing;
    use super::*;

    fn owner(run: &str) -> Owner {
        Owner::current(run, Duration::from_secs(60)).unwrap()
    }

    fn image(id: &str) -> Record {
        Record::Image { id: id.to_owned(), made: true, proven: false }
    }

    #[test]
    fn what_is_noted_is_read() {
        let (dir, info) = (tempfile::tempdir().unwrap(), testing::info());
        // Once, since it ends at a time from now.
        let owner = owner("r1");
        let journal = Journal::open(dir.path(), &info, &owner).unwrap();
        let records = [
            image("sha256:a\n\"ä"),
            Record::Network { name: "n".into() },
            Record::TagMoving { reference: "h/x:1".into(), before: None, digest: None },
            Record::TagMoved { reference: "h/x:1".into(), digest: "d".into() },
        ];
        for record in &records {
            journal.note(record.clone()).unwrap();
        }
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(journal.path()), mode(journal.path().parent().unwrap())), (0o600, 0o700));
        let all = Journal::read_all(dir.path(), &info.id).unwrap();
        assert_eq!(all[0].records().skip(1).cloned().collect::<Vec<_>>(), records);
        assert_eq!(all[0].owner(), Some(&owner));
        assert_eq!(all[0].engine_clock(), info.clock);
    }

    #[test]
    fn held_while_it_lives_and_over_when_it_ended() {
        let (dir, info) = (tempfile::tempdir().unwrap(), testing::info());
        let read = || Journal::read_all(dir.path(), &info.id).unwrap();
        let journal = Journal::open(dir.path(), &info, &owner("r1")).unwrap();
        assert!(read()[0].is_held() && !read()[0].is_over(i64::MAX));
        journal.leave().unwrap();
        let first = read();
        assert!(first[0].is_finished() && first[0].is_over(0));
        // One clean at a time: the second sees a held journal and leaves it.
        assert!(!read()[0].is_over(0));
        drop(first);
        read().pop().unwrap().remove().unwrap();
        assert!(read().is_empty());
    }

    #[test]
    fn a_live_owner_whose_lock_is_gone_is_not_over_and_a_dead_one_is() {
        let (dir, info) = (tempfile::tempdir().unwrap(), testing::info());
        drop(Journal::open(dir.path(), &info, &owner("alive")).unwrap());
        let dead = Owner { pid_start: owner("x").pid_start + 1, ..owner("dead") };
        drop(Journal::open(dir.path(), &info, &dead).unwrap());
        let over: Vec<bool> =
            Journal::read_all(dir.path(), &info.id).unwrap().iter().map(|j| j.is_over(now())).collect();
        assert_eq!(over, [false, true]);
    }

    #[test]
    fn a_torn_last_line_is_passed_over() {
        let (dir, info) = (tempfile::tempdir().unwrap(), testing::info());
        let journal = Journal::open(dir.path(), &info, &owner("r1")).unwrap();
        journal.note(image("one")).unwrap();
        journal.note(image("two")).unwrap();
        let path = journal.path().to_owned();
        drop(journal);
        let text = std::fs::read(&path).unwrap();
        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            let all = Journal::read_all(dir.path(), &info.id).unwrap();
            assert!(all[0].records().count() <= 3);
        }
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        assert_eq!(Journal::read_all(dir.path(), &info.id).unwrap()[0].records().last(), Some(&image("one")));
    }

    #[test]
    fn runs_do_not_share_a_file_and_names_stay_in_the_folder() {
        let (dir, info) = (tempfile::tempdir().unwrap(), testing::info());
        let _first = Journal::open(dir.path(), &info, &owner("../../r")).unwrap();
        assert!(_first.path().starts_with(dir.path()));
        assert_eq!(Journal::open(dir.path(), &info, &owner("../../r")).unwrap_err().kind(), Kind::Io);
    }
}
