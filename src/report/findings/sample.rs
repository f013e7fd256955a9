//! Results for tests.

use std::collections::BTreeMap;
use std::path::Path;

use super::{PolicyRef, Results};
use crate::dockerfile::{LineIndex, Span};
use crate::rules::registry::image::image_runs_as_root;
use crate::rules::registry::reading::{invalid_dockerfile, malformed_waiver, unused_waiver};
use crate::rules::registry::stages::latest_base_image;
use crate::rules::{Edit, Excuse, Finding, Found, Judgement, Level, Place, Region, Score, scorecard};

/// Results with everything that they borrow.
pub(super) struct Sample {
    judgement: Judgement,
    scores: Vec<Score>,
    sources: BTreeMap<String, Vec<u8>>,
    policy: Vec<String>,
    folder: &'static str,
}

impl Sample {
    pub(super) fn with<T>(&self, made: impl FnOnce(Results<'_>) -> T) -> T {
        let sources = self.sources.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let policy =
            (!self.policy.is_empty()).then(|| PolicyRef { digest: "sha256:00", sources: &self.policy });
        made(Results {
            judgement: &self.judgement,
            scorecard: &self.scores,
            sources: &sources,
            folder: Path::new(self.folder),
            files: self.sources.len(),
            version: "1.2.3",
            policy,
        })
    }

    /// The same of a command that ran in a folder of the repository.
    pub(super) fn in_folder(self, folder: &'static str) -> Sample {
        Sample { folder, ..self }
    }

    fn of(findings: Vec<Finding>, sources: &[(&str, &str)]) -> Sample {
        let judgement = Judgement {
            findings,
            ran: ["IMG001", "IMG102"].into(),
            skipped: Vec::new(),
            fail_on: Some(Level::Error),
        };
        let scores = scorecard(&judgement, &BTreeMap::new());
        let sources = sources.iter().map(|(p, text)| ((*p).to_owned(), text.as_bytes().to_vec())).collect();
        Sample { judgement, scores, sources, policy: Vec::new(), folder: "" }
    }
}

/// The place of `wanted` in `text`.
fn place(path: &str, text: &str, wanted: &str) -> Place {
    let start = text.find(wanted).unwrap();
    let span = Span { start, end: start + wanted.len() };
    let lines = LineIndex::new(text.as_bytes());
    let region = Region { span, start: lines.position(span.start), end: lines.position(span.end) };
    Place { line: region.start.line, column: 1, region: Some(region), ..Place::file(path) }
}

fn number(findings: &mut [Finding]) {
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.fingerprint = format!("{index:032x}");
    }
}

pub(super) fn empty() -> Sample {
    Sample::of(Vec::new(), &[])
}

pub(super) fn usual() -> Sample {
    let text = "FROM node:latest\nENV TOKEN=hunter2 \\\n    A=b\nFRO x\n";
    let mut findings = Vec::new();
    let mut found = Found::new(&latest_base_image::RULE, &mut findings);
    let start = text.find(":latest").unwrap();
    found
        .add(place("Dockerfile", text, "node:latest"), "the base image of stage 0 has the tag latest")
        .fix(
            "Name the version",
            vec![Edit { span: Span { start, end: start + ":latest".len() }, text: ":22.11".to_owned() }],
        )
        .evidence("node:latest");
    let mut found = Found::new(&invalid_dockerfile::RULE, &mut findings);
    let two = "ENV TOKEN=hunter2 \\\n    A=b";
    let span = place("Dockerfile", text, two).region.unwrap().span;
    found
        .add(place("Dockerfile", text, two), "this is of two lines")
        .fix("Put it on one line", vec![Edit { span, text: "ENV TOKEN=hunter2 A=b".to_owned() }]);
    found.add(place("Dockerfile", text, "FRO x"), "there is no instruction FRO").known_as("DL1000");
    found.add(Place::file("api/Dockerfile"), "the file is empty").level(Level::Info);
    found.add(Place::field("imgbuild.toml", "checks.ignore"), "this was waived").excused =
        Some(Excuse::Waived { reason: "for now".to_owned(), by: "imgbuild.toml:4".to_owned() });
    found.add(place("Dockerfile", text, "A=b"), "this was waived, too").excused =
        Some(Excuse::Waived { reason: "here".to_owned(), by: "Dockerfile:2".to_owned() });
    found.add(place("Dockerfile", text, "node"), "this is old").excused = Some(Excuse::Baseline);
    number(&mut findings);
    let mut sample = Sample::of(findings, &[("Dockerfile", text), ("api/Dockerfile", "")]);
    sample.judgement.skipped = vec![(&unused_waiver::RULE, "the registry was not asked".to_owned())];
    sample.policy = vec!["base.toml".to_owned()];
    sample
}

