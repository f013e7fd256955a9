//! What `doctor` found, as people and as programs read it.

use serde_json::{Value, json};

use super::OutputMode;
use super::look::Look;
use super::words;
use crate::error::{Error, Kind};

/// Columns before the text of a line.
const INDENT: usize = 17;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, and may bite.
    Warning,
    /// A run fails by it, with the exit code of this kind.
    Problem(Kind),
    /// Nobody looked, or could.
    NotChecked,
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Problem(_) => "problem",
            Health::NotChecked => "not-checked",
        }
    }
}

/// One thing that was looked at. Its texts are masked, and otherwise as hostile as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it belongs to: `engine`, `registry` …
    pub subject: &'static str,
    /// What it is, in a word or two.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// What was seen.
    pub text: String,
    /// What to do: commands, mostly.
    pub remedies: Vec<String>,
}

impl Check {
    /// A check without remedies.
    pub fn new(subject: &'static str, name: &'static str, health: Health, text: impl Into<String>) -> Check {
        Check { subject, name, health, text: text.into(), remedies: Vec::new() }
    }

    /// A problem that has the kind, the text and the hints of `error`.
    pub fn failed(subject: &'static str, name: &'static str, error: &Error) -> Check {
        let check = Check::new(subject, name, Health::Problem(error.kind()), error.to_string());
        Check { remedies: error.hints().to_vec(), ..check }
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Check {
        self.remedies.push(remedy.into());
        self
    }
}

/// Everything that was looked at, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    /// The checks; those of one subject stand together.
    pub checks: Vec<Check>,
}

impl Checkup {
    /// Why the command fails: the kind of the first problem. `None` where there is none.
    pub fn error(&self) -> Option<Error> {
        let problems = || self.checks.iter().filter(|check| matches!(check.health, Health::Problem(_)));
        let first = problems().next()?;
        let Health::Problem(kind) = first.health else { return None };
        let count = words::count(u64::try_from(problems().count()).unwrap_or(u64::MAX), "problem");
        Some(Error::new(kind, format!("{count}, first: {} {}", first.subject, first.name)))
    }

    /// For people; it fits the mode's width and ends with a newline.
    pub fn text(&self, mode: &OutputMode) -> String {
        let look = Look::from(mode);
        let mut lines = Vec::new();
        let mut subject = "";
        for check in &self.checks {
            if check.subject != subject {
                subject = check.subject;
                lines.push(subject.to_owned());
            }
            let mark = match check.health {
                Health::Ok => look.good(),
                Health::Warning => look.cut_off(),
                Health::Problem(_) => look.bad(),
                Health::NotChecked => look.dim("-"),
            };
            let text = match check.health {
                Health::NotChecked => format!("not checked: {}", check.text),
                _ => check.text.clone(),
            };
            let head = format!("  {mark} {:width$} ", check.name, width = INDENT - 5);
            lines.extend(look.message(&head, &text, INDENT));
            for remedy in &check.remedies {
                let head = format!("{:INDENT$}{} ", "", look.cyan("hint:"));
                lines.extend(look.message(&head, remedy, INDENT + 6));
            }
        }
        lines.join("\n") + "\n"
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let checks = self.checks.iter().map(|check| {
            json!({
                "subject": check.subject, "check": check.name, "health": check.health.name(), "text": check.text,
                "remedies": check.remedies,
            })
        });
        let error = self.error();
        json!({
            "schema": 1,
            "ok": error.is_none(),
            "exit_code": error.map_or(0, |error| error.kind().exit_code()),
            "checks": checks.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::*;
    use crate::report::{OutputFlags, Surroundings, resolve};

    fn sample() -> Checkup {
        Checkup {
            checks: vec![
                Check::new("git", "repository", Health::Ok, "/home/ada/api"),
                Check::new("git", "history", Health::Warning, "a shallow clone")
                    .remedy("git fetch --unshallow"),
                Check::failed(
                    "engine",
                    "connection",
                    &Error::new(Kind::Engine, "no engine at unix:///x\x1b[2J::error::").hint("start docker"),
                ),
                Check::new("registry", "login", Health::NotChecked, "no registry is named"),
                Check::new("registry", "access", Health::Problem(Kind::Registry), "none"),
            ],
        }
    }

    fn mode(columns: usize, unicode: bool) -> OutputMode {
        let around = Surroundings { stderr_tty: true, columns: Some(columns), ..Surroundings::default() };
        OutputMode { unicode, ..resolve(&OutputFlags::default(), &around) }
    }

    #[test]
    fn people_read_what_is_wrong_and_what_to_do() {
        assert_eq!(
            sample().text(&mode(80, false)),
            "\
git
  + repository   /home/ada/api
  ! history      a shallow clone
                 hint: git fetch --unshallow
engine
  x connection   no engine at unix:///x\\u{1b}[2J::error::
                 hint: start docker
registry
  - login        not checked: no registry is named
  x access       none
"
        );
        assert!(sample().text(&mode(80, true)).contains("  ✓ repository"));
    }

    #[test]
    fn it_fits_a_narrow_terminal() {
        for line in sample().text(&mode(40, true)).lines() {
            assert!(measure_text_width(line) <= 40, "{line:?}");
        }
    }

    #[test]
    fn the_first_problem_decides_the_exit_code() {
        let error = sample().error().unwrap();
        assert_eq!((error.kind(), error.message()), (Kind::Engine, "2 problems, first: engine connection"));
        let document = sample().json();
        assert_eq!((&document["ok"], &document["exit_code"]), (&json!(false), &json!(8)));
        assert_eq!(document["checks"][1]["health"], "warning");
        assert_eq!(document["checks"][1]["remedies"], json!(["git fetch --unshallow"]));
        let mut healthy = sample();
        healthy.checks.retain(|check| !matches!(check.health, Health::Problem(_)));
        assert!(healthy.error().is_none() && healthy.json()["exit_code"] == 0);
    }
}
