//! Test files of other tools.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Around, reach};
use crate::config::{Origin, Settings, Sourced};
use crate::error::{Error, Kind, Result};
use crate::expect::TestSpec;
use crate::suites;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Whose files are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tool {
    StructureTest,
    Goss,
}

/// The test that `file` comes to, called by its path. What the repository names stays inside of it.
pub(super) fn read(
    tool: Tool,
    file: &Sourced<PathBuf>,
    root: &Path,
    settings: &Settings,
    around: &Around,
) -> Result<TestSpec> {
    let by_flag = matches!(file.origin, Origin::Flag(_));
    let bounds = (!by_flag).then_some(root);
    let path = reach(file, &file.origin, bounds, settings)?;
    let base = if by_flag { &around.directory } else { &settings.config_dir };
    let name = file.strip_prefix(base).unwrap_or(file).to_string_lossy().into_owned();
    let bytes =
        bounded(&path).map_err(|why| Error::new(Kind::Config, format!("cannot read {name}: {why}")))?;
    let read = match tool {
        Tool::StructureTest => {
            // Nobody's secrets for code that is somebody else's.
            let env =
                |name: &str| around.environment.get(name).filter(|_| !around.foreign).map(str::to_owned);
            let beside = |path: &str| {
                let path = base.join(path).canonicalize().map_err(|cause| cause.to_string())?;
                match bounds.is_none_or(|bounds| path.starts_with(bounds)) {
                    true => bounded(&path),
                    false => Err("it lies outside of the repository".to_owned()),
                }
            };
            let hide = |name: &str, value: &str| {
                if may_be_secret(name, value) {
                    around.masker.add(value);
                }
            };
            suites::structure_test(&name, &bytes, &suites::Outside { env: &env, file: &beside, hide: &hide })
        }
        Tool::Goss => suites::goss(&name, &bytes),
    };
    read.map_err(|problem| Error::new(Kind::Config, format!("{name}:{problem}")))
}

/// Whether a variable's value is kept out of all that is said. Short ones are ports and switches, which would be missed in
/// every text, unless their name tells.
fn may_be_secret(name: &str, value: &str) -> bool {
    const TELLING: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "AUTH", "CREDENTIAL"];
    let name = name.to_ascii_uppercase();
    value.chars().count() >= 8 || TELLING.iter().any(|word| name.contains(word))
}

fn bounded(path: &Path) -> std::result::Result<Vec<u8>, String> {
    // A pipe would be waited for.
    if !path.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|cause| cause.to_string())?;
    match bytes.len() as u64 > LARGEST {
        true => Err(format!("it is larger than {} MiB", LARGEST >> 20)),
        false => Ok(bytes),
    }
}
