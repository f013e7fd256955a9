//! Repositories that another user owns, as in every container job of a CI. These tests need root, to give files away.

use std::os::unix::fs::chown;
use std::path::Path;

use super::fixture::dirt;
use super::{Fixture, isolated_tests};
use crate::error::Kind;
use crate::source::Reader;
use crate::source::git::{Ancestry, ancestry, file_at, head, status};
use crate::stop::Stop;

fn give_away(path: &Path) {
    let given = chown(path, Some(12345), Some(12345));
    given.expect(
        "cannot give files to another user: run the tests as root, for example with sudo or in a container",
    );
    if path.is_dir() && !path.is_symlink() {
        std::fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

isolated_tests! {
    fn locally_it_is_refused_with_the_line_to_run() {
        let fixture = Fixture::new();
        give_away(fixture.root());
        for start in [fixture.root().to_owned(), fixture.root().join("dir")] {
            let error = fixture.read_at(&start, None).0.unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            let line = format!("git config --global --add safe.directory {}", fixture.root().display());
            assert!(error.hints().contains(&line), "{:?}", error.hints());
        }
        // A workspace elsewhere is no permission.
        let elsewhere = fixture.beside("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        assert!(fixture.read_at(fixture.root(), Some(&elsewhere)).0.is_err());
        assert!(fixture.read_at(fixture.root(), Some(Path::new("/"))).0.is_err());
        assert!(fixture.read_at(fixture.root(), Some(&fixture.root().join("dir"))).0.is_err());
    }

    fn the_workspace_of_a_ci_is_read() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        let commit = fixture.commit("lib");
        fixture.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        fixture.write("dir/new", "");
        give_away(fixture.root());
        let link = fixture.beside("workspace");
        std::os::unix::fs::symlink(fixture.root().parent().unwrap(), &link).unwrap();
        for workspace in [fixture.root(), &link] {
            let (state, notes) = fixture.read_at(&fixture.root().join("dir"), Some(workspace));
            let state = state.unwrap();
            assert_eq!((&state.commit, state.root.as_path()), (&commit, fixture.root()));
            assert_eq!(state.reader, Reader::GitCommand { safe_directory: true });
            assert_eq!(dirt(&state), ["? dir/new"]);
            let said = format!("git -c safe.directory={}", fixture.root().display());
            assert!(notes.len() == 1 && notes[0].contains(&said), "{notes:?}");
        }
        fixture.write("lib/a.txt", "edited\n");
        let (environment, events, stop) = (fixture.environment(), crate::event::Events::discard(), Stop::default());
        let reader = Reader::GitCommand { safe_directory: true };
        let (changes, _) = status(fixture.root(), reader, &environment, &events, &stop).unwrap();
        assert_eq!(changes.iter().map(|change| change.path.as_path()).collect::<Vec<_>>(), [Path::new("lib")]);
        assert_eq!(head(fixture.root(), reader, &environment, &stop).unwrap(), commit);
        let parent = fixture.git(&["-c", "safe.directory=*", "rev-parse", "HEAD^"]);
        let found = ancestry(fixture.root(), reader, &environment, &commit, &parent, &stop).unwrap();
        assert_eq!(found, Ancestry::Descendant);
        let file = file_at(fixture.root(), reader, &environment, "main", Path::new("dir/b.txt")).unwrap();
        assert_eq!(file.as_deref(), Some(&b"two\n"[..]));
    }

    fn what_git_calls_safe_is_read() {
        let mut fixture = Fixture::new();
        give_away(fixture.root());
        fixture.extra = vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "safe.directory".to_owned()),
            ("GIT_CONFIG_VALUE_0", fixture.root().display().to_string()),
        ];
        let (state, notes) = fixture.read_at(&fixture.root().join("dir"), None);
        let state = state.unwrap();
        assert_eq!(state.reader, Reader::GitCommand { safe_directory: false });
        assert_eq!((state.root.as_path(), dirt(&state)), (fixture.root(), Vec::new()));
        assert!(notes[0].contains("calls it safe"), "{notes:?}");
        let file = fixture.beside("gitconfig");
        std::fs::write(&file, format!("[safe]\n\tdirectory = {}\n", fixture.root().display())).unwrap();
        fixture.extra = vec![("GIT_CONFIG_GLOBAL", file.display().to_string())];
        assert!(fixture.read_at(fixture.root(), None).0.is_ok());
    }

    fn the_filters_that_it_brings_do_not_run() {
        let fixture = Fixture::new();
        let marker = fixture.beside("marker");
        let run = format!("touch {}; cat", marker.display());
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        fixture.write(".gitattributes", "*.txt filter=own\n*.bin filter=lfs\n");
        fixture.write("x.bin", "x");
        fixture.commit("filters");
        for folder in [fixture.root().to_owned(), fixture.root().join("lib")] {
            for (key, value) in [("clean", run.as_str()), ("process", &run), ("required", "true")] {
                fixture.git_in(&folder, &["config", &format!("filter.own.{key}"), value]);
            }
            fixture.git_in(&folder, &["config", "core.fsmonitor", &run]);
        }
        std::fs::write(fixture.root().join(".git/modules/lib/info/attributes"), "*.txt filter=own\n").unwrap();
        fixture.write("a.txt", "edited\n");
        fixture.write("lib/a.txt", "edited\n");
        give_away(fixture.root());
        let (state, _) = fixture.read_at(fixture.root(), Some(fixture.root()));
        assert_eq!(dirt(&state.unwrap()), ["M a.txt", "S lib"]);
        assert!(!marker.exists());
        // The traps do work.
        for folder in [fixture.root().to_owned(), fixture.root().join("lib")] {
            let safe = format!("safe.directory={}", folder.display());
            fixture.try_git(&folder, &["-c", &safe, "-c", "core.fsmonitor=false", "status"]);
            std::fs::remove_file(&marker).unwrap();
        }
        // A name that cannot be switched off on a command line.
        fixture.git_in(fixture.root(), &["-c", "safe.directory=*", "config", "filter.a=b.clean", &run]);
        give_away(fixture.root());
        let error = fixture.read_at(fixture.root(), Some(fixture.root())).0.unwrap_err();
        assert!(error.to_string().contains("the filter filter.a=b"), "{error}");
        assert!(!marker.exists());
    }
}
