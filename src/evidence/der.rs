//! The little of ASN.1's DER that keys on the curve P-256 need. Keys themselves are judged by the library that uses them.

/// `SEQUENCE { SEQUENCE { ecPublicKey, prime256v1 }, BIT STRING { 0 unused bits, 04 …` of a public key: the point's 64
/// bytes follow.
const SPKI: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// `INTEGER 0, SEQUENCE { ecPublicKey, prime256v1 }`: how a private key's PKCS#8 begins.
const PKCS8: [u8; 24] = [
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
];

/// The public key whose uncompressed point is `point` (65 bytes), as SubjectPublicKeyInfo.
pub(super) fn spki(point: &[u8]) -> Option<Vec<u8>> {
    let [0x04, rest @ ..] = point else { return None };
    (rest.len() == 64).then(|| [&SPKI, rest].concat())
}

/// The uncompressed point (65 bytes) of a P-256 key in SubjectPublicKeyInfo.
pub(super) fn point(spki: &[u8]) -> Option<Vec<u8>> {
    let rest = spki.strip_prefix(&SPKI[..])?;
    (rest.len() == 64).then(|| [&[0x04], rest].concat())
}

/// The PKCS#8 form of a private key in the form of SEC 1.
pub(super) fn pkcs8(sec1: &[u8]) -> Option<Vec<u8>> {
    let content = [&PKCS8[..], &tagged(0x04, sec1)?].concat();
    tagged(0x30, &content)
}

fn tagged(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(content.len()).ok()?;
    let head: &[u8] = if length < 0x80 { &[tag, length] } else { &[tag, 0x81, length] };
    Some([head, content].concat())
}
