//! Small files that other tools wrote: configurations and certificates.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The content of `path`; `None` where there is no such file. `what` names it in messages: `docker's configuration`.
pub(super) fn read(what: &str, path: &Path) -> Result<Option<Vec<u8>>> {
    let fail = |why: std::io::Error| {
        Error::new(Kind::Config, format!("cannot read {what} {}", path.display())).because(why)
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(fail(error)),
    };
    let mut content = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(fail)?;
    if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE) {
        let message = format!("{what} {} is larger than {MAX_FILE} bytes", path.display());
        return Err(Error::new(Kind::Config, message));
    }
    Ok(Some(content))
}
