//! The page as a whole: its structure, what hostile texts come to, and its size.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::html;
use super::page::STYLE;
use crate::dockerfile::{LineIndex, Span};
use crate::error::{Error, Kind};
use crate::expect::{CheckResult, Evidence, HealthProbe, Misfit, Verdict};
use crate::report::findings::Judged;
use crate::report::run_report::*;
use crate::report::{Masker, Recorder, RunReport, sample};
use crate::rules::registry::reading::malformed_waiver;
use crate::rules::registry::stages::latest_base_image;
use crate::rules::{Excuse, FindingRecord, Found, Judgement, Place, Region, scorecard};

/// What names, messages and logs could do to a reader.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</pre></details></section><style>*{display:none}</style>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)//<a href=\"javascript:x\">",
    "\u{1b}[2J\u{1b}]0;t\u{7}\u{0}\u{85}",
    "user\u{202e}txt \u{200b}\u{feff}\u{2066}",
    "<!-- --> <![CDATA[ ]]> &lt;script&gt; \\u003cscript\\u003e",
];

fn place(path: &str, text: &str, wanted: &str) -> Place {
    let start = text.find(wanted).unwrap();
    let span = Span { start, end: start + wanted.len() };
    let lines = LineIndex::new(text.as_bytes());
    let region = Region { span, start: lines.position(span.start), end: lines.position(span.end) };
    Place { line: region.start.line, column: region.start.column, region: Some(region), ..Place::file(path) }
}

/// A report whose every text is `word`, with `count` of each thing there can be several of.
fn of(word: &str, count: usize) -> RunReport {
    let mut report = RunReport::new(word, word, word);
    let error = Error::new(Kind::Build, word).hint(word);
    report.conclude(word, Some(&error));
    let text = || word.to_owned();
    let texts = || vec![text(); count];
    report.tool_version = text();
    report.source = Some(SourceFacts {
        commit: text(),
        short: text(),
        branch: Some(text()),
        pr: Some(text()),
        tag: Some(text()),
        remote: Some(text()),
        merge_commit: Some(text()),
        ..SourceFacts::default()
    });
    report.ci = Some(CiFacts { provider: text(), build_url: Some(text()) });
    report.engine = Some(EngineFacts { id: text(), version: text(), api: text() });
    report.policy = Some(PolicyFacts { digest: sample::digest('a').parse().unwrap(), sources: texts() });
    report.image = Some(ImageFacts { repository: Some(text()), ..ImageFacts::default() });
    let step = FailedStep {
        stage: None,
        index: 1,
        total: 2,
        instruction: text(),
        line: Some(1),
        file: None,
        source: None,
        tail: texts(),
    };
    let timing = StepTiming { instruction: text(), ..StepTiming::default() };
    report.build =
        Some(BuildFacts { failed_step: Some(step), timings: vec![timing; count], ..BuildFacts::default() });
    let tag = TagFacts { reference: text(), digest: None, before: None, state: TagState::Pushed };
    report.tags = vec![tag; count];
    report.not_pushed_because = Some(text());
    let check = CheckResult {
        name: text(),
        kind: text(),
        verdict: Verdict::Failed,
        ms: 1,
        misfits: vec![Misfit::new(word, word, word); count.min(3)],
        reproduce: Some(text()),
    };
    let evidence = Evidence {
        service: Some(text()),
        log: vec![text(); count.min(100)],
        health: vec![HealthProbe { exit: 1, output: text() }; count.min(3)],
        exit: Some(137),
        oom: true,
        reproduce: text(),
    };
    let test = TestFacts {
        name: text(),
        start_ms: Some(1),
        problems: vec![text(); count.min(100)],
        checks: vec![check; count.min(120)],
        log: vec![text(); count.min(100)],
        evidence: vec![evidence; count.min(2)],
        ..TestFacts::default()
    };
    report.tests = vec![test; count.min(300)];
    let stage = |stage: &str| StageTiming {
        stage: stage.to_owned(),
        start_ms: Some(1),
        ms: 2,
        outcome: Ended::Failed,
    };
    report.timings = vec![stage("build"), stage("smoke"), stage(word)];
    report.rules_skipped = [(text(), text())].into();
    report.labels = [(text(), text())].into();
    report.warnings = texts();
    report.notes = texts();
    judged(&mut report, word, count);
    report
}

