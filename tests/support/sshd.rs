//! A real sshd of one test's own, which lets in whoever runs the tests, by a key of the test's own.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::lab::setting;

/// Where Debian has it; it wants to be started by its whole path.
const PROGRAM: &str = "/usr/sbin/sshd";

/// It is stopped, with all that came through it, when the value goes.
pub(crate) struct Sshd {
    folder: PathBuf,
    port: u16,
    user: String,
    child: Option<Child>,
}

impl Sshd {
    /// On the loopback. Whoever comes finds docker's own client, which takes `engine` by itself.
    pub(crate) fn start(folder: &Path, engine: &str) -> Sshd {
        let there = folder.join("there");
        fs::create_dir_all(&there).expect("folder");
        symlink(setting("IMGBUILD_TEST_DOCKER"), there.join("docker")).expect("docker");
        for name in ["host", "user"] {
            let key = folder.join(name);
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
            assert!(made.expect("ssh-keygen").success(), "a key");
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("address").port();
        drop(free);
        let output = Command::new("id").arg("-un").output().expect("id");
        let user = String::from_utf8(output.stdout).expect("a name").trim().to_owned();
        let at = folder.display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/user.pub\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nLogLevel INFO\nSetEnv DOCKER_HOST={engine} PATH={}:/usr/bin:/bin\n",
            there.display()
        );
        fs::write(folder.join("sshd_config"), config).expect("write");
        let host = fs::read_to_string(folder.join("host.pub")).expect("key");
        let mut words = host.split(' ');
        let key = [words.next().expect("a kind"), words.next().expect("a key")].join(" ");
        fs::write(folder.join("known"), format!("the-test {key}\n")).expect("write");
        // ssh goes by the account's home, and by no variable.
        let client = format!(
            "HostKeyAlias the-test\nIdentityFile {at}/user\nIdentitiesOnly yes\nUserKnownHostsFile {at}/known\n\
             GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n"
        );
        fs::write(folder.join("ssh_config"), client).expect("write");
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).expect("folder");
        let program = bin.join("ssh");
        fs::write(&program, format!("#!/bin/sh\nexec /usr/bin/ssh -F {at}/ssh_config \"$@\"\n"))
            .expect("write");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
        if rustix::process::geteuid().is_root() {
            // Where it locks itself in; the system makes it when it starts the service, which nobody did.
            fs::create_dir_all("/run/sshd").expect("/run/sshd");
        }
        let mut sshd = Sshd { folder: folder.to_owned(), port, user, child: None };
        sshd.restart();
        sshd
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn restart(&mut self) {
        let mut child = Command::new(PROGRAM)
            .args(["-D", "-e", "-f"])
            .arg(self.folder.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PROGRAM}: {error}: run `make test`, which installs it"));
        let mut said = BufReader::new(child.stderr.take().expect("stderr"));
        let mut all = String::new();
        while !all.contains("Server listening on") {
            let read = said.read_line(&mut all).expect("a line");
            assert!(read > 0, "sshd ended: {all}");
        }
        let log = self.folder.join("log");
        // It must not stand still because nobody listens.
        std::thread::spawn(move || {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(log).expect("log");
            let _ = std::io::copy(&mut said, &mut file);
        });
        self.child = Some(child);
    }

    /// SIGKILL to it and to all that came through it, as a machine that is cut off.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let mut all = vec![child.id()];
        let mut nth = 0;
        while let Some(id) = all.get(nth).copied() {
            all.extend(children(id));
            nth += 1;
        }
        for id in all {
            let id = rustix::process::Pid::from_raw(id.try_into().expect("a number")).expect("a process");
            // Some have ended with their parent.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
        child.wait().expect("sshd");
    }

    /// How it is reached.
    pub(crate) fn host(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}", self.user, self.port)
    }

    /// PATH with a client that knows it.
    pub(crate) fn path(&self) -> OsString {
        let mut path = self.folder.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").expect("PATH"));
        path
    }

    /// How often somebody was let in.
    pub(crate) fn logins(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("Accepted publickey")).count()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().nth(1) == Some(parent.to_string().as_str())
    };
    numbers.filter(is_child).collect()
}
