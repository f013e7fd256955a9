//! DSSE envelopes: a statement and its signatures, which sign its very bytes and their type.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};

use super::{KeyId, PublicKey, SigningKey, Statement};
use crate::error::Result;

/// The type of the bytes in an envelope that holds a statement.
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// Nobody signs a statement with more keys.
const MAX_SIGNATURES: usize = 16;

/// Bytes of some type, and signatures for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// Their type.
    pub payload_type: String,
    /// Signatures in DER.
    pub signatures: Vec<Vec<u8>>,
}

impl Envelope {
    /// Signs a statement.
    pub fn sign(statement: &Statement, key: &SigningKey) -> Result<Envelope> {
        let payload = statement.to_bytes();
        let signature = key.sign(&encoding(IN_TOTO, &payload))?;
        Ok(Envelope { payload, payload_type: IN_TOTO.to_owned(), signatures: vec![signature] })
    }

    /// The first of `keys` that one of the signatures is of.
    pub fn signed_by<'a>(&self, keys: &'a [PublicKey]) -> Option<&'a KeyId> {
        let message = encoding(&self.payload_type, &self.payload);
        let is_by = |key: &&PublicKey| self.signatures.iter().any(|one| key.accepts(&message, one));
        keys.iter().find(is_by).map(PublicKey::id)
    }

    /// The statement in it; else what is wrong with it. Whether it is to be believed is not looked at.
    pub fn statement(&self) -> Result<Statement, String> {
        match self.payload_type == IN_TOTO {
            true => Statement::parse(&self.payload),
            false => Err(format!("it holds {:?}, and no in-toto statement", self.payload_type)),
        }
    }

    /// The envelope as JSON.
    pub(super) fn to_json(&self) -> Value {
        let signatures = self.signatures.iter().map(|one| json!({"sig": STANDARD.encode(one)}));
        json!({
            "payload": STANDARD.encode(&self.payload),
            "payloadType": self.payload_type,
            "signatures": signatures.collect::<Vec<_>>(),
        })
    }

    /// Reads an envelope; else says what is wrong with it.
    pub(super) fn from_json(value: &Value) -> Result<Envelope, String> {
        let text = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| format!("its envelope has no {name}"))
        };
        let payload =
            decode(&text(value, "payload")?).ok_or("the payload of its envelope is not base64".to_owned())?;
        let list = value.get("signatures").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if list.len() > MAX_SIGNATURES {
            return Err(format!("its envelope has more than {MAX_SIGNATURES} signatures"));
        }
        // One that is malformed does not make another one any less of a signature.
        let signatures = list.iter().filter_map(|one| decode(one.get("sig")?.as_str()?)).collect();
        Ok(Envelope { payload, payload_type: text(value, "payloadType")?, signatures })
    }
}

/// What is signed: DSSE's pre-authentication encoding.
fn encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Either alphabet of base64 may be used.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Predicate;
    use super::super::key::tests::{OTHER_PUBLIC, PUBLIC, SEC1};
    use super::*;
    use crate::image::Digest;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        let example = encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(example, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn no_bit_of_an_envelope_may_differ() {
        let key = SigningKey::read(SEC1, "x").unwrap();
        let keys = PublicKey::read(PUBLIC, "x").unwrap();
        let statement = Statement::new(&Digest::of(b"x"), None, &Predicate::Tests, json!({}));
        let envelope = Envelope::sign(&statement, &key).unwrap();
        let read = Envelope::from_json(&envelope.to_json()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.signed_by(&keys), Some(key.id()));
        assert_eq!(read.statement().unwrap(), statement);
        assert_eq!(read.signed_by(&PublicKey::read(OTHER_PUBLIC, "x").unwrap()), None);
        for at in 0..envelope.payload.len() * 8 {
            let mut flipped = envelope.clone();
            flipped.payload[at / 8] ^= 1 << (at % 8);
            assert_eq!(flipped.signed_by(&keys), None, "bit {at}");
        }
        let mut flipped = envelope.clone();
        flipped.payload_type.push(' ');
        assert_eq!(flipped.signed_by(&keys), None);
        let bits = envelope.signatures[0].len() * 8;
        for at in 0..bits {
            let mut flipped = envelope.clone();
            flipped.signatures[0][at / 8] ^= 1 << (at % 8);
            assert_eq!(flipped.signed_by(&keys), None, "bit {at}");
        }
    }

    #[test]
    fn hostile_envelopes_are_told() {
        for (value, why) in [
            (json!([]), "no payload"),
            (json!({"payload": "%", "payloadType": "x"}), "not base64"),
            (json!({"payload": "eA=="}), "no payloadType"),
            (json!({"payload": "", "payloadType": "x", "signatures": vec![0; 17]}), "more than 16"),
        ] {
            assert!(Envelope::from_json(&value).unwrap_err().contains(why), "{value}");
        }
        let bare = json!({"payload": "", "payloadType": "x", "signatures": [1, {"sig": 1}, {"sig": "%"}]});
        assert_eq!(Envelope::from_json(&bare).unwrap().signatures, Vec::<Vec<u8>>::new());
        assert!(Envelope::from_json(&bare).unwrap().statement().is_err());
    }
}
