//! Small files that other tools wrote: configurations and certificates.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::file;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The content of `path`; `None` where there is no such file. `what` names it in messages: `docker's configuration`.
pub(super) fn read(what: &str, path: &Path) -> Result<Option<Vec<u8>>> {
    let fail = |why: std::io::Error| {
        Error::new(Kind::Config, format!("cannot read {what} {}", path.display())).because(why)
    };
    match file::read(path, MAX_FILE) {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(fail(error)),
    }
}
