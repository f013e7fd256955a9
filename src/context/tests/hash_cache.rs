//! Hashes of earlier runs: what is read again, and what is not.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::tree::Tree;
use crate::context::{HashCache, ListOptions, Listing, list};
use crate::stop::Stop;

/// A context and a cache folder. The clock is an hour ahead, so that what was just written counts as old.
struct Lab {
    tree: Tree,
    home: TempDir,
}

fn nanos(ahead: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    i64::try_from(now).unwrap() + ahead
}

fn later() -> i64 {
    nanos(3_600_000_000_000)
}

impl Lab {
    fn with(files: &[(&str, &str)]) -> Lab {
        Lab { tree: Tree::with(files), home: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("deep/hashes-v1")
    }

    /// Lists the context. Gives how many files were read and found worth remembering.
    fn run(&self, clock: fn() -> i64) -> (Listing, usize) {
        let cache = HashCache::open_at(&self.folder(), self.tree.root(), clock);
        let stop = Stop::default();
        let listing = list(&ListOptions {
            root: self.tree.root(),
            dockerfile: Path::new("Dockerfile"),
            own: &[],
            known_blob: None,
            cache: Some(&cache),
            stop: &stop,
        });
        let read = cache.read_now();
        cache.save();
        (listing.unwrap(), read)
    }

    fn reads(&self) -> usize {
        let (listing, read) = self.run(later);
        assert_eq!(listing.digest(), self.tree.list().unwrap().digest());
        read
    }

    /// The one file of the cache.
    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        let file = files.next().unwrap();
        assert_eq!(files.next(), None, "nothing else is left behind");
        file
    }
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let lab = Lab::with(&[("a", "one"), ("sub/b", "two"), ("empty", "")]);
    assert_eq!([lab.reads(), lab.reads(), lab.reads()], [4, 0, 0]);
    lab.tree.file("new", "more");
    assert_eq!([lab.reads(), lab.reads()], [1, 0]);
    fs::rename(lab.tree.path("a"), lab.tree.path("sub/moved")).unwrap();
    // A file's own times include that of its last renaming on most file systems.
    assert!(lab.reads() <= 1);
    assert_eq!(lab.reads(), 0);
    let mode = lab.file().metadata().unwrap().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn what_was_touched_is_read_again() {
    let lab = Lab::with(&[("a", "one"), ("b", "two")]);
    lab.reads();
    let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
    File::open(lab.tree.path("a")).unwrap().set_times(times).unwrap();
    assert_eq!([lab.reads(), lab.reads()], [1, 0]);
    lab.tree.file("b", "other");
    assert_eq!([lab.reads(), lab.reads()], [1, 0]);
}

#[test]
fn another_content_with_the_same_size_and_time_is_noticed() {
    let lab = Lab::with(&[("a", "one"), ("b", "two")]);
    lab.reads();
    let path = lab.tree.path("a");
    let before = path.metadata().unwrap();
    let digest = lab.tree.list().unwrap().digest().clone();
    // As soon as the file system's clock has ticked.
    while path.metadata().unwrap().ctime_nsec() == before.ctime_nsec() {
        fs::write(&path, "two").unwrap();
        let times = FileTimes::new().set_modified(before.modified().unwrap());
        File::open(&path).unwrap().set_times(times).unwrap();
    }
    let after = path.metadata().unwrap();
    assert_eq!(
        (after.len(), after.ino(), after.mtime_nsec()),
        (before.len(), before.ino(), before.mtime_nsec())
    );
    assert_eq!(lab.reads(), 1);
    assert_ne!(*lab.tree.list().unwrap().digest(), digest);
}

#[test]
fn what_may_still_change_unseen_is_never_kept() {
    let lab = Lab::with(&[("a", "one")]);
    for clock in [(|| nanos(0)) as fn() -> i64, || nanos(-3_600_000_000_000), || i64::MIN] {
        assert_eq!(lab.run(clock).1, 0);
        assert!(!lab.folder().exists(), "nothing to write");
    }
    let far = UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
    File::open(lab.tree.path("a")).unwrap().set_times(FileTimes::new().set_modified(far)).unwrap();
    assert_eq!([lab.reads(), lab.reads()], [1, 0], "the Dockerfile, and not what is of the future");
    let (listing, _) = lab.run(later);
    assert_eq!(listing.digest(), lab.tree.list().unwrap().digest());
}

/// What happens to the bytes of a file.
type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);

