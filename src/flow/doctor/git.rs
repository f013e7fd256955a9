//! The checkout: what a run would be of.

use std::sync::Arc;

use tokio::time::error::Elapsed;

use super::{EACH, slow};
use crate::config::Settings;
use crate::error::Result;
use crate::flow::of_commit::{self, Steering};
use crate::flow::session::Session;
use crate::flow::{gather, verification};
use crate::report::{Check, Health};
use crate::source::{self, CiContext, Reader, SourceState};

const SUBJECT: &str = "git";

/// What of the folder still counts where a build sends the commit's files.
pub(super) async fn steering(
    session: &Session,
    ci: &CiContext,
    settings: &Settings,
    source: &SourceState,
) -> Steering {
    let foreign = verification::runs_foreign_code(ci, Some(&source.commit));
    let tests = match verification::tests(session, settings.clone(), foreign).await {
        Ok((_, tests)) => tests,
        // A suite that cannot be read is for a run to tell.
        Err(_) => settings.tests.iter().map(|test| test.spec.clone()).collect(),
    };
    of_commit::steering(settings, &tests, source, &gather::own(session, settings))
}

/// The checks, of what came of reading; `steering` where a build sends the commit's files.
pub(super) fn checks(
    ci: &CiContext,
    source: &Result<Result<Arc<SourceState>>, Elapsed>,
    steering: Option<&Steering>,
) -> Vec<Check> {
    match source {
        Ok(Ok(source)) => of_state(ci, source, steering),
        Ok(Err(error)) => vec![Check::failed(SUBJECT, "repository", error)],
        Err(_) => vec![slow(SUBJECT, "repository", EACH)],
    }
}

fn of_state(ci: &CiContext, source: &SourceState, steering: Option<&Steering>) -> Vec<Check> {
    let reader = match source.reader {
        Reader::Libgit2 => "",
        Reader::GitCommand { safe_directory: false } => ", read by the git command",
        Reader::GitCommand { safe_directory: true } => ", somebody else's, which the CI vouches for",
    };
    let root = format!("{}{reader}", source.root.display());
    vec![
        Check::new(SUBJECT, "repository", Health::Ok, root),
        commit(ci, source),
        tree(source, steering),
        history(source),
        remote(source),
    ]
}

fn commit(ci: &CiContext, source: &SourceState) -> Check {
    match source::reconcile(ci, source) {
        Ok(revision) => {
            let place = match &source.branch {
                Some(branch) => format!(" on {branch}"),
                None => ", HEAD is detached".to_owned(),
            };
            let short = revision.commit.get(..12).unwrap_or(&revision.commit);
            Check::new(SUBJECT, "commit", Health::Ok, format!("{short}{place}"))
        }
        Err(error) => Check::failed(SUBJECT, "commit", &error),
    }
}

fn tree(source: &SourceState, steering: Option<&Steering>) -> Check {
    if source.is_pristine() {
        return Check::new(SUBJECT, "work tree", Health::Ok, "clean");
    }
    let (changed, untracked) = (source.changes.len(), source.untracked.len());
    let text = match steering {
        None => format!(
            "{changed} changed and {untracked} untracked files: `imgbuild ci` refuses what is not committed"
        ),
        Some((changes, files)) => {
            let text = format!("{changed} changed and {untracked} untracked files, which are not built");
            let first = changes.iter().map(|change| &change.path).chain(files).next();
            let Some(first) = first else { return Check::new(SUBJECT, "work tree", Health::Ok, text) };
            let count = changes.len() + files.len();
            format!(
                "{text}; {count} of them steer or test the build, {} for one, and `imgbuild ci` refuses those",
                first.display()
            )
        }
    };
    Check::new(SUBJECT, "work tree", Health::Warning, text)
        .remedy("git status")
        .remedy("`imgbuild build` builds it as it is, as a development image")
}

fn history(source: &SourceState) -> Check {
    if !source.shallow {
        return Check::new(SUBJECT, "history", Health::Ok, "complete");
    }
    let text = "a shallow clone: versions and moving tags are decided by what little it knows";
    Check::new(SUBJECT, "history", Health::Warning, text)
        .remedy("git fetch --unshallow --tags; in CI, have the checkout fetch everything (fetch-depth: 0)")
}

fn remote(source: &SourceState) -> Check {
    match &source.remote_url {
        Some(url) => Check::new(SUBJECT, "remote", Health::Ok, url),
        None => Check::new(SUBJECT, "remote", Health::Warning, "none: the label of the source stays empty")
            .remedy("git remote add origin URL"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Kind};
    use crate::source::{Change, ChangeKind};

    fn seen(source: &SourceState) -> Vec<(&'static str, Health)> {
        let checks = of_state(&CiContext::default(), source, None);
        checks.into_iter().map(|check| (check.name, check.health)).collect()
    }

    #[test]
    fn a_complete_clean_clone_is_healthy() {
        let source = SourceState {
            commit: "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293".to_owned(),
            remote_url: Some("https://host/a/b".to_owned()),
            ..SourceState::default()
        };
        assert!(seen(&source).iter().all(|(_, health)| *health == Health::Ok), "{:?}", seen(&source));
        let changed = SourceState {
            shallow: true,
            changes: vec![Change { path: "a".into(), kind: ChangeKind::Modified }],
            remote_url: None,
            ..source
        };
        let warned = ["work tree", "history", "remote"].map(|name| (name, Health::Warning));
        assert!(warned.iter().all(|warned| seen(&changed).contains(warned)), "{:?}", seen(&changed));
        let of_commit = tree(&changed, Some(&Steering::default()));
        assert_eq!(of_commit.health, Health::Ok);
        assert!(of_commit.text.contains("1 changed and 0 untracked files, which are not built"));
        let refused = tree(&changed, Some(&(changed.changes.clone(), Vec::new())));
        assert_eq!(refused.health, Health::Warning);
        assert!(refused.text.contains("1 of them steer or test the build, a for one"), "{}", refused.text);
    }

    #[test]
    fn another_commit_than_the_ci_names_is_a_problem() {
        let source = SourceState { commit: "a".repeat(40), ..SourceState::default() };
        let ci = CiContext { commit: Some("b".repeat(40)), ..CiContext::default() };
        let checks = of_state(&ci, &source, None);
        assert!(matches!(checks[1].health, Health::Problem(_)), "{checks:?}");
        let error = Error::new(Kind::Refused, "no repository");
        let checks = super::checks(&ci, &Ok(Err(error)), None);
        assert_eq!(checks[0].health, Health::Problem(Kind::Refused));
    }
}
