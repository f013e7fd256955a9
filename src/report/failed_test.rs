//! A test of the image that failed, as the last words of a run show it: what was expected and what was there, what its
//! containers left to be read, and how to see the same by hand.

use super::look::Look;
use super::run_report::TestFacts;
use super::{escape, words};
use crate::expect::{CheckResult, Evidence, Verdict};

/// Checks that failed, of which the details are shown.
const SHOWN: usize = 20;

/// The lines for `test`, each behind an indent or a gutter of ours.
pub(super) fn lines(test: &TestFacts, look: Look) -> Vec<String> {
    let head = format!("{} ", look.red("failed: test"));
    let mut out = look.message(&head, &format!("{} ({})", test.name, words::duration(test.ms)), 2);
    let failed: Vec<&CheckResult> =
        test.checks.iter().filter(|check| check.verdict == Verdict::Failed).collect();
    for check in failed.iter().take(SHOWN) {
        out.extend(of_check(check, look));
    }
    if failed.len() > SHOWN {
        let more = failed.len() - SHOWN;
        out.push(format!("  {} and {more} more", look.ellipsis()));
    }
    // What its checks do not tell: its deadline, above all.
    let told: Vec<String> = failed.iter().flat_map(|check| check.sentences()).collect();
    for problem in test.problems.iter().filter(|problem| !told.contains(problem)) {
        out.extend(look.message("  - ", problem, 4));
    }
    out.extend(test.log.iter().map(|line| look.quoted(line, 0)));
    for evidence in &test.evidence {
        out.extend(of_container(evidence, look));
    }
    out
}

fn of_check(check: &CheckResult, look: Look) -> Vec<String> {
    let mut out = look.message(&format!("  {} ", look.bad()), &format!("{} {}", check.kind, check.name), 4);
    for misfit in &check.misfits {
        out.extend(look.message("      ", &misfit.what, 6));
        out.extend(look.message(&format!("        {} ", look.green("expected")), &misfit.expected, 17));
        out.extend(look.message(&format!("        {}      ", look.red("got")), &misfit.got, 17));
    }
    if let Some(command) = &check.reproduce {
        out.extend(by_hand(command, look));
    }
    out
}

fn of_container(evidence: &Evidence, look: Look) -> Vec<String> {
    let whose = match &evidence.service {
        Some(alias) => format!("service {alias}"),
        None => "container".to_owned(),
    };
    let mut out = Vec::new();
    match evidence.log.len() {
        0 => out.extend(look.message("  ", &format!("the log of the {whose} is empty"), 2)),
        count => {
            let lines = words::count(u64::try_from(count).unwrap_or(u64::MAX), "line");
            out.extend(look.message("  ", &format!("log of the {whose}, its last {lines}:"), 2));
        }
    }
    out.extend(evidence.log.iter().map(|line| look.quoted(line, 0)));
    // It mostly says the same each time.
    for same in evidence.health.chunk_by(|a, b| (a.exit, a.output.trim()) == (b.exit, b.output.trim())) {
        let Some(probe) = same.first() else { continue };
        let said = probe.output.trim();
        let said = if said.is_empty() { "no output".to_owned() } else { said.replace('\n', " / ") };
        let times = if same.len() > 1 { format!(", {} times", same.len()) } else { String::new() };
        out.extend(look.message("  ", &format!("healthcheck{times}, exit code {}: {said}", probe.exit), 4));
    }
    let killed = if evidence.oom { ", killed for memory (OOM)" } else { "" };
    match evidence.exit {
        Some(code) => {
            out.extend(look.message("  ", &format!("the {whose} ended: exit code {code}{killed}"), 4))
        }
        None if evidence.oom => {
            out.extend(look.message(
                "  ",
                &format!("a process of the {whose} was killed for memory (OOM)"),
                4,
            ));
        }
        None => {}
    }
    if !evidence.reproduce.is_empty() {
        out.extend(by_hand(&evidence.reproduce, look));
    }
    out
}

/// A command on a line of its own, which is not wrapped, so that it can be copied.
fn by_hand(command: &str, look: Look) -> [String; 2] {
    [
        format!("  {}", look.cyan("the same by hand:")),
        format!("    {}", look.escape(command, escape::LOG_COLUMNS)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::{HealthProbe, Misfit};
    use crate::report::run_report::Ended;

    const LOOK: Look = Look { color: false, unicode: false, width: 60 };

    fn test() -> TestFacts {
        let misfits = vec![Misfit::new("status", "200", "503")];
        let check = CheckResult {
            name: "GET :8080/healthz".to_owned(),
            kind: "http".to_owned(),
            verdict: Verdict::Failed,
            ms: 5,
            misfits,
            reproduce: None,
        };
        let problems = [check.sentences(), vec!["the test did not end within 5 s".to_owned()]].concat();
        TestFacts {
            name: "serves".to_owned(),
            outcome: Ended::Failed,
            start_ms: None,
            ms: 5100,
            problems,
            checks: vec![check],
            log: Vec::new(),
            evidence: vec![Evidence {
                service: None,
                log: vec!["::error::\x1b[2J boom".to_owned()],
                health: vec![HealthProbe { exit: 1, output: "cannot connect\n".to_owned() }],
                exit: Some(137),
                oom: true,
                reproduce: "docker run --rm sha256:1234".to_owned(),
            }],
        }
    }

    #[test]
    fn everything_that_is_needed_and_nothing_twice() {
        assert_eq!(
            lines(&test(), LOOK).join("\n"),
            "\
failed: test serves (5.1s)
  x http GET :8080/healthz
      status
        expected 200
        got      503
  - the test did not end within 5 s
  log of the container, its last 1 line:
  | \\u{3a}:error::\\u{1b}[2J boom
  healthcheck, exit code 1: cannot connect
  the container ended: exit code 137, killed for memory
    (OOM)
  the same by hand:
    docker run --rm sha256:1234"
        );
    }
}
