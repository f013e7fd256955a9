//! What the builder's own checks say of a Dockerfile, as findings.

use super::analysis::{Analysis, Step};
use super::found::Found;
use super::registry::{self, reading::builder_warning};
use super::{Finding, Level, Place};
use crate::dockerfile::Keyword;

/// Something that the builder warned of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuilderRemark {
    /// The line of the Dockerfile, 1-based; 0 where it is about none of them.
    pub line: u32,
    /// The check's name; `None` where it has none.
    pub check: Option<String>,
    /// What is wrong, in the builder's words.
    pub message: String,
    /// A page about it; empty where there is none.
    pub url: String,
}

/// Findings of what `remarks` say, but for what is in `known` already: a rule of ours that answers to the check's name
/// flagged the same instruction.
pub(super) fn builder_findings(
    file: &Analysis<'_>,
    remarks: &[BuilderRemark],
    known: &[Finding],
) -> Vec<Finding> {
    // The builder's order is not the file's, and differs from run to run.
    let mut remarks: Vec<&BuilderRemark> = remarks.iter().collect();
    remarks.sort_unstable();
    let mut findings = Vec::new();
    let mut found = Found::new(&builder_warning::RULE, &mut findings);
    for remark in remarks {
        let place = place(file, remark.line);
        let check = remark.check.as_deref();
        if check.is_some_and(|check| known.iter().any(|finding| says(finding, check, &place))) {
            continue;
        }
        // As much as the same is to a rule of ours; the builder built it, so that it is no error.
        let level =
            check.and_then(registry::find).map_or(Level::Warning, |rule| rule.level.min(Level::Warning));
        let finding = found.add(place, &remark.message).level(level);
        match (check, remark.url.as_str()) {
            (Some(check), "") => {
                finding.known_as(check).remedy(format!("see the builder's documentation of {check}"))
            }
            (Some(check), url) => finding.known_as(check).remedy(format!("{check}: see {url}")),
            (None, "") => finding,
            (None, url) => finding.remedy(format!("see {url}")),
        };
    }
    findings
}

/// Whether `finding` is what the builder calls `check`, of the instruction at `place`.
fn says(finding: &Finding, check: &str, place: &Place) -> bool {
    finding.place.path == place.path
        && finding.place.line == place.line
        && finding.aliases().into_iter().any(|alias| alias.eq_ignore_ascii_case(check))
}

