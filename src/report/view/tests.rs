//! Runs as the live view shows them.

use super::*;
use crate::report::sample;

fn view(width: usize) -> View {
    View::new(Look { color: false, unicode: true, width })
}

/// The lines that stay, and before each event with `frame_at` the frame as well.
fn play(mut view: View, run: Vec<Stamped>, frame_at: &[u64]) -> String {
    let width = view.look.width;
    let mut out = String::new();
    let mut put = |lines: Vec<String>, prefix: &str| {
        for line in lines {
            assert!(console::measure_text_width(&line) <= width, "{line:?}");
            out.push_str(&format!("{prefix}{line}\n"));
        }
    };
    let mut frames = frame_at.iter().peekable();
    for stamped in run {
        while let Some(at_ms) = frames.next_if(|at_ms| **at_ms < stamped.at_ms) {
            put(view.frame(*at_ms), "      ");
        }
        put(view.event(&stamped), "");
    }
    put(view.frame(99_999), "      ");
    out
}

#[test]
fn a_failed_run_at_80_columns() {
    let text = play(view(80), sample::failed_run(), &[100, 399, 450, 550, 800]);
    assert_eq!(
        text,
        "\
✓ source     0.0s
      ⠙ context    0.0s
✓ context    0.1s  130 entries, 12.3 MiB
      ⠸ build      0.0s
      ⠼ build      0.1s  12.3 MiB of the context sent
      ⠴ build      0.2s  step 1/3: FROM busybox (Dockerfile:3)
      ⠇ build      0.5s  step 2/3: RUN make\\u{202e} (Dockerfile:4)
        | \\u{3a}:set-output name=x::y
        | red \\u{23}#[group]
        | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… [+2,999,944 bytes]
✗ build      0.6s  step 2/3: RUN make\\u{202e} (Dockerfile:4)
  | \\u{3a}:set-output name=x::y
  | red \\u{23}#[group]
  | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… [+2,999,944 bytes]
"
    );
}

#[test]
fn a_failed_run_at_40_columns() {
    let text = play(view(40), sample::failed_run(), &[800]);
    assert_eq!(
        text,
        "\
✓ source     0.0s
✓ context    0.1s  130 entries, 12.3 MiB
      ⠇ build      0.5s  step 2/3: RUN make\\u…
        | \\u{3a}:set-output name=x::y
        | red \\u{23}#[group]
        | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
✗ build      0.6s  step 2/3: RUN make\\u…
  | \\u{3a}:set-output name=x::y
  | red \\u{23}#[group]
  | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
"
    );
}

#[test]
fn a_published_run_at_80_columns() {
    let text = play(view(80), sample::published_run(), &[800, 12_750, 12_850, 13_150]);
    assert_eq!(
        text,
        "\
✓ source     0.0s
✓ context    0.1s  130 entries, 12.3 MiB
warning: the base is pinned to no digest
note: read git through the git command
      ⠇ build      0.5s  step 2/3: RUN make (Dockerfile:4)
        | compiling
✓ build     12.3s  2 steps, 1 cached
      ⠧ smoke      0.0s
        ⠧ starts  0.0s
      ⠇ smoke      0.1s  1 test passed
        ⠇ serves ::health  0.0s
  ✗ test serves ::health  0.1s
    - answered 500
      \\u{3a}:not 200
  | \\u{3a}:stop::\\u{1b}[H
✓ smoke      0.2s  1 test passed, 1 failed
      ⠙ publish    0.1s  ghcr.io/acme/api:main-abc1234-17
        | layer 1: pushed
  ✓ ghcr.io/acme/api:main-abc1234-17
  ✓ ghcr.io/acme/api:1.2 (was sha256:eeeeeeeeeeee)
✓ publish    0.3s  2 tags
! SIGINT: cancelling and cleaning up, the same again ends at once
! teardown   0.0s  cancelled
"
    );
}

#[test]
fn a_published_run_at_40_columns_in_ascii() {
    let look = Look { color: false, unicode: false, width: 40 };
    let text = play(View::new(look), sample::published_run(), &[800, 12_850, 13_150]);
    assert!(text.is_ascii());
    assert_eq!(
        text,
        "\
+ source     0.0s
+ context    0.1s  130 entries, 12.3 MiB
warning: the base is pinned to no digest
note: read git through the git command
      - build      0.5s  step 2/3: RUN make...
        | compiling
+ build     12.3s  2 steps, 1 cached
      - smoke      0.1s  1 test passed
        - serves ::health  0.0s
  x test serves ::health  0.1s
    - answered 500
      \\u{3a}:not 200
  | \\u{3a}:stop::\\u{1b}[H
+ smoke      0.2s  1 test passed, 1 f...
      / publish    0.1s  ghcr.io/acme/api:m...
        | layer 1: pushed
  + ghcr.io/acme/api:main-abc1234-17
  + ghcr.io/acme/api:1.2 (was
    sha256:eeeeeeeeeeee)
+ publish    0.3s  2 tags
! SIGINT: cancelling and cleaning up,
  the same again ends at once
! teardown   0.0s  cancelled
"
    );
}

#[test]
fn a_signal_ends_what_is_running() {
    let mut run = sample::failed_run();
    let outcome = Outcome::Cancelled;
    run.truncate(10);
    run.extend(sample::stamp(vec![
        (900, Event::Cancelling { signal: "SIGTERM".to_owned() }),
        (910, Event::StageFinished { stage: Stage::Build, outcome, ms: 610 }),
        (920, Event::StageStarted { stage: Stage::Teardown }),
    ]));
    let text = play(view(80), run, &[]);
    assert_eq!(
        text,
        "\
✓ source     0.0s
✓ context    0.1s  130 entries, 12.3 MiB
! SIGTERM: cancelling and cleaning up, the same again ends at once
! build      0.6s  cancelled
      ⠏ teardown  1m39s
"
    );
}

#[test]
fn only_the_last_lines_of_a_step_are_shown() {
    let mut view = view(80);
    let mut run = vec![(0, Event::StageStarted { stage: Stage::Build }), (0, sample::step(1, "RUN make"))];
    run.extend((0..1000).map(|i| (10, Event::BuildLog { step: Some(1), line: format!("line {i}") })));
    for stamped in sample::stamp(run) {
        view.event(&stamped);
    }
    let frame = view.frame(1000);
    assert_eq!((frame.len(), frame.last().map(String::as_str)), (7, Some("  | line 999")));
    let failed = Event::StageFinished { stage: Stage::Build, outcome: Outcome::Failed, ms: 1 };
    let lines: Vec<String> = sample::stamp(vec![(20, failed)]).iter().flat_map(|s| view.event(s)).collect();
    assert_eq!((lines.len(), lines[1].as_str()), (21, "  | line 980"));
}
