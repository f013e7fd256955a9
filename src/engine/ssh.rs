//! Connections over ssh: a process each, whose standard streams are the connection.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{Semaphore, oneshot};

use crate::environment::Environment;

use super::ssh_target::SshTarget;
use super::unreachable::Unreachable;

/// sshd refuses at random from ten connections on that have not logged in yet (`MaxStartups`).
const LOGINS: usize = 6;
/// How long a connection may count as one that logs in: a first answer may be minutes away.
const LOGIN: Duration = Duration::from_secs(5);
/// How long the process and its words are waited for, once its output has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Of what ssh says, the last bytes count.
const MAX_WORDS: usize = 4096;
/// The longest line of them that a message repeats, in characters.
const MAX_LINE: usize = 300;

/// The way to one engine over ssh. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ssh {
    target: SshTarget,
    /// ssh's configuration may name programs that need any of it, so it is given all but keys to sign with, as by
    /// docker and git. What reaches the other machine is for ssh's `SendEnv` to say.
    environment: Arc<Environment>,
    logins: Arc<Semaphore>,
}

impl Ssh {
    pub(super) fn new(target: SshTarget, environment: &Environment) -> Ssh {
        Ssh { target, environment: Arc::new(environment.clone()), logins: Arc::new(Semaphore::new(LOGINS)) }
    }

    /// Starts a process. Whether it gets through shows with its first answer, or with an error in place of it.
    pub(super) async fn dial(&self) -> io::Result<SshStream> {
        let program = self.environment.program("ssh").ok_or_else(|| {
            Unreachable::new("there is no program `ssh` on PATH").hint("install it (Debian: openssh-client)")
        })?;
        let permit = Arc::clone(&self.logins).acquire_owned().await.map_err(io::Error::other)?;
        let mut child = Command::new(&program)
            .args(self.target.arguments())
            .env_clear()
            .envs(self.environment.handed_on())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C is ours to handle, and what ssh started ends with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Unreachable::new(format!("cannot start {}: {error}", program.display())))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(io::Error::other("ssh was started without its streams"));
        };
        let words = Words::default();
        let (said, all_said) = oneshot::channel();
        tokio::spawn(listen(stderr, words.clone(), said));
        let (logged_in, answered) = oneshot::channel::<()>();
        tokio::spawn(async move {
            // It ends with the first byte, with the connection, or in time.
            let _ = tokio::time::timeout(LOGIN, answered).await;
            drop(permit);
        });
        Ok(SshStream {
            stdin: Some(stdin),
            stdout,
            process: Some(Process(child)),
            words,
            all_said: Some(all_said),
            login: Some(logged_in),
            host: self.target.host().to_owned(),
            ending: None,
        })
    }
}

/// What ssh and the remote command say on stderr: its last bytes.
#[derive(Debug, Clone, Default)]
struct Words(Arc<Mutex<Vec<u8>>>);

impl Words {
    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        let surplus = kept.len().saturating_sub(MAX_WORDS);
        kept.drain(..surplus);
    }

    /// The last two lines that say something, on one.
    fn last(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).into_owned();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let cut = lines.map(|line| line.chars().take(MAX_LINE).collect());
        let lines: Vec<String> = cut.collect();
        lines.get(lines.len().saturating_sub(2)..).unwrap_or_default().join("; ")
    }
}

/// Reads as long as anybody writes, so that nobody who does is held up.
async fn listen(mut stderr: ChildStderr, words: Words, said: oneshot::Sender<()>) {
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        words.add(buffer.get(..read).unwrap_or_default());
    }
    let _ = said.send(());
}

/// A process under way. Where the connection goes it is killed with all that it started; the runtime collects it.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // An id that was collected may be somebody else's by now; this one is `None` from then on.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // It may have ended by itself a moment ago.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

type Ending = Pin<Box<dyn Future<Output = io::Error> + Send>>;