/// The instruction that holds the line, or just the line where none does.
fn place(file: &Analysis<'_>, line: u32) -> Place {
    let holds = |step: &&Step<'_>| (step.instruction.line..=step.instruction.end_line).contains(&line);
    match file.steps.iter().find(holds) {
        // An excerpt of the file would show the value of what may be a secret.
        Some(step) if matches!(step.instruction.keyword, Keyword::Arg | Keyword::Env) => {
            Place { region: None, ..file.place(step) }
        }
        Some(step) => file.place(step),
        None => {
            let lines = file.bytes.split(|byte| *byte == b'\n').count();
            let is_there = usize::try_from(line).is_ok_and(|line| line <= lines);
            Place { line: if is_there { line } else { 0 }, ..Place::file(file.path) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::rules::facts::BaseFacts;
    use crate::rules::waiver::inline_waivers;
    use crate::rules::{Expectations, Fact, FileWaivers, Judgement, Regime, Verdicts, settle};
    use std::collections::BTreeMap;

    const TEXT: &str = "FROM debian:12 as base\nRUN a \\\n  b\n# imgbuild ignore=WorkdirRelativePath reason=\"x\"\nWORKDIR x\nCMD y\n";

    fn judged(text: &str, remarks: &[(u32, &str)], regime: &Regime) -> Judgement {
        let (file, expectations) = (parse(text.as_bytes()), Expectations::default());
        let analysis = Analysis::new("Dockerfile", text.as_bytes(), &file, &expectations);
        let mut verdicts = Verdicts::default();
        verdicts.of_file(&analysis, &Fact::<BaseFacts>::Missing("not asked".to_owned()));
        let remark = |(line, check): &(u32, &str)| BuilderRemark {
            line: *line,
            check: Some((*check).to_owned()).filter(|check| !check.is_empty()),
            message: "it says so".to_owned(),
            url: "https://docs.example.com/x/".to_owned(),
        };
        verdicts.of_builder(&analysis, &remarks.iter().map(remark).collect::<Vec<_>>());
        let inline = inline_waivers("Dockerfile", text.as_bytes(), &file);
        settle(verdicts, vec![FileWaivers { path: "Dockerfile".to_owned(), inline }], regime)
    }

    /// `line NAME level` of the builder's findings that count.
    fn told(judgement: &Judgement) -> Vec<String> {
        let own = judgement.standing().filter(|finding| finding.rule == &builder_warning::RULE);
        own.map(|f| format!("{} {} {}", f.place.line, f.alias.clone().unwrap_or_default(), f.level)).collect()
    }

    #[test]
    fn what_a_rule_says_already_is_not_said_twice() {
        let remarks = [
            // Ours, each at its instruction; the second is waived, and so it stays.
            (1, "FromAsCasing"),
            (5, "WorkdirRelativePath"),
            (6, "JSONArgsRecommended"),
            // What no rule of ours says here, or knows.
            (3, "JSONArgsRecommended"),
            (2, "SomethingNew"),
            (99, "SomethingNew"),
            (4, "SomethingNew"),
            (0, ""),
        ];
        let judgement = judged(TEXT, &remarks, &Regime::default());
        let ours = |line, alias| {
            let mut all = judgement.findings.iter().filter(|f| f.rule != &builder_warning::RULE);
            all.any(|f| f.place.line == line && f.aliases().contains(&alias))
        };
        assert!(ours(1, "FromAsCasing") && ours(5, "WorkdirRelativePath") && ours(6, "JSONArgsRecommended"));
        assert_eq!(
            told(&judgement),
            [
                "0  warning",
                "0 SomethingNew warning",
                "2 SomethingNew warning",
                "2 JSONArgsRecommended warning",
                "4 SomethingNew warning"
            ]
        );
        assert!(judgement.ran.contains(builder_warning::RULE.code));
        let finding = judgement.standing().find(|f| f.alias.as_deref() == Some("SomethingNew")).unwrap();
        assert_eq!(finding.remedy, "SomethingNew: see https://docs.example.com/x/");
        let names: std::collections::BTreeSet<_> =
            judgement.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
        assert_eq!(names.len(), judgement.findings.len());
        assert!(!judgement.fails());
    }

    /// By the names in Docker's documentation of build checks.
    #[test]
    fn every_check_of_buildkit_has_a_rule_that_answers_to_it() {
        for check in [
            "ConsistentInstructionCasing",
            "CopyIgnoredFile",
            "DuplicateStageName",
            "ExposeInvalidFormat",
            "ExposeProtoCasing",
            "FromAsCasing",
            "FromPlatformFlagConstDisallowed",
            "InvalidBaseImagePlatform",
            "InvalidDefaultArgInFrom",
            "InvalidDefinitionDescription",
            "JSONArgsRecommended",
            "LegacyKeyValueFormat",
            "MaintainerDeprecated",
            "MultipleInstructionsDisallowed",
            "NoEmptyContinuation",
            "RedundantTargetPlatform",
            "ReservedStageName",
            "SecretsUsedInArgOrEnv",
            "StageNameCasing",
            "UndefinedArgInFrom",
            "UndefinedVar",
            "WorkdirRelativePath",
        ] {
            assert!(registry::find(check).is_some(), "{check}");
        }
    }

    #[test]
    fn no_excerpt_shows_what_may_be_a_secret() {
        let judgement =
            judged("FROM a:1\nENV x=hush\nRUN a\n", &[(2, "New"), (3, "New")], &Regime::default());
        let own = judgement.findings.iter().filter(|finding| finding.rule == &builder_warning::RULE);
        let shown: Vec<_> = own.map(|f| (f.place.line, f.place.region.is_some())).collect();
        assert_eq!(shown, [(2, false), (3, true)]);
    }

    #[test]
    fn levels_and_waivers_hold_by_the_name_of_the_check_and_by_ours() {
        let level = |code: &str, level| Regime {
            levels: BTreeMap::from([(code.to_owned(), level)]),
            ..Regime::default()
        };
        let code = registry::find("UndefinedVar").unwrap().code;
        let text = "FROM debian:12\nRUN a\nCMD [\"x\"]\n";
        let remarks = [(2, "UndefinedVar")];
        for (regime, expected) in [
            (level("IMG010", None), &[][..]),
            (level("IMG010", Some(Level::Info)), &["2 UndefinedVar info"][..]),
            (level(code, None), &[][..]),
            (level(code, Some(Level::Error)), &["2 UndefinedVar error"][..]),
        ] {
            assert_eq!(told(&judged(text, &remarks, &regime)), expected, "{regime:?}");
        }
        for waiver in ["UndefinedVar", "IMG010", "builder-warning"] {
            let text = text.replace("RUN", &format!("# imgbuild ignore={waiver} reason=\"x\"\nRUN"));
            assert_eq!(told(&judged(&text, &[(3, "UndefinedVar")], &Regime::default())), [""; 0], "{waiver}");
        }
    }
}
