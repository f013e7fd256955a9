//! Sigstore's bundle: an envelope, and by which key to check it. It is what cosign attaches and reads.
//!
//! Its form is that of <https://github.com/sigstore/protobuf-specs>, version 0.3, with a key and without a log.

use serde_json::{Value, json};

use super::{Envelope, KeyId};

/// The media type of a bundle, and the artifact type of what it is attached as.
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Whether `media_type` is that of a bundle in a version that has an envelope where ours has it.
pub(super) fn is_bundle(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.dev.sigstore.bundle") && media_type.ends_with("+json")
}

/// The bundle of an envelope that the key `key` signed.
pub(super) fn to_bytes(envelope: &Envelope, key: &KeyId) -> Vec<u8> {
    let bundle = json!({
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": key.as_str()}},
        "dsseEnvelope": envelope.to_json(),
    });
    bundle.to_string().into_bytes()
}

/// The envelope in a bundle; else what is wrong with it. The hint names a key and proves nothing: it is not read.
pub(super) fn parse(bytes: &[u8]) -> Result<Envelope, String> {
    let bundle: Value =
        serde_json::from_slice(bytes).map_err(|cause| format!("it is no bundle ({cause})"))?;
    let envelope = bundle.get("dsseEnvelope").filter(|value| !value.is_null());
    Envelope::from_json(envelope.ok_or("its bundle holds no envelope".to_owned())?)
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::{PUBLIC, SEC1};
    use super::super::{Predicate, PublicKey, SigningKey, Statement};
    use super::*;
    use crate::image::Digest;

    #[test]
    fn what_is_bundled_is_read() {
        let key = SigningKey::read(SEC1, "x").unwrap();
        let statement = Statement::new(&Digest::of(b"x"), None, &Predicate::Signature, json!({}));
        let envelope = Envelope::sign(&statement, &key).unwrap();
        assert_eq!(parse(&to_bytes(&envelope, key.id())), Ok(envelope));
        assert!(parse(b"{}").unwrap_err().contains("no envelope"));
        assert!(parse(b"").unwrap_err().contains("no bundle"));
    }

    /// Written by cosign 3.1.1 with a key of its own: `cosign sign --key` and `cosign attest --key`.
    #[test]
    fn what_cosign_signed_is_accepted() {
        let keys = PublicKey::read(include_str!("bundle/cosign.pub"), "x").unwrap();
        let others = PublicKey::read(PUBLIC, "x").unwrap();
        for (bundle, kind) in [
            (include_str!("bundle/cosign-sign.json"), Predicate::Signature),
            (include_str!("bundle/cosign-attest.json"), Predicate::Provenance),
        ] {
            let envelope = parse(bundle.as_bytes()).unwrap();
            assert_eq!(envelope.signed_by(&keys), Some(keys[0].id()));
            assert!(bundle.contains(keys[0].id().as_str()), "the hint is made otherwise");
            assert_eq!(envelope.signed_by(&others), None);
            assert_eq!(envelope.statement().unwrap().kind(), kind);
        }
    }
}
