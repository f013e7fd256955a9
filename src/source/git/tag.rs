//! Making a tag.

use std::path::Path;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::source::Reader;
use crate::stop::Stop;

use super::failure::Failure;
use super::last_word;
use super::look::Tools;

/// Who made the tag: what git honours of the environment, and where it keeps that in its configuration.
const IDENTITY: [(&str, &str); 2] =
    [("GIT_COMMITTER_NAME", "user.name"), ("GIT_COMMITTER_EMAIL", "user.email")];

/// An annotated tag that is to be.
#[derive(Debug, Clone, Copy)]
pub struct NewTag<'a> {
    /// Its name.
    pub name: &'a str,
    /// The full id of its commit.
    pub commit: &'a str,
    /// What it says.
    pub message: &'a str,
}

/// Takes a tag away that [`make_tag`] just made, unless somebody moved it meanwhile; an error is of kind `Refused`. Blocking.
pub fn drop_tag(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    tag: NewTag<'_>,
    stop: &Stop,
) -> Result<()> {
    let full = format!("refs/tags/{}", tag.name);
    let dropped = Tools { environment, stop }.git(root, reader).and_then(|git| {
        let id = git.ask(["rev-parse", "--verify", &full])?;
        let id = String::from_utf8_lossy(&id).trim().to_owned();
        let commit = git.ask(["rev-parse", "--verify", &format!("{full}^{{commit}}")])?;
        if commit.trim_ascii() != tag.commit.as_bytes() {
            return Err(Failure::unreadable(format!("{} names another commit by now", tag.name)));
        }
        git.ask(["update-ref", "-d", &full, &id])
    });
    dropped.map(drop).map_err(|failure| last_word(root, failure))
}

/// Makes the tag in the repository at `root`, through the git command alone, as that knows who makes it. One of the name
/// that is there stays as it is, and is an error, of kind `Refused` as all others. Nothing is pushed. Blocking.
pub fn make_tag(
    root: &Path,
    reader: Reader,
    environment: &Environment,
    tag: NewTag<'_>,
    stop: &Stop,
) -> Result<()> {
    let mut arguments = Vec::new();
    for (variable, setting) in IDENTITY {
        if let Some(value) = environment.get(variable) {
            arguments.extend(["-c".to_owned(), format!("{setting}={value}")]);
        }
    }
    // Signing would start whatever program the repository's configuration names.
    let rest =
        ["tag", "--annotate", "--no-sign", "--cleanup=verbatim", "--message", tag.message, "--", tag.name];
    arguments.extend(rest.map(str::to_owned));
    arguments.push(tag.commit.to_owned());
    let made = Tools { environment, stop }.git(root, reader).and_then(|git| git.run(arguments));
    match made.map_err(|failure| last_word(root, failure))? {
        output if output.code == Some(0) => Ok(()),
        output => {
            let error =
                Error::new(Kind::Refused, format!("cannot make the git tag {} at {}", tag.name, tag.commit));
            let error = match output.complaint() {
                Failure::Unreadable(why) => error.because(why),
                Failure::Final(why) => error.because(why),
            };
            Err(error
                .hint("git has to know who makes it: git config user.name and user.email")
                .hint("without --tag-git, the tag can be made elsewhere, pushed, and fetched"))
        }
    }
}
