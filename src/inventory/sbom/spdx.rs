//! SPDX 2.3 as JSON: <https://spdx.github.io/spdx-spec/v2.3/>.

use serde_json::{Map, Value, json};

use super::about::{About, TOOL, identity};
use super::license::expression;
use crate::inventory::{Inventory, OsRelease, Package};

/// What the format says where nobody knows.
const UNKNOWN: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-OperatingSystem";

/// The document, with its keys in a fixed order and a line break at its end.
pub fn spdx(inventory: &Inventory, about: &About) -> Vec<u8> {
    let os = inventory.os.as_ref();
    let mut packages = vec![image(about)];
    let mut relations = vec![relation(DOCUMENT, "DESCRIBES", IMAGE)];
    if let Some(os) = os {
        packages.push(system(os));
        relations.push(relation(IMAGE, "CONTAINS", SYSTEM));
    }
    for package in &inventory.packages {
        let id = format!("SPDXRef-Package-{}-{}", package.ecosystem.purl_type(), identity(package));
        relations.push(relation(IMAGE, "CONTAINS", &id));
        packages.push(of(package, os, id));
    }
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": about.repository,
        "documentNamespace": format!("https://imgbuild.dev/spdx/sha256-{}/{}", about.digest.hex(), about.identity()),
        "creationInfo": {
            "created": about.created(),
            "creators": [format!("Tool: {}-{}", TOOL.0, TOOL.1)],
        },
        "packages": packages,
        "relationships": relations,
    });
    if !inventory.notes.is_empty()
        && let Some(document) = document.as_object_mut()
    {
        let left_out = format!("Left out: {}", inventory.notes.join("; "));
        document.insert("comment".to_owned(), left_out.into());
    }
    let mut bytes = document.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}

fn purl(locator: String) -> Value {
    json!([{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}])
}

fn image(about: &About) -> Value {
    json!({
        "SPDXID": IMAGE,
        "name": about.repository,
        "versionInfo": about.digest.as_str(),
        "primaryPackagePurpose": "CONTAINER",
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": false,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": UNKNOWN,
        "copyrightText": UNKNOWN,
        "checksums": [{"algorithm": "SHA256", "checksumValue": about.digest.hex()}],
        "externalRefs": purl(about.purl()),
    })
}

fn system(os: &OsRelease) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("SPDXID", SYSTEM.into());
    put("name", os.id.as_str().into());
    if !os.version_id.is_empty() {
        put("versionInfo", os.version_id.as_str().into());
    }
    if !os.pretty_name.is_empty() {
        put("description", os.pretty_name.as_str().into());
    }
    put("primaryPackagePurpose", "OPERATING-SYSTEM".into());
    put("downloadLocation", UNKNOWN.into());
    put("filesAnalyzed", false.into());
    put("licenseConcluded", UNKNOWN.into());
    put("licenseDeclared", UNKNOWN.into());
    put("copyrightText", UNKNOWN.into());
    Value::Object(object)
}

fn of(package: &Package, os: Option<&OsRelease>, id: String) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("SPDXID", id.into());
    put("name", package.name.as_str().into());
    if !package.version.is_empty() {
        put("versionInfo", package.version.as_str().into());
    }
    let declared = package.license.as_deref().and_then(expression);
    if let Some(text) = package.license.as_deref().filter(|_| declared.is_none()) {
        put("licenseComments", format!("the package says: {text}").into());
    }
    put("downloadLocation", UNKNOWN.into());
    put("filesAnalyzed", false.into());
    put("licenseConcluded", UNKNOWN.into());
    put("licenseDeclared", declared.unwrap_or_else(|| UNKNOWN.to_owned()).into());
    put("copyrightText", UNKNOWN.into());
    put("sourceInfo", format!("listed by {} in layer {}", package.found_in, package.layer + 1).into());
    put("externalRefs", purl(package.purl(os)));
    Value::Object(object)
}
