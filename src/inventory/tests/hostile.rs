//! Exports that want to be more than they are.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::making::{Made, export, inventory, names, read};
use crate::inventory::export::Export;
use crate::inventory::layer::{Budget, Hasher};
use crate::inventory::scan::Scan;

const LIST: &str = "Package: a\nStatus: install ok installed\nVersion: 1\n\n";

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An export in OCI's layout, of layers as they are stored.
pub(super) fn oci(layers: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = Made::new().file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let mut names = Vec::new();
    for (nth, layer) in layers.iter().enumerate() {
        let name = format!("blobs/sha256/{nth:064}");
        archive = archive.file(&name, layer);
        names.push(format!("\"{name}\""));
    }
    let manifest = format!(r#"[{{"Config":"blobs/sha256/c","Layers":[{}]}}]"#, names.join(","));
    let config = r#" {"rootfs":{"diff_ids":["sha256:x"]}}"#;
    archive.file("blobs/sha256/c", config).file("manifest.json", manifest).file("index.json", "{}").bytes()
}

#[test]
fn layers_of_every_kind_in_both_layouts() {
    let layer = Made::new().file("var/lib/dpkg/status", LIST).bytes();
    let zstd =
        ruzstd::encoding::compress_to_vec(layer.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    for stored in [layer.clone(), gzip(&layer), zstd] {
        let found = read(&oci(&[stored])).unwrap();
        assert_eq!(names(&found), ["a 1"]);
        assert_eq!(found.files.layers, ["sha256:x"]);
    }
    // Of two equal layers docker writes one, and a link.
    let archive = Made::new()
        .file("a/layer.tar", &layer)
        .link("b/layer.tar", "../a/layer.tar")
        .file("manifest.json", r#"[{"Config":"c","Layers":["a/layer.tar","b/layer.tar"]}]"#);
    let found = read(&archive.bytes()).unwrap();
    assert_eq!(
        (names(&found), found.packages[0].layer, found.files.layers.len()),
        (vec!["a 1".to_owned()], 1, 2)
    );
}

#[test]
fn what_is_no_export_is_an_error_that_says_why() {
    let layer = Made::new().file("x", "y").bytes();
    let cut = &layer[..layer.len() - 1200];
    let good = export(&[Made::new().file("x", "y")]);
    let lie = r#"[{"Config":"c","Layers":["../../etc/passwd"]}]"#;
    for (archive, why) in [
        (Vec::new(), "no manifest.json"),
        (good[..good.len() - 1600].to_vec(), "ends in the middle"),
        (b"<html>".repeat(1000), "checksum"),
        (oci(&[cut.to_vec()]), "layer 1 of 1: it ends in the middle"),
        (oci(&[gzip(&layer)[..40].to_vec()]), "layer 1 of 1: gzip"),
        (oci(&[layer.clone(), b"no layer at all".repeat(99)]), "layer 2 of 2: a tar header"),
        (Made::new().file("manifest.json", lie).bytes(), "does not hold \"../../etc/passwd\""),
        (Made::new().file("manifest.json", "[]").bytes(), "names 0 images"),
        (Made::new().file("manifest.json", "[{},{}]").bytes(), "names 2 images"),
        (Made::new().file("manifest.json", "[").bytes(), "cannot be read"),
    ] {
        let told = read(&archive).unwrap_err();
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn no_path_leads_out_of_the_root() {
    let layer = Made::new()
        .file("../../../var/lib/dpkg/status", LIST)
        .program("/../x/../../usr/bin/../../su", 0o4755)
        .link("etc/os-release", "../../../../../../../etc/os-release");
    let found = inventory(&[layer]);
    assert_eq!(names(&found), ["a 1"]);
    assert_eq!(found.files.setuid[0].path, "/su");
    assert_eq!(found.os, None);
}

#[test]
fn a_size_that_is_a_lie_is_an_error() {
    // The header says 5 bytes, and the records before it far more.
    let record = "30 size=99999999999999999999\n";
    let layer =
        Made::new().raw("p", tar::EntryType::XHeader, 0o644, "", record.as_bytes()).file("x", "12345");
    let told = read(&export(&[layer])).unwrap_err();
    assert!(told.contains("layer 1 of 1: a malformed pax record"), "{told}");
    let record = "20 size=99999999999\n";
    let layer =
        Made::new().raw("p", tar::EntryType::XHeader, 0o644, "", record.as_bytes()).file("x", "12345");
    assert!(read(&export(&[layer])).unwrap_err().contains("layer 1 of 1: it ends in the middle"));
}

#[test]
fn names_that_are_no_text() {
    let mut layer = Made::new().file("root/xx/id_rsa", "-----BEGIN RSA PRIVATE KEY-----\n").bytes();
    layer[5..7].copy_from_slice(b"\xff\xfe");
    let sum: u32 = (0..512).map(|at| if (148..156).contains(&at) { 32 } else { u32::from(layer[at]) }).sum();
    layer[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let found = read(&oci(&[layer])).unwrap();
    assert_eq!(found.files.secrets[0].path, "/root/\u{fffd}\u{fffd}/id_rsa");
}

/// Writes without end into a reader, and gives the most that the layer keeps of it.
fn scanned(
    budget: Budget,
    write: impl FnOnce(&mut dyn FnMut(&[u8])),
) -> (crate::inventory::layer::Layer, Budget) {
    let mut scan = Scan::new(Hasher::default(), budget);
    write(&mut |bytes| scan.push(bytes).unwrap());
    scan.end().unwrap()
}

#[test]
fn a_million_entries_cost_what_they_may() {
    let budget = Budget { paths: 1000, links: 10, items: 10, ..Budget::default() };
    let (layer, left) = scanned(budget, |push| {
        for nth in 0..50_000 {
            let entry = match nth % 3 {
                0 => Made::new().file(&format!("a/{nth}"), "x"),
                1 => Made::new().link(&format!("b/{nth}"), "x"),
                _ => Made::new().program(&format!("var/cache/apt/{nth}"), 0o4755),
            };
            let bytes = entry.bytes();
            push(&bytes[..bytes.len() - 1024]);
        }
    });
    assert_eq!((layer.covered.len(), layer.links.len(), layer.items.len()), (1000, 10, 10));
    assert!(layer.is_partial && layer.leftovers.len() <= 8192 && layer.notes.len() == 2);
    assert_eq!((left.paths, left.links, left.items), (0, 0, 0));
    assert_eq!(layer.leftovers.values().map(|heap| heap.files).sum::<u64>(), 16_666);
}

#[test]
fn long_texts_cost_what_they_may() {
    let path = |nth: usize| format!("var/cache/apt/{nth:060}");
    let budget = Budget { text: 1000, ..Budget::default() };
    let (layer, left) = scanned(budget, |push| {
        let status = Made::new().file("var/lib/dpkg/status", LIST.replace(" 1", &"1".repeat(900)));
        let links = (0..100).fold(status, |made, nth| made.link(&path(nth), &path(nth)));
        let programs = (100..200).fold(links, |made, nth| made.program(&path(nth), 0o4755));
        push(&programs.bytes());
    });
    let list: usize = layer.items.keys().filter(|path| path.ends_with("status")).count();
    assert_eq!((list, layer.covered.len()), (1, 201));
    let kept = layer.links.len() + layer.items.len() + layer.leftovers.len();
    assert!(kept <= 3 && left.text < 100, "{kept} {}", left.text);
    assert!(layer.notes.iter().any(|note| note.contains("more links")), "{:?}", layer.notes);
    assert!(layer.notes.iter().any(|note| note.contains("more files that matter")), "{:?}", layer.notes);
}

/// A list of two gigabytes, of which nothing is kept but so many packages.
#[test]
fn a_list_without_end_costs_no_memory() {
    let piece = "Package: a\nVersion: 1\nDescription: x\n\n".repeat(4096);
    let times = (2u64 << 30) / piece.len() as u64;
    let mut header = tar::Header::new_gnu();
    header.set_path("var/lib/dpkg/status").unwrap();
    header.set_size(piece.len() as u64 * times);
    header.set_mode(0o644);
    header.set_cksum();
    let budget = Budget { packages: 100, ..Budget::default() };
    let (layer, left) = scanned(budget, |push| {
        push(header.as_bytes());
        for _ in 0..times {
            push(piece.as_bytes());
        }
        let rest = (piece.len() as u64 * times).next_multiple_of(512) - piece.len() as u64 * times;
        push(&vec![0; usize::try_from(rest).unwrap()]);
    });
    assert_eq!(left.packages, 0);
    assert!(layer.notes[0].contains("more packages than are read"), "{:?}", layer.notes);
}

#[test]
fn a_bomb_ends_at_its_limit() {
    let mut bomb = Made::new().file("x", vec![0; 8 << 20]).bytes();
    bomb.extend(vec![0; 64 << 20]);
    let packed = gzip(&bomb);
    assert!(packed.len() < 1 << 20);
    let mut scan = Scan::new(Hasher::default(), Budget { bytes: 16 << 20, ..Budget::default() });
    let told = packed.chunks(1000).try_for_each(|piece| scan.push(piece)).unwrap_err();
    assert!(told.contains("unpacks to more than a layer may hold"), "{told}");
}

#[test]
fn the_same_layers_are_read_alike_each_time() {
    let layers = || [Made::new().file("var/lib/dpkg/status", LIST), Made::new().file("etc/.wh.x", "")];
    assert_eq!(inventory(&layers()), inventory(&layers()));
    let mut export = Export::new();
    assert!(export.push(b"x").is_ok() && export.end().is_err());
}
