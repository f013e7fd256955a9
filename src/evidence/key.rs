//! Keys: ECDSA on P-256 with SHA-256, as PEM.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::der;
use super::sealed::{self, Closed};
use crate::error::{Error, Kind, Result};

/// The longest text that is taken for a key, in bytes.
const MAX_PEM: usize = 64 << 10;
const HOW: &str = "make one with: openssl ecparam -name prime256v1 -genkey -noout -out key.pem";
/// What the PEM of keys that cosign encrypted is called, now and in its older versions.
const SEALED: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];

/// By which keys are told apart: base64 of the SHA-256 of the public key's DER, as cosign writes it into its bundles.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    fn of(spki: &[u8]) -> KeyId {
        KeyId(STANDARD.encode(Sha256::digest(spki)))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that signatures are checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: Vec<u8>,
    id: KeyId,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

impl PublicKey {
    /// Every key in the text of a PEM file; `place` names it in messages. What is no key of that kind is
    /// [`Kind::Config`].
    pub fn read(text: &str, place: &str) -> Result<Vec<PublicKey>> {
        let fail = |why: &str| Error::new(Kind::Config, format!("{place} holds no key to check with: {why}"));
        let hint = "a public key is PEM, `-----BEGIN PUBLIC KEY-----`, on the curve P-256 (prime256v1)";
        let blocks = blocks(text).map_err(|why| fail(&why).hint(hint))?;
        if blocks.iter().any(|block| block.tag().contains("PRIVATE")) {
            return Err(fail("it is a private one, which belongs to the signer alone")
                .hint("the public one is given by: openssl pkey -in key.pem -pubout"));
        }
        let mut keys = Vec::new();
        for block in &blocks {
            if block.tag() != "PUBLIC KEY" {
                return Err(fail(&format!("{:?} is none", block.tag())).hint(hint));
            }
            let point = der::point(block.contents());
            let point = point.ok_or_else(|| fail("it is on another curve, or of another kind").hint(hint))?;
            keys.push(PublicKey { point, id: KeyId::of(block.contents()) });
        }
        match keys.is_empty() {
            true => Err(fail("there is no PEM in it").hint(hint)),
            false => Ok(keys),
        }
    }

    /// By what others name it.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether `signature` (DER) is this key's for `message`.
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point).verify(message, signature).is_ok()
    }
}

/// What opens a key that is encrypted. It is not shown.
#[derive(Clone, Copy)]
pub struct Password<'a> {
    /// The password itself, which may be empty.
    pub text: &'a str,
    /// Where it is from, for messages.
    pub place: &'a str,
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({})", self.place)
    }
}

