//! What came of a check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All was as expected.
    Passed,
    /// Something was not; or it could not be looked at, which proves nothing.
    Failed,
    /// Its author leaves it out for now.
    Skipped,
}

/// One thing that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Misfit {
    /// What was looked at: `status`, `stdout`, `mode of /app`.
    pub what: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was there, capped.
    pub got: String,
}

/// One check, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Its own name, or what it looks at: `GET :8080/healthz`.
    pub name: String,
    /// Its kind: `http`, `run`, `file` …; `start` for the container's coming up.
    pub kind: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// What was not as expected; empty where it passed.
    pub misfits: Vec<Misfit>,
    /// A command for a shell that shows the same by hand, where it failed and there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

/// What a container of a failed test left to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Whose it is: the alias of a service; `None` for the container of the image under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The last lines of its log, raw and capped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// The last probes of its HEALTHCHECK, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health: Vec<HealthProbe>,
    /// Its exit code, where it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i64>,
    /// Whether the kernel killed a process of it for memory.
    pub oom: bool,
    /// A command for a shell that starts the same container; values of variables are left out of it.
    pub reproduce: String,
}

/// One run of a HEALTHCHECK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthProbe {
    /// Its exit code.
    pub exit: i64,
    /// What it printed, raw and capped.
    pub output: String,
}

impl Misfit {
    /// Most characters of a value that are shown.
    const SHOWN: usize = 400;

    /// `got` is cut to what fits a report.
    pub fn new(what: impl Into<String>, expected: impl Into<String>, got: impl AsRef<str>) -> Misfit {
        Misfit { what: what.into(), expected: expected.into(), got: shortened(got.as_ref(), Self::SHOWN) }
    }

    /// One line.
    pub fn sentence(&self) -> String {
        format!("{}: expected {}, got {}", self.what, self.expected, self.got)
    }
}

impl CheckResult {
    /// What was not as expected, one line each.
    pub fn sentences(&self) -> Vec<String> {
        self.misfits.iter().map(|misfit| format!("{}: {}", self.name, misfit.sentence())).collect()
    }

    /// Every text of it that may hold what an image or a person wrote, for somebody who masks secrets.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let misfits = self.misfits.iter_mut().flat_map(|m| [&mut m.what, &mut m.expected, &mut m.got]);
        [&mut self.name].into_iter().chain(misfits).chain(&mut self.reproduce)
    }
}

impl Evidence {
    /// Every text of it that may hold what an image or a person wrote, for somebody who masks secrets.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let probes = self.health.iter_mut().map(|probe| &mut probe.output);
        self.log.iter_mut().chain(probes).chain([&mut self.reproduce])
    }
}

/// `text` up to `most` characters. What is cut ends with `…`, by which whoever masks secrets knows that one may have been
/// cut in its middle.
pub fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
