//! What rules judge, gathered; and what they come to. `check` and `ci` share it.

mod regime;
mod shellcheck;
mod texts;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::base_facts::base_facts;
use super::contents::Contents;
use super::context_facts::context_facts;
use super::image_facts::image_facts;
use super::registries::Registries;
use super::session::{Session, blocking};
use super::site::Site;
use crate::config::{Located, Settings};
use crate::context::Listing;
use crate::engine::{BuildWarning, Engine};
use crate::error::{Error, Kind, Result};
use crate::rules::facts::{BaseFacts, FileFacts, LayerFacts, RuntimeFacts};
use crate::rules::registry::reading::{builder_warning, shell_script_problem};
use crate::rules::registry::{self, RULES};
use crate::rules::{
    BuilderRemark, Check, Expectations, Fact, FileWaivers, InlineTrust, Item, Judgement, Regime, Shown,
    Verdicts, settle,
};
use crate::smoke::ProbePlan;
use crate::source::{CiContext, SourceState};

pub(super) use regime::least;

use trust::Trust;

/// A Dockerfile that is judged.
#[derive(Debug, Clone)]
pub(super) struct TextFile {
    /// How findings name it.
    pub(super) path: String,
    /// Its bytes.
    pub(super) bytes: Arc<Vec<u8>>,
    /// Where it lies; `None` where it came by stdin.
    pub(super) file: Option<PathBuf>,
}

/// Verdicts on their way to findings.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) regime: Regime,
    pub(super) expectations: Expectations,
    bases: Fact<BaseFacts>,
    /// The platform that is built for, where somebody chose one.
    platform: Option<String>,
    /// The files that were judged, by the path that findings name.
    pub(super) texts: BTreeMap<String, Arc<Vec<u8>>>,
    verdicts: Verdicts,
    waivers: Vec<FileWaivers>,
    shellcheck: Option<PathBuf>,
    /// Whose waivers hold.
    trust: Trust,
}

impl Judging {
    /// Nothing judged yet, by the settings in force.
    pub(super) fn new(
        session: &Session,
        settings: &Settings,
        ci: &CiContext,
        source: Option<&SourceState>,
    ) -> Result<Judging> {
        Ok(Judging {
            regime: regime::regime(session, settings)?,
            expectations: regime::expectations(settings),
            bases: Fact::Missing("registries were not asked".to_owned()),
            platform: settings.platform.as_ref().map(|platform| platform.value.clone()),
            texts: BTreeMap::new(),
            verdicts: Verdicts::default(),
            waivers: Vec::new(),
            shellcheck: None,
            trust: Trust::new(ci, source),
        })
    }

    /// Goes by the baseline that the configuration names.
    pub(super) fn use_configured_baseline(
        &mut self,
        session: &Session,
        settings: &Settings,
        source: Option<&SourceState>,
        root: &Path,
        site: &Site,
    ) -> Result<()> {
        self.regime.baseline = regime::baseline(session, &settings.checks, source, root, site)?;
        Ok(())
    }

    /// Leaves ShellCheck out, and says why.
    pub(super) fn without_shellcheck(&mut self, why: &str) {
        self.verdicts.unjudged(&shell_script_problem::RULE, why);
    }

    /// Has ShellCheck read what `RUN` runs; false where it is not on PATH.
    pub(super) fn use_shellcheck(&mut self, session: &Session) -> bool {
        self.shellcheck = session.environment.program("shellcheck");
        if self.shellcheck.is_none() {
            self.without_shellcheck("shellcheck is not on PATH");
        }
        self.shellcheck.is_some()
    }

    /// Asks registries about the images that `files` start from, for when they are judged.
    pub(super) async fn ask_registries(
        &mut self,
        session: &Session,
        registries: &Registries,
        files: &[TextFile],
    ) {
        let images = texts::images(files, &self.expectations);
        self.bases = base_facts(session, registries, &images, self.platform.as_deref()).await;
    }

    /// Judges Dockerfiles, all processors at once.
    pub(super) async fn files(&mut self, session: &Session, files: Vec<TextFile>) -> Result<()> {
        for file in &files {
            self.texts.insert(file.path.clone(), Arc::clone(&file.bytes));
            if let Some(holding) = self.trust.holding(session, file) {
                self.only(&file.path, holding);
            }
        }
        if let Some(program) = &self.shellcheck {
            let expectations = &self.expectations;
            let said =
                shellcheck::judge(program, &files, expectations, &session.environment, &session.events).await;
            self.verdicts.add(said);
        }
        let (expectations, bases, stop) =
            (self.expectations.clone(), self.bases.clone(), session.stop.clone());
        let (verdicts, waivers) =
            blocking(move || texts::judge(&files, &expectations, &bases, &stop)).await?;
        self.verdicts.add(verdicts);
        self.waivers.extend(waivers);
        Ok(())
    }

