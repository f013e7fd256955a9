//! Running the rules.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::analysis::Analysis;
use super::builder::{BuilderRemark, builder_findings};
use super::facts::{BaseFacts, ContextFacts, ImageFacts, LayerFacts, RuntimeFacts};
use super::found::Found;
use super::registry::reading::{builder_warning, invalid_dockerfile, shell_script_problem};
use super::registry::{self, RULES};
use super::rule::Check;
use super::{Fact, Finding, Level, Place, Regime, Rule};
use crate::dockerfile::{Problem, ProblemKind};

/// What the rules said, before levels and waivers.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    /// In the order of the rules, and of the files for each.
    pub findings: Vec<Finding>,
    /// The codes of the rules that judged at least once.
    pub ran: BTreeSet<&'static str>,
    /// The codes of the rules that could not judge, and why.
    pub skipped: BTreeMap<&'static str, String>,
}

impl Verdicts {
    /// Judges one Dockerfile by its text, and by its base images where they are known.
    pub fn of_file(&mut self, analysis: &Analysis<'_>, bases: &Fact<BaseFacts>) {
        let first = self.findings.len();
        let mut found = Found::new(&invalid_dockerfile::RULE, &mut self.findings);
        // IMG114 tells what stands above the first FROM, and each time.
        let told = |problem: &&Problem| problem.kind != ProblemKind::BeforeFrom;
        for problem in analysis.file.problems.iter().filter(told) {
            found.add(analysis.place_of(problem.span), &problem.message);
        }
        for rule in RULES {
            match rule.check {
                Check::Text(check) => self.run(rule, |found| check(analysis, found)),
                Check::Base(check) => match bases.as_ref() {
                    Ok(bases) => self.run(rule, |found| check(analysis, bases, found)),
                    Err(why) => self.skip(rule, why),
                },
                // Said by whoever runs ShellCheck.
                Check::Reading if rule.code == shell_script_problem::RULE.code => {}
                Check::Reading => {
                    self.ran.insert(rule.code);
                }
                Check::Context(_)
                | Check::Git(_)
                | Check::Image(_)
                | Check::Layers(_)
                | Check::Running(_)
                | Check::Builder => {}
            }
        }
        fingerprint(self.findings.get_mut(first..).unwrap_or_default(), analysis.bytes);
    }

    /// Judges a build context.
    pub fn of_context(&mut self, context: &Fact<ContextFacts>) {
        let first = self.findings.len();
        for rule in RULES {
            match (rule.check, context.as_ref()) {
                (Check::Context(check), Ok(context)) => self.run(rule, |found| check(context, found)),
                (Check::Git(check), Ok(context)) => match context.git.as_ref() {
                    Ok(git) => self.run(rule, |found| check(context, git, found)),
                    Err(why) => self.skip(rule, why),
                },
                (Check::Context(_) | Check::Git(_), Err(why)) => self.skip(rule, why),
                _ => {}
            }
        }
        fingerprint(self.findings.get_mut(first..).unwrap_or_default(), &[]);
    }

    /// Judges an image.
    pub fn of_image(&mut self, image: &Fact<ImageFacts>) {
        let first = self.findings.len();
        for rule in RULES {
            if let Check::Image(check) = rule.check {
                match image.as_ref() {
                    Ok(image) => self.run(rule, |found| check(image, found)),
                    Err(why) => self.skip(rule, why),
                }
            }
        }
        fingerprint(self.findings.get_mut(first..).unwrap_or_default(), &[]);
    }

    /// Judges the files in an image's layers.
    pub fn of_layers(&mut self, image: &Fact<LayerFacts>) {
        let first = self.findings.len();
        for rule in RULES {
            if let Check::Layers(check) = rule.check {
                match image.as_ref() {
                    Ok(image) => self.run(rule, |found| check(image, found)),
                    Err(why) => self.skip(rule, why),
                }
            }
        }
        fingerprint(self.findings.get_mut(first..).unwrap_or_default(), &[]);
    }

    /// Judges what running containers of an image showed.
    pub fn of_running(&mut self, seen: &RuntimeFacts) {
        let first = self.findings.len();
        for rule in RULES {
            if let Check::Running(check) = rule.check {
                match check(seen, &mut Found::new(rule, &mut self.findings)) {
                    Fact::Known(()) => {
                        self.ran.insert(rule.code);
                    }
                    Fact::Missing(why) => self.skip(rule, &why),
                }
            }
        }
        fingerprint(self.findings.get_mut(first..).unwrap_or_default(), &[]);
    }