#[test]
fn damage_is_found_and_costs_a_read() {
    let lab = Lab::with(&[("a", "one"), ("b", "two")]);
    lab.reads();
    let file = lab.file();
    let whole = fs::read(&file).unwrap();
    assert_eq!(whole.len(), 16 + 3 * 64 + 32);
    let damage: [Damage<'_>; 9] = [
        &|bytes| bytes.clear(),
        &|bytes| bytes.truncate(20),
        &|bytes| bytes.truncate(bytes.len() - 1),
        &|bytes| bytes.truncate(bytes.len() - 64),
        &|bytes| bytes.push(0),
        &|bytes| bytes[14] = b'2',
        &|bytes| bytes[16 + 45] ^= 1,
        &|bytes| *bytes.last_mut().unwrap() ^= 0x80,
        &|bytes| bytes.fill(0xff),
    ];
    for (number, damage) in damage.iter().enumerate() {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&file, &bytes).unwrap();
        assert_eq!(lab.reads(), 3, "damage {number}");
        assert_eq!(lab.reads(), 0, "and it is whole again");
    }
    for records in [vec![1, 0, 2], vec![0, 0, 1]] {
        let mut bytes = whole[..16].to_vec();
        for at in records {
            bytes.extend_from_slice(&whole[16 + at * 64..16 + (at + 1) * 64]);
        }
        let sum = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
        bytes.extend_from_slice(&sum);
        fs::write(&file, &bytes).unwrap();
        assert_eq!(lab.reads(), 3, "records out of order");
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_none() {
    let lab = Lab::with(&[("a", "one")]);
    fs::write(lab.home.path().join("deep"), "a file in the way").unwrap();
    assert_eq!([lab.reads(), lab.reads()], [2, 2]);
    fs::remove_file(lab.home.path().join("deep")).unwrap();
    assert_eq!([lab.reads(), lab.reads()], [2, 0]);
    let file = lab.file();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(lab.reads(), 2, "others could have written it");
    assert_eq!(lab.reads(), 0);
    fs::rename(&file, lab.home.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(lab.home.path().join("elsewhere"), &file).unwrap();
    assert_eq!(lab.reads(), 2, "never through a link");
    assert!(file.symlink_metadata().unwrap().is_file());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!([lab.reads(), lab.reads()], [2, 2]);
    assert_eq!(lab.file(), file, "no temporary file is left");
}

#[test]
fn what_nobody_needs_any_more_goes_in_time() {
    let lab = Lab::with(&[("a", "one"), ("b", "two")]);
    lab.reads();
    fs::remove_file(lab.tree.path("b")).unwrap();
    let length = || lab.file().metadata().unwrap().len();
    let before = length();
    for round in 0..40 {
        lab.tree.file("a", format!("{round}"));
        lab.reads();
    }
    assert_eq!(length(), before - 64);
}

#[test]
fn each_context_has_its_own_and_there_are_not_too_many() {
    let lab = Lab::with(&[("a", "one")]);
    lab.reads();
    let other = Tree::with(&[("a", "one")]);
    let stop = Stop::default();
    for n in 0..70 {
        let root = other.path(format!("c{n}"));
        other.file(format!("c{n}/Dockerfile"), "FROM scratch\n");
        let cache = HashCache::open_at(&lab.folder(), &root, later);
        let dockerfile = Path::new("Dockerfile");
        let options = ListOptions {
            root: &root,
            dockerfile,
            own: &[],
            known_blob: None,
            cache: Some(&cache),
            stop: &stop,
        };
        list(&options).unwrap();
        cache.save();
    }
    assert_eq!(fs::read_dir(lab.folder()).unwrap().count(), 64);
}

#[test]
fn two_runs_at_once_tear_nothing() {
    let lab = Lab::with(&[("a", "one"), ("b", "two")]);
    let open = || HashCache::open_at(&lab.folder(), lab.tree.root(), later);
    let (first, second) = (open(), open());
    let stop = Stop::default();
    for cache in [&first, &second] {
        let options = ListOptions {
            root: lab.tree.root(),
            dockerfile: Path::new("Dockerfile"),
            own: &[],
            known_blob: None,
            cache: Some(cache),
            stop: &stop,
        };
        list(&options).unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(move || first.save());
        scope.spawn(move || second.save());
    });
    assert_eq!(lab.reads(), 0);
}
