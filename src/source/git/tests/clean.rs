use std::os::unix::fs::{PermissionsExt, symlink};

use super::fixture::dirt;
use super::{Fixture, isolated_tests};
use crate::source::Reader;
use crate::source::git::look::{Look, Tools};
use crate::source::git::{command_reader, status};
use crate::stop::Stop;

/// What both readers say, which must be the same.
fn both(fixture: &Fixture) -> Vec<String> {
    let (environment, stop) = (fixture.environment(), Stop::default());
    let tools = Tools { environment: &environment, stop: &stop };
    let git = tools.git(fixture.root(), Reader::Libgit2).unwrap();
    let other =
        command_reader::look(&git, fixture.root(), Reader::GitCommand { safe_directory: false }, tools);
    let mut state = fixture.state();
    let seen = dirt(&state);
    let Look { changes, untracked, .. } = other.unwrap();
    (state.changes, state.untracked) = (changes, untracked);
    assert_eq!(seen, dirt(&state), "the two readers differ");
    seen
}

fn nothing() -> Vec<String> {
    Vec::new()
}

isolated_tests! {
    fn every_kind_of_change() {
        let fixture = Fixture::new();
        for name in ["edited", "staged", "deleted", "removed", "moved", "linked", "mode", "kept"] {
            fixture.write(name, name);
        }
        fixture.commit("files");
        assert_eq!(both(&fixture), nothing());
        let file = |name: &str| fixture.root().join(name);
        fixture.write("edited", "other");
        fixture.write("staged", "other");
        fixture.git(&["add", "staged"]);
        std::fs::remove_file(file("deleted")).unwrap();
        fixture.git(&["rm", "-q", "removed"]);
        fixture.git(&["mv", "moved", "moved to"]);
        std::fs::remove_file(file("linked")).unwrap();
        symlink("a.txt", file("linked")).unwrap();
        std::fs::set_permissions(file("mode"), PermissionsExt::from_mode(0o755)).unwrap();
        fixture.git(&["rm", "-q", "--cached", "kept"]);
        fixture.write("added", "");
        fixture.git(&["add", "added"]);
        fixture.write("intended", "");
        fixture.git(&["add", "-N", "intended"]);
        fixture.write("new/deep/er", "");
        fixture.write("new\nline", "");
        assert_eq!(both(&fixture), [
            "A added", "D deleted", "M edited", "A intended", "D kept", "T linked", "M mode", "D moved", "A moved to",
            "D removed", "M staged", "? kept", "? new/deep/er", "? new\nline",
        ]);
    }

    fn ignored_files_are_nothing() {
        let fixture = Fixture::new();
        fixture.write(".gitignore", "*.o\n/out/\n!keep.o\n");
        fixture.commit("ignore");
        fixture.write("x.o", "");
        fixture.write("out/y", "");
        fixture.write(".git/info/exclude", "local\n");
        fixture.write("local", "");
        assert_eq!(both(&fixture), nothing());
        fixture.write("dir/keep.o", "");
        assert_eq!(both(&fixture), ["? dir/keep.o"]);
    }

    fn a_conflict() {
        let fixture = Fixture::new();
        fixture.git(&["checkout", "-qb", "topic"]);
        fixture.write("a.txt", "topic\n");
        fixture.commit("topic");
        fixture.git(&["checkout", "-q", "main"]);
        fixture.write("a.txt", "main\n");
        fixture.commit("main");
        assert!(!fixture.try_git(fixture.root(), &["merge", "-q", "topic"]).status.success());
        assert_eq!(both(&fixture), ["U a.txt"]);
    }

    fn an_edit_of_the_same_size_at_the_same_moment() {
        let fixture = Fixture::new();
        let file = fixture.root().join("a.txt");
        let modified = file.metadata().unwrap().modified().unwrap();
        std::fs::write(&file, "two\n").unwrap();
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
        assert_eq!(both(&fixture), ["M a.txt"]);
    }

    fn touched_files_are_clean_and_nothing_is_written() {
        let fixture = Fixture::new();
        fixture.age("a.txt");
        let index = fixture.root().join(".git/index");
        let before = std::fs::read(&index).unwrap();
        assert_eq!(both(&fixture), nothing());
        assert_eq!(std::fs::read(&index).unwrap(), before);
    }

    fn while_another_git_holds_the_lock() {
        let fixture = Fixture::new();
        fixture.write(".git/index.lock", "");
        fixture.age("a.txt");
        assert_eq!(both(&fixture), nothing());
    }

    fn an_index_of_version_4() {
        let fixture = Fixture::new();
        fixture.git(&["update-index", "--index-version", "4"]);
        assert_eq!(both(&fixture), nothing());
        fixture.git(&["update-index", "--assume-unchanged", "dir/b.txt"]);
        fixture.write("dir/b.txt", "hidden\n");
        assert_eq!(both(&fixture), ["M dir/b.txt"]);
    }

    fn a_file_system_without_modes() {
        let fixture = Fixture::new();
        fixture.git(&["config", "core.fileMode", "false"]);
        std::fs::set_permissions(fixture.root().join("a.txt"), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(both(&fixture), nothing());
    }

    fn line_ends() {
        let fixture = Fixture::new();
        fixture.write(".gitattributes", "*.bat eol=crlf\n*.auto text=auto\n");
        fixture.write("x.bat", "one\r\ntwo\r\n");
        fixture.write("y.auto", "one\r\n");
        fixture.commit("lines");
        fixture.age("x.bat");
        assert_eq!(both(&fixture), nothing());
        fixture.git(&["config", "core.autocrlf", "true"]);
        std::fs::remove_file(fixture.root().join("a.txt")).unwrap();
        fixture.git(&["checkout", "-q", "."]);
        assert_eq!(std::fs::read(fixture.root().join("a.txt")).unwrap(), b"one\r\n");
        fixture.age("a.txt");
        assert_eq!(both(&fixture), nothing());
    }

    fn a_filter_decides() {
        let fixture = Fixture::new();
        fixture.git(&["config", "filter.shout.clean", "tr a-z A-Z"]);
        fixture.write(".gitattributes", "*.loud filter=shout\n");
        fixture.write("x.loud", "abc\n");
        fixture.commit("loud");
        fixture.age("x.loud");
        let (state, notes) = fixture.read_at(fixture.root(), None);
        let state = state.unwrap();
        assert_eq!((dirt(&state), state.reader), (nothing(), Reader::Libgit2));
        assert!(notes.len() == 1 && notes[0].contains("filter") && notes[0].contains("x.loud"), "{notes:?}");
        fixture.write("x.loud", "abd\n");
        assert_eq!(both(&fixture), ["M x.loud"]);
        // Nobody can confirm it: it counts as dirty, and a line says why.
        let mut alone = fixture;
        alone.write("x.loud", "abc\n");
        alone.extra = vec![("PATH", "/nowhere".to_owned())];
        let (state, notes) = alone.read_at(alone.root(), None);
        assert_eq!(dirt(&state.unwrap()), ["M x.loud"]);
        assert!(notes[0].contains("no git command"), "{notes:?}");
    }

    fn another_encoding_in_the_work_tree() {
        let fixture = Fixture::new();
        fixture.write(".gitattributes", "*.u16 working-tree-encoding=UTF-16LE text\n");
        fixture.write("x.u16", b"h\0i\0\n\0");
        fixture.commit("utf-16");
        fixture.age("x.u16");
        assert_eq!(both(&fixture), nothing());
    }

    fn a_sparse_checkout() {
        let fixture = Fixture::new();
        fixture.git(&["sparse-checkout", "set", "--no-cone", "/a.txt"]);
        assert!(!fixture.root().join("dir").exists());
        assert_eq!(both(&fixture), nothing());
        fixture.write("dir/b.txt", "back, and other\n");
        assert_eq!(both(&fixture), ["M dir/b.txt"]);
        fixture.write("dir/b.txt", "two\n");
        assert_eq!(both(&fixture), nothing());
    }

    fn a_sparse_index() {
        let fixture = Fixture::new();
        fixture.write("other/c", "");
        fixture.commit("other");
        fixture.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "dir"]);
        assert_eq!(fixture.dirt(), nothing());
        fixture.write("dir/b.txt", "three\n");
        assert_eq!(fixture.dirt(), ["M dir/b.txt"]);
    }

    fn edits_that_git_was_told_not_to_see() {
        let fixture = Fixture::new();
        for name in ["assumed", "skipped", "gone", "same", "exec"] {
            fixture.write(name, "1\n");
        }
        symlink("a.txt", fixture.root().join("link")).unwrap();
        fixture.commit("files");
        fixture.git(&["update-index", "--assume-unchanged", "assumed", "gone", "same", "exec", "link"]);
        fixture.git(&["update-index", "--skip-worktree", "skipped", "dir/b.txt"]);
        assert_eq!(both(&fixture), nothing());
        fixture.write("assumed", "2\n");
        fixture.write("skipped", "2\n");
        std::fs::remove_file(fixture.root().join("gone")).unwrap();
        std::fs::remove_file(fixture.root().join("dir/b.txt")).unwrap();
        std::fs::set_permissions(fixture.root().join("exec"), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::remove_file(fixture.root().join("link")).unwrap();
        symlink("dir", fixture.root().join("link")).unwrap();
        assert_eq!(fixture.git(&["status", "--porcelain"]), "");
        assert_eq!(both(&fixture), ["M assumed", "D dir/b.txt", "M exec", "D gone", "M link", "M skipped"]);
    }

    fn hidden_files_may_still_be_converted() {
        let fixture = Fixture::new();
        fixture.write(".gitattributes", "*.bat eol=crlf\n");
        let name = "odd \"name\"\nä.bat";
        fixture.write(name, "one\r\n");
        fixture.commit("lines");
        fixture.git(&["update-index", "--assume-unchanged", name]);
        assert_eq!(both(&fixture), nothing());
        fixture.write(name, "two\r\n");
        assert_eq!(both(&fixture), [format!("M {name}")]);
    }

    fn submodules() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        fixture.commit("lib");
        assert_eq!(both(&fixture), nothing());
        // What a status should show is not what is built.
        fixture.git(&["config", "submodule.lib.ignore", "all"]);
        fixture.git(&["config", "diff.ignoreSubmodules", "all"]);
        fixture.write("lib/new", "");
        assert_eq!(both(&fixture), ["S lib"]);
        std::fs::remove_file(fixture.root().join("lib/new")).unwrap();
        fixture.write("lib/a.txt", "edited\n");
        assert_eq!(both(&fixture), ["S lib"]);
        fixture.git_in(&fixture.root().join("lib"), &["checkout", "-q", "."]);
        assert_eq!(both(&fixture), nothing());
        fixture.git_in(&fixture.root().join("lib"), &["commit", "-q", "--allow-empty", "-m", "moved"]);
        assert_eq!(both(&fixture), ["S lib"]);
        fixture.git(&["add", "lib"]);
        assert_eq!(both(&fixture), ["S lib"]);
    }

    fn submodules_that_are_not_checked_out() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        fixture.commit("lib");
        let clone = fixture.beside("clone");
        fixture.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
        let fixture = fixture.at(clone);
        assert_eq!(both(&fixture), nothing());
        // Git does not look into that folder; the context does.
        fixture.write("lib/stray", "");
        assert_eq!(both(&fixture), ["? lib/stray"]);
        std::fs::remove_dir_all(fixture.root().join("lib")).unwrap();
        assert_eq!(both(&fixture), ["D lib"]);
    }

    fn repositories_inside() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "inner"]);
        assert_eq!(both(&fixture), ["? inner/a.txt", "? inner/dir/b.txt"]);
        // Added without a .gitmodules, libgit2 alone would not see that it moves.
        fixture.git(&["-c", "advice.addEmbeddedRepo=false", "add", "inner"]);
        fixture.commit("embedded");
        assert_eq!(both(&fixture), nothing());
        fixture.git_in(&fixture.root().join("inner"), &["commit", "-q", "--allow-empty", "-m", "moved"]);
        assert_eq!(both(&fixture), ["S inner"]);
        let other = Fixture::new();
        other.git(&["init", "-q", "empty"]);
        assert_eq!(both(&other), nothing());
    }

    fn configuration_from_the_environment_counts() {
        let mut fixture = Fixture::new();
        fixture.write("x.generated", "");
        assert_eq!(both(&fixture), ["? x.generated"]);
        std::fs::write(fixture.beside("ignore"), "*.generated\n").unwrap();
        fixture.extra = vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "core.excludesFile".to_owned()),
            ("GIT_CONFIG_VALUE_0", fixture.beside("ignore").display().to_string()),
        ];
        assert_eq!(both(&fixture), nothing());
    }

    fn looking_again() {
        let fixture = Fixture::new();
        let state = fixture.state();
        fixture.write("a.txt", "edited\n");
        fixture.write("new", "");
        for reader in [Reader::Libgit2, Reader::GitCommand { safe_directory: false }] {
            let (environment, events, stop) = (fixture.environment(), crate::event::Events::discard(), Stop::default());
            let (changes, untracked) = status(&state.root, reader, &environment, &events, &stop).unwrap();
            assert_eq!((changes.len(), untracked.len()), (1, 1));
            assert_eq!(crate::source::head(&state.root, reader, &environment, &stop).unwrap(), state.commit);
        }
    }
}
