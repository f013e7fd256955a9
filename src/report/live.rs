//! Progress on a terminal: a few lines that are redrawn in place, under lines that stay.

use std::io;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle, TermLike};

use super::view::View;
use super::{OutputMode, Reporter};
use crate::event::{Event, Stamped};

/// Nothing is drawn before: what is over by then needs no view, and would only flicker.
const PATIENCE_MS: u64 = 250;
/// Least time between two frames.
const FRAME_MS: u64 = 100;
/// Frames a second that indicatif lets pass; above our own ten, so that it never drops one of them.
const DRAW_HZ: u8 = 20;
/// Columns below which a frame would only be dots.
const MIN_WIDTH: usize = 10;

/// The frame while nothing runs. With no line at all, indicatif would leave the cursor at the end of what was printed.
const NO_FRAME: &str = " ";

/// Draws on a terminal. Nothing else may write to that terminal until [`finish`](Reporter::finish).
pub struct Live {
    view: View,
    /// One bar whose message is the whole frame: it is redrawn as one, and the lines that stay go above it.
    bar: ProgressBar,
    /// Where to draw, until the bar does: it is hidden at first.
    target: Option<ProgressDrawTarget>,
    width: Box<dyn Fn() -> usize + Send>,
    /// Lines that stay, from before the bar is shown; with each, whether it matters to a run that is over by then.
    held: Vec<(bool, String)>,
    next_ms: u64,
}

impl Live {
    /// A view on stderr. Where stderr is no terminal nothing is shown.
    pub fn stderr(mode: &OutputMode) -> Self {
        let fallback = mode.width;
        let width =
            move || Term::stderr().size_checked().map_or(fallback, |(_, columns)| usize::from(columns));
        Live::new(mode, ProgressDrawTarget::term(Term::buffered_stderr(), DRAW_HZ), width)
    }

    /// A view on any terminal.
    pub fn on(mode: &OutputMode, terminal: Box<dyn TermLike>) -> Self {
        let width = mode.width;
        Live::new(mode, ProgressDrawTarget::term_like_with_hz(terminal, DRAW_HZ), move || width)
    }

    fn new(
        mode: &OutputMode,
        target: ProgressDrawTarget,
        width: impl Fn() -> usize + Send + 'static,
    ) -> Self {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        // Cleared on drop as well, so that a panic leaves no half frame behind.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_style(style)
            .with_message(NO_FRAME)
            .with_finish(ProgressFinish::AndClear);
        Live {
            view: View::new(mode.into()),
            bar,
            target: Some(target),
            width: Box::new(width),
            held: Vec::new(),
            next_ms: 0,
        }
    }

    fn show(&mut self, only_what_matters: bool) {
        let Some(target) = self.target.take() else { return };
        self.bar.set_draw_target(target);
        let held = std::mem::take(&mut self.held);
        self.print(
            held.into_iter().filter(|(matters, _)| *matters || !only_what_matters).map(|(_, line)| line),
        );
    }

    fn print(&self, lines: impl IntoIterator<Item = String>) {
        let text = lines.into_iter().collect::<Vec<_>>().join("\n");
        if !text.is_empty() {
            self.bar.println(text);
        }
    }

    /// Hands the bar the frame of now, which it draws where it is shown.
    fn draw(&mut self, at_ms: u64) {
        // Asked for each frame, since a window may be resized at any time.
        self.view.look.width = (self.width)();
        let frame = if self.view.look.width < MIN_WIDTH { Vec::new() } else { self.view.frame(at_ms) };
        self.bar.set_message(if frame.is_empty() { NO_FRAME.to_owned() } else { frame.join("\n") });
    }
}

impl Reporter for Live {
    fn name(&self) -> &'static str {
        "live"
    }

    fn event(&mut self, stamped: &Stamped) -> io::Result<()> {
        let lines = self.view.event(stamped);
        if self.target.is_some() {
            let matters = !matches!(stamped.event, Event::StageFinished { .. });
            self.held.extend(lines.into_iter().map(|line| (matters, line)));
        } else if !lines.is_empty() {
            // First the frame, else it would show for a moment what the lines say is over.
            self.draw(stamped.at_ms);
            self.print(lines);
        }
        Ok(())
    }

    fn tick(&mut self, at_ms: u64) -> io::Result<()> {
        if at_ms >= PATIENCE_MS && at_ms >= self.next_ms {
            self.next_ms = at_ms.saturating_add(FRAME_MS);
            self.show(false);
            self.draw(at_ms);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.show(true);
        self.bar.finish_and_clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
