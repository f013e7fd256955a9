//! `imgbuild hook pre-push`: judges what is about to be pushed, as the commits have it, whatever the folder holds. No
//! network, no engine, and nothing at all where no image is touched.

mod touched;
mod updates;

use std::path::Path;
use std::sync::Arc;

use super::check::{self, Checked};
use super::gather;
use super::judging::{self, Judging};
use super::policy;
use super::session::Session;
use super::site::{CommitSite, Site};
use crate::config::{self, DOCKERFILES, Flags};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::rules::{Fact, scorecard};
use crate::source::{CiContext, Objects};

use updates::Update;

/// What git calls the hook with.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// The name of the remote, or its URL where it has none.
    pub remote: Option<String>,
    /// Its URL.
    pub url: Option<String>,
    /// What git wrote to the hook's stdin.
    pub stdin: Vec<u8>,
}

/// What is pushed, and what was made of it.
#[derive(Debug, Default)]
pub struct Gate {
    /// The commits that were judged.
    pub judged: Vec<Judged>,
    /// What was not, and why: a line each.
    pub passed: Vec<String>,
}

/// A commit that was judged.
#[derive(Debug)]
pub struct Judged {
    /// The refs that are to hold it, and the beginning of its id.
    pub name: String,
    /// What it came to.
    pub checked: Checked,
}

/// The variable by which the environment leaves the hook out: `IMGBUILD_SKIP=pre-push`, or `SKIP=imgbuild`, as people are
/// used to from pre-commit.
pub fn is_skipped(environment: &Environment) -> Option<&'static str> {
    let names = |variable: &str, names: &[&str]| {
        let value = environment.get(variable).unwrap_or_default();
        value.split(',').any(|word| names.contains(&word.trim()))
    };
    if names("IMGBUILD_SKIP", &["pre-push", "all"]) {
        return Some("IMGBUILD_SKIP");
    }
    names("SKIP", &["imgbuild", "imgbuild-pre-push"]).then_some("SKIP")
}

/// Judges each commit that is pushed and touches an image. Findings are no error of this: see [`Checked::error`].
///
/// Kind `Usage` where stdin is none of git's, `Refused` where a released version would move or the clone lacks what has to
/// be read, `Config` where the commit's own files are wrong.
pub async fn pre_push(session: &Session, options: &PushOptions) -> Result<Gate> {
    let mut gate = Gate::default();
    let objects = Objects::open(&session.directory, &session.environment, &session.stop);
    let updates = updates::read(session, &objects, options, &mut gate.passed)?;
    for update in &updates {
        let judged = one(session, &objects, update).await.map_err(|error| of(error, &update.name()))?;
        match judged {
            Ok(checked) => gate.judged.push(Judged { name: update.name(), checked }),
            Err(why) => gate.passed.push(format!("{}: {why}", update.name())),
        }
    }
    Ok(gate)
}

/// The same error, which says of what it is one.
fn of(error: Error, name: &str) -> Error {
    let outer = Error::new(error.kind(), format!("{name}: {error}"));
    let outer = error.hints().iter().fold(outer, |outer, hint| outer.hint(hint));
    outer.hint("`git push --no-verify` pushes without the hook")
}

/// Judges a commit, or says why there is nothing to judge.
async fn one(session: &Session, objects: &Objects, update: &Update) -> Result<Result<Checked, &'static str>> {
    if !update.is_whole && update.changed.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Err("the remote has all of it"));
    }
    let root = gather::root_of(&session.directory).to_owned();
    let commit = Arc::new(CommitSite {
        tree: objects.tree(&update.commit)?,
        root: root.clone(),
        seen_as: None,
        listed: None,
    });
    let site = Site::Commit(Arc::clone(&commit));
    let own = site.document(session, &root)?;
    if own.is_none() && !names_files(&session.environment) && !has_dockerfile(session, &commit) {
        return Ok(Err("there is no Dockerfile in it"));
    }
    let files = own.as_ref().map(config::Document::files).unwrap_or_default();
    let document = policy::apply_offline(session, own, &root)?;
    // Whoever pushes answers for their own waivers: no CI has a say in that.
    let (ci, nobody) = (gather::ci_context(session), CiContext::default());
    let settings = gather::settings_of(session, &Flags::default(), &ci, document.as_ref(), &root)?;
    let located = site.locate(&settings, &root)?;
    let inputs = touched::Inputs::of(&commit, &settings, &located, files)?;
    if let Some(changed) = update.changed.as_ref().filter(|_| !update.is_whole)
        && !inputs.are_touched_by(changed)?
    {
        return Ok(Err("nothing that makes an image changed"));
    }
    inputs.tell_of_changes(session, objects, &commit)?;

    let mut judging = Judging::new(session, &settings, &nobody, None)?;
    judging.use_configured_baseline(session, &settings, None, &root, &site)?;
    let dockerfile = site.dockerfile(session, &located)?;
    judging.without_registries("a hook asks no registry");
    judging.use_shellcheck(session);
    judging.files(session, vec![dockerfile]).await?;
    let source = Fact::Missing("a commit is judged, and no folder".to_owned());
    check::context(session, &settings, &site, &located, &source, &mut judging).await?;
    judging.without_image("a hook builds no image");
    judging.without_builder("a hook builds no image");
    judging.without_running("containers are not run: `imgbuild ci` and `imgbuild test` judge them");
    let judgement = judging.finish();
    let scorecard = scorecard(&judgement, &judging::before_a_run());
    let policy = (settings.checks.policy.digest.to_string(), settings.checks.policy.sources.clone());
    let folder = gather::folder(session).to_owned();
    Ok(Ok(Checked { judgement, scorecard, texts: judging.texts, folder, fixed: None, policy }))
}

/// Whether the environment names what is built.
fn names_files(environment: &Environment) -> bool {
    ["IMGBUILD_CONTEXT", "IMGBUILD_DOCKERFILE"].iter().any(|name| environment.get_os(name).is_some())
}

/// Whether a Dockerfile lies where one is looked for; one that is in the way is there, too.
fn has_dockerfile(session: &Session, commit: &CommitSite) -> bool {
    let folders = [commit.inside(&session.directory).unwrap_or(Path::new("")), Path::new("")];
    folders.iter().any(|folder| {
        DOCKERFILES.iter().any(|name| match commit.tree.real(&folder.join(name)) {
            Ok(_) => true,
            Err(cause) => {
                !matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_the_hook_out() {
        let by = |name: &str, value: &str| is_skipped(&Environment::from_pairs([(name, value)]));
        assert_eq!(by("IMGBUILD_SKIP", "pre-push"), Some("IMGBUILD_SKIP"));
        assert_eq!(by("SKIP", "flake8, imgbuild"), Some("SKIP"));
        for (name, value) in [("IMGBUILD_SKIP", "no"), ("SKIP", "flake8"), ("SKIP", "imgbuild2")] {
            assert_eq!(by(name, value), None, "{name}={value}");
        }
    }
}
