//! From verdicts to findings that count: levels, waivers, baseline, and the findings about those.

use std::collections::BTreeSet;

use super::found::Found;
use super::judge::fingerprint;
use super::registry::{self, reading};
use super::waiver::{Day, Dialect, Inline, Waiver};
use super::{Excuse, Finding, InlineTrust, Level, Place, Regime, Rule, Verdicts};

/// What the rules come to.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Sorted by file and line; those that are excused among them.
    pub findings: Vec<Finding>,
    /// Codes of the rules that judged.
    pub ran: BTreeSet<&'static str>,
    /// Rules that could not judge, and why, by code.
    pub skipped: Vec<(&'static Rule, String)>,
    /// The least level that stops.
    pub fail_on: Option<Level>,
}

/// A file's waivers.
#[derive(Debug, Clone, Default)]
pub struct FileWaivers {
    /// The file's path, as findings name it.
    pub path: String,
    /// What was read out of it.
    pub inline: Inline,
}

impl Judgement {
    /// The findings that count.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.stands())
    }

    /// Whether a finding stops a run.
    pub fn fails(&self) -> bool {
        self.fail_on.is_some_and(|least| self.standing().any(|finding| finding.level >= least))
    }

    /// How many findings of `level` count.
    pub fn count(&self, level: Level) -> usize {
        self.standing().filter(|finding| finding.level == level).count()
    }
}

/// Applies levels, waivers and the baseline.
pub fn settle(verdicts: Verdicts, files: Vec<FileWaivers>, regime: &Regime) -> Judgement {
    let Verdicts { mut findings, ran, skipped } = verdicts;
    let mut about = Vec::new();
    let mut waivers: Vec<(Waiver, bool)> = Vec::new();
    for waiver in &regime.waivers {
        waivers.push((waiver.clone(), false));
    }
    for file in files {
        take_inline(file, regime, &mut findings, &mut waivers, &mut about);
    }
    findings.retain_mut(|finding| set_level(finding, regime));
    waivers.retain(|(waiver, _)| holds(waiver, regime, &mut about));
    cap(&mut waivers, regime, &mut about);
    excuse(&mut findings, &mut waivers, regime);
    let is_skipped =
        |waiver: &Waiver| skipped.keys().any(|code| registry::find(code).is_some_and(|r| waiver.is_about(r)));
    for (waiver, _) in waivers.iter().filter(|(w, used)| !used && w.dialect == Dialect::Own && !is_skipped(w))
    {
        report(
            &mut about,
            &reading::unused_waiver::RULE,
            waiver.origin.clone(),
            format!("nothing needs this waiver of {}", waiver.rule),
        );
    }
    about.retain_mut(|finding| set_level(finding, regime));
    fingerprint(&mut about, &[]);
    findings.extend(about);
    if let Some(baseline) = &regime.baseline {
        for finding in findings.iter_mut().filter(|finding| finding.stands()) {
            if !regime.policy.required.contains(finding.rule.code) && baseline.has(finding) {
                finding.excused = Some(Excuse::Baseline);
            }
        }
    }
    let key = |f: &Finding| (f.place.clone(), f.rule.code, f.message.clone());
    findings.sort_by_cached_key(key);
    let skipped = skipped
        .into_iter()
        .filter(|(code, _)| !matches!(regime.levels.get(*code), Some(None)))
        .filter_map(|(code, why)| Some((registry::find(code)?, why)))
        .collect();
    Judgement { findings, ran, skipped, fail_on: regime.fail_on }
}

fn report(about: &mut Vec<Finding>, rule: &'static Rule, place: Place, message: String) {
    Found::new(rule, about).add(place, message);
}

/// Takes a file's own waivers, as far as they may hold here.
fn take_inline(
    file: FileWaivers,
    regime: &Regime,
    findings: &mut [Finding],
    waivers: &mut Vec<(Waiver, bool)>,
    about: &mut Vec<Finding>,
) {
    for (place, why) in file.inline.malformed {
        report(about, &reading::malformed_waiver::RULE, place, why);
    }
    if file.inline.checks_are_errors {
        let of_engine = |f: &Finding| {
            f.place.path == file.path && f.aliases().iter().any(|a| super::waiver::is_engine_check(a))
        };
        findings.iter_mut().filter(|f| of_engine(f)).for_each(|finding| finding.level = Level::Error);
    }
    let mut left = match &regime.inline {
        InlineTrust::All => None,
        InlineTrust::Only(known) => Some(known.get(&file.path).cloned().unwrap_or_default()),
    };
    for mut waiver in file.inline.waivers {
        if let Some(left) = &mut left {
            // One that the base branch has once does not hold twice.
            match left.get_mut(&waiver.key()).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => {
                    report(
                        about,
                        &reading::untrusted_waiver::RULE,
                        waiver.origin.clone(),
                        format!(
                            "the waiver of {} is not on the base branch, and holds once it is merged",
                            waiver.rule
                        ),
                    );
                    continue;
                }
            }
        }
        waiver.path = Some(super::glob::Glob::exact(&file.path));
        waivers.push((waiver, false));
    }
}

