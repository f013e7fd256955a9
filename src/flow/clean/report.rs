//! What a clean-up came to, for people and for programs.

use std::fmt::Write as _;

use crate::engine::{DiskUsage, Leftover, Sweep, SweepReport, Thing};
use crate::error::{Error, Kind, Result};
use crate::retention::{Item, Verdict, bytes_text};

/// What `clean` found, and what it did.
#[derive(Debug)]
pub struct Cleaned {
    /// For people, with a final newline. Names in it come from engine and registry: whoever prints it escapes it.
    pub text: String,
    /// The same for programs.
    pub json: serde_json::Value,
    /// What of it failed.
    pub error: Option<Error>,
}

/// What is being done on an engine.
pub(super) struct Done {
    yes: bool,
    notes: Vec<String>,
    leftovers: Vec<(Leftover, Option<u64>)>,
    items: Vec<Item>,
    failed: Vec<(String, String)>,
}

impl Done {
    pub(super) fn new(yes: bool, sweep: &Sweep, usage: Option<&DiskUsage>) -> Done {
        let bytes = |leftover: &Leftover| {
            let usage = usage?;
            match leftover.thing {
                Thing::Container => usage.containers.get(&leftover.id).copied(),
                Thing::Image => usage.images.get(&leftover.id).copied(),
                Thing::Network | Thing::Volume | Thing::Tag => None,
            }
        };
        let leftovers = sweep.leftovers.iter().map(|leftover| (leftover.clone(), bytes(leftover))).collect();
        Done { yes, notes: sweep.notes.clone(), leftovers, items: Vec::new(), failed: Vec::new() }
    }

    /// What came of removing what dead runs left.
    pub(super) fn swept(&mut self, report: SweepReport) {
        let stays =
            |left: &Leftover| report.used.contains(left) || report.failed.iter().any(|(one, _)| one == left);
        self.leftovers.retain(|(leftover, _)| !stays(leftover));
        let used = report.used.iter();
        self.notes.extend(used.map(|used| format!("{} stays: something uses it by now", named(used))));
        self.failed.extend(report.failed.iter().map(|(left, why)| (named(left), why.clone())));
    }

    /// One thing, and whether it is gone where it was to go.
    pub(super) fn item(&mut self, item: Item, outcome: Result<bool>) {
        match outcome {
            Ok(true) => self.items.push(item),
            Ok(false) => self.notes.push(format!("{item} stays: something uses it by now")),
            Err(error) => self.failed.push((item.to_string(), error.to_string())),
        }
    }

    pub(super) fn cleaned(self) -> Cleaned {
        let failed: Vec<String> = self.failed.iter().map(|(what, why)| format!("{what} ({why})")).collect();
        let error = (!failed.is_empty()).then(|| {
            Error::new(Kind::Engine, format!("the clean-up stayed incomplete: {}", failed.join(", ")))
                .hint("run `imgbuild clean` again to see what is left")
        });
        Cleaned { text: self.text(), json: self.json(), error }
    }

    fn bytes(&self) -> u64 {
        let leftovers = self.leftovers.iter().filter_map(|(_, bytes)| *bytes);
        let removed = self.items.iter().filter(|item| item.verdict == Verdict::Remove);
        leftovers.chain(removed.filter_map(|item| item.bytes)).fold(0, u64::saturating_add)
    }

    fn text(&self) -> String {
        let mut text: String = self.notes.iter().map(|note| format!("{note}\n")).collect();
        let verb = if self.yes { "removed" } else { "would remove" };
        let size =
            |bytes: &Option<u64>| bytes.map(|bytes| format!(", {}", bytes_text(bytes))).unwrap_or_default();
        for (leftover, bytes) in &self.leftovers {
            let Leftover { why, run, .. } = leftover;
            let _ = writeln!(text, "{verb} {}: {why} (run {run}){}", named(leftover), size(bytes));
        }
        for item in &self.items {
            let _ = match item.verdict {
                Verdict::Remove => writeln!(text, "{verb} {item}: {}{}", item.why, size(&item.bytes)),
                Verdict::Keep => writeln!(text, "{item} stays: {}", item.why),
            };
        }
        if self.leftovers.is_empty() {
            text.push_str("nothing is left of any run that is over\n");
        }
        if self.leftovers.is_empty() && !self.items.iter().any(|item| item.verdict == Verdict::Remove) {
            return text;
        }
        let bytes = bytes_text(self.bytes());
        if self.yes {
            let _ = writeln!(text, "{bytes} are free again");
        } else {
            let _ = writeln!(text, "nothing was removed: give --yes to remove it, which gives back {bytes}");
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let leftover = |(left, bytes): &(Leftover, Option<u64>)| {
            serde_json::json!({
                "kind": left.thing.noun(), "id": left.id, "run": left.run, "why": left.why, "bytes": bytes,
            })
        };
        let item = |item: &Item| {
            let verdict = match item.verdict {
                Verdict::Remove => "remove",
                Verdict::Keep => "keep",
            };
            serde_json::json!({
                "kind": item.thing.noun(), "id": item.id, "verdict": verdict, "why": item.why, "bytes": item.bytes,
            })
        };
        let failed = |(what, why): &(String, String)| serde_json::json!({"what": what, "why": why});
        serde_json::json!({
            "schema": 1,
            "removed": self.yes,
            "bytes": self.bytes(),
            "leftovers": self.leftovers.iter().map(leftover).collect::<Vec<_>>(),
            "things": self.items.iter().map(item).collect::<Vec<_>>(),
            "failed": self.failed.iter().map(failed).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

fn named(leftover: &Leftover) -> String {
    format!("{} {}", leftover.thing.noun(), leftover.id)
}
