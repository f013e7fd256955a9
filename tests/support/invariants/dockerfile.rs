//! What holds for every Dockerfile, and for what the rules make of it.

use std::collections::BTreeMap;

use imgbuild::dockerfile::{LineIndex, Span, facts, graph, parse};
use imgbuild::rules::{Analysis, Expectations, Fact, Verdicts, fix};

/// Panics where a promise of the parser or of a rule is broken for `bytes`.
pub(crate) fn holds(bytes: &[u8]) {
    let file = parse(bytes);
    let lines = LineIndex::new(bytes);
    let mut end = 0;
    for instruction in &file.instructions {
        within(instruction.span, bytes);
        assert!(end <= instruction.span.start, "{:?} begins before {end}", instruction.span);
        end = instruction.span.end;
        assert_eq!(lines.position(instruction.span.start).line, instruction.line);
        for flag in &instruction.flags {
            within(flag.span, bytes);
        }
        within(instruction.place(0..instruction.arguments.len()), bytes);
    }
    for problem in &file.problems {
        within(problem.span, bytes);
        assert!(problem.line >= 1 && !problem.message.is_empty());
    }
    assert_eq!(parse(bytes), file);
    let _ = facts(&file, None, &BTreeMap::new());
    let graph = graph(&file, &BTreeMap::new());
    assert_eq!(graph.bases.len(), file.stages.len());
    judged(bytes);
}

/// Every finding is somewhere, says something, and its fix stays within the file.
fn judged(bytes: &[u8]) {
    let file = parse(bytes);
    let expectations = Expectations::default();
    let analysis = Analysis::new("Dockerfile", bytes, &file, &expectations);
    let mut verdicts = Verdicts::default();
    verdicts.of_file(&analysis, &Fact::Missing("no registry".to_owned()));
    for finding in &verdicts.findings {
        assert!(!finding.message.is_empty() && !finding.fingerprint.is_empty());
        if let Some(region) = finding.place.region {
            within(region.span, bytes);
            assert!(region.start <= region.end, "{region:?}");
        }
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            within(edit.span, bytes);
        }
    }
    let fixed = fix(bytes, verdicts.findings.iter());
    assert!(fixed.made > 0 || fixed.bytes == bytes);
}

fn within(span: Span, bytes: &[u8]) {
    assert!(span.start <= span.end && span.end <= bytes.len(), "{span:?} of {}", bytes.len());
}
