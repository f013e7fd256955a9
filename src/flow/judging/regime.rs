//! From settings to what rules go by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::model::{self, Date};
use crate::config::{self, Checks, Origin, Settings, Sourced, WaiverSpec};
use crate::error::{Error, Kind, Result};
use crate::flow::session::Session;
use crate::flow::site::Site;
use crate::rules::registry::{find_all, nearest};
use crate::rules::waiver::{Dialect, Waiver};
use crate::rules::{Baseline, Demands, Expectations, Glob, InlineTrust, Level, Place, Regime};
use crate::source::{self, SourceState};

/// What the settings expect of Dockerfiles and images.
pub(super) fn expectations(settings: &Settings) -> Expectations {
    let checks = &settings.checks;
    let contexts = settings.builder.contexts.iter();
    let trusted = checks.trusted_registries.as_ref().map(|list| list.value.clone());
    Expectations {
        trusted_registries: trusted.unwrap_or_default(),
        labels: checks.labels.iter().map(|(key, kind)| (key.clone(), kind.value)).collect(),
        max_size: checks.max_size.as_ref().map(|size| size.value.bytes()),
        max_layers: checks.max_layers.as_ref().and_then(|most| usize::try_from(most.value).ok()),
        allow_services: checks.allow_services.value.clone(),
        allow_setuid: checks.allow_setuid.value.clone(),
        has_tests: Some(settings.has_tests()),
        // Said with what is put to the image, see `Judging::running`.
        read_only: false,
        hardened: false,
        target: settings.target.as_ref().map(|target| target.value.clone()),
        build_args: settings.build_args.iter().map(|(name, arg)| (name.clone(), arg.value.clone())).collect(),
        contexts: contexts.map(|(name, context)| (name.clone(), context.value.clone())).collect(),
        platform: settings.platform.as_ref().map(|platform| platform.value.clone()),
    }
}

/// How strict the rules are, but for the baseline.
pub(super) fn regime(session: &Session, settings: &Settings) -> Result<Regime> {
    let checks = &settings.checks;
    Ok(Regime {
        levels: levels(session, checks),
        policy: demands(checks)?,
        waivers: checks
            .waivers
            .iter()
            .map(|waiver| config_waiver(waiver, settings))
            .collect::<Result<_>>()?,
        inline: InlineTrust::All,
        baseline: None,
        fail_on: least(checks.fail_on.value),
        today: Date::of_moment(session.now),
    })
}

/// The least level that stops; `None` where nothing does.
pub(in crate::flow) fn least(fail_on: model::FailOn) -> Option<Level> {
    match fail_on {
        model::FailOn::Info => Some(Level::Info),
        model::FailOn::Warning => Some(Level::Warning),
        model::FailOn::Error => Some(Level::Error),
        model::FailOn::Never => None,
    }
}

fn level(level: model::Level) -> Option<Level> {
    match level {
        model::Level::Off => None,
        model::Level::Info => Some(Level::Info),
        model::Level::Warning => Some(Level::Warning),
        model::Level::Error => Some(Level::Error),
    }
}

/// The configured levels by the codes of the rules that each id means; an id that means none is told.
fn levels(session: &Session, checks: &Checks) -> BTreeMap<String, Option<Level>> {
    let mut levels = BTreeMap::new();
    for (id, set) in &checks.levels {
        let rules = find_all(id);
        if rules.is_empty() {
            let near = nearest(id).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            session
                .events
                .warn(format!("{}: checks.levels names {id}, and there is no such rule{near}", set.origin));
        }
        levels.extend(rules.iter().map(|rule| (rule.code.to_owned(), level(set.value))));
    }
    levels
}

fn demands(checks: &Checks) -> Result<Demands> {
    let policy = &checks.policy;
    let codes = |id: &str| find_all(id).iter().map(|rule| rule.code.to_owned());
    let named = policy.required.iter().map(|rule| (&rule.value, &rule.origin));
    let levelled = policy.least_levels.iter().map(|(rule, level)| (rule, &level.origin));
    if let Some((id, origin)) = named.chain(levelled).find(|(id, _)| find_all(id).is_empty()) {
        let near = nearest(id).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(Error::new(
            Kind::Config,
            format!("{}: the policy demands {id}, and there is no such rule{near}", origin.exact()),
        )
        .hint("`imgbuild explain` lists the rules; IMG009 stands for all that ShellCheck says"));
    }
    let caps = &policy.waiver_caps;
    let mut least = BTreeMap::new();
    for (id, demanded) in &policy.least_levels {
        for code in codes(id) {
            if let Some(demanded) = level(demanded.value) {
                let known = least.entry(code).or_insert(demanded);
                *known = demanded.max(*known);
            }
        }
    }
    Ok(Demands {
        required: policy.required.iter().flat_map(|id| codes(&id.value)).collect::<BTreeSet<_>>(),
        least,
        most_waivers: caps.max.as_ref().and_then(|max| usize::try_from(max.value).ok()),
        most_days: caps.max_days.as_ref().map(|days| days.value),
        until_required: caps.require_until.is_some(),
        waivable: caps.allow.iter().map(|list| list.value.clone()).collect(),
        source: match policy.sources.first() {
            Some(source) => format!("the policy {source}"),
            None => "the policy".to_owned(),
        },
    })
}

fn config_waiver(waiver: &Sourced<WaiverSpec>, settings: &Settings) -> Result<Waiver> {
    let spec = &waiver.value;
    let invalid =
        || Error::new(Kind::Config, format!("{}: the path of this waiver is too long", waiver.origin));
    let path = spec.path.as_deref().map(|path| Glob::new(path).ok_or_else(invalid)).transpose()?;
    let origin = match &waiver.origin {
        Origin::File(place) | Origin::Profile { place, .. } => {
            let number = |number: usize| u32::try_from(number).unwrap_or_default();
            Place { line: number(place.line), column: number(place.column), ..Place::file(&*place.file) }
        }
        _ => Place::file(
            settings.config_path.as_ref().map_or_else(String::new, |path| path.display().to_string()),
        ),
    };
    Ok(Waiver {
        rule: spec.rule.clone(),
        path,
        lines: None,
        about: None,
        text: spec.matching.clone(),
        until: spec.until,
        reason: spec.reason.clone(),
        origin,
        dialect: Dialect::Own,
    })
}

/// The findings that the configuration calls known; on a pull request its base branch's.
pub(super) fn baseline(
    session: &Session,
    checks: &Checks,
    source: Option<&SourceState>,
    root: &Path,
    site: &Site,
) -> Result<Option<Baseline>> {
    let Some(baseline) = &checks.baseline else { return Ok(None) };
    let config::Baseline { path, revision } = &baseline.value;
    let name = path.display().to_string();
    let missing = || {
        Error::new(Kind::Config, format!("{}: there is no baseline {name}", baseline.origin))
            .hint("write it with `imgbuild check --write-baseline FILE`, or take the key out")
    };
    let bytes = match (revision, source) {
        (Some(revision), Some(source)) => {
            source::file_at(&source.root, source.reader, &session.environment, revision, path)?
                .ok_or_else(missing)?
        }
        (Some(_), None) => return Err(missing()),
        (None, _) => site.read(&root.join(path))?.ok_or_else(missing)?,
    };
    Baseline::parse(&name, &bytes).map(Some)
}
