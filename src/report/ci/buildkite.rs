//! Buildkite's log: a line that begins with `---`, `+++` or `~~~` begins a group, `^^^ +++` opens the one that it is in.
//!
//! <https://buildkite.com/docs/pipelines/configure/managing-log-output>

use std::borrow::Cow;

use crate::event::Stage;

const MARKERS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// What is cleared up is of little interest.
pub(super) fn open(stage: Stage) -> String {
    let marker = if stage == Stage::Teardown { "~~~" } else { "---" };
    format!("{marker} {}\n", stage.name())
}

/// A group ends where the next one begins; one that failed is shown open.
pub(super) fn close(failed: bool) -> String {
    if failed { "^^^ +++\n".to_owned() } else { String::new() }
}

/// `text` with a space in front of each line that would be a marker.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    let is_marker = |line: &str| MARKERS.iter().any(|marker| line.starts_with(marker));
    if !text.lines().any(is_marker) {
        return Cow::Borrowed(text);
    }
    let guard = |line: &str| if is_marker(line) { format!(" {line}") } else { line.to_owned() };
    Cow::Owned(text.split_inclusive('\n').map(guard).collect())
}