fn judged(report: &mut RunReport, word: &str, count: usize) {
    let mut findings = Vec::new();
    for _ in 0..count {
        let mut found = Found::new(&malformed_waiver::RULE, &mut findings);
        found.add(place(word, word, word), word).evidence(word).remedy(word).known_as(word);
        found.add(Place::field(word, word), word).excused =
            Some(Excuse::Waived { reason: word.to_owned(), by: word.to_owned() });
    }
    let judgement = Judgement { findings, ..Judgement::default() };
    report.findings = judgement.findings.iter().map(FindingRecord::from).collect();
    report.scorecard = scorecard(
        &judgement,
        &[(crate::rules::Item::Tests, crate::rules::Shown::Open(word.to_owned()))].into(),
    );
    let texts = [(word.to_owned(), Arc::new(word.as_bytes().to_vec()))].into();
    report.judged = Some(Judged { judgement, texts });
}

/// The tags of `page` behind its style, as they are written; what is between them in one string.
fn parsed(page: &str) -> (Vec<&str>, String) {
    let (_, body) = page.split_once("</style>").unwrap();
    let (mut tags, mut text) = (Vec::new(), String::new());
    let mut rest = body;
    while let Some((before, behind)) = rest.split_once('<') {
        let (tag, after) = behind.split_once('>').unwrap();
        text.push_str(before);
        tags.push(tag);
        rest = after;
    }
    (tags, text + rest)
}

/// Holds `page` to be well-formed, to load nothing, and to have ids of its own.
fn sound(page: &str) {
    let (tags, text) = parsed(page);
    assert!(!text.contains('>'), "a `>` that no tag ends with");
    let mut open = Vec::new();
    let mut ids = BTreeSet::new();
    let mut targets = Vec::new();
    for tag in tags {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
            continue;
        }
        let name = tag.split([' ', '\n', '/']).next().unwrap();
        let known = [
            "head", "body", "a", "header", "p", "h1", "h2", "h3", "span", "time", "nav", "ul", "ol", "li",
            "main", "section", "dl", "dt", "dd", "code", "br", "strong", "em", "div", "table", "caption",
            "thead", "tbody", "tr", "th", "td", "article", "details", "summary", "pre", "mark", "svg",
            "rect", "line", "text", "footer",
        ];
        assert!(known.contains(&name), "{tag}");
        // Outside of values there is nothing but names: no handler, no style, no source.
        for (index, piece) in tag.split('"').enumerate() {
            let is_value = index % 2 == 1;
            assert!(
                is_value || !["on", "style", "src"].iter().any(|a| piece.contains(&format!(" {a}"))),
                "{tag}"
            );
        }
        if let Some((_, value)) = tag.split_once("href=\"") {
            let value = value.split('"').next().unwrap();
            assert!(value.starts_with('#') || (name == "a" && value.starts_with("http")), "{tag}");
            targets.extend(value.strip_prefix('#'));
        }
        if let Some((_, id)) = tag.split_once(" id=\"") {
            assert!(ids.insert(id.split('"').next().unwrap()), "{tag}");
        }
        if !tag.ends_with('/') && name != "br" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for target in targets {
        assert!(ids.contains(target), "#{target} leads nowhere");
    }
}

fn page(report: &RunReport) -> String {
    html(report, &Masker::default())
}

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    for word in HOSTILE {
        let page = page(&of(word, 2));
        let (head, body) = page.split_once("<style>").unwrap();
        assert_eq!(
            head.matches('<').count(),
            "!DOCTYPE html head meta meta meta meta meta meta title /title".split(' ').count(),
            "{head}"
        );
        assert_eq!(body.matches("</style>").count(), 1);
        assert!(!page.contains("<script") && !page.contains("<img"), "{word:?}");
        assert!(
            !page.replace('\n', "").chars().any(|c| c.is_control() || crate::report::escape::is_hidden(c))
        );
        let closed = page.replacen("</html>", "", 1).replacen("<html lang=\"en\">", "", 1);
        sound(&closed.replacen("<head>", "", 1).replacen("</head>", "", 1));
    }
}

