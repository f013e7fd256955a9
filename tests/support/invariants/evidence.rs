//! What may be attached to an image, on any bytes.

use imgbuild::evidence::{Attached, Collected, Content, Place, PublicKey, read};
use imgbuild::image::Digest;

const KEY: &str = include_str!("../../../src/evidence/bundle/cosign.pub");
/// What was signed with that key, as far as it is among the seeds.
const SIGNED: [&[u8]; 2] = [
    include_bytes!("../../fuzz_seeds/evidence/sign.json"),
    include_bytes!("../../fuzz_seeds/evidence/attest.json"),
];
const TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dsse.envelope.v1+json",
    "application/vnd.in-toto+json",
    "application/vnd.dev.cosign.simplesigning.v1+json",
];

fn payload(media_type: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match Content::read(media_type, bytes.to_vec(), Some("MEUC")) {
        Content::Envelope(envelope) => Some(envelope.payload),
        _ => None,
    }
}

/// Whatever it is, it is read without a panic, and nothing counts as signed but what was.
pub(crate) fn holds(bytes: &[u8]) {
    let keys = PublicKey::read(KEY, "cosign.pub").expect("a key");
    for media_type in TYPES {
        let content = Content::read(media_type, bytes.to_vec(), Some("MEUC"));
        let place = Place::Referrer(Digest::of(bytes));
        let attached = vec![Attached { place, claims: None, content }];
        let collected = Collected { subject: Digest::of(b"image"), attached };
        for standing in read(&collected, &keys) {
            let known = SIGNED.iter().any(|seed| payload(TYPES[0], seed) == payload(media_type, bytes));
            assert!(standing.signer.is_none() || known, "signed, and not by anybody");
            assert!(standing.objection.is_some(), "it is about another image");
        }
    }
}
