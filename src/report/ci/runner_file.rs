//! Files that a runner makes for a step to add lines to: `GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// Adds whole lines to `path`, which has to be there: where the runner made none, nobody reads it. `make` gets the number
/// of bytes that are in it.
pub fn append(path: &Path, make: impl FnOnce(u64) -> String) -> Result<()> {
    let cannot = |cause: std::io::Error| {
        Error::new(Kind::Io, format!("cannot add to the runner's file {}", path.display())).because(cause)
    };
    let meta = std::fs::metadata(path).map_err(cannot)?;
    if !meta.is_file() {
        return Err(cannot(std::io::ErrorKind::InvalidInput.into()));
    }
    let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(cannot)?;
    let mut text = String::new();
    // Else a value that somebody left without a line end would go on into ours.
    if meta.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(cannot)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(&make(meta.len()));
    // In one piece: other programs of the step may add lines, too.
    file.write_all(text.as_bytes()).map_err(cannot)
}
