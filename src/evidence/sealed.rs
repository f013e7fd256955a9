//! Private keys as cosign keeps them, behind a password: scrypt makes a key of it, and NaCl's secretbox holds the PKCS#8.
//!
//! The form is JSON, that of <https://github.com/secure-systems-lab/go-securesystemslib/tree/main/encrypted>. A secretbox is
//! put together from its two halves, as <https://nacl.cr.yp.to/secretbox.html> says: the crate that has it whole stands on
//! earlier versions of both than scrypt does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit as _;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Bytes of the authenticator, before the ciphertext.
const TAG: usize = 16;
/// The most memory that a password may cost, in bytes. cosign's keys take 64 MiB.
const MAX_MEMORY: u64 = 256 << 20;
/// How often that memory may be gone through. cosign's keys say 1.
const MAX_TURNS: u32 = 4;

/// Why a key stayed closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// What it holds is no such key, and why; nothing of it is shown.
    Malformed(String),
    /// The password is another one, or a bit of the key is.
    Password,
}

#[derive(Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

/// What scrypt costs: memory of 128·N·r bytes, gone through p times.
#[derive(Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// The PKCS#8 in the JSON of an encrypted key. Takes up to a second, and the memory that the key says, within bounds.
pub(super) fn open(json: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let malformed = |why: &str| Closed::Malformed(why.to_owned());
    let sealed: Sealed =
        serde_json::from_slice(json).map_err(|_| malformed("what is encrypted in it is malformed"))?;
    let (kdf, cipher) = (&sealed.kdf, &sealed.cipher);
    if kdf.name != "scrypt" || cipher.name != "nacl/secretbox" {
        return Err(malformed("it is encrypted otherwise than by scrypt and nacl/secretbox"));
    }
    let bytes =
        |text: &str| STANDARD.decode(text).map_err(|_| malformed("what is encrypted in it is no base64"));
    let (salt, nonce, box_) = (bytes(&kdf.salt)?, bytes(&cipher.nonce)?, bytes(&sealed.ciphertext)?);
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| malformed("its nonce has not 24 bytes"))?;
    let cost = kdf.params.bounded().ok_or_else(|| {
        Closed::Malformed(format!(
            "its scrypt is to take more than {} MiB, or more than {MAX_TURNS} turns of them, or is malformed",
            MAX_MEMORY >> 20
        ))
    })?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password.as_bytes(), &salt, &cost, key.as_mut())
        .map_err(|_| malformed("its scrypt is malformed"))?;
    unbox(&key, &nonce, &box_).ok_or(Closed::Password)
}

impl Cost {
    /// The same for scrypt; `None` where it is too much or means nothing. The key may be of anybody's making.
    fn bounded(&self) -> Option<scrypt::Params> {
        let memory = self.n.checked_mul(u64::from(self.r))?.checked_mul(128)?;
        let is_right = self.n.is_power_of_two() && self.n > 1 && memory <= MAX_MEMORY && self.p <= MAX_TURNS;
        // Not before: the library multiplies what it is given.
        if !is_right {
            return None;
        }
        scrypt::Params::new(u8::try_from(self.n.trailing_zeros()).ok()?, self.r, self.p).ok()
    }
}

/// What a secretbox holds; `None` where it is not of this key. The first 32 bytes of the stream authenticate what the
/// rest of it hides.
fn unbox(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (tag, text) = sealed.split_at_checked(TAG)?;
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut once = Zeroizing::new([0; 32]);
    stream.apply_keystream(once.as_mut());
    let authentic = Poly1305::new((&*once).into()).compute_unpadded(text);
    // Nobody measures how long this takes: it is the reader's own file.
    if authentic.as_slice() != tag {
        return None;
    }
    let mut text = Zeroizing::new(text.to_vec());
    stream.apply_keystream(&mut text);
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// From the test program of NaCl's authors, `tests/secretbox.c`: the first bytes of its message, and its tag.
    #[test]
    fn a_secretbox_is_that_of_nacl() {
        let key = [
            0x1b, 0x27, 0x55, 0x64, 0x73, 0xe9, 0x85, 0xd4, 0x62, 0xcd, 0x51, 0x19, 0x7a, 0x9a, 0x46, 0xc7,
            0x60, 0x09, 0x54, 0x9e, 0xac, 0x64, 0x74, 0xf2, 0x06, 0xc4, 0xee, 0x08, 0x44, 0xf6, 0x83, 0x89,
        ];
        let nonce = [
            0x69, 0x69, 0x6e, 0xe9, 0x55, 0xb6, 0x2b, 0x73, 0xcd, 0x62, 0xbd, 0xa8, 0x75, 0xfc, 0x73, 0xd6,
            0x82, 0x19, 0xe0, 0x03, 0x6b, 0x7a, 0x0b, 0x37,
        ];
        let message = hex(
            "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129\
             6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde\
             048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
        );
        let sealed = hex(
            "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a\
             c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae\
             90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74\
             e355a5",
        );
        assert_eq!(unbox(&key, &nonce, &sealed).unwrap().as_slice(), message);
        for at in [0, TAG, sealed.len() - 1] {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(unbox(&key, &nonce, &flipped).is_none(), "{at}");
        }
        assert!(unbox(&key, &nonce, &sealed[..TAG - 1]).is_none());
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn sealed() -> Value {
        json!({
            "kdf": {"name": "scrypt", "params": {"N": 2, "r": 1, "p": 1}, "salt": "AAAA"},
            "cipher": {"name": "nacl/secretbox", "nonce": STANDARD.encode([0; 24])},
            "ciphertext": STANDARD.encode([0; 40]),
        })
    }

    fn why(sealed: &Value) -> Closed {
        open(sealed.to_string().as_bytes(), "x").unwrap_err()
    }

    #[test]
    fn what_costs_too_much_is_told_before_it_does() {
        for (n, r, p) in [
            (1_u64 << 40, 8_u32, 1_u32),
            (1 << 22, 8, 1),
            (1 << 16, u32::MAX, 1),
            (u64::MAX, 8, 1),
            (1 << 16, 8, 5),
            (1 << 16, 8, u32::MAX),
            (65_537, 8, 1),
            (0, 8, 1),
            (1, 8, 1),
            (1 << 16, 0, 1),
            (1 << 16, 8, 0),
        ] {
            let mut hostile = sealed();
            hostile["kdf"]["params"] = json!({"N": n, "r": r, "p": p});
            let Closed::Malformed(why) = why(&hostile) else { panic!("{n} {r} {p} was taken") };
            assert!(why.contains("more than 256 MiB"), "{why}");
        }
    }

    #[test]
    fn what_is_malformed_is_told_from_a_wrong_password() {
        assert_eq!(why(&sealed()), Closed::Password);
        for (at, value, told) in [
            ("/kdf/name", json!("argon2"), "otherwise than by scrypt"),
            ("/cipher/name", json!("aes"), "otherwise than by scrypt"),
            ("/kdf/salt", json!("%"), "no base64"),
            ("/cipher/nonce", json!("AAAA"), "24 bytes"),
            ("/kdf/params/N", json!(-1), "malformed"),
            ("/ciphertext", json!(1), "malformed"),
        ] {
            let mut broken = sealed();
            *broken.pointer_mut(at).unwrap() = value;
            let Closed::Malformed(why) = why(&broken) else { panic!("{at} was taken") };
            assert!(why.contains(told), "{at}: {why}");
        }
        assert!(matches!(open(b"", "x"), Err(Closed::Malformed(_))));
    }
}
