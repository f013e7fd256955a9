//! What is known of an image, for people.

use super::Known;
use crate::evidence::{Predicate, Standing};
use crate::flow::verify::one_line;
use crate::image::{Digest, label};

/// A row for each thing that is known.
pub(super) fn text(known: &Known) -> String {
    let mut rows = Rows(format!("{}\n", known.found.reference));
    rows.add("digest", known.found.top.digest.as_str());
    let unknown = || "not known".to_owned();
    rows.add("commit", &known.commit().unwrap_or_else(unknown));
    rows.add("source", &known.source().unwrap_or_else(unknown));
    rows.add("build", &known.build_url().unwrap_or_else(unknown));
    if known.label(label::DEV).is_some_and(|dev| dev == "true") {
        rows.add("kind", "a development image");
    }
    let several = known.found.images.len() > 1;
    for (image, base) in known.found.images.iter().zip(&known.bases) {
        rows.add("platform", &format!("{}  {}", image.name(), image.manifest.digest));
        let of = if several { format!("{}: ", image.name()) } else { String::new() };
        rows.add("base", &format!("{of}{}", base.text()));
    }
    for (said, standing) in known.tests() {
        let count = said.passed_tests.len();
        let failed =
            if said.has_failed() { format!(", {} failed", said.failed_tests.len()) } else { String::new() };
        rows.add("tests", &format!("{count} passed{failed} ({})", by(standing, known.has_keys)));
    }
    if known.tests().is_empty() {
        rows.add("tests", "no result is attached");
    }
    for (kind, count) in known.packages() {
        rows.add("packages", &format!("{count}, by the attached {}", kind.word()));
    }
    for (image, read) in known.found.images.iter().zip(&known.read) {
        let of = if several { format!("{}: ", image.name()) } else { String::new() };
        match read {
            Ok(count) => rows.add("packages", &format!("{of}{count}, by its layers: no list is attached")),
            Err(why) => rows.add("packages", &format!("{of}not known: {why}")),
        }
    }
    if let Some(level) = known.level() {
        rows.add("slsa", &format!("build level {level}"));
    }
    let more = match known.more_tags {
        0 => String::new(),
        more => format!(" (and {more} were not looked up)"),
    };
    let tags = if known.tags.is_empty() { "none".to_owned() } else { known.tags.join(" ") };
    rows.add("tags", &format!("{tags}{more}"));
    for (subject, standings) in &known.standings {
        for standing in standings {
            let of = if known.standings.len() > 1 { of(subject) } else { String::new() };
            rows.add("attached", &format!("{of}{}", attached(standing, known.has_keys)));
        }
    }
    rows.0
}

struct Rows(String);

impl Rows {
    fn add(&mut self, name: &str, value: &str) {
        self.0.push_str(&one_line(&format!("  {name:<9}  {value}")));
        self.0.push('\n');
    }
}

fn of(subject: &Digest) -> String {
    format!("to sha256:{}…: ", subject.short())
}

fn attached(standing: &Standing, has_keys: bool) -> String {
    let kind = standing.kind.as_ref().map_or("something", Predicate::word);
    let objection = standing.objection.as_ref().map(|why| format!(", but {why}")).unwrap_or_default();
    format!("{kind} ({}) in {}{objection}", by(standing, has_keys), standing.place)
}

/// Whose word it is.
fn by(standing: &Standing, has_keys: bool) -> String {
    match (&standing.signer, standing.has_signature) {
        (Some(key), _) => format!("signed by {key}"),
        (None, true) if has_keys => "signed by another key".to_owned(),
        (None, true) => "signed, and no key was given to check it with".to_owned(),
        (None, false) => "not signed".to_owned(),
    }
}
