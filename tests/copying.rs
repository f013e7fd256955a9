//! `imgbuild copy` between real registries, with skopeo as the second opinion.

#![cfg(test)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use imgbuild::environment::Environment;
use imgbuild::image::{Digest, Reference};
use imgbuild::registry::{BlobSource, CredentialStore, Descriptor, Manifest, Registry, RegistryOptions};
use serde_json::{Value, json};
use support::fault_proxy::FaultProxy;
use support::lab::{Lab, setting};
use support::private_registry::PrivateRegistry;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Runs a future to its end.
fn now<T>(future: impl Future<Output = T>) -> T {
    use tokio::runtime::{Builder, Runtime};
    // One for each test's thread: a client's connections live as long as the runtime that made them.
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A client of the library for `host`, as the binary would have it in this lab.
fn client(lab: &Lab, host: &str) -> Registry {
    let environment = Environment::from_pairs(lab.environment());
    let store = CredentialStore::load(&environment).expect("logins");
    let login = now(store.for_registry(host)).expect("login");
    Registry::new(host, login, RegistryOptions::from_environment(&environment)).expect("client")
}

/// What is put into a registry by hand.
struct Hand {
    registry: Registry,
    path: String,
}

impl Hand {
    async fn blob(&self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        let source = BlobSource::Bytes(bytes.into());
        self.registry.push_blob(&self.path, &descriptor, source).await.expect("blob");
        json!({"mediaType": media_type, "digest": descriptor.digest, "size": descriptor.size})
    }

    async fn manifest(&self, tag: Option<&str>, media_type: &str, document: &Value) -> Value {
        // Not as a machine would write it: a copy that parses and writes it again is another one.
        let bytes = serde_json::to_vec_pretty(document).expect("json");
        let manifest = Manifest::new(bytes, media_type).expect("a manifest");
        let digest = manifest.digest.to_string();
        self.registry.put_manifest(&self.path, tag.unwrap_or(&digest), &manifest).await.expect("put");
        json!({"mediaType": media_type, "digest": digest, "size": manifest.bytes.len()})
    }

    /// An image of one platform, with a layer of `size` bytes.
    async fn image(&self, tag: Option<&str>, arch: &str, size: usize) -> Value {
        let layer: Vec<u8> =
            (0..size).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8 ^ arch.as_bytes()[0]).collect();
        let layer = self.blob(LAYER, layer).await;
        let config = json!({"architecture": arch, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}});
        let config = self.blob(CONFIG, config.to_string().into_bytes()).await;
        let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer]});
        let mut descriptor = self.manifest(tag, IMAGE, &document).await;
        descriptor["platform"] = json!({"os": "linux", "architecture": arch});
        descriptor
    }

    /// An index of two platforms under `tag`, with a referrer, which has a referrer itself.
    async fn index(&self, tag: &str) -> Value {
        // The layer of the first is sent in more than one request.
        let manifests = [self.image(None, "amd64", 3 << 20).await, self.image(None, "arm64", 100).await];
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let index = self.manifest(Some(tag), INDEX, &index).await;
        let sbom = self.referrer(&index, "application/spdx+json", b"{\"spdx\": 1}").await;
        self.referrer(&sbom, "application/vnd.dsse.envelope.v1+json", b"signed").await;
        index
    }

    async fn referrer(&self, subject: &Value, artifact_type: &str, content: &[u8]) -> Value {
        let empty = self.blob(EMPTY, b"{}".to_vec()).await;
        let layer = self.blob(artifact_type, content.to_vec()).await;
        let mut plain = subject.clone();
        plain.as_object_mut().expect("object").remove("platform");
        let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "artifactType": artifact_type, "config": empty,
            "layers": [layer], "subject": plain});
        let bytes = serde_json::to_vec_pretty(&document).expect("json");
        let manifest = Manifest::new(bytes, IMAGE).expect("a manifest");
        let put =
            self.registry.put_manifest(&self.path, manifest.digest.as_str(), &manifest).await.expect("put");
        if !put.subject {
            self.registry.add_referrer(&self.path, &manifest).await.expect("the fallback's index");
        }
        json!({"mediaType": IMAGE, "digest": manifest.digest, "size": manifest.bytes.len()})
    }
}