/// An open connection over ssh.
pub struct SshStream {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// `None` once its end is waited for.
    process: Option<Process>,
    words: Words,
    all_said: Option<oneshot::Receiver<()>>,
    /// There until the first byte came: then we are logged in and the engine answers.
    login: Option<oneshot::Sender<()>>,
    host: String,
    /// What the end of the output means is being found out.
    ending: Option<Ending>,
}

impl std::fmt::Debug for SshStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshStream").field("host", &self.host).finish_non_exhaustive()
    }
}

impl SshStream {
    /// What it means that the output ended before a byte of it came: whatever ssh says to it, which is waited for.
    fn unanswered(&mut self) -> Ending {
        let (process, all_said) = (self.process.take(), self.all_said.take());
        let (words, host) = (self.words.clone(), self.host.clone());
        Box::pin(async move {
            let waited = async {
                if let Some(all_said) = all_said {
                    // A master in the background may keep stderr open.
                    let _ = tokio::time::timeout(LAST_WORDS / 2, all_said).await;
                }
                process?.0.wait().await.ok()
            };
            let status = tokio::time::timeout(LAST_WORDS, waited).await.ok().flatten();
            not_through(&host, &words.last(), status).into()
        })
    }

    /// The same, of a connection that worked: an end, or why it broke. Nothing is waited for, so that whoever looks
    /// whether a connection still stands learns at once that it does not.
    fn ended(&mut self) -> io::Result<()> {
        match self.process.as_mut().and_then(|process| process.0.try_wait().ok().flatten()) {
            Some(status) if !status.success() => {
                let text = format!("ssh ended with {}: {}", shown(status), self.words.last());
                Err(io::Error::new(io::ErrorKind::ConnectionReset, text))
            }
            _ => Ok(()),
        }
    }
}

/// ssh or the remote command failed before the engine had said anything.
fn not_through(host: &str, words: &str, status: Option<ExitStatus>) -> Unreachable {
    let why = match (words, status) {
        ("", Some(status)) => format!("ssh ended with {} and without a word", shown(status)),
        ("", None) => "ssh closed the connection without a word".to_owned(),
        (words, _) => format!("ssh says: {words}"),
    };
    let by_hand = format!("try it by hand: `ssh -o BatchMode=yes {host} docker version`");
    let hint = |hint: &str| Unreachable::new(why.clone()).hint(hint);
    let reason = if words.contains("Permission denied") {
        hint(
            "ssh is never asked for a password: use a key that the other side knows, and an agent for its passphrase (`ssh-add`)",
        )
    } else if words.contains("Host key verification failed") {
        hint(
            "its key is not known here: connect once by hand, or add it to ~/.ssh/known_hosts (`ssh-keyscan`)",
        )
    } else if words.contains("not found") {
        hint("the other side needs docker's command line on the PATH of commands, 18.09 or newer")
    } else {
        Unreachable::new(why)
    };
    reason.hint(by_hand)
}

fn shown(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "a signal".to_owned(),
    }
}

impl AsyncRead for SshStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if let Some(ending) = &mut stream.ending {
            return ending.as_mut().poll(cx).map(Err);
        }
        let (before, room) = (buf.filled().len(), buf.remaining());
        ready!(Pin::new(&mut stream.stdout).poll_read(cx, buf))?;
        if buf.filled().len() > before || room == 0 {
            stream.login = None;
            return Poll::Ready(Ok(()));
        }
        if stream.login.is_none() {
            return Poll::Ready(stream.ended());
        }
        let ending = stream.unanswered();
        let ending = stream.ending.insert(ending);
        ending.as_mut().poll(cx).map(Err)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stdin {
            Some(stdin) => Pin::new(stdin).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Closes ssh's input, which the other side passes on: the answer can still be read.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if let Some(stdin) = &mut stream.stdin {
            ready!(Pin::new(stdin).poll_flush(cx))?;
        }
        stream.stdin = None;
        Poll::Ready(Ok(()))
    }
}
