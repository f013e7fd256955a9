//! What statements are about, told by their predicate types.

/// What a statement says of its subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Predicate {
    /// How it was built: SLSA provenance.
    Provenance,
    /// Which tests it was put to.
    Tests,
    /// What is in it, as SPDX.
    Spdx,
    /// What is in it, as CycloneDX.
    CycloneDx,
    /// Nothing but that the signer signed it: a signature as cosign makes it.
    Signature,
    /// Anything else, by its type.
    Other(String),
}

impl Predicate {
    const KNOWN: [(Predicate, &'static str); 5] = [
        (Predicate::Provenance, "https://slsa.dev/provenance/v1"),
        (Predicate::Tests, "https://in-toto.io/attestation/test-result/v0.1"),
        (Predicate::Spdx, "https://spdx.dev/Document"),
        (Predicate::CycloneDx, "https://cyclonedx.org/bom"),
        (Predicate::Signature, "https://sigstore.dev/cosign/sign/v1"),
    ];

    /// The kind that `predicate_type` stands for. Document types with a version behind them are known, too.
    pub fn of(predicate_type: &str) -> Predicate {
        let is = |uri: &str| {
            let rest = predicate_type.strip_prefix(uri);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/v"))
        };
        let found = Predicate::KNOWN.iter().find(|(_, uri)| is(uri));
        found.map_or_else(|| Predicate::Other(predicate_type.to_owned()), |(kind, _)| kind.clone())
    }

    /// The predicate type, as statements name it.
    pub fn uri(&self) -> &str {
        match self {
            Predicate::Other(uri) => uri,
            known => Predicate::KNOWN.iter().find(|(kind, _)| kind == known).map_or("", |(_, uri)| uri),
        }
    }

    /// A word for people.
    pub fn word(&self) -> &str {
        match self {
            Predicate::Provenance => "provenance",
            Predicate::Tests => "tests",
            Predicate::Spdx => "SBOM (SPDX)",
            Predicate::CycloneDx => "SBOM (CycloneDX)",
            Predicate::Signature => "signature",
            Predicate::Other(uri) => uri,
        }
    }

    /// Whether it lists what is in the image.
    pub fn is_sbom(&self) -> bool {
        matches!(self, Predicate::Spdx | Predicate::CycloneDx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_its_kind_name_each_other() {
        for (kind, uri) in &Predicate::KNOWN {
            assert_eq!(Predicate::of(uri), *kind);
            assert_eq!(kind.uri(), *uri);
        }
        assert_eq!(Predicate::of("https://spdx.dev/Document/v2.3"), Predicate::Spdx);
        assert_eq!(Predicate::of("https://cyclonedx.org/bom/v1.6"), Predicate::CycloneDx);
        for other in ["https://spdx.dev/Documents", "", "https://slsa.dev/provenance/v0.2"] {
            assert_eq!(Predicate::of(other), Predicate::Other(other.to_owned()));
        }
    }
}
