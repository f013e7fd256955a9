//! `imgbuild check`: the rules, without an engine.

mod files;
mod fixing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::facts;
use super::gather;
use super::inventory::judge_layers;
use super::judging::{self, Judging, TextFile};
use super::of_commit;
use super::policy::Base;
use super::practices;
use super::registries::{self, Registries};
use super::session::Session;
use super::site::Site;
use super::supervise::{Ended, supervise};
use crate::config::{self, EffectivePolicy, Flags, Located, Settings};
use crate::error::{Error, Kind, Result};
use crate::event::Stage;
use crate::report::RunReport;
use crate::report::findings::Judged;
use crate::rules::{Baseline, Fact, Judgement, Score, scorecard};
use crate::source::{CiContext, SourceState, reconcile};

/// What is asked of a check.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Files, folders, patterns, and `-` for stdin. None is the repository's own Dockerfile with its context.
    pub paths: Vec<PathBuf>,
    /// The image that is judged.
    pub image: Option<String>,
    /// Whether what can be mended is.
    pub fix: bool,
    /// A file with findings that are known, in place of the configured one.
    pub baseline: Option<PathBuf>,
    /// Where to write all findings as known ones.
    pub write_baseline: Option<PathBuf>,
    /// Whether no registry is asked about base images.
    pub offline: bool,
    /// Whether ShellCheck is left out although it is on PATH.
    pub no_shellcheck: bool,
    /// The level that stops, in place of the configured one; the outer `None` leaves that.
    pub fail_on: Option<config::model::FailOn>,
    /// The text of stdin, where `-` is among the paths.
    pub stdin: Option<Vec<u8>>,
}

/// What a check came to.
#[derive(Debug)]
pub struct Checked {
    /// The findings.
    pub judgement: Judgement,
    /// The fifteen practices.
    pub scorecard: Vec<Score>,
    /// The texts of the files that were judged, by the path that findings name.
    pub texts: BTreeMap<String, Arc<Vec<u8>>>,
    /// Where the command ran, from the root of the repository: the files that findings name begin there.
    pub folder: PathBuf,
    /// How many fixes were made.
    pub fixed: Option<usize>,
    /// The digest of the policy in force, and the files it comes from.
    pub policy: (String, Vec<String>),
}

impl Checked {
    /// The failure that the findings are, where they are one.
    pub fn error(&self) -> Option<Error> {
        judging::failure(&self.judgement)
    }
}

/// Judges files, or the repository as a build would see it.
pub async fn check(session: &Session, flags: &Flags, options: &CheckOptions) -> Result<Checked> {
    // What it would say of the commit and the policy is for nobody.
    judge(session, flags, options, &mut RunReport::new("check", &session.run, String::new())).await
}

/// The same as a run with a report, `options` that could not be had included: a signal ends it, and then, too, there is
/// one. Findings that stop are its error.
pub async fn check_reported(
    session: &Session,
    flags: &Flags,
    options: Result<CheckOptions>,
) -> (Ended, Option<Checked>) {
    let mut checked = None;
    let ended = supervise(session, "check", async |report, _| {
        let options = options?;
        let done = session.stage(Stage::Check, judge(session, flags, &options, report)).await?;
        let judged = Judged { judgement: done.judgement.clone(), texts: done.texts.clone() };
        practices::record(report, judged, done.scorecard.clone());
        let error = done.error();
        checked = Some(done);
        error.map_or(Ok(()), Err)
    })
    .await;
    (ended, checked)
}

