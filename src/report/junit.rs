//! JUnit XML, as Jenkins and GitLab read it: a suite for each test with a case for each of its checks, and one for the
//! practices that running containers showed, with a case for each rule.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::RunReport;
use super::run_report::{Ended, TestFacts};
use crate::error::{Error, Kind, Result};
use crate::expect::{CheckResult, Evidence, Verdict};
use crate::rules::registry::RULES;
use crate::rules::{Check, FindingRecord, Level};

/// The report's tests and practices. The report has to be masked, as [`Recording::complete`](super::Recording::complete)
/// leaves it.
pub fn junit(report: &RunReport) -> Result<String> {
    let mut out = Report::new("imgbuild");
    for test in &report.tests {
        out.add_test_suite(of_test(test));
    }
    out.add_test_suites(practices(report));
    let tells = out.test_suites.iter().any(|suite| suite.failures + suite.errors > 0);
    if !report.ok && !tells {
        out.add_test_suite(of_run(report));
    }
    let text = out.to_string();
    text.map_err(|cause| Error::new(Kind::Internal, "cannot write the tests as JUnit XML").because(cause))
}

fn of_test(test: &TestFacts) -> TestSuite {
    let mut suite = TestSuite::new(test.name.as_str());
    suite.set_time(Duration::from_millis(test.ms));
    for check in &test.checks {
        suite.add_test_case(of_check(test, check));
    }
    let failed_check = test.checks.iter().any(|check| check.verdict == Verdict::Failed);
    // A test that was stopped as a whole, or never came to a check.
    if test.checks.is_empty() || (test.outcome != Ended::Ok && !failed_check) {
        let status = match test.outcome {
            Ended::Ok => TestCaseStatus::success(),
            Ended::Failed => failure(NonSuccessKind::Failure, &test.problems),
            Ended::Cancelled => failure(NonSuccessKind::Error, &["cancelled".to_owned()]),
        };
        suite.add_test_case(case(&test.name, &test.name, status));
    }
    let read = test.evidence.iter().flat_map(left).chain(test.log.iter().cloned()).collect::<Vec<_>>();
    if !read.is_empty() {
        suite.set_system_out(read.join("\n"));
    }
    suite
}

fn of_check(test: &TestFacts, check: &CheckResult) -> TestCase {
    let status = match check.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped => TestCaseStatus::skipped(),
        Verdict::Failed => {
            let lines: Vec<String> = check.misfits.iter().map(|misfit| misfit.sentence()).collect();
            failure(NonSuccessKind::Failure, &lines)
        }
    };
    let mut case = case(&test.name, &format!("{} {}", check.kind, check.name), status);
    case.set_time(Duration::from_millis(check.ms));
    case
}

/// Rules on running containers; nothing where no rule of them could judge.
fn practices(report: &RunReport) -> Option<TestSuite> {
    if report.scorecard.is_empty() {
        // The run ended before anything was judged, which is no success of the rules.
        return None;
    }
    let mut suite = TestSuite::new("practices of running containers");
    let mut judged = false;
    for rule in RULES.iter().filter(|rule| matches!(rule.check, Check::Running(_))) {
        let stand = report.findings.iter().filter(|f| f.rule == rule.code && f.excused.is_none());
        // A reader of JUnit knows no warnings: what does not stop a run is told, and is no failure.
        let (errors, others): (Vec<_>, Vec<_>) = stand.partition(|finding| finding.level == Level::Error);
        let lines = |findings: &[&FindingRecord]| -> Vec<String> {
            findings.iter().map(|f| format!("{}: {}; {}", f.level, f.message, f.remedy)).collect()
        };
        let status = match report.rules_skipped.get(rule.code) {
            _ if !errors.is_empty() => failure(NonSuccessKind::Failure, &lines(&errors)),
            _ if !others.is_empty() => TestCaseStatus::success(),
            Some(why) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(why.as_str());
                status
            }
            None => TestCaseStatus::success(),
        };
        judged |= !matches!(status, TestCaseStatus::Skipped { .. });
        let mut case = case("practices", &format!("{} {}", rule.code, rule.name), status);
        if !others.is_empty() {
            case.set_system_out(lines(&others).join("\n"));
        }
        suite.add_test_case(case);
    }
    judged.then_some(suite)
}

