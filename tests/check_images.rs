//! `imgbuild check` where a registry tells of base images, and an engine of an image.

#![cfg(test)]

mod support;

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use support::fake_registry::{FakeRegistry, Reply, Request};
use support::small_registry::SmallRegistry;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The report of `check` with `arguments` in `folder`; it must end with a verdict.
async fn check(folder: &Path, engine: &str, arguments: &[&str]) -> Value {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_imgbuild"))
        .args(["check", "--format", "json"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs([("HOME", folder.as_os_str()), ("DOCKER_HOST", engine.as_ref())])
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("imgbuild");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"))
}

/// `CODE line` of each finding of these rules, in their order.
fn found(report: &Value, rules: &[&str]) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let of = |finding: &Value| {
        let rule = finding["rule"].as_str().filter(|rule| rules.contains(rule))?.to_owned();
        Some(format!("{rule} {}", finding["line"]))
    };
    let mut found: Vec<String> = findings.iter().filter_map(of).collect();
    found.sort();
    found
}

/// Why a rule did not judge.
fn skipped(report: &Value, rule: &str) -> Option<String> {
    let all = report["skipped"].as_array().expect("skipped");
    let why = all.iter().find(|skipped| skipped["rule"] == rule)?;
    Some(why["why"].as_str().expect("why").to_owned())
}

/// An image for `architecture`; gives its manifest.
fn image(small: &SmallRegistry, path: &str, tag: Option<&str>, architecture: &str) -> Value {
    let config = json!({ "os": "linux", "architecture": architecture }).to_string();
    let digest = small.put_blob(path, config.as_bytes());
    let document = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest.as_str(), "size": config.len() },
    });
    let manifest = small.put_manifest(path, tag, &document);
    json!({
        "mediaType": MANIFEST, "digest": manifest.digest.as_str(), "size": manifest.bytes.len(),
        "platform": { "os": "linux", "architecture": architecture },
    })
}

const BASES: [&str; 3] = ["IMG113", "IMG116", "IMG117"];

#[tokio::test]
async fn registries_tell_of_platforms_absence_and_moved_tags() {
    let folder = tempfile::tempdir().expect("folder");
    let (small, fake) = SmallRegistry::healthy().await;
    let host = fake.host();
    image(&small, "t/base", Some("single"), "amd64");
    let earlier = image(&small, "t/base", None, "386");
    let entries = json!([image(&small, "t/base", None, "amd64"), image(&small, "t/base", None, "arm64")]);
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let index = small.put_manifest("t/base", Some("multi"), &index);
    let (old, child) =
        (earlier["digest"].as_str().expect("digest"), entries[1]["digest"].as_str().expect("digest"));
    let lines = [
        format!("FROM --platform=linux/arm64 {host}/t/base:single AS a"),
        format!("FROM --platform=linux/arm64 {host}/t/base:multi AS b"),
        format!("FROM --platform=linux/s390x {host}/t/base:multi AS c"),
        format!("FROM {host}/t/base:none AS d"),
        format!("FROM {host}/t/other AS e"),
        format!("FROM {host}/t/base:multi@{old} AS f"),
        format!("FROM {host}/t/base:multi@{} AS g", index.digest),
        format!("FROM {host}/t/base:multi@{child} AS h"),
        "FROM a".to_owned(),
    ];
    std::fs::write(folder.path().join("Dockerfile"), lines.join("\n")).expect("Dockerfile");
    let report = check(folder.path(), "", &[]).await;
    assert_eq!(found(&report, &BASES), ["IMG113 1", "IMG113 3", "IMG116 4", "IMG116 5", "IMG117 6"]);

    let before = fake.requests().len();
    for (arguments, why) in [
        (&["--offline"][..], "registries are not asked with --offline"),
        (&["Dockerfile"], "registries are asked for the repository's own Dockerfile"),
    ] {
        let report = check(folder.path(), "", arguments).await;
        assert_eq!(skipped(&report, "IMG116").as_deref(), Some(why));
    }
    assert_eq!(fake.requests().len(), before, "no registry is asked");
}

