//! The promotion as people read it. Values in it may be hostile: whoever prints the text escapes it.

use std::fmt;

use super::model::Promotion;
use crate::image::Digest;

/// The widest column of tags: longer ones push what follows.
const WIDEST: usize = 40;

impl fmt::Display for Promotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "promotion of {}", self.source)?;
        writeln!(f, "digest      {}", self.digest)?;
        writeln!(f, "to          {}", self.target.familiar())?;
        writeln!(f, "version     {}", self.version)?;
        let made = match (self.git_tag.is_new, self.git_tag.is_pushed) {
            (true, _) => ", which is made and pushed",
            (false, true) => ", which is pushed",
            (false, false) => "",
        };
        writeln!(f, "git tag     {}{made}", self.git_tag.name)?;
        writeln!(f, "commit      {} on {}", self.revision, self.branch)?;
        writeln!(f, "platforms   {}", self.platforms.join(", "))?;
        let signed = if self.signed_by.is_empty() {
            "by no key that was given".to_owned()
        } else {
            self.signed_by.join(", ")
        };
        writeln!(f, "signed      {signed}")?;
        let named = self.tags.iter().map(|tag| &tag.tag).chain(self.kept.iter().map(|tag| &tag.tag));
        let width = named.map(|tag| tag.as_str().len()).max().unwrap_or_default().min(WIDEST);
        writeln!(f, "tags")?;
        for planned in &self.tags {
            let course = match &planned.now {
                Some(now) if *now == self.digest => format!("{} already", now.short()),
                Some(now) => format!("{} -> {}", now.short(), self.digest.short()),
                None => format!("new -> {}", self.digest.short()),
            };
            writeln!(f, "  {:<8}  {:<width$}  {course}", planned.promise.name(), planned.tag.as_str())?;
        }
        for kept in &self.kept {
            let now = kept.now.as_ref().map_or("not set", Digest::short);
            writeln!(f, "  {:<8}  {:<width$}  {now}: {}", "stays", kept.tag.as_str(), kept.why)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
