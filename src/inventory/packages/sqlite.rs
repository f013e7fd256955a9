//! The rows of one table of an SQLite database, out of the file's bytes: <https://www.sqlite.org/fileformat2.html>.
//!
//! Of what SQLite can do nothing is needed but to walk a table from its root, and no crate in Rust alone does that
//! without being a database. What is written here trusts no number of the file.

use std::collections::BTreeSet;

/// How deep a tree of a table is at most: a billion pages.
const MAX_DEPTH: usize = 24;
/// Bytes of the longest row.
const MAX_ROW: usize = 8 << 20;

const INNER: u8 = 5;
const LEAF: u8 = 13;

/// An open database.
pub(super) struct Database<'a> {
    bytes: &'a [u8],
    page: usize,
    /// Of a page, without what is set aside at its end.
    usable: usize,
}

/// A value of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'r> {
    Integer(i64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
    /// Nothing, or a fraction.
    Other,
}

impl<'a> Database<'a> {
    /// The database that `bytes` are.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Database<'a>, String> {
        if !bytes.starts_with(b"SQLite format 3\0") {
            return Err("it is no SQLite database".to_owned());
        }
        let page = match u16_at(bytes, 16).ok_or("it has no header")? {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return Err(format!("its pages have {size} bytes")),
        };
        let reserved = usize::from(bytes.get(20).copied().unwrap_or_default());
        let usable =
            page.checked_sub(reserved).filter(|usable| *usable >= 480).ok_or("its pages have no room")?;
        Ok(Database { bytes, page, usable })
    }

    /// Gives each row of the table `name` to `on`, until that fails.
    pub(super) fn rows(
        &self,
        name: &str,
        on: &mut dyn FnMut(&[Value<'_>]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut root = None;
        self.walk(1, &mut |row| {
            if let [Value::Text(b"table"), Value::Text(own), _, Value::Integer(page), ..] = row
                && *own == name.as_bytes()
            {
                root = u32::try_from(*page).ok();
            }
            Ok(())
        })?;
        let root = root.ok_or_else(|| format!("it has no table {name}"))?;
        self.walk(root, on)
    }

    /// Every row below the page `root`.
    fn walk(&self, root: u32, on: &mut dyn FnMut(&[Value<'_>]) -> Result<(), String>) -> Result<(), String> {
        // A page that is met twice would be walked for ever.
        let mut seen = BTreeSet::new();
        let mut ahead = vec![(root, 0)];
        let mut row = Vec::new();
        // No two rows share a byte, so that all of them together are no longer than the file. Where they do, a few bytes
        // are a million rows of megabytes.
        let mut left = self.bytes.len();
        while let Some((number, depth)) = ahead.pop() {
            if depth > MAX_DEPTH || !seen.insert(number) {
                return Err("its pages lead in a circle".to_owned());
            }
            let page = self.page(number)?;
            // The first page begins with the header of the file.
            let start = if number == 1 { 100 } else { 0 };
            let broken = || format!("its page {number} is malformed");
            let kind = page.get(start).copied().ok_or_else(broken)?;
            let count = usize::from(u16_at(page, start + 3).ok_or_else(broken)?);
            let cells = start + if kind == INNER { 12 } else { 8 };
            let cell = |nth: usize| Some(usize::from(u16_at(page, cells + 2 * nth)?));
            match kind {
                INNER => {
                    ahead.push((u32_at(page, start + 8).ok_or_else(broken)?, depth + 1));
                    for nth in (0..count).rev() {
                        let at = cell(nth).ok_or_else(broken)?;
                        ahead.push((u32_at(page, at).ok_or_else(broken)?, depth + 1));
                    }
                }
                LEAF => {
                    for nth in 0..count {
                        let at = cell(nth).ok_or_else(broken)?;
                        self.payload(page, at, left, &mut row)?;
                        left = left.saturating_sub(row.len());
                        on(&values(&row).ok_or_else(broken)?)?;
                    }
                }
                _ => return Err(broken()),
            }
        }
        Ok(())
    }

    fn page(&self, number: u32) -> Result<&'a [u8], String> {
        let at =
            usize::try_from(number).ok().and_then(|number| number.checked_sub(1)?.checked_mul(self.page));
        at.and_then(|at| self.bytes.get(at..at.checked_add(self.page)?))
            .ok_or_else(|| format!("its page {number} is not there"))
    }

    /// Puts the row of the cell at `at` together, of at most `most` bytes, which may go on in other pages.
    fn payload(&self, page: &[u8], at: usize, most: usize, row: &mut Vec<u8>) -> Result<(), String> {
        let broken = || "one of its rows is malformed".to_owned();
        let (size, after) = varint(page, at).ok_or_else(broken)?;
        let (_, after) = varint(page, after).ok_or_else(broken)?;
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= MAX_ROW.min(most))
            .ok_or("one of its rows is too long")?;
        let most = self.usable - 35;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = if size <= most {
            size
        } else {
            let local = least + (size - least) % (self.usable - 4);
            if local <= most { local } else { least }
        };
        row.clear();
        row.extend_from_slice(page.get(after..after + here).ok_or_else(broken)?);
        if here == size {
            return Ok(());
        }
        let mut next = u32_at(page, after + here).ok_or_else(broken)?;
        // Each page adds at least one byte, so this ends.
        while row.len() < size {
            let page = self.page(next)?;
            next = u32_at(page, 0).ok_or_else(broken)?;
            let length = (size - row.len()).min(self.usable - 4);
            row.extend_from_slice(page.get(4..4 + length).ok_or_else(broken)?);
        }
        Ok(())
    }
}

/// The columns of a row.
fn values(row: &[u8]) -> Option<Vec<Value<'_>>> {
    let (header, mut kinds) = varint(row, 0)?;
    let mut content = usize::try_from(header).ok().filter(|header| *header <= row.len())?;
    let end = content;
    let mut values = Vec::new();
    while kinds < end {
        let (kind, after) = varint(row, kinds)?;
        kinds = after;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = row.get(content..content.checked_add(length)?)?;
        content += length;
        values.push(match kind {
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer(bytes)),
            12.. if kind % 2 == 0 => Value::Blob(bytes),
            13.. => Value::Text(bytes),
            _ => Value::Other,
        });
    }
    Some(values)
}

/// Big-endian, with a sign.
fn integer(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |first| i64::from(first.cast_signed()));
    bytes.iter().skip(1).fold(first, |sum, byte| sum.wrapping_shl(8) | i64::from(*byte))
}

/// SQLite's number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for nth in 0..9 {
        let byte = *bytes.get(at + nth)?;
        if nth == 8 {
            return Some((value << 8 | u64::from(byte), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + nth + 1));
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred cells of a page are one and the same row.
    #[test]
    fn rows_that_share_their_bytes_are_no_rows() {
        let mut bytes = vec![0; 1024];
        bytes[..16].copy_from_slice(b"SQLite format 3\0");
        bytes[16..18].copy_from_slice(&512u16.to_be_bytes());
        bytes[100] = LEAF;
        bytes[103..105].copy_from_slice(&100u16.to_be_bytes());
        for nth in 0..100 {
            bytes[108 + 2 * nth..][..2].copy_from_slice(&310u16.to_be_bytes());
        }
        // 180 bytes, as SQLite writes numbers.
        bytes[310..313].copy_from_slice(&[0x81, 0x34, 1]);
        let mut rows = 0;
        let told = Database::open(&bytes).unwrap().walk(1, &mut |_| {
            rows += 1;
            Ok(())
        });
        assert_eq!((told, rows), (Err("one of its rows is too long".to_owned()), 5));
    }
}