#[test]
fn nothing_is_loaded_and_the_policy_knows_the_style() {
    use base64::Engine as _;
    use sha2::Digest as _;

    let page = page(&of("x", 1));
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE));
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    let policy =
        format!("content=\"default-src &#39;none&#39;; style-src &#39;sha256-{hash}&#39;; img-src data:;");
    assert!(page.contains(&policy), "{}", &page[..900]);
    for word in ["@import", "url(", "<link", "<iframe", "<object", "<embed", "<base", "http-equiv=\"refresh"]
    {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_page_is_bounded_whatever_came() {
    let long = format!("{}<b>\u{202e}", "<\u{202e}".repeat(2_000));
    for (word, count) in [(long.as_str(), 40), ("x", 1_000)] {
        let page = page(&of(word, count));
        assert!(page.len() < 2_000_000, "{}", page.len());
        for part in ["tags", "practices", "findings", "tests", "timeline", "details"] {
            assert!(page.contains(&format!("<h2 id=\"{part}\">")), "{part} was starved");
        }
        assert!(page.contains("more: see <code>report.json</code>"));
    }
}

fn told(events: Vec<crate::event::Stamped>, error: Option<&Error>) -> RunReport {
    let mut report = RunReport::new("ci", "01jabc", "2026-01-01T00:00:00Z");
    report.conclude("2026-01-01T00:00:13Z", error);
    let mut recorder = Recorder::new(Masker::default());
    events.iter().for_each(|stamped| recorder.record(stamped));
    recorder.into_recording().complete(&mut report);
    report
}

#[test]
fn a_page_tells_what_came_of_a_run() {
    let mut report = told(sample::published_run(), None);
    let text = "FROM node:latest\n";
    let mut findings = Vec::new();
    Found::new(&latest_base_image::RULE, &mut findings)
        .add(place("Dockerfile", text, "node:latest"), "the base image has the tag latest");
    let judgement = Judgement { findings, ..Judgement::default() };
    report.findings = judgement.findings.iter().map(FindingRecord::from).collect();
    report.judged = Some(Judged {
        judgement,
        texts: [("Dockerfile".to_owned(), Arc::new(text.as_bytes().to_vec()))].into(),
    });
    let page = page(&report);
    let says = [
        "<title>Passed: imgbuild ci of ghcr.io/acme/api</title>",
        "2 tags published · 1 of 2 tests passed",
        "<time datetime=\"2026-01-01T00:00:00Z\">2026-01-01 00:00:00 UTC</time>",
        "FROM <mark>node:latest</mark>",
        "<code>ghcr.io/acme/api:1.2</code>",
        "<code>RUN make</code>",
        "::stop::<span class=\"hidden\">\\u{1b}</span>[H",
        "the base is pinned to no digest",
        "answered 500\n::not 200",
        "href=\"#timeline\"",
    ];
    for word in says {
        assert!(page.contains(word), "{word}\n{page}");
    }
}

#[test]
fn a_page_tells_why_a_run_failed() {
    let error = Error::new(Kind::Build, "the build failed").hint("look at it");
    let page = page(&told(sample::failed_run(), Some(&error)));
    let says = [
        "✗</span> Failed",
        "the build failed",
        "<li>look at it</li>",
        "Step 2 of 3, line 4",
        "RUN make<span",
        "exit code 5",
        "✗ failed",
    ];
    for word in says {
        assert!(page.contains(word), "{word}\n{page}");
    }
    for (kind, word) in
        [(Kind::Refused, "Refused"), (Kind::Interrupted, "Cancelled"), (Kind::Terminated, "Cancelled")]
    {
        let report = told(Vec::new(), Some(&Error::new(kind, "why")));
        assert!(html(&report, &Masker::default()).contains(&format!("</span> {word}</span>")), "{word}");
    }
}

#[test]
fn secrets_of_files_are_masked() {
    let mut report = RunReport::new("check", "01j", "2026-01-01T00:00:00Z");
    judged(&mut report, "RUN echo hunter2hunter2", 1);
    report.findings.iter_mut().for_each(|finding| finding.aliases.clear());
    let masker = Masker::default();
    masker.add("hunter2hunter2");
    masker.report(&mut report);
    let text = Judged {
        texts: [("RUN echo ***".to_owned(), Arc::new(b"RUN echo hunter2hunter2".to_vec()))].into(),
        ..report.judged.take().unwrap()
    };
    report.judged = Some(text);
    let page = html(&report, &masker);
    assert!(page.contains("RUN echo ***") && !page.contains("hunter2"), "{page}");
}