    /// Makes a finding of each rule that could not judge though one of its findings would stop the run: what was not
    /// looked at is not clean. `awaited` rules get their chance later.
    pub fn insist(&mut self, regime: &Regime, awaited: impl Fn(&Rule) -> bool) {
        let unjudged: Vec<(&'static str, String)> =
            self.skipped.iter().map(|(code, why)| (*code, why.clone())).collect();
        for (code, why) in unjudged {
            let Some(rule) = registry::find(code).filter(|rule| !awaited(rule)) else { continue };
            // Which probes are made and whether layers are read is a choice, and not every engine can make each, or has checks:
            // only who asked for the rule insists.
            let is_choice = matches!(rule.check, Check::Layers(_) | Check::Running(_) | Check::Builder);
            let own = if is_choice { rule.level.min(Level::Warning) } else { rule.level };
            if regime.level(rule, own) != Some(Level::Error) {
                continue;
            }
            Found::new(rule, &mut self.findings)
                .add(Place::file("."), format!("this rule could not judge: {why}"))
                .level(Level::Error)
                .remedy(format!("mend what kept it from judging, or waive {code} with the reason"));
        }
    }

    /// Notes that `rule` could not judge.
    pub fn unjudged(&mut self, rule: &'static Rule, why: &str) {
        self.skip(rule, why);
    }

    /// Adds findings on a file that ShellCheck judged.
    pub fn take(&mut self, mut findings: Vec<Finding>, bytes: &[u8]) {
        self.ran.insert(shell_script_problem::RULE.code);
        fingerprint(&mut findings, bytes);
        self.findings.extend(findings);
    }

    /// Adds what the builder said of the Dockerfile.
    pub fn of_builder(&mut self, file: &Analysis<'_>, remarks: &[BuilderRemark]) {
        self.ran.insert(builder_warning::RULE.code);
        let mut findings = builder_findings(file, remarks, &self.findings);
        fingerprint(&mut findings, file.bytes);
        self.findings.extend(findings);
    }

    /// Adds what others said.
    pub fn add(&mut self, other: Verdicts) {
        self.findings.extend(other.findings);
        self.ran.extend(other.ran);
        self.skipped.extend(other.skipped);
    }

    fn run(&mut self, rule: &'static Rule, check: impl FnOnce(&mut Found<'_>)) {
        self.ran.insert(rule.code);
        check(&mut Found::new(rule, &mut self.findings));
    }

    fn skip(&mut self, rule: &'static Rule, why: &str) {
        // The same for every file: it is copied once.
        if self.skipped.get(rule.code).is_none_or(|known| known != why) {
            self.skipped.insert(rule.code, why.to_owned());
        }
    }
}

/// Gives each finding a name that stays the same while lines above it come and go: a hash over rule, file and the text
/// that is flagged, blanks aside; the second of the same name gets another.
pub(super) fn fingerprint(findings: &mut [Finding], bytes: &[u8]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let lines: Vec<&[u8]> =
        if findings.is_empty() { Vec::new() } else { bytes.split(|b| *b == b'\n').collect() };
    for finding in findings {
        let mut hash = Sha256::new();
        for part in
            [finding.rule.code, &finding.place.path, finding.place.field.as_deref().unwrap_or_default()]
        {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        // The words of the line tell two findings with one region apart: two pipes, two values of one name.
        let line = finding.place.line.checked_sub(1).and_then(|line| lines.get(usize::try_from(line).ok()?));
        for word in line.into_iter().flat_map(|line| line.split(u8::is_ascii_whitespace)) {
            hash.update(word);
        }
        match finding.place.region.as_ref().filter(|_| !bytes.is_empty()) {
            Some(region) => {
                for word in
                    region.span.of(bytes).split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
                {
                    hash.update(word);
                    hash.update([0]);
                }
            }
            None => hash.update(finding.message.as_bytes()),
        }
        let digest = hash.finalize();
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        finding.fingerprint = if *count == 1 { name } else { format!("{name}-{count}") };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Demands;
    use crate::rules::registry::context::private_key_in_context;
    use crate::rules::registry::runtime::does_not_stay_up;

    #[test]
    fn what_could_not_be_judged_counts_where_somebody_insists() {
        let insists = |rule: &'static Rule, regime: &Regime| {
            let mut verdicts = Verdicts::default();
            verdicts.unjudged(rule, "nobody looked");
            verdicts.insist(regime, |_| false);
            !verdicts.findings.is_empty()
        };
        let code = || "IMG901".to_owned();
        let levels = BTreeMap::from([(code(), Some(Level::Error))]);
        let policy = Demands { required: BTreeSet::from([code()]), ..Demands::default() };
        let (probed, read) = (&does_not_stay_up::RULE, &private_key_in_context::RULE);
        for (rule, regime, expected) in [
            (read, Regime::default(), true),
            (probed, Regime::default(), false),
            (probed, Regime { levels, ..Regime::default() }, true),
            (probed, Regime { policy, ..Regime::default() }, true),
        ] {
            assert_eq!(insists(rule, &regime), expected, "{} {regime:?}", rule.code);
        }
    }
}
