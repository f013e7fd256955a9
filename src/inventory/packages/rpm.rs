//! RPM's database, where it is an SQLite one: each row holds a package's header, a table of tags with their values.

use super::found::{Found, short};
use super::sqlite::{Database, Value};
use crate::inventory::package::{Ecosystem, SourcePackage};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENSE: u32 = 1014;
const ARCHITECTURE: u32 = 1022;
const SOURCE: u32 = 1044;

/// The packages of the database that `bytes` are, at most `most`; whether there were more.
pub(in crate::inventory) fn rpmdb(bytes: &[u8], most: usize) -> Result<(Vec<Found>, bool), String> {
    let (mut found, mut cut) = (Vec::new(), false);
    Database::open(bytes)?.rows("Packages", &mut |row| {
        if let Some(Value::Blob(blob)) = row.get(1)
            && let Some(package) = package(blob)?
        {
            if found.len() < most { found.push(package) } else { cut = true }
        }
        Ok(())
    })?;
    Ok((found, cut))
}

/// The package of a header; `None` where it is a key, which RPM keeps among them.
fn package(blob: &[u8]) -> Result<Option<Found>, String> {
    let header = Header::read(blob).ok_or("one of its headers is malformed")?;
    let name = header.text(NAME).ok_or("one of its headers has no name")?;
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let version = header.text(VERSION).unwrap_or_default();
    let release = header.text(RELEASE).unwrap_or_default();
    let epoch =
        header.number(EPOCH).filter(|epoch| *epoch > 0).map_or(String::new(), |epoch| format!("{epoch}:"));
    let mut found = Found::new(Ecosystem::Rpm, &name, &format!("{epoch}{version}-{release}"));
    found.architecture = header.text(ARCHITECTURE).map(|arch| short(&arch));
    found.license = header.text(LICENSE).map(|license| short(&license));
    // As scanners expect it: the name of the source's file.
    found.source = header.text(SOURCE).map(|file| SourcePackage { name: short(&file), version: None });
    Ok(Some(found))
}

/// The tags' entries of 16 bytes each, and their values.
struct Header<'a> {
    entries: &'a [u8],
    values: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(blob: &'a [u8]) -> Option<Header<'a>> {
        let count = usize::try_from(number(blob, 0)?).ok()?;
        let length = usize::try_from(number(blob, 4)?).ok()?;
        let (entries, values) = blob.get(8..)?.split_at_checked(count.checked_mul(16)?)?;
        Some(Header { entries, values: values.get(..length)? })
    }

    /// Where the value of `tag` begins.
    fn value(&self, tag: u32) -> Option<&'a [u8]> {
        let entry = self.entries.chunks_exact(16).find(|entry| number(entry, 0) == Some(tag))?;
        self.values.get(usize::try_from(number(entry, 8)?).ok()?..)
    }

    /// Of several texts the first.
    fn text(&self, tag: u32) -> Option<String> {
        let text = self.value(tag)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty() && text != "(none)")
    }

    fn number(&self, tag: u32) -> Option<u32> {
        number(self.value(tag)?, 0)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}
