//! Whether a push touches an image: what was changed is held against everything that makes one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::config::{FILE_NAME, Located, Settings};
use crate::context::Chosen;
use crate::error::Result;
use crate::flow::contents;
use crate::flow::session::Session;
use crate::flow::site::{CommitSite, Site};
use crate::source::Objects;

/// The largest file of the folder that is compared with the commit's, in bytes.
const LARGEST: u64 = 10 << 20;

/// Everything that makes an image, by its path in the repository.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Dockerfile, ignore file and configuration.
    files: Vec<PathBuf>,
    /// The ignore files that would hold, were they there, the default configuration, and the baseline.
    others: Vec<PathBuf>,
    context: PathBuf,
    /// Which files of the context are sent.
    chosen: Chosen,
}

impl Inputs {
    /// Of the image that `settings` describe; `configuration` are its files.
    pub(super) fn of(
        commit: &CommitSite,
        settings: &Settings,
        located: &Located,
        configuration: Vec<PathBuf>,
    ) -> Result<Inputs> {
        let chosen = contents::chosen(commit, located)?;
        let context = commit.inside(&located.context).unwrap_or(Path::new("")).to_owned();
        let dockerfile = context.join(&located.dockerfile);
        let mut own = dockerfile.clone().into_os_string();
        own.push(".dockerignore");
        let mut others = vec![PathBuf::from(own), context.join(".dockerignore"), PathBuf::from(FILE_NAME)];
        if let Some(baseline) = &settings.checks.baseline {
            let path = &baseline.value.path;
            others.push(commit.inside(path).unwrap_or(path).to_owned());
        }
        let mut files = configuration;
        files.extend(commit.tree.real(&dockerfile));
        files.push(dockerfile);
        files.extend(chosen.ignore_file.as_ref().map(|path| context.join(path)));
        files.dedup();
        Ok(Inputs { files, others, context, chosen })
    }

    /// Whether one of `changed` makes a difference.
    pub(super) fn are_touched_by(&self, changed: &[Vec<u8>]) -> Result<bool> {
        for path in changed {
            let path = Path::new(OsStr::from_bytes(path));
            if self.files.iter().chain(&self.others).any(|own| own == path) {
                return Ok(true);
            }
            if let Ok(inside) = path.strip_prefix(&self.context)
                && !self.chosen.ignore.matches(inside.as_os_str().as_bytes())?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says which of the files lie otherwise in the folder, where that is a checkout of the commit.
    pub(super) fn tell_of_changes(
        &self,
        session: &Session,
        objects: &Objects,
        commit: &std::sync::Arc<CommitSite>,
    ) -> Result<()> {
        if objects.resolve("HEAD")?.as_deref() != Some(commit.tree.commit()) {
            return Ok(());
        }
        let site = Site::Commit(std::sync::Arc::clone(commit));
        for file in &self.files {
            let path = commit.root.join(file);
            let small = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST);
            let Some(here) = small.then(|| std::fs::read(&path).ok()).flatten() else { continue };
            // A checkout may write other line ends.
            let text = |bytes: Vec<u8>| bytes.into_iter().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
            let there = site.read(&path).ok().flatten();
            if there.is_some_and(|there| text(there) != text(here)) {
                session.events.warn(format!(
                    "{} has changes that are in no commit: what is pushed is judged without them",
                    file.display()
                ));
            }
        }
        Ok(())
    }
}
