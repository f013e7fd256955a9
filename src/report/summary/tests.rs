//! Golden summaries.

use super::*;
use crate::error::Error;
use crate::image::Digest;
use crate::report::run_report::{BuildFacts, FailedStep, StageTiming, TestFacts};
use crate::report::{Format, Surface, UNBOUNDED};

fn mode(width: usize) -> OutputMode {
    OutputMode {
        format: Format::Human,
        progress: Progress::Quiet,
        color: false,
        stdout_color: false,
        unicode: true,
        width,
        surface: Surface::Lines,
        verbose: false,
    }
}

fn digest(text: &str) -> Option<Digest> {
    Some(Digest::of(text.as_bytes()))
}

fn tag(name: &str, before: Option<Digest>, state: TagState) -> TagFacts {
    let digest = digest("manifest").filter(|_| state == TagState::Verified);
    TagFacts { reference: format!("ghcr.io/acme/api:{name}"), digest, before, state }
}

fn test(name: &str, outcome: Ended) -> TestFacts {
    TestFacts { name: name.to_owned(), outcome, ms: 1200, problems: Vec::new(), ..TestFacts::default() }
}

fn started() -> RunReport {
    let timing =
        |stage: &str, ms| StageTiming { stage: stage.to_owned(), start_ms: None, ms, outcome: Ended::Ok };
    RunReport {
        source: Some(SourceFacts {
            short: "abc1234".to_owned(),
            branch: Some("main".to_owned()),
            clean: true,
            ..SourceFacts::default()
        }),
        timings: vec![
            timing("source", 40),
            timing("context", 210),
            timing("plan", 300),
            timing("build", 12_345),
        ],
        ..RunReport::new("ci", "01j", "2026-01-01T00:00:00Z")
    }
}

fn published() -> RunReport {
    let mut report = RunReport {
        image: Some(ImageFacts {
            id: digest("config"),
            config_digest: digest("config"),
            digest: digest("manifest"),
            repository: Some("ghcr.io/acme/api".to_owned()),
        }),
        tags: vec![
            tag("main-abc1234-1700000000", None, TagState::Verified),
            tag("1.2", digest("old"), TagState::Verified),
            tag("latest", digest("manifest"), TagState::Verified),
        ],
        pushed: true,
        tests: vec![test("starts", Ended::Ok), test("serves health", Ended::Ok)],
        ..started()
    };
    report.conclude("2026-01-01T00:00:13Z", None);
    report
}

fn failed_build() -> RunReport {
    let mut report = started();
    report.build = Some(BuildFacts {
        steps: 3,
        cached: 1,
        failed_step: Some(FailedStep {
            stage: None,
            index: 3,
            total: 7,
            instruction: "RUN make\u{202e} all".to_owned(),
            line: Some(5),
            file: Some("Dockerfile".to_owned()),
            source: Some("RUN make\u{202e} all".to_owned()),
            tail: vec!["::error::cc: not found ##[group]".to_owned(), "make: *** [all] Error 127".to_owned()],
        }),
        timings: Vec::new(),
    });
    let error = Error::new(Kind::Build, "the build failed in step 3 of 7")
        .because(Error::new(Kind::Build, "the command '/bin/sh -c make all' returned a non-zero code: 2"))
        .hint("reproduce it with: docker build --target build .");
    report.conclude("2026-01-01T00:00:13Z", Some(&error));
    report
}

fn check(actual: &str, width: usize, expected: &str) {
    assert_eq!(actual, expected, "\n{actual}");
    for line in actual.lines() {
        assert!(console::measure_text_width(line) <= width, "{line:?}");
    }
}

#[test]
fn success_at_80_columns() {
    let text = summary(&published(), &mode(80), Some(Path::new("out/report.json")));
    check(
        &text,
        80,
        "\
✓ ci passed in 12.8s
  commit abc1234 on main
  image  sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910
  digest sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
  tags   ghcr.io/acme/api:main-abc1234-1700000000
         ghcr.io/acme/api:1.2 (was sha256:cba06b5736fa)
         ghcr.io/acme/api:latest (as before)
  pushed to ghcr.io/acme/api
  tests  2/2 passed
  time   source 0.0s, context 0.2s, plan 0.3s, build 12.3s
  report out/report.json
",
    );
}

#[test]
fn success_at_40_columns() {
    let text = summary(&published(), &mode(40), Some(Path::new("out/report.json")));
    check(
        &text,
        40,
        "\
✓ ci passed in 12.8s
  commit abc1234 on main
  image  sha256:b79606fb3afea5bd1609ed40
         b622142f1c98125abcfe89a76a661b0
         e8e343910
  digest sha256:05b3abf2579a5eb66403cd78
         be557fd860633a1fe2103c7642030de
         fe32c657f
  tags   ghcr.io/acme/api:main-abc1234-1
         700000000
         ghcr.io/acme/api:1.2 (was
         sha256:cba06b5736fa)
         ghcr.io/acme/api:latest (as
         before)
  pushed to ghcr.io/acme/api
  tests  2/2 passed
  time   source 0.0s, context 0.2s, plan
         0.3s, build 12.3s
  report out/report.json
",
    );
}

