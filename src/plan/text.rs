//! The plan as people read it. Values in it may be hostile: whoever prints the text escapes it.

use std::fmt;

use super::destination::PushDecision;
use super::model::{Plan, Promise};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.development { "development image" } else { "image" };
        writeln!(f, "{kind} of commit {}", self.revision)?;
        writeln!(f, "repository  {}", self.repository.familiar())?;
        match &self.push {
            PushDecision::Push => writeln!(f, "push        after the tests passed")?,
            PushDecision::Hold { why } => writeln!(f, "push        no: {why}")?,
        }
        writeln!(f, "tags")?;
        for planned in &self.tags {
            let promise = match planned.promise {
                Promise::Unique => "unique",
                Promise::Version => "version",
                Promise::Moving => "moving",
            };
            let now = planned.now.as_ref().map(|now| format!("  (now {})", now.short())).unwrap_or_default();
            writeln!(f, "  {promise:<8}  {}{now}", planned.tag)?;
        }
        writeln!(f, "build       {} with context {}", self.dockerfile, self.context_digest.short())?;
        for (what, value) in [("target", &self.target), ("platform", &self.platform)] {
            if let Some(value) = value {
                writeln!(f, "{what:<10}  {value}")?;
            }
        }
        for (title, pairs) in [("arguments", &self.args), ("labels", &self.labels)] {
            if !pairs.is_empty() {
                writeln!(f, "{title}")?;
            }
            for (key, value) in pairs {
                // A value may hold a line break, and what follows would pass for a pair of its own.
                writeln!(f, "  {key}={}", value.replace('\n', "\\u{a}"))?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
