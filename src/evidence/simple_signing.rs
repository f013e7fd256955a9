//! cosign's older signatures: a small document under the tag `sha256-HEX.sig`, its signature beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{KeyId, PublicKey, SigningKey};
use crate::error::Result;
use crate::image::Digest;

/// The media type of the document.
pub(super) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation that holds the signature.
pub(super) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// What such documents say that they are.
const TYPE: &str = "cosign container image signature";

/// A document and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleSigning {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// The signature in DER.
    pub signature: Vec<u8>,
}

impl SimpleSigning {
    /// Signs that `digest` is the image known as `repository`.
    pub fn sign(digest: &Digest, repository: &str, key: &SigningKey) -> Result<SimpleSigning> {
        let payload = json!({
            "critical": {
                "identity": {"docker-reference": repository},
                "image": {"docker-manifest-digest": digest.as_str()},
                "type": TYPE,
            },
            "optional": null,
        });
        let payload = payload.to_string().into_bytes();
        let signature = key.sign(&payload)?;
        Ok(SimpleSigning { payload, signature })
    }

    /// The first of `keys` that signed it.
    pub fn signed_by<'a>(&self, keys: &'a [PublicKey]) -> Option<&'a KeyId> {
        keys.iter().find(|key| key.accepts(&self.payload, &self.signature)).map(PublicKey::id)
    }

    /// What was signed; else what is wrong with it.
    pub fn subject(&self) -> Result<Digest, String> {
        let malformed = || "it is no document of cosign's".to_owned();
        let document: Value = serde_json::from_slice(&self.payload).map_err(|_| malformed())?;
        let text = |at: &str| document.pointer(at).and_then(Value::as_str);
        if text("/critical/type") != Some(TYPE) {
            return Err(malformed());
        }
        text("/critical/image/docker-manifest-digest")
            .and_then(|digest| digest.parse().ok())
            .ok_or_else(malformed)
    }

    /// The annotation's text.
    pub(super) fn annotation(&self) -> String {
        STANDARD.encode(&self.signature)
    }

    /// Of a document and the annotation beside it.
    pub(super) fn of(payload: Vec<u8>, annotation: Option<&str>) -> Result<SimpleSigning, String> {
        let signature = annotation.ok_or("no signature is beside it".to_owned())?;
        let signature = STANDARD.decode(signature).map_err(|_| "its signature is not base64".to_owned())?;
        Ok(SimpleSigning { payload, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::{OTHER_PUBLIC, PUBLIC, SEC1};
    use super::*;

    #[test]
    fn what_is_signed_is_accepted_and_nothing_else() {
        let (key, digest) = (SigningKey::read(SEC1, "x").unwrap(), Digest::of(b"x"));
        let keys = PublicKey::read(PUBLIC, "x").unwrap();
        let signed = SimpleSigning::sign(&digest, "r.example/a", &key).unwrap();
        let read = SimpleSigning::of(signed.payload.clone(), Some(&signed.annotation())).unwrap();
        assert_eq!((read.signed_by(&keys), read.subject()), (Some(key.id()), Ok(digest)));
        assert_eq!(read.signed_by(&PublicKey::read(OTHER_PUBLIC, "x").unwrap()), None);
        let mut flipped = read.clone();
        flipped.payload[30] ^= 1;
        assert_eq!(flipped.signed_by(&keys), None);
        for (payload, annotation) in [("{}", None), ("{}", Some("%"))] {
            assert!(SimpleSigning::of(payload.into(), annotation).is_err());
        }
        assert!(SimpleSigning { payload: b"{}".to_vec(), ..read }.subject().is_err());
    }
}
