//! The plan as people read it. Values in it may be hostile: whoever prints the text escapes it.

use std::fmt;

use super::destination::PushDecision;
use super::model::Plan;
use crate::image::Digest;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.development { "development image" } else { "image" };
        writeln!(f, "{kind} of commit {}", self.revision)?;
        writeln!(f, "repository  {}", self.repository.familiar())?;
        match &self.push {
            PushDecision::Push => writeln!(f, "push        after the tests passed")?,
            PushDecision::Hold { why } => writeln!(f, "push        no: {why}")?,
        }
        if let Some(adopted) = &self.adopts {
            writeln!(
                f,
                "adopts      {} (found as {}): it is tested again, and nothing is built",
                adopted.digest.short(),
                adopted.found
            )?;
        }
        self.tags_as_text(f)?;
        let commit = self.context_commit.as_ref().and_then(|commit| commit.get(..7));
        let of = commit.map(|commit| format!(", the files of the commit {commit}")).unwrap_or_default();
        writeln!(f, "build       {} with context {}{of}", self.dockerfile, self.context_digest.short())?;
        let builder = Some(self.builder.clone()).filter(|builder| builder != "auto");
        let epoch = self.source_date_epoch.map(|seconds| seconds.to_string());
        let lines = [
            ("builder", &builder),
            ("epoch", &epoch),
            ("target", &self.target),
            ("platform", &self.platform),
        ];
        for (what, value) in lines {
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

/// The widest column of tags: longer ones push what follows.
const WIDEST: usize = 40;

impl Plan {
    /// Each tag with what it points to now, and what it would point to.
    fn tags_as_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.tags.iter().map(|tag| &tag.tag).chain(self.kept.iter().map(|tag| &tag.tag));
        let width = named.map(|tag| tag.as_str().len()).max().unwrap_or_default().min(WIDEST);
        writeln!(f, "tags")?;
        for planned in &self.tags {
            let becomes = planned.becomes.as_ref().map_or("this image", Digest::short);
            let course = match &planned.now {
                Some(now) if Some(now) == planned.becomes.as_ref() => format!("{becomes} already"),
                Some(now) => format!("{} -> {becomes}", now.short()),
                None if self.pushes() => format!("new -> {becomes}"),
                None => String::new(),
            };
            let line = format!("  {:<8}  {:<width$}  {course}", planned.promise.name(), planned.tag.as_str());
            writeln!(f, "{}", line.trim_end())?;
        }
        for kept in &self.kept {
            let now = kept.now.as_ref().map_or("not set", Digest::short);
            writeln!(f, "  {:<8}  {:<width$}  {now}: {}", "stays", kept.tag.as_str(), kept.why)?;
        }
        Ok(())
    }
}
