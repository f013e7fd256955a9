//! When each stage, step of the build and test ran: a table, whose bars share one axis.

use super::about::more;
use super::writer::Html;
use crate::report::run_report::Ended;
use crate::report::{RunReport, words};

/// Rows that are shown.
const MOST_ROWS: usize = 400;
/// Lines of the grid that the axis has at most.
const MOST_TICKS: u64 = 8;

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Stage,
    Step,
    Test,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
struct Span<'a> {
    what: What,
    name: &'a str,
    start: u64,
    ms: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Cached,
    Failed,
    Cancelled,
}

impl From<Ended> for State {
    fn from(ended: Ended) -> State {
        match ended {
            Ended::Ok => State::Done,
            Ended::Failed => State::Failed,
            Ended::Cancelled => State::Cancelled,
        }
    }
}

/// Milliseconds as `40ms`, and from a second on as everywhere else.
pub(super) fn time(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { words::duration(ms) }
}

/// Whether there is anything to show.
pub(super) fn is_there(report: &RunReport) -> bool {
    report.timings.iter().any(|timing| timing.start_ms.is_some())
}

/// How long the run took, in milliseconds.
pub(super) fn total(report: &RunReport) -> u64 {
    let sum = report.timings.iter().fold(0u64, |sum, timing| sum.saturating_add(timing.ms));
    let ends = spans(report).iter().map(|span| span.start.saturating_add(span.ms)).max();
    ends.unwrap_or(sum)
}

/// Stages by their start, the build's with its steps, the tests' with them.
fn spans(report: &RunReport) -> Vec<Span<'_>> {
    let mut stages: Vec<(u64, &_)> =
        report.timings.iter().filter_map(|timing| timing.start_ms.map(|start| (start, timing))).collect();
    stages.sort_by_key(|(start, _)| *start);
    let mut out = Vec::new();
    for (start, timing) in stages {
        let state = timing.outcome.into();
        let name = timing.stage.as_str();
        out.push(Span { what: What::Stage, name, start, ms: timing.ms, state });
        match timing.stage.as_str() {
            "build" => out.extend(steps(report, state)),
            "smoke" => out.extend(tests(report)),
            _ => {}
        }
    }
    out
}

fn steps(report: &RunReport, of_stage: State) -> impl Iterator<Item = Span<'_>> {
    let build = report.build.iter();
    let failed = report.build.as_ref().and_then(|build| build.failed_step.as_ref()).map(|step| step.index);
    let last = report.build.as_ref().and_then(|build| build.timings.last()).map(|step| step.index);
    build.flat_map(|build| &build.timings).map(move |step| Span {
        what: What::Step,
        name: &step.instruction,
        start: step.start_ms,
        ms: step.ms,
        state: match of_stage {
            _ if failed == Some(step.index) => State::Failed,
            State::Cancelled if last == Some(step.index) => State::Cancelled,
            _ if step.cached => State::Cached,
            _ => State::Done,
        },
    })
}

fn tests(report: &RunReport) -> impl Iterator<Item = Span<'_>> {
    let started = report.tests.iter().filter_map(|test| test.start_ms.map(|start| (start, test)));
    started.map(|(start, test)| Span {
        what: What::Test,
        name: &test.name,
        start,
        ms: test.ms,
        state: test.outcome.into(),
    })
}

/// The timeline of the run.
pub(super) fn section(html: &mut Html, report: &RunReport) {
    let spans = spans(report);
    if spans.is_empty() {
        return;
    }
    let total = total(report).max(1);
    html.raw("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n");
    html.raw("<p class=\"tally\">").text(&format!("{} in all.", time(total)));
    html.raw(" <span class=\"legend\"><span class=\"key stage\"></span> stage <span class=\"key step\"></span> build step ");
    html.raw("<span class=\"key cached\"></span> from the cache <span class=\"key test\"></span> test ");
    html.raw("<span class=\"key bad\"></span> failed or cancelled</span></p>\n");
    html.raw(
        "<table class=\"timeline\">\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\" class=\"bars\">",
    );
    axis(html, total);
    html.raw("</th><th scope=\"col\">Start</th><th scope=\"col\">Time</th></tr></thead>\n<tbody>\n");
    let mut shown = 0;
    for span in spans.iter().take(MOST_ROWS) {
        if html.is_full() {
            break;
        }
        row(html, span, total);
        shown += 1;
    }
    html.raw("</tbody>\n</table>\n");
    more(html, spans.len() - shown, "row");
    html.raw("</section>\n");
}

fn row(html: &mut Html, span: &Span<'_>, total: u64) {
    html.raw(match span.what {
        What::Stage => "<tr class=\"stage\"><th scope=\"row\">",
        What::Step => "<tr class=\"step\"><th scope=\"row\"><code>",
        What::Test => "<tr class=\"test\"><th scope=\"row\">",
    });
    html.text(&short(span.name)).raw(if span.what == What::Step { "</code>" } else { "" });
    html.raw(match span.state {
        State::Done => "",
        State::Cached => " <span class=\"state\">(cached)</span>",
        State::Failed => " <span class=\"state bad\">✗ failed</span>",
        State::Cancelled => " <span class=\"state bad\">■ cancelled</span>",
    });
    html.raw(
        "</th><td class=\"bars\"><svg width=\"100%\" height=\"16\" aria-hidden=\"true\" focusable=\"false\">",
    );
    for at in ticks(total) {
        html.raw("<line class=\"grid\" stroke=\"#8888\" y1=\"0\" y2=\"100%\"");
        percent(html, " x1=\"", at, total);
        percent(html, " x2=\"", at, total);
        html.raw("/>");
    }
    // Colours of their own, for where the style is taken away.
    html.raw(match (span.state, span.what) {
        (State::Failed | State::Cancelled, _) => "<rect class=\"bad\" fill=\"#cf222e\"",
        (State::Cached, _) => "<rect class=\"cached\" fill=\"#8c959f\"",
        (State::Done, What::Stage) => "<rect class=\"stage\" fill=\"#57606a\"",
        (State::Done, What::Step) => "<rect class=\"step\" fill=\"#0969da\"",
        (State::Done, What::Test) => "<rect class=\"test\" fill=\"#1a7f37\"",
    });
    html.raw(" y=\"3\" height=\"10\" rx=\"2\"");
    // A thing of no time at all, at the very end, is still to be seen.
    let width = span.ms.min(total).max(total.div_ceil(250));
    percent(html, " x=\"", span.start.min(total.saturating_sub(width)), total);
    percent(html, " width=\"", width, total);
    html.raw("/></svg></td><td class=\"time\">").text(&time(span.start)).raw("</td><td class=\"time\">");
    html.text(&time(span.ms)).raw("</td></tr>\n");
}

