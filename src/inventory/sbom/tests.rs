use jiff::Timestamp;
use serde_json::Value;

use super::{About, cyclonedx, spdx};
use crate::image::Digest;
use crate::inventory::{Ecosystem, Inventory, OsRelease, Package};

fn about() -> About {
    About {
        repository: "registry.example:5000/acme/My_api".to_owned(),
        digest: Digest::of(b"image"),
        created: Timestamp::from_second(1_600_000_000).unwrap(),
    }
}

fn inventory() -> Inventory {
    let package = |ecosystem, name: &str, license: Option<&str>, found_in: &str| Package {
        ecosystem,
        name: name.to_owned(),
        version: "1".to_owned(),
        architecture: None,
        source: None,
        license: license.map(str::to_owned),
        found_in: found_in.to_owned(),
        layer: 0,
    };
    Inventory {
        packages: vec![
            package(Ecosystem::Deb, "libc6", None, "/var/lib/dpkg/status"),
            package(Ecosystem::Python, "x\u{1b}[31m", Some("BSD \"ish\""), "/a/METADATA"),
            package(Ecosystem::Npm, "@a/b", Some("MIT"), "/a/package.json"),
            package(Ecosystem::Npm, "@a/b", Some("MIT"), "/b/package.json"),
        ],
        os: OsRelease::parse("ID=debian\nVERSION_ID=12\nPRETTY_NAME=x"),
        notes: vec!["/x: too large".to_owned()],
        ..Inventory::default()
    }
}

fn parsed(bytes: &[u8]) -> Value {
    assert!(bytes.ends_with(b"}\n"));
    serde_json::from_slice(bytes).unwrap()
}

/// All texts under `key`, and that none is there twice.
fn unique(list: &Value, key: &str) -> Vec<String> {
    let all: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect();
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), all.len(), "{all:?}");
    all
}

#[test]
fn spdx_names_the_image_and_what_it_contains() {
    let document = parsed(&spdx(&inventory(), &about()));
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    assert_eq!(document["creationInfo"]["created"], "2020-09-13T12:26:40Z");
    assert_eq!(document["comment"], "Left out: /x: too large");
    let ids = unique(&document["packages"], "SPDXID");
    assert_eq!(ids.len(), 6);
    for id in &ids {
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)), "{id}");
    }
    let relations = document["relationships"].as_array().unwrap();
    let contained: Vec<_> = relations.iter().filter(|one| one["relationshipType"] == "CONTAINS").collect();
    assert_eq!((relations.len(), contained.len()), (6, 5));
    assert!(relations.iter().all(|one| ids.iter().any(|id| one["relatedSpdxElement"] == id.as_str())));
    let python = &document["packages"][3];
    assert_eq!(python["licenseDeclared"], "NOASSERTION");
    assert_eq!(python["licenseComments"], "the package says: BSD \"ish\"");
    assert_eq!(document["packages"][4]["licenseDeclared"], "MIT");
    let libc = &document["packages"][2];
    assert_eq!(libc["externalRefs"][0]["referenceLocator"], "pkg:deb/debian/libc6@1?distro=debian-12");
    let image = document["packages"][0]["externalRefs"][0]["referenceLocator"].as_str().unwrap();
    let expected = format!(
        "pkg:oci/my_api@{}?repository_url=registry.example:5000%2Facme%2FMy_api",
        Digest::of(b"image")
    );
    assert_eq!(image, expected);
}

#[test]
fn cyclonedx_names_the_image_and_what_it_contains() {
    let document = parsed(&cyclonedx(&inventory(), &about()));
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let serial = document["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    let lengths: Vec<usize> = serial.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    let refs = unique(&document["components"], "bom-ref");
    assert_eq!(document["dependencies"][0]["dependsOn"].as_array().unwrap().len(), refs.len());
    assert_eq!(document["dependencies"][0]["ref"], document["metadata"]["component"]["bom-ref"]);
    let npm = &document["components"][3];
    assert_eq!((&npm["group"], &npm["name"]), (&"@a".into(), &"b".into()));
    assert_eq!(npm["licenses"][0]["expression"], "MIT");
    assert_eq!(document["components"][2]["licenses"][0]["license"]["name"], "BSD \"ish\"");
    assert_eq!(document["components"][0]["type"], "operating-system");
    assert_eq!(document["metadata"]["properties"][0]["value"], "/x: too large");
}

#[test]
fn the_same_image_has_the_same_documents() {
    let other = About { created: Timestamp::from_second(1_600_000_001).unwrap(), ..about() };
    for make in [spdx, cyclonedx] {
        assert_eq!(make(&inventory(), &about()), make(&inventory(), &about()));
        assert_ne!(make(&inventory(), &about()), make(&inventory(), &other));
    }
}