/// The bytes of the manifest that `reference` names, as skopeo reads them.
fn skopeo(lab: &Lab, reference: &str) -> Vec<u8> {
    let output = Command::new("skopeo")
        .args(["inspect", "--raw", "--tls-verify=false", &format!("docker://{reference}")])
        .env_clear()
        .envs(lab.environment())
        .env("REGISTRY_AUTH_FILE", lab.path("home/.docker/config.json"))
        .output()
        .expect("skopeo");
    assert!(output.status.success(), "{reference}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// `docker login` for the registry, and its CA where rootless docker looks for it.
fn log_in(lab: &Lab, registry: &PrivateRegistry) {
    use base64::Engine as _;
    let (user, password) = registry.login.as_ref().expect("a login");
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let config = json!({"auths": {&registry.host: {"auth": auth}}});
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    fs::write(lab.path("home/.docker/config.json"), config.to_string()).expect("write");
    let certificates = lab.path("home/.config/docker/certs.d").join(&registry.host);
    fs::create_dir_all(&certificates).expect("folder");
    fs::copy(registry.ca.as_ref().expect("a CA"), certificates.join("ca.crt")).expect("copy");
}

fn digest_of(reference: &str) -> String {
    reference.parse::<Reference>().expect("reference").digest().expect("digest").to_owned()
}

#[test]
fn an_index_with_its_referrers_goes_to_a_registry_with_login_and_tls() {
    let lab = Lab::new("copy-tls");
    let there = PrivateRegistry::start("tls", &["--login", "tester", "--tls", "--address", "192.0.2.10"]);
    log_in(&lab, &there);
    let path = format!("t/{}", lab.name());
    let from = client(&lab, &lab.registry);
    let hand = Hand { registry: from, path: path.clone() };
    let index = now(hand.index("2.0"));
    let (source, target) = (format!("{}:2.0", lab.repository()), format!("{}/{path}:copied", there.host));
    let ran = lab.imgbuild(Path::new("/"), &["copy", &source, &target]).expect(0);
    let printed = ran.stdout.trim();
    assert_eq!(digest_of(printed), index["digest"].as_str().expect("digest"), "{printed}");
    assert!(!ran.stderr.contains(&there.login.as_ref().expect("login").1));

    let bytes = skopeo(&lab, &source);
    assert_eq!(Digest::of(&bytes).as_str(), index["digest"]);
    assert_eq!(skopeo(&lab, &target), bytes, "the index, byte for byte");
    let document: Value = serde_json::from_slice(&bytes).expect("json");
    for child in document["manifests"].as_array().expect("manifests") {
        let child = child["digest"].as_str().expect("digest");
        let [a, b] = [format!("{}@{child}", lab.repository()), format!("{}/{path}@{child}", there.host)];
        assert_eq!(skopeo(&lab, &a), skopeo(&lab, &b), "{child}");
    }
    // Referrers, and theirs.
    let far = client(&lab, &there.host);
    let mut subject: Digest = index["digest"].as_str().expect("digest").parse().expect("digest");
    for artifact_type in ["application/spdx+json", "application/vnd.dsse.envelope.v1+json"] {
        let here = now(hand.registry.referrers(&path, &subject)).expect("referrers");
        let found = now(far.referrers(&path, &subject)).expect("referrers");
        let digests = |all: &[Descriptor]| all.iter().map(|one| one.digest.clone()).collect::<Vec<_>>();
        assert_eq!((digests(&found), found.len()), (digests(&here), 1), "{artifact_type}");
        assert_eq!(found[0].artifact_type.as_deref(), Some(artifact_type));
        subject = found[0].digest.clone();
    }
    // Without the CA, it is nobody that is trusted; and the message says where to put it.
    fs::remove_dir_all(lab.path("home/.config")).expect("remove");
    let ran = lab.imgbuild(Path::new("/"), &["copy", &source, &target]).expect(7);
    ran.says("no trusted TLS").says(&format!("certs.d/{}", there.host));
    // And without the login, nobody that may push.
    log_in(&lab, &there);
    fs::remove_file(lab.path("home/.docker/config.json")).expect("remove");
    lab.imgbuild(Path::new("/"), &["copy", &source, &target]).expect(7).says("anonymous");
}

#[test]
fn a_second_copy_uploads_nothing() {
    let lab = Lab::new("copy-twice");
    let there = PrivateRegistry::start("twice", &[]);
    let proxy = FaultProxy::start(&there.host);
    let path = format!("t/{}", lab.name());
    let registry = client(&lab, &lab.registry);
    let hand = Hand { registry, path: path.clone() };
    now(hand.index("1"));
    now(hand.image(Some("single"), "amd64", 5000));
    {
        let target = format!("{}/{path}", proxy.address);
        for tag in ["1", "single"] {
            lab.imgbuild(Path::new("/"), &["copy", &format!("{}:{tag}", lab.repository()), &target])
                .expect(0);
        }
        let written = || {
            ["POST", "PUT", "PATCH", "DELETE"].iter().map(|method| proxy.count(method, "/v2/")).sum::<usize>()
        };
        let first = written();
        assert!(first > 0);
        for tag in ["1", "single"] {
            let ran = lab
                .imgbuild(Path::new("/"), &["copy", &format!("{}:{tag}", lab.repository()), &target])
                .expect(0);
            ran.says("0 blobs sent");
            let [a, b] = [format!("{}:{tag}", lab.repository()), format!("{}/{path}:{tag}", there.host)];
            assert_eq!(skopeo(&lab, &a), skopeo(&lab, &b), "{tag}");
        }
        assert_eq!(written(), first, "{:#?}", proxy.requests());
    }
}

#[test]
fn within_a_registry_blobs_are_mounted() {
    let lab = Lab::new("copy-mount");
    let registry = client(&lab, &lab.registry);
    let hand = Hand { registry, path: format!("t/{}", lab.name()) };
    now(hand.index("1"));
    let target = format!("{}/t/{}-there:1", setting("IMGBUILD_TEST_REGISTRY"), lab.name());
    let source = format!("{}:1", lab.repository());
    let ran = lab.imgbuild(Path::new("/"), &["copy", &source, &target]).expect(0);
    ran.says("0 blobs sent");
    assert_eq!(skopeo(&lab, &source), skopeo(&lab, &target));
}