/// The head of an instruction, or a name.
fn short(name: &str) -> String {
    let mut short: String = name.chars().take(64).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn axis(html: &mut Html, total: u64) {
    html.raw(
        "<svg width=\"100%\" height=\"18\" role=\"img\" aria-label=\"time since the start of the run\">",
    );
    for at in ticks(total) {
        html.raw("<text class=\"tick\" font-size=\"11\" y=\"13\"");
        percent(html, " x=\"", at, total);
        // One that begins right of the middle of the last step would stick out.
        html.raw(if at == 0 { ">" } else { " text-anchor=\"middle\">" }).text(&time(at)).raw("</text>");
    }
    html.raw("</svg>");
}

/// Round times from 0 on, none near the end, where a label would stick out.
fn ticks(total: u64) -> impl Iterator<Item = u64> {
    let rough = (total / MOST_TICKS).max(1);
    let power = 10u64.saturating_pow(rough.ilog10());
    let nice = if rough < 60_000 {
        [1, 2, 5, 10].into_iter().map(|factor| power.saturating_mul(factor)).find(|step| *step >= rough)
    } else {
        // Minutes and hours are no decimals.
        [1, 2, 5, 10, 15, 30, 60, 120, 360, 720]
            .into_iter()
            .map(|minutes| minutes * 60_000)
            .find(|step| *step >= rough)
    };
    let step = nice.unwrap_or(rough).max(1);
    let end = total - total / 20;
    (0..=MOST_TICKS).map(move |index| index.saturating_mul(step)).take_while(move |at| *at <= end)
}

/// An attribute that is `part` of `whole` in per cent.
fn percent(html: &mut Html, open: &'static str, part: u64, whole: u64) {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    let hundredths = u64::try_from(hundredths).unwrap_or(10_000);
    html.raw(open).number(hundredths / 100).raw(".");
    html.raw(if hundredths % 100 < 10 { "0" } else { "" }).number(hundredths % 100).raw("%\"");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run_report::{BuildFacts, StageTiming, StepTiming, TestFacts};

    fn stage(name: &str, start: u64, ms: u64, outcome: Ended) -> StageTiming {
        StageTiming { stage: name.to_owned(), start_ms: Some(start), ms, outcome }
    }

    #[test]
    fn rows_are_nested_and_in_the_order_of_time() {
        let step = |index, start_ms, ms, cached| StepTiming {
            index,
            instruction: format!("RUN {index}"),
            start_ms,
            ms,
            cached,
            ..StepTiming::default()
        };
        let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
        report.timings = vec![
            stage("smoke", 700, 300, Ended::Ok),
            stage("build", 100, 500, Ended::Ok),
            stage("source", 0, 40, Ended::Ok),
        ];
        report.build = Some(BuildFacts {
            timings: vec![step(1, 100, 10, true), step(2, 110, 490, false)],
            ..BuildFacts::default()
        });
        report.tests = vec![
            TestFacts { name: "serves".to_owned(), start_ms: Some(750), ms: 400, ..TestFacts::default() },
            TestFacts { name: "of an older version".to_owned(), ..TestFacts::default() },
        ];
        let spans = spans(&report);
        let rows: Vec<(&str, State)> = spans.iter().map(|s| (s.name, s.state)).collect();
        let expected = [
            ("source", State::Done),
            ("build", State::Done),
            ("RUN 1", State::Cached),
            ("RUN 2", State::Done),
            ("smoke", State::Done),
            ("serves", State::Failed),
        ];
        assert_eq!(rows, expected);
        assert_eq!(total(&report), 1150);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let of = |total| ticks(total).collect::<Vec<_>>();
        assert_eq!(of(13_400), [0, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000]);
        assert_eq!(of(1_150), [0, 200, 400, 600, 800, 1_000]);
        assert_eq!(of(1), [0, 1]);
        assert_eq!(of(20 * 60_000), [0, 300_000, 600_000, 900_000]);
        for total in [1, 2, 7, 99, 12_345, 360_000, 7_200_000, 1 << 50, u64::MAX] {
            let ticks = of(total);
            assert!(ticks.len() <= 9 && ticks.iter().all(|tick| *tick <= total), "{total}: {ticks:?}");
        }
    }

    #[test]
    fn times_and_shares() {
        assert_eq!([time(0), time(999), time(1_000)], ["0 ms", "999 ms", "1.0s"]);
        let mut html = Html::new();
        for (part, whole) in [(1, 3), (1, 1_000), (u64::MAX, u64::MAX), (5, 0)] {
            percent(&mut html, "=\"", part, whole);
        }
        assert_eq!(html.finish(), "=\"33.33%\"=\"0.10%\"=\"100.00%\"=\"500.00%\"");
    }
}
