//! Which reporters a mode asks for.

use std::io;

use super::{Format, Live, Ndjson, OutputMode, Plain, Progress, Reporter};

/// The reporters of `mode`, on the process's own stdout and stderr: progress as decided, and the stream of events
/// where stdout carries it. The one document of [`Format::Json`] is the caller's, who has it at the end.
pub fn standard(mode: &OutputMode) -> Vec<Box<dyn Reporter + Send>> {
    let mut reporters: Vec<Box<dyn Reporter + Send>> = Vec::new();
    match mode.progress {
        Progress::Live => reporters.push(Box::new(Live::stderr(mode))),
        Progress::Plain if mode.surface.is_on_stdout() => {
            reporters.push(Box::new(Plain::new(io::stdout(), mode)));
        }
        Progress::Plain => reporters.push(Box::new(Plain::new(io::stderr(), mode))),
        Progress::Quiet => {}
    }
    if mode.format == Format::Ndjson {
        reporters.push(Box::new(Ndjson::new(io::stdout())));
    }
    reporters
}
