//! Files that chance made of good ones: no panic, and what comes out can be written.

use jiff::Timestamp;

use super::making::{Made, inventory};
use crate::image::Digest;
use crate::inventory::sbom::{About, cyclonedx, spdx};

/// Marsaglia's xorshift64: always the same, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).unwrap_or_default() % end.max(1)
    }

    /// `good` with some bytes changed, a piece doubled or left out, or an end that is missing.
    fn change(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(4) {
            let (at, other) = (self.below(bytes.len()), self.below(bytes.len()));
            let (from, to) = (at.min(other), at.max(other));
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(from..to)),
                2 if bytes.len() < 100_000 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
                _ => {
                    let value = self.below(256);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(value).unwrap_or_default();
                    }
                }
            }
        }
        bytes
    }
}

#[test]
fn what_chance_makes_of_files_does_no_harm() {
    let good: [(&str, Vec<u8>); 9] = [
        (
            "var/lib/dpkg/status",
            b"Package: a\nStatus: install ok installed\nSource: b (1)\nVersion: 1:2\n\n".repeat(3),
        ),
        ("lib/apk/db/installed", b"C:Q1x=\nP:musl\nV:1.2-r0\nA:x86_64\nL:MIT\no:musl\n\n".repeat(3)),
        ("var/lib/rpm/rpmdb.sqlite", include_bytes!("rpmdb.sqlite").to_vec()),
        ("a/b.dist-info/METADATA", b"Name: a\nVersion: 1\nLicense: MIT\n\nx".to_vec()),
        (
            "a/node_modules/@b/c/package.json",
            br#"{"name":"@b/c","version":"1","license":{"type":"ISC"}}"#.to_vec(),
        ),
        (
            "usr/bin/app",
            super::systems::program(&super::systems::zlib(br#"{"packages":[{"name":"a","version":"1"}]}"#)),
        ),
        ("usr/lib/os-release", b"ID=\"debian\"\nVERSION_ID='12'\n".to_vec()),
        ("etc/shadow", b"root::1::::::\nme:*:1::::::\n".to_vec()),
        ("root/.ssh/id_rsa", b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".to_vec()),
    ];
    let about = About {
        repository: "r.example/a".to_owned(),
        digest: Digest::of(b"x"),
        created: Timestamp::UNIX_EPOCH,
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..200 {
        let layer =
            good.iter().fold(Made::new(), |layer, (path, bytes)| layer.file(path, random.change(bytes)));
        let found = inventory(&[layer.link("etc/os-release", "../usr/lib/os-release")]);
        for document in [spdx(&found, &about), cyclonedx(&found, &about)] {
            serde_json::from_slice::<serde_json::Value>(&document).unwrap();
        }
    }
}