#[tokio::test]
async fn a_registry_that_refuses_or_is_silent_leaves_the_rules_without_a_verdict() {
    let folder = tempfile::tempdir().expect("folder");
    let (small, fake) = SmallRegistry::healthy().await;
    image(&small, "t/base", Some("1"), "amd64");
    let denying = FakeRegistry::on("127.0.0.1", |_: &Request| Reply::status(403)).await;
    let silent = FakeRegistry::on("127.0.0.1", |_: &Request| Reply::Silence).await;
    let write = |text: String| std::fs::write(folder.path().join("Dockerfile"), text).expect("Dockerfile");

    write(format!("FROM {}/t/base:1\n", denying.host()));
    let why = skipped(&check(folder.path(), "", &[]).await, "IMG116").expect("no verdict");
    assert!(why.contains(&denying.host()), "{why}");

    // What the others say counts all the same.
    write(format!("FROM {}/a\nFROM {}/b\nFROM {}/t/base:2\n", denying.host(), silent.host(), fake.host()));
    assert_eq!(found(&check(folder.path(), "", &[]).await, &BASES), ["IMG116 3"]);
}

/// An engine that has one image, as 20.10 describes it.
fn engine(request: &Request) -> Reply {
    let target = request.target.split('?').next().unwrap_or_default();
    match target.strip_prefix("/v1.41").unwrap_or(target) {
        "/_ping" => Reply::ok("OK"),
        "/version" => Reply::ok(r#"{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}"#),
        "/info" => Reply::ok(r#"{"ID":"A","Name":"a","OSType":"linux","Architecture":"x86_64"}"#),
        "/images/web:1/json" => Reply::ok(
            json!({
                "Id": "sha256:0123", "Size": 5, "RootFS": { "Type": "layers", "Layers": ["sha256:1"] },
                "Config": {
                    "User": "", "Env": ["PATH=/bin", "DB_PASSWORD=hunter2"], "Cmd": ["/bin/sh", "-c", "supervisord"],
                    "ExposedPorts": { "22/tcp": {} }, "Volumes": { "/usr": {} }, "Healthcheck": { "Test": ["NONE"] },
                    "Labels": { "org.opencontainers.image.licenses": "Apache 2" },
                },
            })
            .to_string(),
        ),
        "/images/web:1/history" => Reply::ok(
            json!([
                { "CreatedBy": "|1 NPM_TOKEN=hunter2 /bin/sh -c ./install", "Size": 5, "Id": "sha256:0123", "Tags": ["web:1"] },
                { "CreatedBy": "/bin/sh -c #(nop) ADD file:1 in / ", "Size": 0, "Id": "<missing>", "Tags": null },
            ])
            .to_string(),
        ),
        "/images/web:1/get" => Reply::ok(export()),
        _ => Reply::status(404),
    }
}

/// An archive of one layer, in which an account has no password.
fn export() -> Vec<u8> {
    let archive = |files: &[(&str, &[u8])]| {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(u64::try_from(content.len()).expect("a size"));
            header.set_mode(0o644);
            tar.append_data(&mut header, path, *content).expect("an entry");
        }
        tar.into_inner().expect("an archive")
    };
    let layer = archive(&[("etc/passwd", b"web::1000:1000::/:/bin/sh\n")]);
    archive(&[("1/layer.tar", &layer), ("manifest.json", br#"[{"Config":"c","Layers":["1/layer.tar"]}]"#)])
}

#[tokio::test]
async fn an_image_of_the_engine_is_judged() {
    let folder = tempfile::tempdir().expect("folder");
    let fake = FakeRegistry::on("127.0.0.1", engine).await;
    let report = check(folder.path(), &format!("tcp://{}", fake.host()), &["--image", "web:1"]).await;
    let rules: Vec<String> = (801..=817).map(|number| format!("IMG{number}")).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let expected = ["801", "802", "803", "804", "806", "807", "808", "811", "812", "813", "815"];
    assert_eq!(found(&report, &rules), expected.map(|number| format!("IMG{number} null")));
    assert!(!report.to_string().contains("hunter2"), "{report}");
    let history = report["findings"].as_array().expect("findings").iter().find(|f| f["rule"] == "IMG807");
    let history = history.expect("IMG807");
    assert_eq!((&history["path"], &history["field"]), (&json!("web:1"), &json!("History[1]")));
    assert_eq!(skipped(&report, "IMG809"), None);
}
