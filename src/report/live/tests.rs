//! The live view on a terminal of a few lines of code.

use std::sync::{Arc, Mutex};

use super::*;
use crate::event::{Outcome, Stage};
use crate::report::{OutputFlags, Surroundings, resolve, sample};

const WIDTH: usize = 60;

/// A terminal that wraps as VT100 does: behind the last column the cursor waits.
#[derive(Debug, Clone, Default)]
struct Screen(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
    flushes: usize,
}

impl Screen {
    fn text(&self) -> String {
        let state = self.0.lock().unwrap();
        let rows = state.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned() + "\n");
        rows.collect::<String>().trim_end().to_owned() + "\n"
    }

    fn cursor(&self) -> (usize, usize) {
        let state = self.0.lock().unwrap();
        (state.row, state.column)
    }

    fn flushes(&self) -> usize {
        self.0.lock().unwrap().flushes
    }

    fn with(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        change(&mut self.0.lock().unwrap());
        Ok(())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        u16::try_from(WIDTH).unwrap()
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.with(|state| state.row = state.row.saturating_sub(n))
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.with(|state| state.row += n)
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.with(|state| state.column += n)
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.with(|state| state.column = state.column.saturating_sub(n))
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.with(|state| (state.row, state.column) = (state.row + 1, 0))
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.with(|state| {
            for c in text.chars() {
                assert!(!c.is_control(), "{text:?}");
                if state.column == WIDTH {
                    (state.row, state.column) = (state.row + 1, 0);
                }
                let (row, column) = (state.row, state.column);
                if state.rows.len() <= row {
                    state.rows.resize(row + 1, Vec::new());
                }
                if state.rows[row].len() <= column {
                    state.rows[row].resize(column + 1, ' ');
                }
                state.rows[row][column] = c;
                state.column += 1;
            }
        })
    }
    fn clear_line(&self) -> io::Result<()> {
        self.with(|state| {
            state.column = 0;
            if let Some(row) = state.rows.get_mut(state.row) {
                row.clear();
            }
        })
    }
    fn flush(&self) -> io::Result<()> {
        self.with(|state| state.flushes += 1)
    }
}

fn live() -> (Live, Screen) {
    let screen = Screen::default();
    let around = Surroundings { stderr_tty: true, columns: Some(WIDTH), ..Surroundings::default() };
    let mode = OutputMode { unicode: true, color: false, ..resolve(&OutputFlags::default(), &around) };
    (Live::on(&mode, Box::new(screen.clone())), screen)
}

fn play(live: &mut Live, run: Vec<Stamped>) {
    let mut now = 0;
    for stamped in run {
        while now < stamped.at_ms {
            live.tick(now).unwrap();
            now += 50;
        }
        live.event(&stamped).unwrap();
    }
}

#[test]
fn nothing_of_the_frames_stays() {
    let (mut live, screen) = live();
    play(&mut live, sample::published_run());
    live.finish().unwrap();
    assert_eq!(
        screen.text(),
        "\
✓ source     0.0s
✓ context    0.1s  130 entries, 12.3 MiB
warning: the base is pinned to no digest
note: read git through the git command
✓ build     12.3s  2 steps, 1 cached
  ✗ test serves ::health  0.1s
    - answered 500
      \\u{3a}:not 200
  | \\u{3a}:stop::\\u{1b}[H
✓ smoke      0.2s  1 test passed, 1 failed
  ✓ ghcr.io/acme/api:main-abc1234-17
  ✓ ghcr.io/acme/api:1.2 (was sha256:eeeeeeeeeeee)
✓ publish    0.3s  2 tags
! SIGINT: cancelling and cleaning up, the same again ends at
  once
! teardown   0.0s  cancelled
"
    );
    assert_eq!(screen.cursor(), (screen.text().lines().count(), 0));
}

#[test]
fn a_frame_is_drawn_under_the_lines_that_stay() {
    let (mut live, screen) = live();
    let mut run = sample::failed_run();
    run.truncate(14);
    play(&mut live, run);
    live.tick(1000).unwrap();
    assert_eq!(
        screen.text(),
        "\
✓ source     0.0s
✓ context    0.1s  130 entries, 12.3 MiB
⠋ build      0.7s  step 2/3: RUN make\\u{202e} (Dockerfile:4)
  | \\u{3a}:set-output name=x::y
  | red \\u{23}#[group]
"
    );
}

#[test]
fn a_run_that_is_over_at_once_shows_what_matters_only() {
    let (mut live, screen) = live();
    play(
        &mut live,
        sample::stamp(vec![
            (0, Event::StageStarted { stage: Stage::Source }),
            (10, Event::Note { text: "git was read through the git command".to_owned() }),
            (20, Event::StageFinished { stage: Stage::Source, outcome: Outcome::Ok, ms: 20 }),
        ]),
    );
    live.tick(200).unwrap();
    assert_eq!(screen.flushes(), 0);
    live.finish().unwrap();
    assert_eq!(screen.text(), "note: git was read through the git command\n");
    assert_eq!(screen.cursor(), (1, 0));
}

#[test]
fn frames_are_drawn_ten_times_a_second_at_most() {
    let (mut live, screen) = live();
    for stamped in sample::stamp(vec![(0, Event::StageStarted { stage: Stage::Build })]) {
        live.event(&stamped).unwrap();
    }
    for at_ms in 0..2000 {
        for stamped in sample::stamp(vec![(at_ms, sample::log("line"))]) {
            live.event(&stamped).unwrap();
        }
        live.tick(at_ms).unwrap();
    }
    assert!((1..=20).contains(&screen.flushes()), "{}", screen.flushes());
}

#[test]
fn a_view_that_is_dropped_clears_its_frame() {
    let (mut live, screen) = live();
    play(&mut live, sample::failed_run().into_iter().take(10).collect());
    live.tick(1000).unwrap();
    assert!(screen.text().contains("build"));
    drop(live);
    assert!(!screen.text().contains("build"), "{}", screen.text());
}
