//! A package as its list has it, before anybody knows where the list lies.

use crate::inventory::package::{Ecosystem, Package, SourcePackage};

/// The longest text that is kept of an image, in bytes.
const MAX_TEXT: usize = 1 << 10;

/// A package without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::inventory) struct Found {
    pub(in crate::inventory) ecosystem: Ecosystem,
    pub(in crate::inventory) name: String,
    pub(in crate::inventory) version: String,
    pub(in crate::inventory) architecture: Option<String>,
    pub(in crate::inventory) source: Option<SourcePackage>,
    pub(in crate::inventory) license: Option<String>,
}

impl Found {
    /// One of which nothing but name and version is known.
    pub(super) fn new(ecosystem: Ecosystem, name: &str, version: &str) -> Found {
        Found {
            ecosystem,
            name: short(name),
            version: short(version),
            architecture: None,
            source: None,
            license: None,
        }
    }

    /// How many bytes of text it is.
    pub(in crate::inventory) fn text(&self) -> usize {
        let source =
            self.source.iter().flat_map(|source| [Some(&source.name), source.version.as_ref()]).flatten();
        let rest = self.architecture.iter().chain(&self.license).chain(source);
        rest.map(String::len)
            .sum::<usize>()
            .saturating_add(self.name.len())
            .saturating_add(self.version.len())
    }

    /// The package, found in the file `found_in` of the layer `layer`.
    pub(in crate::inventory) fn at(&self, found_in: &str, layer: usize) -> Package {
        let Found { ecosystem, name, version, architecture, source, license } = self.clone();
        Package {
            ecosystem,
            name,
            version,
            architecture,
            source,
            license,
            found_in: found_in.to_owned(),
            layer,
        }
    }
}

/// `text` with no more than 1 KiB of it, cut between letters.
pub(in crate::inventory) fn short(text: &str) -> String {
    let cut = text
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8())
        .take_while(|end| *end <= MAX_TEXT)
        .last();
    if text.len() <= MAX_TEXT {
        text.to_owned()
    } else {
        text.get(..cut.unwrap_or(0)).unwrap_or_default().to_owned()
    }
}
