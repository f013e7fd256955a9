//! `imgbuild context`: what would be sent.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use super::gather;
use super::of_commit;
use super::policy::Base;
use super::session::{Session, blocking};
use crate::config::Flags;
use crate::context::{Listing, write_tar};
use crate::error::{Error, Result};
use crate::image::Digest;
use crate::source::SourceState;

/// How many of the largest entries a summary names.
const LARGEST: usize = 10;

/// The first pass over a context, and the commit it belongs to, where there is one.
#[derive(Debug)]
pub struct Shown {
    listing: Arc<Listing>,
    source: Option<Arc<SourceState>>,
}

/// Lists the context. Works without a git repository: git only says which content is known without reading it.
pub async fn context(session: &Session, flags: &Flags) -> Result<Shown> {
    let ci = gather::ci_context(session);
    let source = gather::source(session, &ci).await.ok();
    let root = source.as_ref().map_or(&session.directory, |source| &source.root);
    let settings = gather::settings(session, flags, &ci, Base::NotWanted, root).await?;
    let site = of_commit::site(session, &ci, &settings, source.as_ref()).await?;
    let located = site.locate(&settings, root)?;
    let listing = site.list(session, &settings, &located, source.as_ref()).await?;
    gather::warn(session, &listing);
    Ok(Shown { listing, source })
}

impl Shown {
    /// The context digest.
    pub fn digest(&self) -> &Digest {
        self.listing.digest()
    }

    /// Size, digest and the largest entries, for people. Names in it may be hostile.
    pub fn summary(&self) -> String {
        let listing = &self.listing;
        let mut text =
            format!("{} entries, {} bytes\n{}\n", listing.len(), listing.bytes(), listing.digest());
        for (path, bytes) in listing.largest(LARGEST) {
            let _ = writeln!(text, "{bytes:>12}  {}", on_one_line(&path));
        }
        text
    }

    /// Calls `print` with each entry on a line: mode, size, path. Names in it may be hostile.
    pub fn each_line(&self, print: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for entry in self.listing.entries() {
            print(&format!("{:06o} {:>12}  {}", entry.mode, entry.size, on_one_line(&entry.path)))?;
        }
        Ok(())
    }

    /// The same for programs; entries only with `list`.
    pub fn json(&self, list: bool) -> String {
        let listing = &self.listing;
        let entries: Option<Vec<_>> = list.then(|| {
            let one = |entry: crate::context::EntryView<'_>| {
                serde_json::json!({
                    "path": String::from_utf8_lossy(&entry.path), "mode": format!("{:o}", entry.mode), "size": entry.size,
                })
            };
            listing.entries().map(one).collect()
        });
        let one = |(path, bytes): (Vec<u8>, u64)| serde_json::json!({"path": String::from_utf8_lossy(&path), "bytes": bytes});
        let largest: Vec<_> = listing.largest(LARGEST).into_iter().map(one).collect();
        serde_json::json!({
            "schema": 1, "digest": listing.digest(), "commit": listing.commit(), "entries": listing.len(), "bytes": listing.bytes(),
            "largest": largest, "list": entries,
        })
        .to_string()
    }

    /// Writes the tar stream as a build would send it. A reader that has seen enough is no failure.
    pub async fn write_tar(self, session: &Session, mut sink: impl Write + Send + 'static) -> Result<()> {
        let stop = session.stop.clone();
        let mtime = self.source.map_or(0, |source| source.commit_time);
        let listing = self.listing;
        let written =
            blocking(move || write_tar(&listing, mtime, &mut sink, &stop, &mut |_| {}).map(drop)).await;
        written.or_else(|error| if is_closed_pipe(&error) { Ok(()) } else { Err(error) })
    }
}

/// A name may hold a line break, and what follows would pass for an entry of its own.
fn on_one_line(path: &[u8]) -> String {
    String::from_utf8_lossy(path).replace('\n', "\\u{a}")
}

fn is_closed_pipe(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
