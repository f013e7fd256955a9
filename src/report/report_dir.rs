//! `--report-dir DIR`: one run in every form that somebody reads, opened before the run and written when it has ended,
//! however it ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ci::{Outputs, dotenv, page};
use super::findings::{Judged, gitlab, sarif, sarif_unjudged};
use super::html::html;
use super::report_file::ReportFile;
use super::{Masker, RunReport, junit};
use crate::error::{Error, Kind, Result};

/// What a file of the folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Report,
    JUnit,
    Sarif,
    CodeQuality,
    Page,
    Summary,
    Dotenv,
}

/// The names are public: CI configurations name them.
const FILES: [(Form, &str); 7] = [
    (Form::Report, "report.json"),
    (Form::JUnit, "junit.xml"),
    (Form::Sarif, "imgbuild.sarif"),
    (Form::CodeQuality, "codequality.json"),
    (Form::Page, "report.html"),
    (Form::Summary, "summary.md"),
    (Form::Dotenv, "imgbuild.env"),
];

/// The files to be. Dropped without [`write`](Self::write), it leaves the folder as it was.
#[derive(Debug)]
pub struct ReportDir {
    path: PathBuf,
    files: Vec<(Form, &'static str, ReportFile)>,
}

impl ReportDir {
    /// Creates the folder where there is none, and makes sure that each file can be written.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot = |what: &str, cause: io::Error| {
            let text = format!("cannot {what} the folder of reports {}", path.display());
            Error::new(Kind::Io, text).because(cause)
        };
        fs::create_dir_all(path).map_err(|cause| cannot("create", cause))?;
        let open = |(form, name): (Form, &'static str)| match ReportFile::open_in(path, name) {
            Ok(file) => Ok((form, name, file)),
            Err(cause) => Err(cannot(&format!("write {name} into"), cause)),
        };
        let files = FILES.into_iter().map(open).collect::<Result<_>>()?;
        Ok(ReportDir { path: path.to_owned(), files })
    }

    /// What lies somewhere because of it, now or at the end; links on the way are resolved. It is the folder itself, and
    /// those above it, where nothing else is in there.
    pub fn own(&self) -> Vec<PathBuf> {
        let files: Vec<PathBuf> = self.files.iter().flat_map(|(_, _, file)| file.own()).collect();
        let holds_no_other = |folder: &Path, own: &[PathBuf]| {
            fs::read_dir(folder).is_ok_and(|mut entries| {
                entries.all(|entry| entry.is_ok_and(|entry| own.contains(&entry.path())))
            })
        };
        let Ok(mut folder) = self.path.canonicalize() else { return files };
        if !holds_no_other(&folder, &files) {
            return files;
        }
        while let Some(above) = folder.parent().map(Path::to_owned)
            && holds_no_other(&above, std::slice::from_ref(&folder))
        {
            folder = above;
        }
        vec![folder]
    }

    /// The page for people.
    pub fn page(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// The summary as Markdown.
    pub fn summary(&self) -> PathBuf {
        self.path.join("summary.md")
    }

    /// The tests as JUnit XML.
    pub fn junit(&self) -> PathBuf {
        self.path.join("junit.xml")
    }

    /// Writes each file and puts it in place. One that cannot be written does not keep the others from being; the error
    /// names all that could not.
    ///
    /// `report` has to be masked, as [`Recording::complete`](super::Recording::complete) leaves it; what comes from
    /// elsewhere is masked here.
    pub fn write(self, report: &RunReport, masker: &Masker) -> Result<()> {
        let mut unwritten = Vec::new();
        let mut first = None;
        for (form, name, mut file) in self.files {
            let text = text(form, report, masker);
            let written = text.and_then(|text| {
                file.put(text.as_bytes()).map_err(|cause| Error::new(Kind::Io, name).because(cause))
            });
            if let Err(cause) = written {
                unwritten.push(name);
                first.get_or_insert(cause);
            }
        }
        match first {
            None => Ok(()),
            Some(cause) => {
                let (names, folder) = (unwritten.join(", "), self.path.display());
                Err(Error::new(Kind::Io, format!("cannot write {names} into {folder}")).because(cause))
            }
        }
    }
}

fn text(form: Form, report: &RunReport, masker: &Masker) -> Result<String> {
    let nothing = Judged::default();
    let judged = report.judged.as_ref();
    match form {
        Form::Report => report.to_json(),
        Form::JUnit => junit(report),
        Form::Sarif => Ok(match judged {
            Some(judged) => masker.text(judged.with(report, sarif)),
            None => nothing.with(report, |results| sarif_unjudged(results, why(report))),
        }),
        Form::CodeQuality => Ok(masker.text(judged.unwrap_or(&nothing).with(report, gitlab))),
        Form::Page => Ok(html(report, masker)),
        Form::Summary => Ok(page(report, 0)),
        Form::Dotenv => Ok(dotenv(&Outputs::of_report(report))),
    }
}

