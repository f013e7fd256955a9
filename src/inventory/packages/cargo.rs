//! The crates that a program was linked of, in the section where `cargo auditable` notes them: JSON, packed by zlib.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use object::{Object as _, ObjectSection as _};
use serde::Deserialize;

use super::found::Found;
use crate::inventory::package::Ecosystem;

const SECTION: &str = ".dep-v0";
/// Bytes of the unpacked list; the tool's own readers take as many.
const MAX_LIST: u64 = 8 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Option<String>,
}

/// The crates of the program whose file's bytes these are, at most `most`; none where it has no such list. The error says
/// what is wrong with the list.
pub(super) fn crates(program: &[u8], most: usize) -> Result<Vec<Found>, String> {
    let section = object::File::parse(program).ok();
    let section = section.as_ref().and_then(|file| file.section_by_name(SECTION)?.data().ok());
    let Some(packed) = section else { return Ok(Vec::new()) };
    let mut list = Vec::new();
    let wrong = |why: String| format!("its list of crates cannot be read: {why}");
    ZlibDecoder::new(packed)
        .take(MAX_LIST)
        .read_to_end(&mut list)
        .map_err(|error| wrong(error.to_string()))?;
    let list: List = serde_json::from_slice(&list).map_err(|error| wrong(error.to_string()))?;
    // What only built it is not in it.
    let linked =
        list.packages.into_iter().filter(|one| one.kind.as_deref().unwrap_or("runtime") == "runtime");
    Ok(linked.take(most).map(|one| Found::new(Ecosystem::Cargo, &one.name, &one.version)).collect())
}