async fn judge(
    session: &Session,
    flags: &Flags,
    options: &CheckOptions,
    report: &mut RunReport,
) -> Result<Checked> {
    let ci = gather::ci_context(session);
    let repository = options.paths.is_empty() && options.image.is_none();
    let (source, why) = source(session, &ci, repository).await;
    let root = source.as_ref().map_or_else(|| gather::root_of(&session.directory), |source| &source.root);
    let root = root.to_owned();
    if let Some((source, Ok(revision))) = source.as_deref().map(|source| (source, reconcile(&ci, source))) {
        facts::source(report, source, &ci, &revision);
    }
    let base = source.as_deref().map_or(Base::Unknown(why.as_ref()), Base::In);
    let settings = gather::settings(session, flags, &ci, base, &root).await?;
    facts::policy(report, &settings);
    let mut judging = Judging::new(session, &settings, &ci, source.as_deref())?;
    let policy = &settings.checks.policy;
    unlocked(policy, "checks.fail-on", "--fail-on", options.fail_on.is_some())?;
    unlocked(policy, "checks.baseline", "--baseline", options.baseline.is_some())?;
    if let Some(fail_on) = options.fail_on {
        judging.regime.fail_on = judging::least(fail_on);
    }
    match &options.baseline {
        Some(path) => judging.regime.baseline = Some(baseline(&session.directory.join(path))?),
        None => {
            judging.use_configured_baseline(session, &settings, source.as_deref(), &root, &Site::Folder)?
        }
    }
    let site = match repository && !options.fix {
        true => of_commit::site(session, &ci, &settings, source.as_ref()).await?,
        // What is mended is the folder's.
        false => Site::Folder,
    };
    let located = if repository { Some(site.locate(&settings, &root)?) } else { None };
    if let Some((source, located)) = source.as_ref().zip(located.as_ref()) {
        tell_of_commit(session, &site, source, located);
    }
    let mut files = match &located {
        Some(located) => vec![site.dockerfile(session, located)?],
        None => {
            // The configured stage is one of the configured Dockerfile.
            judging.expectations.target = None;
            files::read(session, options).await?
        }
    };
    let fixed = if options.fix { Some(fixing::fix(session, &mut files, &judging)?) } else { None };
    if located.is_none() {
        judging.without_registries("registries are asked for the repository's own Dockerfile");
    } else if options.offline {
        judging.without_registries("registries are not asked with --offline");
    } else {
        let registries = Registries::new(session, &settings, registries::store(session)?, None);
        judging.ask_registries(session, &registries, &files).await;
    }
    if options.no_shellcheck {
        judging.without_shellcheck("--no-shellcheck");
    } else {
        judging.use_shellcheck(session);
    }
    judging.files(session, files).await?;
    match &located {
        Some(located) => {
            let source = match source {
                Some(source) => Fact::Known(source),
                None => Fact::Missing(
                    why.map_or_else(|| "there is no git repository".to_owned(), |why| why.to_string()),
                ),
            };
            context(session, &settings, &site, located, &source, &mut judging).await?;
        }
        None => judging.without_context("files were named, and not the repository"),
    }
    match &options.image {
        Some(reference) => {
            let engine = gather::connect(session).await?;
            judging.image(&engine, reference, reference, None).await?;
            judge_layers(session, &settings, &engine, reference, reference, &mut judging).await?;
        }
        None => judging.without_image("no image: give --image REF; `imgbuild ci` judges what it built"),
    }
    judging.without_builder("nothing is built: the builder's own checks are told by `imgbuild ci`");
    judging.without_running("containers are not run: `imgbuild ci` and `imgbuild test` judge them");
    let judgement = judging.finish();
    if let Some(path) = &options.write_baseline {
        write_baseline(&session.directory.join(path), &judgement)?;
    }
    let scorecard = scorecard(&judgement, &judging::before_a_run());
    let policy = (settings.checks.policy.digest.to_string(), settings.checks.policy.sources.clone());
    let folder = gather::folder(session).to_owned();
    Ok(Checked { judgement, scorecard, texts: judging.texts, folder, fixed, policy })
}

/// Says which files are judged without what they are by now, where the context is the commit's.
fn tell_of_commit(session: &Session, site: &Site, source: &SourceState, located: &Located) {
    let (Site::Commit(_), Ok(context)) = (site, located.context.strip_prefix(&source.root)) else { return };
    let short = source.short();
    session.events.note(format!("the files of the commit {short} are judged, which are what is built"));
    let dockerfile = context.join(&located.dockerfile);
    if source.changes.iter().any(|change| change.path == dockerfile) {
        session
            .events
            .warn(format!("{} has changes that are not committed, and not judged", dockerfile.display()));
    }
}

/// Fails where the policy locks `key` and the flag is given all the same.
fn unlocked(policy: &EffectivePolicy, key: &str, flag: &str, given: bool) -> Result<()> {
    match policy.locking(key).filter(|_| given) {
        Some(lock) => Err(Error::new(
            Kind::Config,
            format!("{flag}: `{key}` is locked by the policy {}: leave the flag out", lock.origin.exact()),
        )),
        None => Ok(()),
    }
}

/// The git state, where it is needed: for the context, and for the policy of a pull request. It takes longer than all
/// the rest. Else, and where there is none, why.
async fn source(
    session: &Session,
    ci: &CiContext,
    repository: bool,
) -> (Option<Arc<SourceState>>, Option<Error>) {
    if !repository && !ci.is_pr() {
        return (None, None);
    }
    match gather::source(session, ci).await {
        Ok(source) => (Some(source), None),
        Err(error) => (None, Some(error)),
    }
}

/// Judges the context as a build would send it; where it cannot be listed, that is why it is not judged.
pub(super) async fn context(
    session: &Session,
    settings: &Settings,
    site: &Site,
    located: &Located,
    source: &Fact<Arc<SourceState>>,
    judging: &mut Judging,
) -> Result<()> {
    match site.contents(session, settings, located, source).await {
        Ok(contents) => judging.context_of(session, settings, located, contents).await,
        Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Terminated) => Err(error),
        Err(error) => {
            judging.without_context(&format!("the context cannot be listed: {error}"));
            Ok(())
        }
    }
}

fn baseline(path: &Path) -> Result<Baseline> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| {
        Error::new(Kind::Io, format!("cannot read the baseline {name}"))
            .because(cause)
            .hint("write one with `imgbuild check --write-baseline FILE`")
    })?;
    Baseline::parse(&name, &bytes)
}

/// Every finding that stands, or that an earlier baseline has.
fn write_baseline(path: &Path, judgement: &Judgement) -> Result<()> {
    let known = judgement.findings.iter().filter(|finding| !finding.is_waived());
    let text = Baseline::write(known)?;
    std::fs::write(path, text).map_err(|cause| {
        Error::new(Kind::Io, format!("cannot write the baseline {}", path.display())).because(cause)
    })
}