    fn only(&mut self, path: &str, holding: BTreeMap<String, usize>) {
        match &mut self.regime.inline {
            InlineTrust::Only(known) => {
                known.insert(path.to_owned(), holding);
            }
            trust => *trust = InlineTrust::Only(BTreeMap::from([(path.to_owned(), holding)])),
        }
    }

    /// What one file comes to by its text alone, waivers and levels applied.
    pub(super) fn alone(&self, session: &Session, file: TextFile) -> Result<Judgement> {
        let bases = Fact::Missing("not needed".to_owned());
        let (verdicts, waivers) = texts::judge(&[file], &self.expectations, &bases, &session.stop)?;
        Ok(settle(verdicts, waivers, &self.regime))
    }

    /// Judges the context that a build would send. `source` is the git state, or why there is none.
    pub(super) async fn context(
        &mut self,
        session: &Session,
        settings: &Settings,
        located: &Located,
        listing: &Arc<Listing>,
        source: &Fact<Arc<SourceState>>,
    ) -> Result<()> {
        let contents = Contents::Listed { listing: Arc::clone(listing), source: source.clone() };
        self.context_of(session, settings, located, contents).await
    }

    /// The same, wherever the context lies.
    pub(super) async fn context_of(
        &mut self,
        session: &Session,
        settings: &Settings,
        located: &Located,
        contents: Contents,
    ) -> Result<()> {
        let facts = context_facts(session, settings, &self.expectations, located, contents).await?;
        self.verdicts.of_context(&Fact::Known(facts));
        Ok(())
    }

    /// Says why no registry is asked about base images.
    pub(super) fn without_registries(&mut self, why: &str) {
        self.bases = Fact::Missing(why.to_owned());
    }

    /// Says why no context is judged.
    pub(super) fn without_context(&mut self, why: &str) {
        self.verdicts.of_context(&Fact::Missing(why.to_owned()));
    }

    /// Judges the engine's image `id`, which findings call `reference`. `base_labels` are those of its base, where somebody
    /// looked.
    pub(super) async fn image(
        &mut self,
        engine: &Engine,
        id: &str,
        reference: &str,
        base_labels: Option<Fact<BTreeMap<String, String>>>,
    ) -> Result<()> {
        let facts = image_facts(engine, id, reference, &self.expectations, base_labels).await?;
        self.forget(|check| matches!(check, Check::Image(_)));
        self.verdicts.of_image(&Fact::Known(facts));
        Ok(())
    }

    /// Judges the files in the layers of an image, which findings call `reference`; or says why not.
    pub(super) fn layers(&mut self, reference: &str, files: Fact<FileFacts>) {
        self.forget(|check| matches!(check, Check::Layers(_)));
        let facts = match files {
            Fact::Known(files) => Fact::Known(LayerFacts {
                reference: reference.to_owned(),
                files,
                expectations: self.expectations.clone(),
            }),
            Fact::Missing(why) => Fact::Missing(why),
        };
        self.verdicts.of_layers(&facts);
    }

    /// Whether some rule on the files of an image is not off.
    pub(super) fn asks_for_layers(&self) -> bool {
        let mut rules = RULES.iter().filter(|rule| matches!(rule.check, Check::Layers(_)));
        rules.any(|rule| self.regime.level(rule, rule.level).is_some())
    }

    /// Judges what running containers of an image showed to the probes of `plan`.
    pub(super) fn running(&mut self, seen: &RuntimeFacts, plan: &ProbePlan) {
        let mut seen = seen.clone();
        seen.expectations =
            Expectations { read_only: plan.read_only, hardened: plan.hardened, ..self.expectations.clone() };
        self.forget(|check| matches!(check, Check::Running(_)));
        self.verdicts.of_running(&seen);
    }

    /// Says why no running container is judged.
    pub(super) fn without_running(&mut self, why: &str) {
        for rule in RULES.iter().filter(|rule| matches!(rule.check, Check::Running(_))) {
            self.verdicts.unjudged(rule, why);
        }
    }

    /// Says why the builder's checks are not known.
    pub(super) fn without_builder(&mut self, why: &str) {
        self.verdicts.unjudged(&builder_warning::RULE, why);
    }

