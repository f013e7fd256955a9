//! `[evidence]`: what is attached to a published image, and what is believed of it.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[evidence]`: what is attached to an image that a run pushed, and what `imgbuild verify` believes of it. On a pull
/// request these are the base branch's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Evidence {
    /// Whether how the image was built is attached: SLSA provenance. Default: `true` where a CI is detected or a key to
    /// sign with is given, else `false`.
    pub provenance: Option<bool>,
    /// Whether the results of its tests are attached. Default: as `provenance`.
    pub tests: Option<bool>,
    /// Whether lists of what is in it, SPDX and CycloneDX, are attached. Default: as `provenance`.
    pub sbom: Option<bool>,
    /// Whether a signature is set in the form of older versions of cosign, too: the tag `sha256-HEX.sig`. Default: `false`.
    pub classic_signature: Option<bool>,
    /// The public keys whose signatures are believed, each the PEM text itself, since a file could be another one on
    /// another branch: `["-----BEGIN PUBLIC KEY-----\n…"]`. Default: none, and everybody who may push is believed.
    pub verify_keys: Option<Vec<String>>,
    /// What `imgbuild verify` demands. Default: `["signature", "provenance", "tests"]`.
    pub require: Option<Vec<EvidenceKind>>,
    /// The repositories that provenance may name as the source, `*` at the end standing for anything:
    /// `["https://github.com/acme/*"]`. Default: any.
    pub sources: Option<Vec<String>>,
    /// The builders that provenance may name, likewise: `["https://imgbuild.dev/builder/ci/github"]`. Default: any.
    pub builders: Option<Vec<String>>,
}

/// Something that is proven of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A key that is believed signed it.
    Signature,
    /// How it was built.
    Provenance,
    /// Its tests passed.
    Tests,
    /// What is in it.
    Sbom,
}

impl EvidenceKind {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            EvidenceKind::Signature => "signature",
            EvidenceKind::Provenance => "provenance",
            EvidenceKind::Tests => "tests",
            EvidenceKind::Sbom => "sbom",
        }
    }
}
