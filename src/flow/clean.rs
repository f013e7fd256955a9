//! `imgbuild clean`: what dead runs left on the engine.

use std::fmt::Write as _;

use super::gather::connect;
use super::session::Session;
use crate::engine::{Leftover, SweepReport};
use crate::error::{Error, Kind, Result};

/// What `clean` found, and what it did.
#[derive(Debug)]
pub struct Cleaned {
    /// For people, with a final newline. Names in it come from the engine: whoever prints it escapes it.
    pub text: String,
    /// The same for programs.
    pub json: serde_json::Value,
}

/// Lists what dead runs left; with `yes`, removes it. Things of live runs and of other hosts within their deadline
/// stay, and so does all that is not ours.
pub async fn clean(session: &Session, yes: bool) -> Result<Cleaned> {
    let engine = connect(session).await?;
    let sweep = engine.find_leftovers(&session.journal_dir(), session.now).await?;
    let mut notes = sweep.notes.clone();
    let mut found = sweep.leftovers.clone();
    let report = if yes { engine.remove_leftovers(sweep).await? } else { SweepReport::default() };
    found.retain(|leftover| !report.used.contains(leftover));
    notes.extend(report.used.iter().map(|used| format!("{} stays: something uses it by now", named(used))));
    if !report.failed.is_empty() {
        let failed: Vec<String> =
            report.failed.iter().map(|(left, why)| format!("{} ({why})", named(left))).collect();
        return Err(Error::new(
            Kind::Engine,
            format!("the clean-up stayed incomplete: {}", failed.join(", ")),
        )
        .hint("run `imgbuild clean` again to see what is left"));
    }
    Ok(Cleaned { text: text(&notes, &found, yes), json: json(&notes, &found, yes) })
}

fn named(leftover: &Leftover) -> String {
    format!("{} {}", leftover.thing.noun(), leftover.id)
}

fn text(notes: &[String], found: &[Leftover], yes: bool) -> String {
    let mut text: String = notes.iter().map(|note| format!("{note}\n")).collect();
    let verb = if yes { "removed" } else { "would remove" };
    for leftover in found {
        let _ = writeln!(text, "{verb} {}: {} (run {})", named(leftover), leftover.why, leftover.run);
    }
    if found.is_empty() {
        text.push_str("nothing is left of any run that is over\n");
    } else if !yes {
        text.push_str("nothing was removed: give --yes to remove it\n");
    }
    text
}

fn json(notes: &[String], found: &[Leftover], yes: bool) -> serde_json::Value {
    let one = |left: &Leftover| serde_json::json!({"kind": left.thing.noun(), "id": left.id, "run": left.run, "why": left.why});
    let leftovers: Vec<_> = found.iter().map(one).collect();
    serde_json::json!({"schema": 1, "removed": yes, "leftovers": leftovers, "notes": notes})
}
