//! What is refused before a build, and what is put to an image.

use std::os::unix::fs::symlink;

use super::*;
use crate::config::{Flags, Layers, Push, load, resolve};
use crate::expect::Start;

/// A repository with a configuration.
struct Place(tempfile::TempDir);

impl Place {
    fn new(text: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("repository/.git")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        let place = Place(folder);
        fs::write(place.root().join("imgbuild.toml"), text).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("repository")
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

    fn refusal(&self, foreign: bool) -> String {
        tests(&self.settings(&Flags::default()), foreign, &Environment::default()).unwrap_err().to_string()
    }

    fn starts(&self, image: &Image) -> Vec<(String, Option<Start>)> {
        let settings = self.settings(&Flags::default());
        let tests = tests(&settings, false, &Environment::default()).unwrap();
        let subject = subject(&settings, tests, image, "api", ProbeSet::Quick);
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
        place.refusal(false).starts_with("imgbuild.toml:1:3: cannot find data"),
        "{}",
        place.refusal(false)
    );
    symlink("../outside", place.root().join("data")).unwrap();
    assert_eq!(place.refusal(false), "imgbuild.toml:1:3: data is a link that leads out of the repository");
    fs::remove_file(place.root().join("data")).unwrap();
    fs::create_dir(place.root().join("data")).unwrap();
    assert_eq!(tests(&place.settings(&Flags::default()), false, &Environment::default()).unwrap().len(), 1);
}

#[test]
fn foreign_commands_get_no_rights() {
    let place = Place::new("[[image.test]]\nexec = [{ cmd = 'x' }]\n");
    assert!(place.refusal(true).contains("imgbuild.toml:1:3: `exec` would run commands of a pull request"));
    assert!(tests(&place.settings(&Flags::default()), false, &Environment::default()).is_ok());
    let privileged =
        CiContext { privileged_pr: true, base_commit: Some("a".to_owned()), ..CiContext::default() };
    assert!(runs_foreign_code(&privileged, Some("b")) && runs_foreign_code(&privileged, None));
    assert!(!runs_foreign_code(&privileged, Some("a")));
    assert!(!runs_foreign_code(&CiContext::default(), None));
}

#[test]
fn a_structure_test_gets_what_the_run_may_give() {
    let place = Place::new("image.structure-tests = ['s.yaml']\n");
    let file =
        |text: &str| fs::write(place.root().join("s.yaml"), format!("schemaVersion: 2.0.0\n{text}")).unwrap();
    let settings = place.settings(&Flags::default());
    let environment = Environment::from_pairs([("TOKEN", "secret")]);
    let command = "commandTests: [{name: a, command: env}]\n";
    file(&format!("containerRunOptions: {{envVars: [TOKEN], envFile: own.env}}\n{command}"));
    let missing = tests(&settings, false, &environment).unwrap_err();
    assert!(missing.to_string().starts_with("s.yaml:2:"), "{missing}");
    fs::write(place.root().join("own.env"), "A=b\n").unwrap();
    let read = tests(&settings, false, &environment).unwrap();
    assert_eq!((read[0].name.as_str(), read[0].checks.len()), ("s.yaml", 1));
    let denied = tests(&settings, true, &environment).unwrap_err();
    assert_eq!(denied.kind(), Kind::Refused);
    file(&format!("containerRunOptions: {{envFile: /etc/passwd}}\n{command}"));
    assert!(
        tests(&settings, false, &environment).unwrap_err().to_string().contains("outside the repository")
    );
    file(&format!("containerRunOptions: {{bindMounts: ['/etc:/x']}}\n{command}"));
    assert!(
        tests(&settings, false, &environment)
            .unwrap_err()
            .to_string()
            .contains("leads out of the repository")
    );
    file("commandTests: [{name: a}]\n");
    let wrong = tests(&settings, false, &environment).unwrap_err();
    assert_eq!(wrong.to_string(), "s.yaml:2:16: a command test needs a `command`");
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
    fs::write(place.0.path().join("outside/y.yaml"), vec![b'#'; 5 << 20]).unwrap();
    assert_eq!(place.refusal(false), "imgbuild.toml:2:9: x.yaml is a link that leads out of the repository");
    let flags = Flags { goss: vec!["x.yaml".into()], ..Flags::default() };
    let empty = Place::new("");
    symlink("../outside/y.yaml", empty.root().join("x.yaml")).unwrap();
    fs::write(empty.0.path().join("outside/y.yaml"), vec![b'#'; 5 << 20]).unwrap();
    let error = tests(&empty.settings(&flags), false, &Environment::default()).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (Kind::Config, "x.yaml is larger than 4 MiB".to_owned()));
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
    assert_eq!(names(&Place::new(&format!("image.probes = 'off'\n{looks}")), &with_command()), ["starts"]);
    assert_eq!(names(&Place::new("image.probes = 'off'"), &with_command()), ["starts"]);
    let base = Place::new(&format!("image.kind = 'base'\n{looks}"));
    assert_eq!(names(&base, &Image::default()), ["starts"]);
    assert_eq!(names(&base, &with_command()), ["starts+", "starts"]);
}

#[test]
fn probes_go_by_the_settings_and_else_by_the_command() {
    let plan = |text: &str| {
        let settings = Place::new(text).settings(&Flags::default());
        subject(
            &settings,
            tests(&settings, false, &Environment::default()).unwrap(),
            &with_command(),
            "api",
            ProbeSet::Quick,
        )
        .probes
    };
    assert_eq!(plan("").set, ProbeSet::Quick);
    let full = plan(
        "image = { probes = 'full', hardened = true, read-only = true, companions = ['crond'], kind = 'service' }",
    );
    assert_eq!((full.set, full.hardened, full.read_only), (ProbeSet::Full, true, true));
    assert_eq!((full.kind, full.companions.len()), (Some(ImageKind::Service), 1));
    assert_eq!((full.like.unwrap().name.as_str(), full.reference.as_str()), ("starts", "api"));
}
