//! GitLab's sections: a line with the beginning and one with the end, each known by a carriage return and an escape
//! sequence behind it, neither of which any text from outside can hold.
//!
//! <https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections>

/// `unix` is the time that GitLab counts from.
pub(super) fn open(title: &str, token: &str, unix: u64) -> String {
    format!("\u{1b}[0Ksection_start:{unix}:{}[collapsed=true]\r\u{1b}[0K{title}\n", id(title, token))
}

pub(super) fn close(title: &str, token: &str, unix: u64) -> String {
    format!("\u{1b}[0Ksection_end:{unix}:{}\r\u{1b}[0K\n", id(title, token))
}

/// Sections of one name are one to GitLab, and a job may run imgbuild twice.
fn id(title: &str, token: &str) -> String {
    format!("imgbuild_{title}_{}", token.get(..8).unwrap_or(token))
}