#[test]
fn success_in_colour() {
    let mode = OutputMode { color: true, ..mode(UNBOUNDED) };
    let report = RunReport { image: None, tags: Vec::new(), tests: Vec::new(), pushed: false, ..published() };
    let text = summary(&report, &mode, None);
    check(
        &text,
        UNBOUNDED,
        "\
\u{1b}[32m✓\u{1b}[0m ci passed in 12.8s
  \u{1b}[2mcommit\u{1b}[0m abc1234 on main
  \u{1b}[2mtime  \u{1b}[0m source 0.0s, context 0.2s, plan 0.3s, build 12.3s
",
    );
}

#[test]
fn success_without_a_registry_in_ascii() {
    let report = RunReport {
        command: "build".to_owned(),
        pushed: false,
        not_pushed_because: Some("no registry is known".to_owned()),
        tags: vec![tag("main-abc1234-1700000000-dev", None, TagState::Local)],
        image: None,
        source: Some(SourceFacts { clean: false, branch: None, ..started().source.unwrap() }),
        ..published()
    };
    let text = summary(&report, &OutputMode { unicode: false, ..mode(80) }, None);
    check(
        &text,
        80,
        "\
+ build passed in 12.8s
  commit abc1234, with changes that are not committed
  tags   ghcr.io/acme/api:main-abc1234-1700000000-dev (on the engine)
  pushed nothing: no registry is known
  tests  2/2 passed
  time   source 0.0s, context 0.2s, plan 0.3s, build 12.3s
",
    );
}

#[test]
fn failed_build_at_80_columns() {
    check(
        &summary(&failed_build(), &mode(80), None),
        80,
        "\
✗ ci failed after 12.8s (exit code 5)
  commit abc1234 on main
  time   source 0.0s, context 0.2s, plan 0.3s, build 12.3s

failed: step 3/7: RUN make\\u{202e} all (Dockerfile:5)
  5 | RUN make\\u{202e} all
    | ^^^^^^^^^^^^^^^^^^^^
  | \\u{3a}:error::cc: not found \\u{23}#[group]
  | make: *** [all] Error 127

error: the build failed in step 3 of 7: the command '/bin/sh -c make all'
  returned a non-zero code: 2

hint: reproduce it with: docker build --target build .
",
    );
}

#[test]
fn failed_build_at_40_columns() {
    check(
        &summary(&failed_build(), &mode(40), None),
        40,
        "\
✗ ci failed after 12.8s (exit code 5)
  commit abc1234 on main
  time   source 0.0s, context 0.2s, plan
         0.3s, build 12.3s

failed: step 3/7: RUN make\\u{202e} all
  (Dockerfile:5)
  5 | RUN make\\u{202e} all
    | ^^^^^^^^^^^^^^^^^^^^
  | \\u{3a}:error::cc: not f… [+14 bytes]
  | make: *** [all] Error 127

error: the build failed in step 3 of 7:
  the command '/bin/sh -c make all'
  returned a non-zero code: 2

hint: reproduce it with: docker build
      --target build .
",
    );
}

#[test]
fn failed_tests_and_tags_that_moved() {
    let mut report = published();
    report.pushed = false;
    report.tags.push(tag("next", None, TagState::Planned));
    report.tags[1].state = TagState::Pushed;
    report.tags[2].state = TagState::Planned;
    report.tests[1] = TestFacts {
        problems: vec!["GET /healthz answered 500, not 200".to_owned()],
        log: vec!["\x1b[31mpanic\x1b[0m".to_owned()],
        ..test("serves ::health", Ended::Failed)
    };
    let error = Error::new(Kind::Registry, "the registry went away");
    report.conclude("2026-01-01T00:00:13Z", Some(&error));
    check(
        &summary(&report, &mode(80), None),
        80,
        "\
✗ ci failed after 12.8s (exit code 7)
  commit abc1234 on main
  image  sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910
  digest sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
  tags   ghcr.io/acme/api:main-abc1234-1700000000
         ghcr.io/acme/api:1.2 (not verified, was sha256:cba06b5736fa)
  pushed not all: the tags above may have moved
  tests  1/2 passed
  time   source 0.0s, context 0.2s, plan 0.3s, build 12.3s

failed: test serves ::health (1.2s)
  - GET /healthz answered 500, not 200
  | panic

error: the registry went away
",
    );
}

#[test]
fn logs_are_not_shown_twice() {
    for progress in [Progress::Live, Progress::Plain] {
        let text = summary(&failed_build(), &OutputMode { progress, ..mode(80) }, None);
        assert!(text.contains("failed: step 3/7") && !text.contains("make: ***"), "{text}");
    }
}

#[test]
fn cancelled_runs_say_so() {
    let mut report = started();
    report.conclude("2026-01-01T00:00:13Z", Some(&Error::new(Kind::Interrupted, "cancelled")));
    assert!(summary(&report, &mode(80), None).starts_with("! ci cancelled after 12.8s (exit code 130)\n"));
}
