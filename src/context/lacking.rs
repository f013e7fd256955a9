//! What a commit names and does not hold, all of it in one error.

use super::trouble::shown;
use crate::error::{Error, Kind, Result};

/// How many paths of each kind a message names.
const NAMED: usize = 10;

/// What was met so far.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    submodules: Paths,
    pointers: Paths,
    contents: Paths,
    /// What was fetched was asked for, and does not do.
    asked: (bool, bool),
}

#[derive(Debug, Default)]
struct Paths {
    named: Vec<String>,
    count: usize,
}

impl Paths {
    fn add(&mut self, path: &[u8], why: Option<&str>) {
        self.count += 1;
        if self.named.len() < NAMED {
            let path = format!("`{}`", shown(path));
            self.named.push(why.map(|why| format!("{path} ({why})")).unwrap_or(path));
        }
    }

    /// Nothing where there are none.
    fn told(&self, one: &str, several: &str) -> Option<String> {
        let more = self.count - self.named.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        match self.count {
            0 => None,
            1 => Some(format!("{} {one}", self.named.concat())),
            _ => Some(format!("{}{more} {several}", self.named.join(", "))),
        }
    }
}

impl Lacking {
    /// A submodule; `why` its files are not at hand where they were wanted.
    pub(super) fn submodule(&mut self, path: &[u8], why: Option<&str>) {
        self.asked.0 |= why.is_some();
        self.submodules.add(path, why);
    }

    /// A pointer of git-lfs, likewise.
    pub(super) fn pointer(&mut self, path: &[u8], why: Option<&str>) {
        self.asked.1 |= why.is_some();
        self.pointers.add(path, why);
    }

    /// A file or link that a partial clone left out.
    pub(super) fn content(&mut self, path: &[u8]) {
        self.contents.add(path, None);
    }

    /// An error that names everything, and what to do about each kind.
    pub(super) fn into_result(self, commit: &str) -> Result<()> {
        let told = [
            self.submodules.told("is a submodule", "are submodules"),
            self.pointers.told("is a pointer of git-lfs", "are pointers of git-lfs"),
            self.contents.told("is not in this partial clone", "are not in this partial clone"),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        if told.is_empty() {
            return Ok(());
        }
        let commit = commit.get(..7).unwrap_or(commit);
        let mut error = Error::new(
            Kind::Refused,
            format!("the commit {commit} does not hold all files of the context: {}", told.join("; ")),
        );
        if self.submodules.count > 0 {
            error = error.hint(match self.asked.0 {
                true => "check the submodules out: git submodule update --init --recursive",
                false => "fetched = [\"submodules\"] under [image.build] takes the commits that are recorded from the submodules that are checked out",
            });
        }
        if self.pointers.count > 0 {
            error = error.hint(match self.asked.1 {
                true => "fetch the files for this commit: git lfs fetch",
                false => "fetched = [\"lfs\"] under [image.build] takes the files that git-lfs fetched for this commit",
            });
        }
        if self.contents.count > 0 {
            error = error.hint("`git checkout` of the files fetches their content; nothing is fetched here");
        }
        Err(error
            .hint("what the image does not need can be named in .dockerignore, and is not asked for then"))
    }
}
