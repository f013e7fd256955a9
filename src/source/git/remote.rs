//! The tags of the remote: which it has at this moment, and one more for it.
//!
//! Everything else here reads the clone alone. This starts what the user's own `git push` would: ssh, and whatever credential
//! helpers the configuration names. So it is done on request only, and never for a repository of another owner.

use std::path::Path;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::source::{NamedCommit, Reader};
use crate::stop::Stop;

use super::command::Git;
use super::failure::Failure;
use super::refs::{chosen, tags_of};

/// How much is told of what the remote says of a tag that it does not take, in lines and in characters.
const MOST_LINES: usize = 5;
const LONGEST: usize = 300;

/// What became of a tag that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The remote has it.
    Taken,
    /// It has not, or has another one of the name; the words of git and of the remote.
    Refused(String),
}

/// The tags of `origin`, or of the only remote of the repository at `root`, as it has them at this moment; each with what
/// it leads to, sorted. Kind `Refused` where it does not tell. Blocking, for a minute at most.
pub fn remote_tags(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    stop: &Stop,
) -> Result<Vec<NamedCommit>> {
    let asked = connected(root, reader, environment, stop).and_then(|(git, remote)| tags(&git, &remote));
    asked.map_err(|failure| match failure {
        Failure::Final(error) => error,
        Failure::Unreadable(why) => {
            let what = format!("cannot ask the remote which tags it has: {}", without_logins(&why));
            Error::new(Kind::Refused, what)
                .hint("git ls-remote --tags origin has to work here, without a question")
                .hint(
                    "without --tag-git, the tag can be made elsewhere, pushed, and fetched: git fetch --tags",
                )
        }
    })
}

/// Pushes the tag `name` of the clone at `root` to that remote, which never moves one that it has. Blocking, for two
/// minutes at most.
pub fn push_tag(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    name: &str,
    stop: &Stop,
) -> Result<Sent> {
    let sent = connected(root, reader, environment, stop).and_then(|(git, remote)| send(&git, &remote, name));
    match sent {
        Ok(sent) => Ok(sent),
        Err(Failure::Final(error)) => Err(error),
        Err(Failure::Unreadable(why)) => Ok(Sent::Refused(without_logins(&why))),
    }
}

/// A git that may speak to remotes, and the remote.
fn connected<'a>(
    root: &Path,
    reader: Reader,
    environment: &'a Environment,
    stop: &'a Stop,
) -> Result<(Git<'a>, String), Failure> {
    if reader == (Reader::GitCommand { safe_directory: true }) {
        let why = "the repository belongs to another user, whose configuration would say what is started";
        return Err(Failure::unreadable(why));
    }
    let git = Git::find(root, environment, stop)?;
    let names = git.ask(["remote"])?;
    let remote = chosen(names.split(|&byte| byte == b'\n').filter(|name| !name.is_empty()));
    let remote = remote.and_then(|name| String::from_utf8(name).ok());
    let remote = remote.ok_or_else(|| Failure::unreadable("there is no remote origin, nor any one alone"))?;
    Ok((git.connected(), remote))
}

fn tags(git: &Git<'_>, remote: &str) -> Result<Vec<NamedCommit>, Failure> {
    let listed = git.ask(["ls-remote", "--quiet", "--tags", "--", remote])?;
    Ok(tags_of(&listed))
}

fn send(git: &Git<'_>, remote: &str, name: &str) -> Result<Sent, Failure> {
    let full = format!("refs/tags/{name}");
    let id = git.ask(["rev-parse", "--verify", &full])?;
    let id = String::from_utf8_lossy(&id).trim().to_owned();
    // The very object, whatever the name is by now; without a plus, no remote moves a tag for it.
    let spec = format!("{id}:{full}");
    let options =
        ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no"];
    let pushed = git.run([&["push"][..], &options, &["--", remote, &spec]].concat());
    let why = match pushed {
        Ok(output) if output.code == Some(0) => return Ok(Sent::Taken),
        Ok(output) => {
            refusal(&output.stdout, &output.stderr).map_or_else(|| output.complaint(), Failure::unreadable)
        }
        Err(failure) => failure,
    };
    let Failure::Unreadable(why) = why else { return Err(why) };
    // The answer may have been lost behind a push that was taken.
    let listed = git.ask(["ls-remote", "--quiet", "--", remote, &full]);
    let has = listed.map(|listed| {
        let mut lines = listed.split(|&byte| byte == b'\n');
        lines.any(|line| line == format!("{id}\t{full}").as_bytes())
    });
    match has {
        Ok(true) => Ok(Sent::Taken),
        Ok(false) => Ok(Sent::Refused(without_logins(&why))),
        Err(Failure::Final(error)) => Err(Failure::Final(error)),
        Err(Failure::Unreadable(_)) => {
            Ok(Sent::Refused(format!("{}; whether it has the tag now is not known", without_logins(&why))))
        }
    }
}

/// Why a push was refused, as `git push --porcelain` tells it, and what the remote said.
fn refusal(stdout: &[u8], stderr: &str) -> Option<String> {
    let told = String::from_utf8_lossy(stdout);
    let line = told.lines().find_map(|line| line.strip_prefix("!\t"))?;
    let mut words = vec![line.rsplit('\t').next().unwrap_or_default()];
    let remote = stderr.lines().filter_map(|line| line.strip_prefix("remote: "));
    words.extend(remote.map(str::trim).filter(|line| !line.is_empty()).take(MOST_LINES));
    Some(words.iter().map(|word| word.chars().take(LONGEST).collect()).collect::<Vec<String>>().join("; "))
}

/// The same text with what stands before the `@` of an address left out: older versions of git show it.
fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
        let host = part.get(..end).and_then(|authority| authority.rfind('@')).map_or(0, |at| at + 1);
        shown.push_str("://");
        shown.push_str(part.get(host..).unwrap_or_default());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_of_git_and_of_the_remote() {
        let stdout =
            b"To https://h.example/r\n!\tabc:refs/tags/v1\t[remote rejected] (hook declined)\nDone\n";
        let stderr = "remote: \nremote: tags are for the release team\nerror: failed to push some refs\n";
        let told = refusal(stdout, stderr).unwrap();
        assert_eq!(told, "[remote rejected] (hook declined); tags are for the release team");
        assert_eq!(refusal(b"", stderr), None);
    }

    #[test]
    fn no_login_is_told() {
        for (text, shown) in [
            (
                "unable to access 'https://u:s3cr3t@h.example/r/': no",
                "unable to access 'https://h.example/r/': no",
            ),
            ("https://h.example/a@b and ssh://git@h:22/r", "https://h.example/a@b and ssh://h:22/r"),
            ("nothing of that", "nothing of that"),
            ("://", "://"),
        ] {
            assert_eq!(without_logins(text), shown);
        }
    }
}