/// A finding about an image, and the only Dockerfile.
pub(super) fn of_image() -> Sample {
    let mut findings = Vec::new();
    Found::new(&image_runs_as_root::RULE, &mut findings)
        .add(Place::field("ghcr.io/acme/api", "Config.User"), "the image runs as root");
    number(&mut findings);
    Sample::of(findings, &[("Dockerfile", "FROM scratch\n")])
}

/// What files, names and messages could do to a reader.
pub(super) const HOSTILE: [&str; 9] = [
    "\u{1b}[2J\u{1b}]0;t\u{7}",
    "a\n::set-output name=x::y",
    "a\r\n::error::b",
    "x]]> --> <b>&amp;\"'",
    "##[group]x ##vso[y]",
    "user\u{202e}txt \u{200b}\u{feff}\u{85}",
    "%0A::add-mask::c,d:e",
    "\u{0}\u{fffe}\u{1f}",
    "界\t界\u{301}",
];

pub(super) fn hostile() -> Sample {
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    let mut found = Found::new(&malformed_waiver::RULE, &mut findings);
    for word in HOSTILE {
        sources.push((word, word));
        found
            .add(place(word, word, word), word)
            .evidence(word)
            .remedy(word)
            .known_as(word)
            .fix(word, vec![Edit { span: Span { start: 0, end: 1 }, text: word.to_owned() }]);
        found.add(Place::field(word, word), word);
        found.add(Place::file(word), word).excused =
            Some(Excuse::Waived { reason: word.to_owned(), by: word.to_owned() });
    }
    number(&mut findings);
    let mut sample = Sample::of(findings, &sources);
    sample.judgement.skipped = HOSTILE.map(|word| (&unused_waiver::RULE, word.to_owned())).into();
    sample
}

pub(super) fn many(number: usize) -> Sample {
    let line = "RUN a\tb 界\n";
    let text = line.repeat(number);
    let mut findings = Vec::new();
    let lines = LineIndex::new(text.as_bytes());
    let mut found = Found::new(&latest_base_image::RULE, &mut findings);
    for index in 0..number {
        let span = Span { start: index * line.len() + 4, end: index * line.len() + 5 };
        let (start, end) = (lines.position(span.start), lines.position(span.end));
        let region = Some(Region { span, start, end });
        found.add(Place { line: start.line, column: 1, region, ..Place::file("Dockerfile") }, "again");
    }
    self::number(&mut findings);
    Sample::of(findings, &[("Dockerfile", &text)])
}

/// One finding about any bytes of any text.
pub(super) fn of_text(text: &str, start: usize, length: usize) -> Sample {
    let lines = LineIndex::new(text.as_bytes());
    let start = start.min(text.len());
    let span = Span { start, end: (start + length).min(text.len()) };
    let region = Region { span, start: lines.position(span.start), end: lines.position(span.end) };
    let place = Place { line: region.start.line, column: 1, region: Some(region), ..Place::file("x") };
    let mut findings = Vec::new();
    Found::new(&latest_base_image::RULE, &mut findings).add(place, text).evidence(text);
    Sample::of(findings, &[("x", text)])
}

/// A finding on a line that holds a secret, with a fix that repeats it.
pub(super) fn secret(line: &str) -> Sample {
    let text = format!("FROM alpine:3.20\n{line}\n");
    let mut findings = Vec::new();
    let place = place("Dockerfile", &text, line);
    let edits = vec![Edit { span: place.region.unwrap().span, text: line.to_owned() }];
    Found::new(&invalid_dockerfile::RULE, &mut findings).add(place, "this is wrong").fix("Mend it", edits);
    number(&mut findings);
    Sample::of(findings, &[("Dockerfile", &text)])
}
