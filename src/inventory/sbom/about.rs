//! Which image a bill of materials is of, and the names in it that have to be unique.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::image::Digest;
use crate::inventory::Package;
use crate::inventory::package::escape;

/// The image, and when the document is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The repository with its registry, without tag and digest: `ghcr.io/acme/api`.
    pub repository: String,
    /// The digest by which the image is known: of its manifest where it was pushed.
    pub digest: Digest,
    /// The time that the document says it was made; of a reproducible run, that of the commit.
    pub created: Timestamp,
}

/// The program that makes the document, by name and version.
pub(super) const TOOL: (&str, &str) = ("imgbuild", env!("CARGO_PKG_VERSION"));

impl About {
    /// The package URL of the image.
    pub(super) fn purl(&self) -> String {
        let name = self.repository.rsplit('/').next().unwrap_or(&self.repository).to_lowercase();
        let (name, place, hex) = (escape(&name), escape(&self.repository), self.digest.hex());
        format!("pkg:oci/{name}@sha256:{hex}?repository_url={place}")
    }

    /// The time, in whole seconds of UTC.
    pub(super) fn created(&self) -> String {
        let seconds = Timestamp::from_second(self.created.as_second()).unwrap_or(self.created);
        seconds.to_string()
    }

    /// 32 hexadecimal digits that stand for this document and no other.
    pub(super) fn identity(&self) -> String {
        let text = format!("{}\0{}\0{}\0{}", self.repository, self.digest, self.created(), TOOL.1);
        hex(text.as_bytes())
    }
}

/// 32 hexadecimal digits that stand for one package in one place.
pub(super) fn identity(package: &Package) -> String {
    let Package { ecosystem, name, version, architecture, found_in, .. } = package;
    let architecture = architecture.as_deref().unwrap_or_default();
    let parts = [ecosystem.purl_type(), name, version, architecture, found_in];
    hex(parts.join("\0").as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
