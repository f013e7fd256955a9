//! What is refused before a build, and what is put to an image.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::config::{Flags, Layers, Push, load, resolve};
use crate::environment::Environment;
use crate::expect::Start;

/// A repository with a configuration.
struct Place {
    folder: tempfile::TempDir,
    masker: Masker,
}

impl Place {
    fn new(text: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("repository/.git")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        let place = Place { folder, masker: Masker::default() };
        fs::write(place.root().join("imgbuild.toml"), text).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("repository")
    }

    fn settings(&self, flags: &Flags) -> Settings {
        let root = self.root();
        let environment = Environment::default();
        let document = load(None, &environment, &root, &root).unwrap();
        resolve(&Layers {
            flags,
            environment: &environment,
            document: document.as_ref(),
            is_ci: false,
            push: Push::Never,
            working_folder: &root,
            root: &root,
            now: 0,
            rule_names: |id| vec![id.to_owned()],
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    fn tests(&self, flags: &Flags, foreign: bool) -> Result<Vec<TestSpec>> {
        let environment = Environment::from_pairs([("SAID", "aloud")]);
        read(
            &self.settings(flags),
            &Around { environment, directory: self.root(), foreign, masker: self.masker.clone() },
        )
    }

    fn refusal(&self, foreign: bool) -> String {
        self.tests(&Flags::default(), foreign).unwrap_err().to_string()
    }

    fn starts(&self, image: &Image) -> Vec<(String, Option<Start>)> {
        let settings = self.settings(&Flags::default());
        let tests = self.tests(&Flags::default(), false).unwrap();
        let subject = subject(&settings, tests, image, "api", ProbeSet::Quick, false).unwrap();
        subject.tests.into_iter().map(|test| (test.name, test.start)).collect()
    }
}

fn with_command() -> Image {
    Image { command: vec!["serve".to_owned()], ..Image::default() }
}

#[test]
fn what_is_mounted_is_there_and_in_the_repository() {
    let place = Place::new(
        "[[image.test]]\nservices = [{ image = 'a', alias = 'b', mounts = [{ bind = 'data:/data' }] }]\n",
    );
    assert!(
        place.refusal(false).starts_with("imgbuild.toml:1:1: cannot find data"),
        "{}",
        place.refusal(false)
    );
    symlink("../outside", place.root().join("data")).unwrap();
    assert_eq!(place.refusal(false), "imgbuild.toml:1:1: data lies outside of the repository");
    fs::remove_file(place.root().join("data")).unwrap();
    fs::create_dir(place.root().join("data")).unwrap();
    assert_eq!(place.tests(&Flags::default(), false).unwrap().len(), 1);
}

#[test]
fn foreign_commands_get_no_rights() {
    let place = Place::new("[[image.test]]\nexec = [{ cmd = 'x' }]\n");
    assert!(
        place
            .refusal(true)
            .contains("imgbuild.toml:1:1: this would run commands of a pull request on this machine")
    );
    assert!(place.tests(&Flags::default(), false).is_ok());
    let privileged =
        CiContext { privileged_pr: true, base_commit: Some("a".to_owned()), ..CiContext::default() };
    assert!(runs_foreign_code(&privileged, Some("b")) && runs_foreign_code(&privileged, None));
    assert!(!runs_foreign_code(&privileged, Some("a")));
    assert!(!runs_foreign_code(&CiContext::default(), None));
}

#[test]
fn a_suite_is_looked_for_where_it_was_said() {
    let place = Place::new("[image]\ngoss = ['x.yaml']\n");
    assert!(
        place.refusal(false).starts_with("imgbuild.toml:2:9: cannot find x.yaml"),
        "{}",
        place.refusal(false)
    );
    symlink("../outside/y.yaml", place.root().join("x.yaml")).unwrap();
    fs::write(place.folder.path().join("outside/y.yaml"), vec![b'#'; 5 << 20]).unwrap();
    assert_eq!(place.refusal(false), "imgbuild.toml:2:9: x.yaml lies outside of the repository");
    let flags = Flags { goss: vec!["x.yaml".into()], ..Flags::default() };
    let empty = Place::new("");
    symlink("../outside/y.yaml", empty.root().join("x.yaml")).unwrap();
    fs::write(empty.folder.path().join("outside/y.yaml"), vec![b'#'; 5 << 20]).unwrap();
    let error = empty.tests(&flags, false).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (Kind::Config, "cannot read x.yaml: it is larger than 4 MiB".to_owned())
    );
    let folder = Flags { goss: vec![".git".into()], ..Flags::default() };
    assert_eq!(empty.tests(&folder, false).unwrap_err().to_string(), "cannot read .git: it is not a file");
}

#[test]
fn suites_are_put_behind_the_tests_of_the_file() {
    let place = Place::new(
        "[image]\ngoss = ['g.yaml']\nstructure-tests = ['s.yaml']\n[[image.test]]\nname = 's.yaml'\n",
    );
    fs::write(place.root().join("g.yaml"), "file:\n  /a:\n    exists: true\n").unwrap();
    let structure = |text: &str| {
        let test = "fileExistenceTests: [{name: a, path: /a, shouldExist: true}]";
        fs::write(place.root().join("s.yaml"), format!("schemaVersion: 2.0.0\n{test}\n{text}")).unwrap();
        place.tests(&Flags::default(), false)
    };
    let names: Vec<String> = structure("").unwrap().into_iter().map(|test| test.name).collect();
    assert_eq!(names, ["s.yaml", "s.yaml+", "g.yaml"]);
    fs::write(place.root().join("e"), "A=b\n").unwrap();
    structure("containerRunOptions: {envVars: [SAID], envFile: e}").unwrap();
    assert_eq!(place.masker.text("PORT=8080, aloud"), "PORT=8080, aloud");
    fs::write(place.root().join("e"), "A_TOKEN=short\nB=longer-than-that\n").unwrap();
    structure("containerRunOptions: {envFile: e}").unwrap();
    assert_eq!(place.masker.text("aloud: short, longer-than-that"), "aloud: ***, ***");
    let said = |text: &str| structure(text).unwrap_err().to_string();
    let outside = said("containerRunOptions: {envFile: ../outside}");
    assert!(outside.starts_with("s.yaml:3:") && outside.contains("outside of the repository"), "{outside}");
    let mounts = said("containerRunOptions: {bindMounts: ['/etc:/x']}");
    assert_eq!(mounts, "imgbuild.toml:3:20: /etc lies outside of the repository");
    assert!(said("quux: 1").starts_with("s.yaml:3:1: "));
    structure("containerRunOptions: {privileged: true}").unwrap();
    assert!(place.refusal(true).contains("give a container of a pull request all rights on this machine"));
    structure("containerRunOptions: {envVars: [SAID]}").unwrap();
    assert!(place.refusal(true).contains("SAID is not set"));
}

#[test]
fn a_base_that_nothing_looks_at_proves_nothing() {
    let place = Place::new("image.kind = 'base'");
    let settings = place.settings(&Flags::default());
    let error = subject(&settings, Vec::new(), &Image::default(), "api", ProbeSet::Quick, false).unwrap_err();
    assert_eq!(error.kind(), Kind::Tests);
}

#[test]
fn every_image_is_started_where_no_test_does_it() {
    let any = Place::new("").starts(&with_command());
    assert!(matches!(any.as_slice(), [(name, Some(Start::Either(_)))] if name == "starts"), "{any:?}");
    let job = Place::new("image.kind = 'job'").starts(&with_command());
    assert_eq!(job, [("starts".to_owned(), Some(Start::Job))]);
    let looks = "[[image.test]]\nname = 'starts'\nfiles = [{ path = '/a' }]\n";
    let names = |place: &Place, image: &Image| -> Vec<String> {
        place.starts(image).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&Place::new(looks), &with_command()), ["starts+", "starts"]);
    assert_eq!(names(&Place::new("[[image.test]]\nname = 'own'"), &with_command()), ["own"]);
    let base = Place::new(&format!("image.kind = 'base'\n{looks}"));
    assert_eq!(names(&base, &Image::default()), ["starts"]);
    assert_eq!(names(&base, &with_command()), ["starts+", "starts"]);
}

#[test]
fn probes_go_by_the_settings_and_else_by_the_command() {
    let plan = |text: &str| {
        let place = Place::new(text);
        let tests = place.tests(&Flags::default(), false).unwrap();
        let settings = place.settings(&Flags::default());
        subject(&settings, tests, &with_command(), "api", ProbeSet::Quick, false).unwrap().probes
    };
    assert_eq!(plan("").set, ProbeSet::Quick);
    let full = plan(
        "image = { probes = 'full', hardened = true, read-only = true, companions = ['crond'], kind = 'service' }",
    );
    assert_eq!((full.set, full.hardened, full.read_only), (ProbeSet::Full, true, true));
    assert_eq!((full.kind, full.companions.len()), (Some(ImageKind::Service), 1));
    assert_eq!((full.like.unwrap().name.as_str(), full.reference.as_str()), ("starts", "api"));
}
