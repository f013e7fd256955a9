//! `--format ndjson`: each event as one line of JSON, at once. Texts are raw but for secrets; what a terminal or a
//! CI would act on is escaped the JSON way.

use std::io::{self, Write};

use super::{Reporter, json};
use crate::event::Stamped;

/// Writes events as lines of JSON, each with one write and a flush.
pub struct Ndjson<W>(W);

impl<W: Write> Ndjson<W> {
    /// A reporter that writes to `out`, which is stdout but for tests.
    pub fn new(out: W) -> Self {
        Ndjson(out)
    }
}

impl<W: Write> Reporter for Ndjson<W> {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn event(&mut self, stamped: &Stamped) -> io::Result<()> {
        let line = json::safe(&serde_json::to_string(stamped)?) + "\n";
        self.0.write_all(line.as_bytes())?;
        self.0.flush()
    }
}
