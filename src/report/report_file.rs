//! `--report FILE`, `--junit FILE` and the files of `--report-dir`: opened before the run, so that a path that cannot be
//! written fails at once and not after the push; replaced as a whole, so that nobody ever reads half a report.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::RunReport;
use crate::error::{Error, Kind, Result};

/// A report to be. Dropped without [`write`](Self::write), it leaves nothing and what was there before stays.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    file: File,
    /// The temporary file beside the target; `None` for a pipe or device, which cannot be replaced.
    temporary: Option<Temporary>,
}

#[derive(Debug)]
struct Temporary {
    path: PathBuf,
    target: PathBuf,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is none, and nothing more can be done about one that stays.
        let _ = fs::remove_file(&self.path);
    }
}

impl ReportFile {
    /// Makes sure that `path` can be written: creates a temporary file in the same folder, next to the file that
    /// `path` leads to if it is a link.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot = |e: io::Error| {
            let error = Error::new(Kind::Io, format!("cannot write the report {}", path.display()));
            let error = match (e.kind(), path.parent()) {
                (io::ErrorKind::NotFound, Some(folder)) if folder != Path::new("") => {
                    error.hint(format!("create the folder first: mkdir -p {}", folder.display()))
                }
                _ => error,
            };
            error.because(e)
        };
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => Err(cannot(io::ErrorKind::IsADirectory.into())),
            Ok(meta) if !meta.is_file() => {
                let file = OpenOptions::new().write(true).open(path).map_err(cannot)?;
                Ok(ReportFile { path: path.to_owned(), file, temporary: None })
            }
            known => {
                let target =
                    if known.is_ok() { fs::canonicalize(path).map_err(cannot)? } else { path.to_owned() };
                let (temporary, file) = create_beside(&target).map_err(cannot)?;
                let temporary = Some(Temporary { path: temporary, target });
                Ok(ReportFile { path: path.to_owned(), file, temporary })
            }
        }
    }

    /// Makes sure that the file `name` of `folder` can be written. A link of that name is replaced and never followed:
    /// unlike a path that somebody gave, it may be of the repository that is built.
    pub(super) fn open_in(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let (temporary, file) = create_beside(&path)?;
        let temporary = Some(Temporary { path: temporary, target: path.clone() });
        Ok(ReportFile { path, file, temporary })
    }

    /// Writes `bytes` into the file `name` of `folder`, as a whole; a link of that name is replaced and never followed.
    pub fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        ReportFile::open_in(folder, name)?.put(bytes)
    }

    /// What lies in the folder because of it, now or at the end; links on the way are resolved.
    pub fn own(&self) -> Vec<PathBuf> {
        let Some(Temporary { path, target }) = &self.temporary else { return Vec::new() };
        let real = |path: &PathBuf| {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(path.file_name()?))
        };
        [path, target].into_iter().filter_map(real).collect()
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `report` and puts it in place.
    pub fn write(self, report: &RunReport) -> Result<()> {
        self.write_text(&report.to_json()?)
    }

    /// Writes its tests and practices as JUnit XML and puts them in place.
    pub fn write_junit(self, report: &RunReport) -> Result<()> {
        self.write_text(&super::junit(report)?)
    }

    fn write_text(mut self, text: &str) -> Result<()> {
        self.put(text.as_bytes()).map_err(|e| {
            Error::new(Kind::Io, format!("cannot write the report {}", self.path.display())).because(e)
        })
    }

    /// Writes `bytes` and puts them in place.
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        if let Some(temporary) = &self.temporary {
            // Else a crash of the machine could leave an empty file under the final name.
            self.file.sync_all()?;
            fs::rename(&temporary.path, &temporary.target)?;
        }
        Ok(())
    }
}

/// A new file in the folder of `target`, under a name that no other process uses.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    for attempt in 0..100u32 {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let temporary = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(file) => return Ok((temporary, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> RunReport {
        RunReport::new("ci", "01j", "2026-01-01T00:00:00Z")
    }

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_report_replaces_what_was_there_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let file = ReportFile::open(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old", "nothing changes before the end");
        file.write(&report()).unwrap();
        let read: RunReport = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(read, report());
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn a_run_that_never_gets_there_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(ReportFile::open(&folder.path().join("report.json")).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_path_that_cannot_be_written_fails_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let missing = ReportFile::open(&folder.path().join("no/such/report.json")).unwrap_err();
        assert_eq!(missing.kind(), Kind::Io);
        assert!(
            missing.hints()[0].starts_with("create the folder first: mkdir -p /"),
            "{:?}",
            missing.hints()
        );
        assert_eq!(ReportFile::open(folder.path()).unwrap_err().kind(), Kind::Io);
        assert_eq!(ReportFile::open(Path::new("")).unwrap_err().kind(), Kind::Io);
        assert_eq!(ReportFile::open(&folder.path().join("..")).unwrap_err().kind(), Kind::Io);
    }

    #[test]
    fn links_are_followed_and_devices_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target.json"), folder.path().join("link.json"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        ReportFile::open(&link).unwrap().write(&report()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&target).unwrap().contains("\"schema\": 1"));
        ReportFile::open(Path::new("/dev/null")).unwrap().write(&report()).unwrap();
        assert_eq!(
            ReportFile::open(Path::new("/dev/full")).unwrap().write(&report()).unwrap_err().kind(),
            Kind::Io
        );
    }
}