/// The level in force; false where the rule is off.
fn set_level(finding: &mut Finding, regime: &Regime) -> bool {
    match regime.level(finding.rule, finding.level) {
        Some(level) => finding.level = level,
        None => return false,
    }
    true
}

/// Whether a waiver is in force; what keeps it from being so becomes a finding.
fn holds(waiver: &Waiver, regime: &Regime, about: &mut Vec<Finding>) -> bool {
    let mut refuse = |rule, message: String| {
        report(about, rule, waiver.origin.clone(), message);
        false
    };
    let id = &waiver.rule;
    let rules = registry::find_all(id);
    if waiver.dialect == Dialect::Own {
        // ShellCheck's codes are not ours, and may be waived like ours.
        if rules.is_empty() && !super::waiver::is_shellcheck(id) {
            let near =
                registry::nearest(id).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return refuse(
                &reading::unknown_rule::RULE,
                format!("a waiver names {id}, and there is no such rule{near}"),
            );
        }
        if waiver.reason.trim().is_empty() {
            return refuse(
                &reading::waiver_without_reason::RULE,
                format!("the waiver of {id} gives no reason"),
            );
        }
        if let (Some(until), Some(today)) = (waiver.until, regime.today)
            && until < today
        {
            return refuse(&reading::expired_waiver::RULE, format!("the waiver of {id} ended on {until}"));
        }
    }
    let demands = &regime.policy;
    if let Some(rule) = rules.iter().find(|rule| demands.required.contains(rule.code)) {
        let message = format!("the waiver of {id} does not hold: {} demands {}", demands.source, rule.code);
        return refuse(&reading::waiver_against_policy::RULE, message);
    }
    let fits = |pattern: &String| {
        super::waiver::id_fits(pattern, id) || rules.iter().any(|r| super::waiver::id_fits(pattern, r.code))
    };
    if !demands.waivable.iter().all(|list| list.iter().any(fits)) {
        let message =
            format!("the waiver of {id} does not hold: {} lets only some rules be waived", demands.source);
        return refuse(&reading::waiver_against_policy::RULE, message);
    }
    if waiver.dialect == Dialect::Own
        && let Some(why) = too_long(waiver, demands, regime.today)
    {
        return refuse(
            &reading::waiver_against_policy::RULE,
            format!("the waiver of {id} does not hold: {why}"),
        );
    }
    true
}

fn too_long(waiver: &Waiver, demands: &super::Demands, today: Option<Day>) -> Option<String> {
    let Some(until) = waiver.until else {
        let needed = demands.until_required || demands.most_days.is_some();
        return needed.then(|| format!("{} demands that it names its last day with until", demands.source));
    };
    let (most, today) = (demands.most_days?, today?);
    let days = today.days_until(until)?;
    (days > i64::from(most)).then(|| {
        format!("{} lets a waiver run for {most} days, and this one runs for {days}", demands.source)
    })
}

/// A policy may cap how many waivers of our own there are; those beyond the cap do not hold.
fn cap(waivers: &mut Vec<(Waiver, bool)>, regime: &Regime, about: &mut Vec<Finding>) {
    let Some(most) = regime.policy.most_waivers else { return };
    let mut count = 0;
    waivers.retain(|(waiver, _)| {
        count += usize::from(waiver.dialect == Dialect::Own);
        if waiver.dialect != Dialect::Own || count <= most {
            return true;
        }
        let message =
            format!("the waiver of {} does not hold: {} allows {most}", waiver.rule, regime.policy.source);
        report(about, &reading::waiver_against_policy::RULE, waiver.origin.clone(), message);
        false
    });
}

fn excuse(findings: &mut [Finding], waivers: &mut [(Waiver, bool)], regime: &Regime) {
    for finding in findings.iter_mut() {
        // What a policy demands was kept from being waived by name; `skip=all` names nothing.
        if regime.policy.required.contains(finding.rule.code) {
            continue;
        }
        for (waiver, used) in waivers.iter_mut() {
            if !waiver.covers(finding) {
                continue;
            }
            *used = true;
            if finding.excused.is_none() {
                let origin = &waiver.origin;
                let by = match (&origin.field, origin.line) {
                    (Some(field), 0) => format!("{} {field}", origin.path),
                    (_, 0) => origin.path.clone(),
                    (_, line) => format!("{}:{line}", origin.path),
                };
                finding.excused = Some(Excuse::Waived { reason: waiver.reason.clone(), by });
            }
        }
    }
}