/// Why nothing was judged.
fn why(report: &RunReport) -> &str {
    report.error.as_ref().map_or("the run did not come to its checks", |error| error.message.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quick_junit::Report;
    use serde_json::Value;

    use super::*;

    fn report() -> RunReport {
        let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
        report.conclude("2026-01-01T00:00:01Z", Some(&Error::new(Kind::Refused, "the tree is dirty")));
        report
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    fn read(path: PathBuf) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn every_file_is_there_when_the_run_has_ended_and_none_before() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        drop(ReportDir::open(&folder).unwrap());
        assert_eq!(names(&folder), BTreeSet::new());
        let open = ReportDir::open(&folder).unwrap();
        assert_eq!(open.page(), folder.join("report.html"));
        open.write(&report(), &Masker::default()).unwrap();
        let all = FILES.iter().map(|(_, name)| (*name).to_owned()).collect();
        assert_eq!(names(&folder), all);

        let json: RunReport = serde_json::from_str(&read(folder.join("report.json"))).unwrap();
        assert_eq!(json, report());
        let tests = Report::deserialize_from_str(&read(folder.join("junit.xml"))).unwrap();
        assert_eq!(tests.errors, 1, "a run without tests that failed is no success");
        let sarif: Value = serde_json::from_str(&read(folder.join("imgbuild.sarif"))).unwrap();
        let invocation = &sarif["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert!(sarif["runs"][0]["results"].is_null(), "nothing was looked for");
        assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "the tree is dirty");
        assert_eq!(read(folder.join("codequality.json")), "[]\n");
        assert!(read(folder.join("report.html")).starts_with("<!DOCTYPE html>"));
        assert!(read(folder.join("summary.md")).contains("the tree is dirty"));
        let nothing = "IMGBUILD_DIGEST=\nIMGBUILD_IMAGE=\nIMGBUILD_VERSION=\nIMGBUILD_TAGS=\n";
        assert_eq!(read(folder.join("imgbuild.env")), nothing);
    }

    #[test]
    fn what_is_its_own_is_known() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        fs::write(root.join("Dockerfile"), "").unwrap();
        // The folder, and the one above it that it made.
        assert_eq!(ReportDir::open(&root.join("a/b")).unwrap().own(), [root.join("a")]);
        // What an earlier run left is its own as well.
        let open = ReportDir::open(&root.join("out")).unwrap();
        open.write(&report(), &Masker::default()).unwrap();
        assert_eq!(ReportDir::open(&root.join("out")).unwrap().own(), [root.join("out")]);
        // Of a folder with other things in it, the files alone.
        fs::write(root.join("out/notes"), "mine").unwrap();
        for folder in [root.join("out"), root.clone()] {
            let own = ReportDir::open(&folder).unwrap().own();
            assert!(own.contains(&folder.join("report.html")), "{own:?}");
            assert!(own.iter().all(|path| path.parent() == Some(&folder)), "{own:?}");
            assert!(!own.contains(&folder.join("notes")) && !own.contains(&folder), "{own:?}");
        }
    }

    #[test]
    fn a_link_is_replaced_and_what_it_leads_to_stays() {
        let place = tempfile::tempdir().unwrap();
        let (folder, precious) = (place.path().join("out"), place.path().join("precious"));
        fs::create_dir(&folder).unwrap();
        fs::write(&precious, "mine").unwrap();
        std::os::unix::fs::symlink(&precious, folder.join("junit.xml")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", folder.join("report.html")).unwrap();
        ReportDir::open(&folder).unwrap().write(&report(), &Masker::default()).unwrap();
        assert_eq!(read(precious), "mine");
        assert!(!fs::symlink_metadata(folder.join("junit.xml")).unwrap().is_symlink());
        assert!(read(folder.join("report.html")).contains("the tree is dirty"));
    }

    #[test]
    fn a_folder_that_cannot_be_is_found_out_before_the_run() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "x").unwrap();
        let error = ReportDir::open(&file.join("out")).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        let folder = place.path().join("out");
        fs::create_dir_all(folder.join("imgbuild.sarif")).unwrap();
        let error = ReportDir::open(&folder).unwrap_err();
        assert!(error.to_string().contains("write imgbuild.sarif into"), "{error}");
        assert_eq!(names(&folder), ["imgbuild.sarif".to_owned()].into());
    }

    #[test]
    fn what_cannot_be_written_is_named_and_the_rest_is_there() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("out");
        let open = ReportDir::open(&folder).unwrap();
        for name in ["junit.xml", "report.html"] {
            fs::create_dir_all(folder.join(name).join("in the way")).unwrap();
        }
        let error = open.write(&report(), &Masker::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.to_string().starts_with("cannot write junit.xml, report.html into "), "{error}");
        assert_eq!(names(&folder).len(), FILES.len(), "{:?}", names(&folder));
        assert!(read(folder.join("report.json")).contains("\"schema\": 1"));
    }
}
