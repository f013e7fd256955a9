//! Files that chance made of good ones: no panic, and what comes out can be written.

use jiff::Timestamp;
use tar::EntryType;

use super::hostile::{gzip, oci};
use super::making::{Made, export, inventory, read};
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

    /// `good` with some bytes changed in place: of every other one, the place is `near` a multiple of `step`.
    fn spoil(&mut self, good: &[u8], step: usize, near: usize) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(6) {
            let at = match self.below(2) {
                0 => self.below(bytes.len()),
                _ => self.below(bytes.len() / step) * step + self.below(near),
            };
            let odd = [0, 1, b'0', b'7', 0x7f, 0x80, 0xff];
            let value = match self.below(2) {
                0 => odd[self.below(odd.len())],
                _ => u8::try_from(self.below(256)).unwrap_or_default(),
            };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes
    }
}

/// The sums of headers made right again, those of layers in an export too: what compares them would look no further.
fn summed(mut archive: Vec<u8>) -> Vec<u8> {
    for header in archive.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    archive
}

/// A record of a pax header: its own length stands before it.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length = (1..=3)
        .map(|digits| rest.len() + digits)
        .find(|length| length.to_string().len() + rest.len() == *length);
    format!("{}{rest}", length.unwrap_or_default())
}

/// A layer of all that archives have for names, sizes and holes.
fn layer() -> Made {
    let list = b"Package: a\nStatus: install ok installed\nVersion: 1\n\n".repeat(20);
    let pax = |layer: Made, records: &[(&str, &str)]| {
        let text: String = records.iter().map(|(key, value)| record(key, value)).collect();
        layer.raw("PaxHeaders/x", EntryType::XHeader, 0o644, "", text.as_bytes())
    };
    let made = Made::new().folder("var/lib/dpkg").folder("root/.ssh");
    let made = made.raw("././@LongLink", EntryType::GNULongName, 0o644, "", b"var/lib/dpkg/status\0");
    let made = made.file("cut", &list).raw("././@LongLink", EntryType::GNULongLink, 0o644, "", b"../cut\0");
    let made = made.link("etc/os-release", "cut");
    let made = pax(made, &[("path", "var/lib/dpkg/status.d/b"), ("mtime", "1.5"), ("size", "1040")]);
    let made = made.file("cut", &list);
    let global = record("comment", "c0ffee");
    let made = made.raw("pax_global_header", EntryType::XGlobalHeader, 0o644, "", global.as_bytes());
    let sparse = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "2048")];
    let made = pax(made, &[&sparse[..], &[("GNU.sparse.name", "etc/shadow")]].concat());
    let mut holes = b"1\n1024\n16\n".to_vec();
    holes.resize(512, 0);
    holes.extend(b"root::1::::::\nx\n");
    let made = made.file("GNUSparseFile.1/shadow", holes);
    let map = [("GNU.sparse.map", "0,16,1024,16"), ("GNU.sparse.size", "2048")];
    let made = pax(made, &map).file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n");
    let made = made.raw("sparse", EntryType::GNUSparse, 0o644, "", b"data");
    let made = made.hard_link("root/.ssh/id_rsa", "var/lib/dpkg/status").program("usr/bin/su", 0o4755);
    made.file("var/lib/rpm/rpmdb.sqlite", include_bytes!("rpmdb.sqlite")).file("etc/.wh.shadow", "")
}

#[test]
fn what_chance_makes_of_archives_does_no_harm() {
    let good = export(&[layer(), layer().file("etc/.wh..wh..opq", "")]);
    assert_eq!(read(&summed(good.clone())), read(&good));
    let whole = read(&good).unwrap();
    assert!(whole.packages.iter().any(|package| package.name == "a"), "{:?}", whole.packages);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut refused = 0;
    for _ in 0..150 {
        // An error that says why is as good as a list; what must not differ is what two readings give, which `read` looks at.
        refused += u32::from(read(&summed(random.spoil(&good, 512, 512))).is_err());
    }
    assert!(refused > 10 && refused < 150, "{refused} of 150 were refused");
    let layer = layer().bytes();
    let fastest = ruzstd::encoding::CompressionLevel::Fastest;
    for stored in [gzip(&layer), ruzstd::encoding::compress_to_vec(layer.as_slice(), fastest)] {
        assert!(read(&oci(std::slice::from_ref(&stored))).is_ok());
        let spoilt = (0..60).filter(|_| read(&oci(&[random.change(&stored)])).is_err()).count();
        assert!(spoilt > 10, "{spoilt} of 60 were refused");
    }
}

#[test]
fn what_chance_makes_of_a_database_is_read_or_noted() {
    let good = include_bytes!("rpmdb.sqlite");
    let mut random = Random(0xda94_2042_e4dd_58b5);
    for _ in 0..200 {
        // Headers of pages, and where their cells are.
        let bytes = random.spoil(good, 512, 64);
        inventory(&[Made::new().file("var/lib/rpm/rpmdb.sqlite", bytes)]);
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
