//! From verdicts to findings that count: levels, waivers, baseline, and the findings about those.

use std::collections::BTreeSet;

use super::excuse::{Held, excuse};
use super::found::Found;
use super::judge::fingerprint;
use super::registry::reading::builder_warning;
use super::registry::{self, reading};
use super::waiver::{Dialect, Inline, Waiver, is_shellcheck};
use super::{Excuse, Finding, InlineTrust, Level, Place, Regime, Rule, Verdicts};
use crate::config::model::Date;
use crate::config::rule_fits;

/// What the rules come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    let configured = regime.waivers.iter().cloned();
    let mut waivers: Vec<Held> = configured.map(|waiver| held(waiver, None)).collect();
    for file in files {
        take_inline(file, regime, &mut findings, &mut waivers, &mut about);
    }
    findings.retain_mut(|finding| set_level(finding, regime));
    waivers.retain_mut(|held| holds(held, regime, &mut about));
    cap(&mut waivers, regime);
    // What a policy demands was kept from being waived by name; `skip=all` names nothing.
    excuse(&mut findings, &mut waivers, |finding| regime.policy.required.contains(finding.rule.code));
    let unjudged = skipped.keys().filter_map(|code| registry::find(code));
    let unjudged: BTreeSet<String> = unjudged.flat_map(names).collect();
    for Held { waiver, refusal, needed, .. } in waivers {
        match refusal {
            Some(why) if needed => {
                report(&mut about, &reading::waiver_against_policy::RULE, waiver.origin, why);
            }
            Some(_) => {}
            None if needed || waiver.dialect != Dialect::Own => {}
            None if unjudged.contains(&waiver.rule.to_ascii_lowercase()) => {}
            None => {
                let message = format!("nothing needs this waiver of {}", waiver.rule);
                report(&mut about, &reading::unused_waiver::RULE, waiver.origin, message);
            }
        }
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

fn held(waiver: Waiver, file: Option<String>) -> Held {
    Held { waiver, file, refusal: None, needed: false }
}

/// All that a rule is called, in lower case.
fn names(rule: &'static Rule) -> impl Iterator<Item = String> {
    let names = [rule.code, rule.name].into_iter().chain(rule.aliases.iter().copied());
    names.map(str::to_ascii_lowercase)
}

fn report(about: &mut Vec<Finding>, rule: &'static Rule, place: Place, message: String) {
    Found::new(rule, about).add(place, message);
}

/// Takes a file's own waivers, as far as they may hold here.
fn take_inline(
    file: FileWaivers,
    regime: &Regime,
    findings: &mut [Finding],
    waivers: &mut Vec<Held>,
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
        waivers.push(held(waiver, Some(file.path.clone())));
    }
}

/// The level in force; false where the rule is off.
fn set_level(finding: &mut Finding, regime: &Regime) -> bool {
    match regime.level(finding.rule, finding.level) {
        Some(level) => finding.level = level,
        None => return false,
    }
    // What somebody said of a check by its name goes for the builder's own word, too.
    let meant = finding.alias.as_deref().filter(|_| finding.rule == &builder_warning::RULE);
    match meant.and_then(registry::find).and_then(|rule| regime.levels.get(rule.code)) {
        Some(Some(level)) => finding.level = *level,
        Some(None) => return false,
        None => {}
    }
    true
}

/// Whether a waiver is kept. What keeps one of our own from being in force becomes a finding; one in the words of another
/// tool stays with its refusal, which is told where a finding needs it.
fn holds(held: &mut Held, regime: &Regime, about: &mut Vec<Finding>) -> bool {
    let waiver = &held.waiver;
    let own = waiver.dialect == Dialect::Own;
    if own && let Err((rule, message)) = written_well(waiver, regime) {
        report(about, rule, waiver.origin.clone(), message);
        return false;
    }
    let Some(why) = against_policy(waiver, regime) else { return true };
    let message = format!("the waiver of {} does not hold: {why}", waiver.rule);
    if own {
        report(about, &reading::waiver_against_policy::RULE, waiver.origin.clone(), message);
    } else {
        held.refusal = Some(message);
    }
    !own
}

/// Whether a waiver of our own names a rule, has a reason and is not over.
fn written_well(waiver: &Waiver, regime: &Regime) -> Result<(), (&'static Rule, String)> {
    let id = &waiver.rule;
    // ShellCheck's codes are not ours, and may be waived like ours.
    if registry::find_all(id).is_empty() && !is_shellcheck(id) {
        let near = registry::nearest(id).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let message = format!("a waiver names {id}, and there is no such rule{near}");
        return Err((&reading::unknown_rule::RULE, message));
    }
    if waiver.reason.trim().is_empty() {
        return Err((&reading::waiver_without_reason::RULE, format!("the waiver of {id} gives no reason")));
    }
    match (waiver.until, regime.today) {
        (Some(until), Some(today)) if until < today => {
            Err((&reading::expired_waiver::RULE, format!("the waiver of {id} ended on {until}")))
        }
        _ => Ok(()),
    }
}

/// Why the policy does not allow a waiver.
fn against_policy(waiver: &Waiver, regime: &Regime) -> Option<String> {
    let demands = &regime.policy;
    let (id, source) = (&waiver.rule, &demands.source);
    let rules = registry::find_all(id);
    if let Some(rule) = rules.iter().find(|rule| demands.required.contains(rule.code)) {
        return Some(format!("{source} demands {}", rule.code));
    }
    let fits =
        |pattern: &String| rule_fits(pattern, id) || rules.iter().any(|rule| rule_fits(pattern, rule.code));
    if !demands.waivable.iter().all(|list| list.iter().any(fits)) {
        return Some(format!("{source} lets only some rules be waived"));
    }
    too_long(waiver, demands, regime.today)
}

fn too_long(waiver: &Waiver, demands: &super::Demands, today: Option<Date>) -> Option<String> {
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

/// A policy may cap how many waivers there are, in whosever words; those beyond the cap do not hold.
fn cap(waivers: &mut [Held], regime: &Regime) {
    let Some(most) = regime.policy.most_waivers else { return };
    let in_force = waivers.iter_mut().filter(|held| held.refusal.is_none());
    for held in in_force.skip(most) {
        let id = &held.waiver.rule;
        held.refusal =
            Some(format!("the waiver of {id} does not hold: {} allows {most}", regime.policy.source));
    }
}
