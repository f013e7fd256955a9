use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::image::hex;
use crate::source::FileState;
use crate::source::git::tests::{Fixture, isolated_tests};

/// The id that is handed out for a file, in hex.
fn id(fixture: &Fixture, path: &str) -> Option<String> {
    let ids = BlobIds::open(&fixture.state())?;
    let state = FileState::at(rustix::fs::CWD, fixture.root().join(path).as_os_str().as_bytes()).unwrap();
    ids.get(Path::new(path), &state).map(|BlobId(id)| hex(&id))
}

/// The paths that git would convert, by its own account.
fn converting(fixture: &Fixture, paths: &[&str]) -> Vec<String> {
    let mut git = Command::new("git");
    git.args([
        "check-attr",
        "-z",
        "--stdin",
        "text",
        "crlf",
        "eol",
        "filter",
        "ident",
        "working-tree-encoding",
    ]);
    git.current_dir(fixture.root()).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut git.stdin.take().unwrap(), (paths.join("\0") + "\0").as_bytes()).unwrap();
    let output = String::from_utf8(git.wait_with_output().unwrap().stdout).unwrap();
    let fields: Vec<&str> = output.split_terminator('\0').collect();
    let answers = fields.chunks(18).filter(|answers| {
        let set = |at: usize| match answers[at * 3 + 2] {
            "unspecified" => None,
            "unset" => Some(false),
            _ => Some(true),
        };
        let lines = set(0).or(set(1)).or(set(2)).unwrap_or(false);
        lines || (3..6).any(|at| set(at) == Some(true))
    });
    answers.map(|answers| answers[0].to_owned()).collect()
}

/// A repository whose files are older than its index.
fn aged(files: &[(&str, &str)]) -> Fixture {
    let fixture = Fixture::new();
    for (path, content) in files {
        fixture.write(path, content);
    }
    for path in files.iter().map(|(path, _)| *path).chain(["a.txt", "dir/b.txt"]) {
        fixture.age(path);
    }
    fixture.commit("aged");
    fixture
}

/// Makes files look changed, and has git look at them again. It compares seconds alone.
fn refresh(fixture: &Fixture, paths: &[&str]) {
    for path in paths {
        let file = std::fs::File::options().write(true).open(fixture.root().join(path)).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(7200)).unwrap();
    }
    fixture.git(&["update-index", "-q", "--refresh"]);
}

