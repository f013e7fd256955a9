use std::os::unix::fs::{PermissionsExt, symlink};

use git2::Repository;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Fixture, isolated_tests};
use crate::source::Reader;
use crate::source::git::look::Tools;
use crate::source::git::{blob_source, command_reader, untouched};
use crate::stop::Stop;

fn is_untouched(fixture: &Fixture) -> bool {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let tools = Tools { environment: &environment, stop: &stop };
    let repository = Repository::open(fixture.root()).unwrap();
    let blobs = blob_source::of_libgit2(&repository, fixture.root(), tools);
    untouched::is_untouched(&repository, fixture.root(), &blobs, tools).unwrap()
}

/// What git itself says.
fn is_clean(fixture: &Fixture) -> bool {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let tools = Tools { environment: &environment, stop: &stop };
    let git = tools.git(fixture.root(), Reader::Libgit2).unwrap();
    let reader = Reader::GitCommand { safe_directory: false };
    command_reader::look(&git, fixture.root(), reader, tools).unwrap().is_clean()
}

fn remove(fixture: &Fixture, path: &str) {
    std::fs::remove_file(fixture.root().join(path)).unwrap();
}

fn set_mode(fixture: &Fixture, path: &str, mode: u32) {
    std::fs::set_permissions(fixture.root().join(path), PermissionsExt::from_mode(mode)).unwrap();
}

fn sample() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "*.o\n/out/\n");
    fixture.write("dir/deep/program", "#!/bin/sh\n");
    set_mode(&fixture, "dir/deep/program", 0o755);
    symlink("deep", fixture.root().join("dir/link")).unwrap();
    fixture.write("dir.txt", "sorted between `dir` and what is in it\n");
    fixture.commit("all kinds");
    fixture
}

type Act<'a> = (&'a str, &'a dyn Fn(&Fixture));

isolated_tests! {
    fn what_a_ci_builds() {
        let fixture = sample();
        assert!(is_untouched(&fixture));
        fixture.write("dir/x.o", "");
        fixture.write("out/deep/y", "");
        fixture.write(".git/info/exclude", "local\n");
        fixture.write("local", "");
        assert!(is_untouched(&fixture), "what is ignored is nothing");
        fixture.age("a.txt");
        assert!(is_untouched(&fixture), "a time says nothing where the content is read");
        let clone = fixture.beside("clone");
        fixture.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
        let fixture = fixture.at(clone);
        assert!(is_untouched(&fixture));
        fixture.git(&["checkout", "-q", "HEAD^"]);
        assert!(is_untouched(&fixture));
        fixture.git(&["update-index", "--index-version", "4"]);
        assert!(is_untouched(&fixture));
    }

    fn whatever_was_touched() {
        let acts: [Act<'_>; 17] = [
            ("an edit", &|f| f.write("a.txt", "other")),
            ("an edit of the same size", &|f| f.write("a.txt", "two\n")),
            ("a mode", &|f| set_mode(f, "a.txt", 0o755)),
            ("a mode that is gone", &|f| set_mode(f, "dir/deep/program", 0o644)),
            ("gone", &|f| remove(f, "dir/b.txt")),
            ("a folder that is gone", &|f| std::fs::remove_dir_all(f.root().join("dir/deep")).unwrap()),
            ("a file for a link", &|f| { remove(f, "dir/link"); f.write("dir/link", "deep"); }),
            ("a link for a file", &|f| { remove(f, "a.txt"); symlink("dir.txt", f.root().join("a.txt")).unwrap(); }),
            ("another target", &|f| { remove(f, "dir/link"); symlink("else", f.root().join("dir/link")).unwrap(); }),
            ("new", &|f| f.write("new", "")),
            ("new in a folder", &|f| f.write("dir/deep/new", "")),
            ("a new folder", &|f| f.write("fresh/new", "")),
            ("staged", &|f| { f.write("a.txt", "staged"); f.git(&["add", "a.txt"]); }),
            ("taken out of the index", &|f| { f.git(&["rm", "-q", "--cached", "a.txt"]); }),
            ("taken out and ignored", &|f| {
                f.git(&["rm", "-q", "--cached", "a.txt"]);
                f.write(".git/info/exclude", "a.txt\n");
            }),
            ("meant to be added", &|f| { f.write("n", ""); f.git(&["add", "-N", "n"]); }),
            ("another HEAD", &|f| { f.git(&["reset", "-q", "--soft", "HEAD^"]); }),
        ];
        for (what, act) in acts {
            let fixture = sample();
            act(&fixture);
            assert!(!is_clean(&fixture), "{what}");
            assert!(!is_untouched(&fixture), "{what}");
        }
    }

    fn what_cannot_be_told_here() {
        let acts: [Act<'_>; 7] = [
            ("a file nobody shall look at", &|f| { f.git(&["update-index", "--assume-unchanged", "a.txt"]); }),
            ("a file that is left out", &|f| { f.git(&["update-index", "--skip-worktree", "a.txt"]); }),
            ("a submodule", &|f| {
                f.git(&["clone", "-q", ".", "../lib"]);
                f.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
                f.commit("lib");
            }),
            ("a repository in a tracked folder", &|f| { f.git(&["init", "-q", "dir"]); }),
            ("a sparse checkout", &|f| { f.git(&["sparse-checkout", "set", "dir"]); }),
            ("line ends", &|f| { f.git(&["config", "core.autocrlf", "true"]); }),
            ("no tree in the index", &|f| {
                remove(f, ".git/index");
                f.git(&["read-tree", "--empty"]);
                f.git(&["add", "-A"]);
            }),
        ];
        for (what, act) in acts {
            let fixture = sample();
            act(&fixture);
            assert!(!is_untouched(&fixture), "{what}");
        }
    }

    // Never clean where git says otherwise, whatever the ignore files and what lies there.
    fn never_more_than_git_says() {
        let name = prop::sample::select(vec!["a", "b", "c.o", "out", ".gitignore"]);
        let path = prop::collection::vec(name, 1..4).prop_map(|parts| parts.join("/"));
        let pattern = prop::sample::select(vec!["*.o", "!c.o", "out/", "/out", "a/*", "!a/b", "**/b", "/a/b/"]);
        let files = prop::collection::vec((path.clone(), prop::collection::vec(pattern, 0..3)), 1..8);
        let later = prop::collection::vec((path, any::<bool>()), 0..4);
        let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
        let clean = std::cell::Cell::new(0);
        let outcome = runner.run(&(files, later, any::<bool>()), |(files, later, force)| {
            let fixture = Fixture::new();
            // A name is a file or a folder, whichever comes first.
            let put = |path: &str, content: &str| {
                let file = fixture.root().join(path);
                let free = file.ancestors().skip(1).take_while(|f| *f != fixture.root()).all(|f| !f.is_file());
                if free && !file.is_dir() {
                    fixture.write(path, content);
                }
            };
            for (path, patterns) in &files {
                put(path, &patterns.join("\n"));
            }
            fixture.git(if force { &["add", "-A", "-f"] } else { &["add", "-A"] });
            fixture.git(&["commit", "-q", "--allow-empty", "-m", "files"]);
            for (path, removed) in &later {
                if *removed && fixture.root().join(path).is_file() {
                    remove(&fixture, path);
                } else {
                    put(path, "later");
                }
            }
            let (untouched, is_clean) = (is_untouched(&fixture), is_clean(&fixture));
            clean.set(clean.get() + usize::from(untouched));
            prop_assert!(is_clean || !untouched);
            Ok(())
        });
        outcome.unwrap();
        assert!(clean.get() > 0, "no case was clean, and so none was shown");
    }
}
