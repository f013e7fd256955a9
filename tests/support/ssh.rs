//! A stand-in for `ssh`: a program of that name, first on PATH.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::lab::setting;

/// The folder of the stand-in and of what it wrote down.
pub(crate) struct Ssh {
    folder: PathBuf,
}

impl Ssh {
    /// Does `script`, in which `$SELF` is the folder. What it was started with is written down first, a line for each
    /// call.
    pub(crate) fn doing(folder: &Path, script: &str) -> Ssh {
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).expect("folder");
        let program = bin.join("ssh");
        let text =
            format!("#!/bin/sh\nSELF={}\necho \"$$ $*\" >>\"$SELF/calls\"\n{script}\n", folder.display());
        fs::write(&program, text).expect("script");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
        Ssh { folder: folder.to_owned() }
    }

    /// Gets through, and does there what it is told, as sshd does: by a shell that reads all words as one line.
    /// docker's own client is there, and `engine` is the engine that it takes by itself.
    pub(crate) fn through(folder: &Path, engine: &str) -> Ssh {
        let there = folder.join("there");
        fs::create_dir_all(&there).expect("folder");
        symlink(setting("IMGBUILD_TEST_DOCKER"), there.join("docker")).expect("docker");
        Ssh::doing(
            folder,
            &format!(
                "while [ \"$1\" != -- ]; do shift; done\nshift 2\n\
                 exec env -i DOCKER_HOST={engine} HOME=\"$SELF\" PATH=\"$SELF/there:/usr/bin:/bin\" sh -c \"exec $*\""
            ),
        )
    }

    /// PATH with it.
    pub(crate) fn path(&self) -> OsString {
        let mut path = self.folder.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").expect("PATH"));
        path
    }

    /// Process number and arguments of each call.
    pub(crate) fn calls(&self) -> Vec<(u32, String)> {
        let text = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        let split = |line: &str| {
            let (pid, arguments) = line.split_once(' ').expect("a call");
            (pid.parse().expect("a number"), arguments.to_owned())
        };
        text.lines().map(split).collect()
    }

    /// Whether a process of any call still runs.
    pub(crate) fn is_alive(&self) -> bool {
        self.calls().iter().any(|(pid, _)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
            // The first thread may have ended before the others.
            let threads = fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
            state.is_some_and(|state| state != 'Z' || threads > 1)
        })
    }

    /// Whether a process of any call is there, be it but uncollected.
    pub(crate) fn is_there(&self) -> bool {
        self.calls().iter().any(|(pid, _)| Path::new(&format!("/proc/{pid}")).exists())
    }
}
