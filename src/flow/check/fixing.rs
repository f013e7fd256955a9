//! `--fix`: what can be mended without a look is.

use std::sync::Arc;

use super::TextFile;
use crate::error::{Error, Kind, Result};
use crate::flow::judging::Judging;
use crate::flow::session::Session;
use crate::rules;

/// One fix may make room for another one at the same place; more rounds than this no honest file needs.
const MOST_ROUNDS: usize = 8;

/// Mends the files where they lie, and gives how many fixes were made. Stdin cannot be mended.
pub(super) fn fix(session: &Session, files: &mut [TextFile], judging: &Judging) -> Result<usize> {
    let mut made = 0;
    for file in files {
        let Some(path) = file.file.clone() else {
            return Err(Error::new(Kind::Usage, "stdin cannot be mended in place")
                .hint("name a file, or leave out --fix"));
        };
        let before = made;
        for _ in 0..MOST_ROUNDS {
            let one = TextFile { path: file.path.clone(), bytes: Arc::clone(&file.bytes), file: None };
            let judgement = judging.alone(session, one)?;
            let fixed = rules::fix(&file.bytes, judgement.findings.iter());
            if fixed.made == 0 {
                break;
            }
            made += fixed.made;
            file.bytes = Arc::new(fixed.bytes);
        }
        if made > before {
            std::fs::write(&path, file.bytes.as_slice()).map_err(|cause| {
                Error::new(Kind::Io, format!("cannot write the fixes to {}", file.path)).because(cause)
            })?;
        }
    }
    Ok(made)
}