/// A key that signs. Neither shown nor written anywhere.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    id: KeyId,
    public: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl SigningKey {
    /// The one private key in the text of a PEM file (PKCS#8, `EC PRIVATE KEY`, or one that cosign made with an empty
    /// password); `place` names it in messages, which show nothing of the text. What is no such key is [`Kind::Config`].
    pub fn read(text: &str, place: &str) -> Result<SigningKey> {
        SigningKey::open(text, place, None)
    }

    /// The same, where the password that cosign encrypted it with may be needed. Such a key takes about a second, and 64 MiB.
    pub fn open(text: &str, place: &str, password: Option<Password<'_>>) -> Result<SigningKey> {
        let fail = |why: &str| Error::new(Kind::Config, format!("{place} holds no key to sign with: {why}"));
        let blocks = blocks(text).map_err(|why| fail(&why).hint(HOW))?;
        // `openssl ecparam -genkey` writes the curve's name before the key.
        let mut keys = blocks.iter().filter(|block| block.tag() != "EC PARAMETERS");
        let (Some(block), None) = (keys.next(), keys.next()) else {
            return Err(fail("there is no PEM in it, or more than one key").hint(HOW));
        };
        let decoded;
        let document = match block.tag() {
            "PRIVATE KEY" => block.contents(),
            "EC PRIVATE KEY" if block.headers().get("DEK-Info").is_none() => {
                decoded = Zeroizing::new(der::pkcs8(block.contents()).unwrap_or_default());
                &decoded
            }
            sealed if SEALED.contains(&sealed) => {
                decoded = unsealed(block.contents(), place, password)?;
                &decoded
            }
            "ENCRYPTED PRIVATE KEY" | "EC PRIVATE KEY" => {
                return Err(fail("it is encrypted, and not as cosign does it")
                    .hint("decrypt it where the CI keeps its secrets: openssl pkey -in key.pem")
                    .hint("or have cosign encrypt it: cosign import-key-pair --key key.pem"));
            }
            "PUBLIC KEY" => return Err(fail("it is a public one, which only checks").hint(HOW)),
            other => return Err(fail(&format!("{other:?} is none")).hint(HOW)),
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document, &SystemRandom::new())
            .map_err(|cause| {
                fail(&format!("it is not one on the curve P-256 with its public half ({cause})")).hint(HOW)
            })?;
        let public =
            der::spki(pair.public_key().as_ref()).ok_or_else(|| fail("its public half is malformed"))?;
        Ok(SigningKey { pair, id: KeyId::of(&public), public })
    }

    /// By what others name it.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// What its signatures are checked with.
    pub fn public(&self) -> PublicKey {
        PublicKey { point: self.pair.public_key().as_ref().to_vec(), id: self.id.clone() }
    }

    /// The same as PEM.
    pub fn public_pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.public.clone()))
    }

    /// The signature (DER) for `message`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signed = self.pair.sign(&SystemRandom::new(), message);
        let failed = |_| Error::new(Kind::Internal, "the system gave no randomness to sign with");
        signed.map(|signature| signature.as_ref().to_vec()).map_err(failed)
    }
}

/// The PKCS#8 of a key that cosign encrypted. Where no password is given it may be the empty one, which cosign takes.
fn unsealed(json: &[u8], place: &str, password: Option<Password<'_>>) -> Result<Zeroizing<Vec<u8>>> {
    let text = password.map(|password| password.text).unwrap_or_default();
    sealed::open(json, text).map_err(|closed| match (closed, password) {
        (Closed::Malformed(why), _) => {
            Error::new(Kind::Config, format!("{place} holds no key to sign with: {why}")).hint(HOW)
        }
        (Closed::Password, None) => Error::new(
            Kind::Config,
            format!("cannot open the key {place}: it is encrypted, and no password was given"),
        )
        .hint("set COSIGN_PASSWORD to it, or IMGBUILD_SIGN_PASSWORD_FILE to a file that holds it"),
        (Closed::Password, Some(Password { place: from, .. })) => Error::new(
            Kind::Config,
            format!("cannot open the key {place}: the password in {from} is not that of this key"),
        )
        .hint("it is what cosign generate-key-pair asked for, and cosign public-key --key takes it, too"),
    })
}