    /// Adds what the builder said of the Dockerfile `path`, which was judged before; or why it said nothing.
    pub(super) fn builder(&mut self, path: &str, said: Fact<Vec<BuildWarning>>) {
        self.forget(|check| matches!(check, Check::Builder));
        let said = match (said, self.texts.get(path)) {
            (Fact::Known(said), Some(bytes)) => Ok((said, Arc::clone(bytes))),
            (Fact::Missing(why), _) => Err(why),
            (Fact::Known(_), None) => Err("the Dockerfile was not read".to_owned()),
        };
        match said {
            Err(why) => self.without_builder(&why),
            Ok((said, bytes)) => {
                let remark = |warning: BuildWarning| {
                    let BuildWarning { check, message, url, line } = warning;
                    BuilderRemark { check, message, url, line }
                };
                let remarks: Vec<BuilderRemark> = said.into_iter().map(remark).collect();
                let file = TextFile { path: path.to_owned(), bytes, file: None };
                texts::analysed(&file, &self.expectations, |file| self.verdicts.of_builder(file, &remarks));
            }
        }
    }

    /// Leaves everything but running containers out: waivers of other rules are needed elsewhere.
    pub(super) fn running_alone(&mut self) {
        self.regime.waivers.retain(|waiver| {
            let rules = registry::find_all(&waiver.rule);
            rules.is_empty() || rules.iter().any(|rule| matches!(rule.check, Check::Running(_)))
        });
    }

    /// Takes back why rules could not judge.
    fn forget(&mut self, is_meant: impl Fn(&Check) -> bool) {
        let skipped = &mut self.verdicts.skipped;
        skipped.retain(|code, _| !registry::find(code).is_some_and(|rule| is_meant(&rule.check)));
    }

    /// Says why no image is judged.
    pub(super) fn without_image(&mut self, why: &str) {
        self.verdicts.of_image(&Fact::Missing(why.to_owned()));
        self.verdicts.of_layers(&Fact::Missing(why.to_owned()));
    }

    /// The same in a run that stops: a rule that could not judge though its findings would stop the run is a finding, but
    /// for those whose facts are `awaited`.
    pub(super) fn settle_strictly(&self, awaited: impl Fn(&Check) -> bool) -> Judgement {
        let mut verdicts = self.verdicts.clone();
        verdicts.insist(&self.regime, |rule| awaited(&rule.check));
        settle(verdicts, self.waivers.clone(), &self.regime)
    }

    /// What it all comes to; nothing more can be judged.
    pub(super) fn finish(&mut self) -> Judgement {
        settle(std::mem::take(&mut self.verdicts), std::mem::take(&mut self.waivers), &self.regime)
    }

    /// What it all comes to, so far.
    pub(super) fn settle(&self) -> Judgement {
        settle(self.verdicts.clone(), self.waivers.clone(), &self.regime)
    }
}

/// A path as findings name it: from where the command runs, with `..` where that lies further down; empty for that folder.
pub(super) fn shown(session: &Session, path: &Path) -> String {
    if let Ok(below) = path.strip_prefix(&session.directory) {
        return below.to_string_lossy().into_owned();
    }
    let real = session.directory.canonicalize().unwrap_or_else(|_| session.directory.clone());
    // What shares nothing but the root of all files is not named by going up to it.
    let mut above = real.ancestors().take_while(|folder| folder.parent().is_some()).enumerate();
    let relative = above.find_map(|(up, folder)| Some((up, path.strip_prefix(folder).ok()?)));
    let relative = relative.map(|(up, rest)| {
        let parts = std::iter::repeat_n(Path::new(".."), up).chain(rest.iter().map(Path::new));
        parts.collect::<PathBuf>()
    });
    relative.unwrap_or_else(|| path.to_owned()).to_string_lossy().into_owned()
}

/// A file that is named and is not there.
pub(super) fn no_such_file(path: &Path, place: &str) -> Error {
    Error::new(Kind::Config, format!("there is no {} in {place}", path.display()))
}

/// A file that is there and cannot be read.
pub(super) fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot read {}", path.display())).because(cause)
}

/// The failure that findings are, where some reach the level that stops.
pub(super) fn failure(judgement: &Judgement) -> Option<Error> {
    let least = judgement.fail_on.filter(|_| judgement.fails())?;
    let count = judgement.standing().filter(|finding| finding.level >= least).count();
    let what = if count == 1 { "finding" } else { "findings" };
    Some(
        Error::new(Kind::Findings, format!("{count} {what} at or above the level {least}"))
            .hint("`imgbuild explain RULE` says why it matters, what to write instead, and how to accept it"),
    )
}

/// What `ci` does beyond the rules, seen before it is run.
pub(super) fn before_a_run() -> BTreeMap<Item, Shown> {
    let later = |item| (item, Shown::Open("`imgbuild ci` sees to it when it publishes".to_owned()));
    BTreeMap::from([
        later(Item::Tags),
        later(Item::Latest),
        later(Item::Automated),
        (Item::Tests, Shown::Open("`imgbuild ci` runs them".to_owned())),
    ])
}