/// A run that failed for something else than a test: a reader that finds no failure would take it for a success.
fn of_run(report: &RunReport) -> TestSuite {
    let mut suite = TestSuite::new("imgbuild");
    let why = report.error.as_ref().map_or("the run failed", |error| error.message.as_str());
    suite.add_test_case(case(
        "imgbuild",
        "the run came to its end",
        failure(NonSuccessKind::Error, &[why.to_owned()]),
    ));
    suite
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn failure(kind: NonSuccessKind, lines: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(lines.first().map_or("failed", String::as_str));
    status.set_description(lines.join("\n"));
    status
}

/// What a container left to be read, as lines.
fn left(evidence: &Evidence) -> Vec<String> {
    let whose = evidence.service.as_ref().map_or("container".to_owned(), |alias| format!("service {alias}"));
    let mut lines = vec![format!("-- log of the {whose}")];
    lines.extend(evidence.log.iter().cloned());
    lines.extend(
        evidence
            .health
            .iter()
            .map(|probe| format!("-- healthcheck, exit code {}: {}", probe.exit, probe.output)),
    );
    if let Some(exit) = evidence.exit {
        let killed = if evidence.oom { ", killed for memory (OOM)" } else { "" };
        lines.push(format!("-- exit code {exit}{killed}"));
    }
    if !evidence.reproduce.is_empty() {
        lines.push(format!("-- by hand: {}", evidence.reproduce));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Misfit;

    fn check(name: &str, misfits: Vec<Misfit>) -> CheckResult {
        let verdict = if misfits.is_empty() { Verdict::Passed } else { Verdict::Failed };
        CheckResult {
            name: name.to_owned(),
            kind: "http".to_owned(),
            verdict,
            ms: 1500,
            misfits,
            reproduce: None,
        }
    }

    fn report(tests: Vec<TestFacts>) -> RunReport {
        let ok = tests.iter().all(|test| test.outcome == Ended::Ok) && !tests.is_empty();
        RunReport { tests, ok, ..RunReport::new("test", "01j", "2026-01-01T00:00:00Z") }
    }

    #[test]
    fn a_suite_for_a_test_and_a_case_for_a_check() {
        let passed = TestFacts {
            name: "serves".to_owned(),
            outcome: Ended::Ok,
            ms: 2000,
            checks: vec![check("GET :80/", Vec::new())],
            ..TestFacts::default()
        };
        let failed = TestFacts {
            name: "a <b> & \"c\"".to_owned(),
            outcome: Ended::Failed,
            checks: vec![check("x", vec![Misfit::new("status", "200", "\u{1b}[31m]]> 500\u{0}")])],
            evidence: vec![Evidence {
                log: vec!["\u{1b}boom".to_owned()],
                exit: Some(1),
                ..Evidence::default()
            }],
            ..TestFacts::default()
        };
        let xml = junit(&report(vec![passed, failed])).unwrap();
        let read = Report::deserialize_from_str(&xml).unwrap();
        assert_eq!((read.tests, read.failures, read.errors), (2, 1, 0), "{xml}");
        assert_eq!(read.test_suites[1].name.as_str(), "a <b> & \"c\"");
        assert!(!xml.contains('\u{1b}') && !xml.contains('\u{0}'), "{xml:?}");
        assert!(xml.contains("classname=\"serves\"") && xml.contains("time=\"1.500\""), "{xml}");
        assert!(xml.contains("exit code 1"), "{xml}");
    }

    #[test]
    fn a_test_without_a_check_and_a_run_without_a_test_have_a_case() {
        let late = TestFacts { problems: vec!["the test did not end".to_owned()], ..TestFacts::default() };
        assert!(junit(&report(vec![late])).unwrap().contains("the test did not end"));
        let xml = junit(&report(Vec::new())).unwrap();
        assert!(xml.contains("errors=\"1\""), "{xml}");
    }
}