isolated_tests! {
    fn ids_are_those_of_the_content() {
        let fixture = aged(&[("empty", ""), ("x/y/z", "deep"), ("x.y", "between"), ("ä b", "odd")]);
        symlink("a.txt", fixture.root().join("link")).unwrap();
        fixture.commit("link");
        for path in ["a.txt", "dir/b.txt", "empty", "x/y/z", "x.y", "ä b"] {
            let expected = fixture.git(&["hash-object", path]);
            assert_eq!(id(&fixture, path), Some(expected), "{path}");
        }
        fixture.write("untracked", "");
        for path in ["dir", "untracked", "x", "x/y"] {
            assert_eq!(id(&fixture, path), None, "{path}");
        }
    }

    fn every_version_of_the_index() {
        let fixture = aged(&[("dir/b", ""), ("dir/bb", "1"), ("dirs", "2"), ("other/long/path", "3"), ("z", "4")]);
        for version in ["2", "3", "4"] {
            fixture.git(&["update-index", "--index-version", version]);
            for path in ["a.txt", "dir/b.txt", "dir/b", "dir/bb", "dirs", "other/long/path", "z"] {
                assert_eq!(id(&fixture, path), Some(fixture.git(&["hash-object", path])), "{path} in version {version}");
            }
        }
        // An extended entry makes a version 3.
        fixture.git(&["update-index", "--index-version", "2"]);
        fixture.git(&["update-index", "--skip-worktree", "dirs"]);
        assert_eq!(id(&fixture, "dirs"), None);
        assert!(id(&fixture, "other/long/path").is_some());
    }

    fn a_link_is_its_target() {
        let fixture = aged(&[]);
        symlink("a.txt", fixture.root().join("link")).unwrap();
        fixture.commit("link");
        // The times of a link cannot be set, so the index is made younger instead.
        let index = std::fs::File::options().write(true).open(fixture.root().join(".git/index")).unwrap();
        index.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(id(&fixture, "link"), Some(fixture.git(&["rev-parse", "HEAD:link"])));
        let file = fixture.root().join("link");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "a.txt").unwrap();
        assert_eq!(id(&fixture, "link"), None);
    }

    fn what_may_have_changed_unseen_is_read() {
        let fixture = aged(&[("edited", "one"), ("touched", ""), ("same size", "one"), ("flagged", "1")]);
        fixture.write("racy", "1");
        fixture.git(&["add", "racy"]);
        let index = fixture.root().join(".git/index");
        let written = index.metadata().unwrap().modified().unwrap();
        let racy = std::fs::File::options().write(true).open(fixture.root().join("racy")).unwrap();
        racy.set_modified(written).unwrap();
        assert_eq!(id(&fixture, "racy"), None);

        assert!(id(&fixture, "same size").is_some());
        fixture.write("edited", "two!");
        fixture.age("touched");
        let file = fixture.root().join("same size");
        let modified = file.metadata().unwrap().modified().unwrap();
        std::fs::write(&file, "two").unwrap();
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
        fixture.git(&["update-index", "--assume-unchanged", "flagged"]);
        fixture.write("intended", "");
        fixture.git(&["add", "-N", "intended"]);
        for path in ["edited", "touched", "same size", "flagged", "intended"] {
            assert_eq!(id(&fixture, path), None, "{path}");
        }
        assert!(id(&fixture, "a.txt").is_some());
    }

    fn a_copy_is_another_file() {
        let fixture = aged(&[]);
        let copy = fixture.beside("copy");
        let copied = Command::new("cp").arg("-a").arg(fixture.root()).arg(&copy).status().unwrap();
        assert!(copied.success());
        assert_eq!(id(&fixture.at(copy), "a.txt"), None);
    }

    fn attributes_that_convert() {
        for (attribute, handed_out) in [
            ("text", false), ("text=auto", false), ("eol=lf", false), ("filter=x", false), ("ident", false),
            ("working-tree-encoding=ISO-8859-1", false), ("crlf", false), ("binary", true), ("-text", true), ("diff=rust", true),
        ] {
            let fixture = aged(&[(".gitattributes", &format!("*.x {attribute}\n")), ("y/f.x", "1"), ("y/f.z", "1")]);
            assert_eq!(id(&fixture, "y/f.x").is_some(), handed_out, "{attribute}");
            assert!(id(&fixture, "y/f.z").is_some(), "{attribute}");
            assert_eq!(id(&fixture, "y/f.z"), Some(fixture.git(&["hash-object", "y/f.z"])));
        }
    }

    fn what_is_binary_is_handed_out_among_texts() {
        let fixture = aged(&[(".gitattributes", "* text=auto eol=lf\n*.png binary\n/data/** -text\n"), ("p.png", "1"), ("data/x/y", "1")]);
        for path in ["p.png", "data/x/y"] {
            assert_eq!(id(&fixture, path), Some(fixture.git(&["hash-object", path])), "{path}");
        }
        assert_eq!(id(&fixture, "a.txt"), None);
    }

    fn attributes_that_nobody_tracks() {
        let fixture = aged(&[("x/y/f", "1"), ("x/z/f", "1"), ("x.f", "1"), ("xy/f", "1")]);
        fixture.write("x/y/.gitattributes", "* text\n");
        fixture.write(".git/info/exclude", ".gitattributes\n");
        let ids = BlobIds::open(&fixture.state()).unwrap();
        let handed_out = |path: &str| {
            let state = FileState::at(rustix::fs::CWD, fixture.root().join(path).as_os_str().as_bytes()).unwrap();
            ids.get(Path::new(path), &state).is_some()
        };
        // In an order that makes the answers of before wrong for those after.
        for (path, expected) in [
            ("x/y/f", false), ("x/z/f", true), ("x/y/f", false), ("x.f", true), ("xy/f", true), ("dir/b.txt", true),
            ("x/y/f", false), ("a.txt", true),
        ] {
            assert_eq!(handed_out(path), expected, "{path}");
        }
        fixture.write(".git/info/attributes", "*.txt ident\n");
        refresh(&fixture, &["a.txt", "x.f"]);
        assert_eq!((id(&fixture, "a.txt"), id(&fixture, "x.f").is_some()), (None, true));
    }

    // Git checks nothing out anew when the rules change, and takes what is there for clean.
    fn what_was_checked_out_by_other_rules_is_read() {
        let fixture = aged(&[(".gitattributes", "*.bat text eol=crlf\n"), ("run.bat", "one\r\ntwo\r\n"), ("z", "1")]);
        let in_index = fixture.git(&["rev-parse", "HEAD:run.bat"]);
        assert_ne!(fixture.git(&["hash-object", "--no-filters", "run.bat"]), in_index);
        for content in ["", "*.sh text\n"] {
            fixture.write(".gitattributes", content);
            assert_eq!(fixture.git(&["status", "--porcelain", "run.bat", "z"]), "");
            assert_eq!((id(&fixture, "run.bat"), id(&fixture, "z")), (None, None), "{content:?}");
        }
        // What changed since then was seen with the rules that hold.
        refresh(&fixture, &["z"]);
        assert_eq!(id(&fixture, "z"), Some(fixture.git(&["hash-object", "z"])));

        let fixture = aged(&[("z", "1")]);
        assert!(id(&fixture, "z").is_some());
        fixture.write(".git/info/attributes", "*.x binary\n");
        assert_eq!(id(&fixture, "z"), None);
    }

    // A checkout writes what a ref puts in the place of a blob, under the id of the first.
    fn objects_that_others_stand_for() {
        let mut fixture = aged(&[("z", "one"), ("other", "two")]);
        let [own, other] = ["z", "other"].map(|path| fixture.git(&["rev-parse", &format!("HEAD:{path}")]));
        assert_eq!(id(&fixture, "z"), Some(own.clone()));
        fixture.git(&["replace", &own, &other]);
        std::fs::remove_file(fixture.root().join("z")).unwrap();
        fixture.git(&["checkout", "-q", "z"]);
        assert_eq!(std::fs::read_to_string(fixture.root().join("z")).unwrap(), "two");
        // Made younger, as the next thing that is added makes it.
        let index = std::fs::File::options().write(true).open(fixture.root().join(".git/index")).unwrap();
        index.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
        assert_eq!((id(&fixture, "z"), id(&fixture, "a.txt")), (None, None));
        fixture.git(&["pack-refs", "--all"]);
        assert_eq!(id(&fixture, "z"), None);
        fixture.extra = vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "user.name".to_owned()),
            ("GIT_CONFIG_VALUE_0", "Ada".to_owned()),
        ];
        assert_eq!(id(&fixture, "a.txt"), None, "as the command sees it");
    }

    fn configuration_that_converts_or_weakens() {
        for (key, value) in [
            ("core.autocrlf", "true"), ("core.autocrlf", "input"), ("core.eol", "crlf"), ("core.trustctime", "false"),
            ("core.checkStat", "minimal"),
        ] {
            let mut fixture = aged(&[]);
            assert!(id(&fixture, "a.txt").is_some());
            fixture.extra = vec![
                ("GIT_CONFIG_COUNT", "1".to_owned()),
                ("GIT_CONFIG_KEY_0", key.to_owned()),
                ("GIT_CONFIG_VALUE_0", value.to_owned()),
            ];
            assert_eq!(id(&fixture, "a.txt"), None, "{key} from the environment");
            fixture.extra.clear();
            fixture.git(&["config", key, value]);
            assert_eq!(id(&fixture, "a.txt"), None, "{key}");
        }
        let mut fixture = aged(&[]);
        fixture.git(&["config", "core.autocrlf", "false"]);
        fixture.extra = vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "user.name".to_owned()),
            ("GIT_CONFIG_VALUE_0", "Ada".to_owned()),
        ];
        assert!(id(&fixture, "a.txt").is_some());
    }

    fn no_file_that_git_converts_is_left_alone() {
        let patterns = prop::sample::select(vec![
            "*", "*.x", "x*", "f.x", "/f.x", "a/f.x", "a/**", "/a/b/**", "**/f.x", "a/", "[a-f].x", "?.x", "*.[xy]", "\"f.x\"",
            "\"a b\"", "a\\*", "!f.x", "#f.x", "b/*.x", "*f*", "**", "/*", "f.x/", "a/b", "A*",
        ]);
        let words = prop::sample::select(vec![
            "text", "-text", "!text", "text=auto", "eol=lf", "-eol", "!eol", "crlf", "-crlf", "!crlf", "crlf=input", "binary", "-binary",
            "filter=y", "-filter", "!filter", "ident", "-ident", "working-tree-encoding=UTF-16", "-working-tree-encoding",
            "diff", "text=\"x\"", "mine",
        ]);
        let line = (patterns, prop::collection::vec(words, 1..4)).prop_map(|(pattern, words)| format!("{pattern} {}\n", words.join(" ")));
        let macros = prop::option::weighted(0.2, prop::sample::select(vec!["[attr]mine text\n", "[attr]mine -text\n", "[attr]binary diff\n"]));
        let file = (macros, prop::collection::vec(line, 0..5)).prop_map(|(first, lines)| first.unwrap_or_default().to_owned() + &lines.concat());
        let files = [file.clone(), file.clone(), file.clone(), file];

        let fixture = Fixture::unborn(&[]);
        let places = [".gitattributes", "a/.gitattributes", "a/b/.gitattributes", ".git/info/attributes"];
        let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
        let paths = ["f.x", "a/f.x", "a/b/f.x", "a/b/c/f.x", "b/f.x", "x", "a b", "a/x.y", "f.y", "A/f.x", "g.x"];
        let left_alone = std::cell::Cell::new(0);
        runner.run(&files, |files| {
            for (place, content) in places.iter().zip(&files) {
                fixture.write(place, content);
            }
            let source = BlobSource { local: vec![fixture.root().join(places[3])], ..BlobSource::default() };
            let converting = converting(&fixture, &paths);
            let attributes = Attributes::new(fixture.root(), &source, Vec::new());
            for path in paths {
                let alone = attributes.as_ref().is_some_and(|attributes| attributes.leave_alone(path.as_bytes(), (i64::MAX, 0)));
                left_alone.set(left_alone.get() + usize::from(alone));
                prop_assert!(!(alone && converting.contains(&path.to_owned())), "{path}: {files:#?}");
            }
            Ok(())
        }).unwrap();
        let left_alone = left_alone.get();
        assert!(left_alone > 50, "only {left_alone} of {} were left alone", 150 * paths.len());
    }

    fn a_tracked_attributes_file_that_is_gone() {
        let fixture = aged(&[(".gitattributes", "*.x text\n"), ("y/.gitattributes", "*.x -text\n"), ("y/f.x", "1"), ("f.x", "1")]);
        assert!(id(&fixture, "y/f.x").is_some());
        std::fs::remove_file(fixture.root().join("y/.gitattributes")).unwrap();
        assert_eq!((id(&fixture, "y/f.x"), id(&fixture, "a.txt").is_some()), (None, true));
        std::fs::remove_file(fixture.root().join(".gitattributes")).unwrap();
        assert_eq!((id(&fixture, "f.x"), id(&fixture, "a.txt")), (None, None));
    }

    fn other_repositories() {
        let sha256 = Fixture::with(&["--object-format=sha256"]);
        sha256.age("a.txt");
        assert_eq!(id(&sha256, "a.txt"), None);
        let split = aged(&[]);
        split.git(&["update-index", "--split-index"]);
        assert_eq!(id(&split, "a.txt"), None);
        let linked = aged(&[]);
        let folder = linked.beside("linked");
        linked.git(&["worktree", "add", "-q", "--detach", folder.to_str().unwrap()]);
        let linked = linked.at(folder);
        linked.age("a.txt");
        linked.git(&["update-index", "--refresh"]);
        assert_eq!(id(&linked, "a.txt"), Some(linked.git(&["hash-object", "a.txt"])));
        assert!(BlobIds::open(&SourceState::default()).is_none());
    }
}

/// `-binary` behind `binary` takes back the macro, and with it the `-text` that it stands for.
#[test]
fn a_line_that_contradicts_itself_about_binary_is_not_judged() {
    for line in ["* binary -binary\n", "* !binary text binary\n", "* binary binary\n"] {
        assert!(rules::Rules::parse(line.as_bytes()).is_none(), "{line}");
    }
    assert!(rules::Rules::parse(b"* binary\n*.txt -binary\n").is_some());
    // What stood before `binary` counts again.
    for (lines, converts) in [
        ("* text\n* binary\n", false),
        ("* text\n* binary\n* -binary\n", true),
        ("* text\n* binary\n*f* -binary\n", true),
        ("* text\n* binary\n* !binary\n", true),
        ("* text\n* -binary\n* -text\n", false),
    ] {
        let mut verdict = rules::Verdict::default();
        rules::Rules::parse(lines.as_bytes()).unwrap().apply(b"a/f.x", &mut verdict);
        assert_eq!(verdict.converts(), converts, "{lines}");
    }
}
