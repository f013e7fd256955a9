//! Lists of packages that are more than text.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::making::{Made, inventory, names};
use crate::inventory::Ecosystem;

/// Headers that rpm 4.18 wrote for packages that rpmbuild made, put by SQLite 3.40 into pages of 512 bytes: rows go on
/// in other pages, and the table has pages of pages.
const RPMDB: &[u8] = include_bytes!("rpmdb.sqlite");

#[test]
fn an_rpm_database() {
    for path in ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"] {
        let found =
            inventory(&[Made::new().file(path, RPMDB).file("etc/os-release", "ID=fedora\nVERSION_ID=40")]);
        let mut expected: Vec<String> = (0..10).map(|nth| format!("pac{nth:02} 2:1.0-1.el9")).collect();
        expected.push("second 2:1.0-1.el9".to_owned());
        assert_eq!(names(&found), expected);
        let first = &found.packages[0];
        assert_eq!((first.ecosystem, first.architecture.as_deref()), (Ecosystem::Rpm, Some("noarch")));
        assert_eq!(first.license.as_deref(), Some("GPLv2+"));
        assert_eq!(
            first.purl(found.os.as_ref()),
            "pkg:rpm/fedora/pac00@1.0-1.el9?arch=noarch&distro=fedora-40&epoch=2&upstream=first-1.0-1.el9.src.rpm"
        );
        assert_eq!(found.packages[10].license.as_deref(), Some("MIT"));
        assert_eq!(found.notes, Vec::<String>::new());
    }
}

/// Whatever byte is another one, it is read or refused.
#[test]
fn a_damaged_rpm_database_is_read_or_noted() {
    for at in (0..RPMDB.len()).step_by(37) {
        let mut bytes = RPMDB.to_vec();
        bytes[at] ^= 0xff;
        let found = inventory(&[Made::new().file("var/lib/rpm/rpmdb.sqlite", bytes)]);
        assert!(found.packages.len() <= 11 && found.notes.len() <= 1);
    }
    for length in (0..RPMDB.len()).step_by(509) {
        let found = inventory(&[Made::new().file("var/lib/rpm/rpmdb.sqlite", &RPMDB[..length])]);
        assert!(found.packages.len() < 11, "{length}");
    }
}

/// An ELF file with one section, `.dep-v0`.
pub(super) fn program(section: &[u8]) -> Vec<u8> {
    let names = b"\0.shstrtab\0.dep-v0\0";
    let (at, table) = (64 + names.len(), 64 + names.len() + section.len());
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    elf.extend([0; 16]);
    elf.extend((table as u64).to_le_bytes());
    elf.extend([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0, 3, 0, 1, 0]);
    elf.extend(names);
    elf.extend(section);
    for (name, kind, offset, size) in
        [(0u32, 0u32, 0, 0), (1, 3, 64, names.len()), (11, 1, at, section.len())]
    {
        elf.extend(name.to_le_bytes());
        elf.extend(kind.to_le_bytes());
        elf.extend([0; 16]);
        elf.extend((offset as u64).to_le_bytes());
        elf.extend((size as u64).to_le_bytes());
        elf.extend([0; 24]);
    }
    elf
}

pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_program_that_notes_its_crates() {
    let list = br#"{"packages":[{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
        {"name":"serde","version":"1.2.3","source":"crates.io"},
        {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1]}]}"#;
    let found = inventory(&[Made::new().file("usr/bin/app", program(&zlib(list)))]);
    assert_eq!(names(&found), ["app 0.1.0", "serde 1.2.3"]);
    assert_eq!(
        (found.packages[0].ecosystem, found.packages[0].found_in.as_str()),
        (Ecosystem::Cargo, "/usr/bin/app")
    );
    // A list that unpacks to gigabytes, no list, half a program.
    let bomb = program(&zlib(&vec![b' '; 64 << 20]));
    let half = program(&zlib(list));
    for (bytes, noted) in [(bomb, true), (program(b"no zlib"), true), (half[..200].to_vec(), false)] {
        let found = inventory(&[Made::new().file("usr/bin/app", bytes)]);
        assert_eq!((names(&found), found.notes.len()), (Vec::new(), usize::from(noted)), "{:?}", found.notes);
    }
}
