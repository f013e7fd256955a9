use super::fixture::dirt;
use super::{Fixture, isolated_tests};
use crate::source::Reader;
use crate::source::git::failure::Failure;
use crate::source::git::look::Tools;
use crate::source::git::{command_reader, with_command};
use crate::stop::Stop;

isolated_tests! {
    fn nothing_in_the_configuration_runs() {
        let fixture = Fixture::new();
        fixture.git(&["clone", "-q", ".", "../lib"]);
        fixture.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
        fixture.commit("lib");
        fixture.git(&["remote", "add", "origin", "ssh://host.invalid/a/b"]);
        let marker = fixture.beside("marker");
        let run = format!("touch {}", marker.display());
        for folder in [fixture.root().to_owned(), fixture.root().join("lib")] {
            for key in [
                "core.fsmonitor", "core.sshCommand", "core.pager", "pager.status", "pager.show-ref", "core.editor",
                "core.askPass", "core.gitProxy", "core.alternateRefsCommand", "diff.external", "diff.x.textconv",
                "diff.x.command", "credential.helper", "gpg.program", "merge.x.driver", "filter.x.smudge",
                "alias.status", "sequence.editor", "interactive.diffFilter", "uploadpack.packObjectsHook",
            ] {
                let value = if key == "alias.status" || key == "credential.helper" { format!("!{run}") } else { run.clone() };
                fixture.git_in(&folder, &["config", key, &value]);
            }
        }
        fixture.write(".git/included", format!("[core]\n\tfsmonitor = {run}\n\thooksPath = hooks\n"));
        fixture.git(&["config", "includeIf.gitdir:/.path", "included"]);
        fixture.git(&["config", "include.path", "included"]);
        for hook in ["post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout", "pre-commit"] {
            for folder in [".git/hooks", "hooks", ".git/modules/lib/hooks"] {
                let file = format!("{folder}/{hook}");
                fixture.write(&file, format!("#!/bin/sh\n{run}\n"));
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(fixture.root().join(&file), mode).unwrap();
            }
        }
        fixture.write(".git/info/attributes", "* diff=x merge=x filter=x\n");
        fixture.write("git", format!("#!/bin/sh\n{run}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(fixture.root().join("git"), mode).unwrap();
        fixture.age("dir/b.txt");
        fixture.write("a.txt", "edited\n");
        fixture.write("lib/a.txt", "edited\n");
        fixture.git(&["-c", "core.fsmonitor=false", "update-index", "--assume-unchanged", "dir/b.txt"]);
        let _ = std::fs::remove_file(&marker);

        let mut fixture = fixture;
        let path = std::env::var("PATH").unwrap();
        fixture.extra = vec![("PATH", format!(".::{path}")), ("GIT_CONFIG_COUNT", "0".to_owned())];
        let state = fixture.state();
        let (environment, stop) = (fixture.environment(), Stop::default());
        let tools = Tools { environment: &environment, stop: &stop };
        for safe_directory in [false, true] {
            let other = with_command(fixture.root(), Reader::GitCommand { safe_directory }, tools).unwrap();
            assert_eq!(dirt(&state), dirt(&other));
        }
        assert!(dirt(&state).contains(&"M a.txt".to_owned()), "{:?}", dirt(&state));
        assert!(!marker.exists());
        // The traps do work.
        fixture.try_git(fixture.root(), &["status"]);
        assert!(marker.exists());
    }

    fn a_partial_clone_calls_nobody() {
        let fixture = Fixture::new();
        fixture.git(&["config", "uploadpack.allowFilter", "true"]);
        let (url, clone) = (format!("file://{}", fixture.root().display()), fixture.beside("clone"));
        fixture.git(&["clone", "-q", "--no-checkout", "--filter=blob:none", &url, clone.to_str().unwrap()]);
        let fixture = fixture.at(clone);
        let marker = fixture.beside("marker");
        fixture.git(&["config", "remote.origin.url", "ssh://host.invalid/a"]);
        fixture.git(&["config", "core.sshCommand", &format!("touch {}; false", marker.display())]);
        let (environment, stop) = (fixture.environment(), Stop::default());
        let tools = Tools { environment: &environment, stop: &stop };
        let reader = Reader::GitCommand { safe_directory: false };
        let git = tools.git(fixture.root(), reader).unwrap();
        let head = fixture.git(&["rev-parse", "HEAD"]);
        // The blob is missing, and stays so.
        assert!(command_reader::blob(&git, &head, "a.txt".as_ref(), 100).is_err());
        assert!(crate::source::file_at(fixture.root(), Reader::Libgit2, &environment, "main", "a.txt".as_ref()).is_err());
        assert!(!marker.exists());
    }

    fn a_git_that_hangs_is_ended() {
        let mut fixture = Fixture::new();
        let (bin, pid) = (fixture.beside("bin"), fixture.beside("pid"));
        std::fs::create_dir(&bin).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pid).status().unwrap().success());
        let script = format!("#!/bin/sh\necho $$ > {}\nsleep 1000\n", pid.display());
        std::fs::write(bin.join("git"), script).unwrap();
        std::fs::set_permissions(bin.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        fixture.extra = vec![("PATH", format!("{}:{path}", bin.display()))];
        let environment = fixture.environment();
        for by_signal in [true, false] {
            let stop = Stop::default();
            let tools = Tools { environment: &environment, stop: &stop };
            let mut git = tools.git(fixture.root(), Reader::Libgit2).unwrap();
            if !by_signal {
                git.time_limit = std::time::Duration::ZERO;
            }
            let (process, failure) = std::thread::scope(|scope| {
                // Opening the pipe waits until git runs; a git that was ended before leaves that to the second writer.
                let reader = scope.spawn(|| std::fs::read_to_string(&pid).unwrap().trim().to_owned());
                let asked = scope.spawn(|| git.run(["status"]).err());
                if by_signal {
                    let process = reader.join().unwrap();
                    stop.set();
                    return (process, asked.join().unwrap());
                }
                let failure = asked.join().unwrap();
                drop(std::fs::File::options().read(true).write(true).open(&pid));
                (reader.join().unwrap(), failure)
            });
            assert!(process.is_empty() || !std::path::Path::new("/proc").join(process).exists());
            match failure.unwrap() {
                Failure::Final(_) => assert!(by_signal),
                Failure::Unreadable(why) => assert!(!by_signal && why.contains("did not end within"), "{why}"),
            }
        }
    }
}