/// The PEM blocks of `text`.
fn blocks(text: &str) -> Result<Vec<pem::Pem>, String> {
    if text.len() > MAX_PEM {
        return Err(format!("it is larger than {MAX_PEM} bytes"));
    }
    // The library's message may quote the text, which may be a secret.
    pem::parse_many(text).map_err(|_| "its PEM is malformed".to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Made by `openssl ecparam -name prime256v1 -genkey`, for these tests alone.
    pub(in super::super) const SEC1: &str = include_str!("key/sec1.pem");
    const PKCS8: &str = include_str!("key/pkcs8.pem");
    pub(in super::super) const PUBLIC: &str = include_str!("key/public.pem");
    pub(in super::super) const OTHER_PUBLIC: &str = include_str!("key/other-public.pem");
    /// Made by cosign 3.1.1, `generate-key-pair`, with a password and with the empty one.
    const COSIGN: &str = include_str!("key/cosign.pem");
    const COSIGN_PUBLIC: &str = include_str!("key/cosign-public.pem");
    const COSIGN_EMPTY: &str = include_str!("key/cosign-empty.pem");
    const COSIGN_PASSWORD: &str = "open sesame, says cosign";
    const P384: &str = include_str!("key/p384.pem");

    #[test]
    fn both_forms_of_a_key_sign_alike() {
        let public = PublicKey::read(PUBLIC, "public.pem").unwrap().remove(0);
        for text in [SEC1, PKCS8] {
            let key = SigningKey::read(text, "key.pem").unwrap();
            assert_eq!(key.id(), public.id());
            let signature = key.sign(b"message").unwrap();
            assert!(public.accepts(b"message", &signature));
            assert!(!public.accepts(b"massage", &signature));
            assert_eq!(PublicKey::read(&key.public_pem(), "x").unwrap(), std::slice::from_ref(&public));
            assert!(!format!("{key:?}").contains("PRIVATE"));
        }
        let other = PublicKey::read(OTHER_PUBLIC, "x").unwrap().remove(0);
        assert!(!other.accepts(b"message", &SigningKey::read(SEC1, "x").unwrap().sign(b"message").unwrap()));
    }

    #[test]
    fn several_keys_lie_in_one_file() {
        let keys = PublicKey::read(&format!("{PUBLIC}{OTHER_PUBLIC}"), "x").unwrap();
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn a_key_that_cosign_encrypted_is_opened_by_its_password() {
        let public = PublicKey::read(COSIGN_PUBLIC, "cosign.pub").unwrap().remove(0);
        let given = |text| Some(Password { text, place: "COSIGN_PASSWORD" });
        let key = SigningKey::open(COSIGN, "cosign.key", given(COSIGN_PASSWORD)).unwrap();
        assert_eq!(key.id(), public.id());
        assert_eq!(key.public(), public);
        assert!(public.accepts(b"message", &key.sign(b"message").unwrap()));
        // The name that older versions of cosign gave it.
        let older = COSIGN.replace("SIGSTORE", "COSIGN");
        assert_eq!(SigningKey::open(&older, "x", given(COSIGN_PASSWORD)).unwrap().id(), public.id());
        // An empty password is one, and need not be given.
        let empty = SigningKey::read(COSIGN_EMPTY, "x").unwrap();
        assert_eq!(SigningKey::open(COSIGN_EMPTY, "x", given("")).unwrap().id(), empty.id());

        for (password, why) in [
            (None, "cannot open the key cosign.key: it is encrypted, and no password was given"),
            (
                given("hunter2"),
                "cannot open the key cosign.key: the password in COSIGN_PASSWORD is not that of this key",
            ),
        ] {
            let error = SigningKey::open(COSIGN, "cosign.key", password).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert_eq!(error.message(), why);
            assert!(!error.hints().is_empty() && !format!("{error:?} {password:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_key_says_why_and_shows_nothing_of_it() {
        for (text, why) in [
            ("", "no PEM"),
            ("s3cr3t", "no PEM"),
            (PUBLIC, "public one"),
            (&COSIGN.replace("SIGSTORE", "OTHER"), "is none"),
            (
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nczNjcjN0\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----",
                "is malformed",
            ),
            (P384, "curve P-256"),
            (&format!("{PKCS8}{PKCS8}"), "more than one key"),
        ] {
            let error = SigningKey::read(text, "env://KEY").unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            let shown = format!("{error} {:?}", error.hints());
            assert!(
                shown.contains(why) && shown.starts_with("env://KEY holds no key to sign with"),
                "{shown}"
            );
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        for (text, why) in [("", "no PEM"), (SEC1, "private one"), (COSIGN, "private one")] {
            let error = PublicKey::read(text, "x").unwrap_err();
            assert!(error.message().contains(why), "{error}");
        }
        assert!(PublicKey::read(&"x".repeat(MAX_PEM + 1), "x").is_err());
    }
}
