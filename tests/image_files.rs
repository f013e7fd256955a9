//! What the layers of an image hold, on a real engine and a real registry: what is found, how often the engine is asked, and
//! that both places hold the same.

#![cfg(test)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use imgbuild::engine::{Endpoint, Engine};
use imgbuild::inventory::{Ecosystem, Inventory, of_export, of_registry};
use imgbuild::registry::{Credential, Registry, RegistryOptions};
use serde_json::Value;
use support::engine_proxy::meddle;
use support::lab::{self, Lab, Repo};

/// One layer brings a key, the next deletes it; a helper that runs as root; an account without password; a list of packages.
fn careless(lab: &Lab) -> Repo<'_> {
    let repo = lab.hello();
    let steps = "COPY status /var/lib/dpkg/status\n\
                 COPY key /root/.ssh/id_ed25519\n\
                 RUN rm /root/.ssh/id_ed25519 && mkdir -p /usr/local/bin && cp /bin/busybox /usr/local/bin/helper && \
                 chmod 4755 /usr/local/bin/helper\n\
                 RUN echo 'open::1000:1000::/:/bin/sh' >>/etc/passwd\n";
    repo.write(
        "Dockerfile",
        &lab::dockerfile(&lab.base).replacen("COPY www", &format!("{steps}COPY www"), 1),
    );
    repo.write("status", "Package: api\nStatus: install ok installed\nArchitecture: all\nVersion: 1.2-3\n\n");
    // By its beginning alone, so that the build context's own rule says nothing.
    repo.write("key", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n");
    repo.commit("careless");
    repo
}

fn found<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["rule"] == rule)
        .collect()
}

/// The engine's address for a run, and how often it was asked for the whole of an image.
fn counted(lab: &Lab, name: &str) -> (String, Arc<AtomicUsize>) {
    let exports = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&exports);
    let address = meddle(&lab.path(name), &lab.engine, "/get HTTP", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    (address, exports)
}

fn config(lab: &Lab, checks: &str) -> String {
    format!("{}[checks]\n{checks}", lab::config(&lab.repository()))
}

/// What is in the context is the context's rule's to say.
const KNOWN: &str = "{ rule = \"IMG601\", reason = \"a key of the tests alone\" }";

#[test]
fn careless_layers_stop_the_run_and_the_engine_exports_them_once() {
    let lab = Lab::new("layers");
    let repo = careless(&lab);
    repo.write("imgbuild.toml", &config(&lab, &format!("ignore = [{KNOWN}]\n")));
    repo.commit("the context's key is known");
    let (engine, exports) = counted(&lab, "one.sock");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).env("DOCKER_HOST", engine).expect(1);
    let report = ran.json();
    assert_eq!(exports.load(Ordering::SeqCst), 1);
    assert!(lab.tags().is_empty() && !report["image"].is_null());
    for (rule, level, field, words) in [
        ("IMG814", "warning", "/usr/local/bin/helper", "runs as root"),
        ("IMG815", "error", "/etc/passwd", "\"open\" has an empty password"),
        ("IMG816", "error", "/root/.ssh/id_ed25519", "deleted by a later layer"),
    ] {
        let finding = found(&report, rule).into_iter().find(|one| one["field"] == field);
        let finding = finding.unwrap_or_else(|| panic!("{rule}: {report}"));
        assert_eq!(finding["level"], level);
        assert!(finding["message"].as_str().expect("a text").contains(words), "{finding}");
    }
    let key = found(&report, "IMG816")[0]["evidence"].as_str().expect("the layer").to_owned();
    assert!(key.starts_with("layer 3 of ") && key.contains("(sha256:"), "{key}");
    assert!(!report.to_string().contains("hunter2"));
    // A development build does not read them, and says so.
    let (engine, exports) = counted(&lab, "two.sock");
    let built = repo.imgbuild(&["build", "--format", "json"]).env("DOCKER_HOST", engine).expect(0).json();
    assert_eq!((exports.load(Ordering::SeqCst), found(&built, "IMG816").len()), (0, 0));
    assert_eq!(built["rules_skipped"]["IMG816"], "`imgbuild ci` reads the layers of the image");
    // `check` judges an image that is there.
    let id = report["image"]["id"].as_str().expect("id");
    let checked = repo.imgbuild(&["check", "--image", id, "--format", "json"]).expect(1).json();
    assert_eq!(found(&checked, "IMG816").len(), 1, "{checked}");
}

#[test]
fn layers_are_read_where_somebody_wants_it_and_what_is_allowed_is_silent() {
    let lab = Lab::new("allowed");
    let repo = careless(&lab);
    let waivers = format!(
        "ignore = [{KNOWN}, {{ rule = \"IMG815\", reason = \"no login\" }}, {{ rule = \"IMG816\", reason = \"worthless\" }}]\n"
    );
    repo.write(
        "imgbuild.toml",
        &config(&lab, &format!("allow-setuid = [\"/usr/local/bin/helper\"]\n{waivers}")),
    );
    repo.commit("allowed");
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(0).json();
    assert!(found(&report, "IMG814").is_empty());
    assert_eq!(found(&report, "IMG816")[0]["excused"], "worthless");
    assert_eq!(report["rules_skipped"]["IMG814"], Value::Null);

    repo.write("imgbuild.toml", &config(&lab, &format!("read-layers = false\nignore = [{KNOWN}]\n")));
    repo.commit("left out");
    let (engine, exports) = counted(&lab, "three.sock");
    let report = repo.imgbuild(&["ci", "--format", "json"]).env("DOCKER_HOST", engine).expect(0).json();
    assert_eq!(exports.load(Ordering::SeqCst), 0);
    assert_eq!(report["rules_skipped"]["IMG816"], "`checks.read-layers` is false");
}

#[tokio::test]
async fn engine_and_registry_hold_the_same() {
    let lab = Lab::new("both");
    let repo = careless(&lab);
    repo.write("imgbuild.toml", &config(&lab, "fail-on = \"never\"\n"));
    repo.commit("whatever it is");
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(0).json();
    let engine =
        Engine::connect(&Endpoint::unix(lab.engine.strip_prefix("unix://").expect("a socket"), "the test"))
            .await
            .expect("an engine");
    let exported = of_export(&engine, report["image"]["id"].as_str().expect("id")).await.expect("an export");
    let registry =
        Registry::new(&lab.registry, None::<Credential>, RegistryOptions::default()).expect("a client");
    let (path, tag) = (format!("t/{}", lab.name()), lab.tags().pop_first().expect("a tag"));
    let manifest = registry.manifest(&path, &tag).await.expect("an answer").expect("a manifest");
    let pulled = of_registry(&registry, &path, &manifest).await.expect("the blobs");
    assert_eq!(exported, pulled);
    let Inventory { packages, files, notes, .. } = pulled;
    assert_eq!(packages.len(), 1);
    assert_eq!((packages[0].ecosystem, packages[0].name.as_str()), (Ecosystem::Deb, "api"));
    assert_eq!(
        (packages[0].version.as_str(), packages[0].found_in.as_str()),
        ("1.2-3", "/var/lib/dpkg/status")
    );
    assert_eq!((files.setuid.len(), files.open_accounts.len(), files.secrets.len()), (1, 1, 1));
    assert!(files.layers.iter().all(|layer| layer.starts_with("sha256:")) && notes.is_empty(), "{notes:?}");

    let error = of_export(&engine, "localhost/imgbuild-no-such-image:1").await.expect_err("no image");
    assert!(error.to_string().contains("no-such-image"), "{error}");
}
