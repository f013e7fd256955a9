//! A repository of a registry that a test fills by hand, through the library's own client.

use std::collections::BTreeMap;

use imgbuild::environment::Environment;
use imgbuild::evidence::{
    self, BUILD_TYPE, Draft, GitFacts, Predicate, Provenance, SigningKey, Source, Statement, TestSummary,
    TestVerdict,
};
use imgbuild::image::Digest;
use imgbuild::registry::{BlobSource, CredentialStore, Descriptor, Manifest, Registry, RegistryOptions};
use serde_json::{Value, json};

use super::lab::Lab;

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Runs a future to its end.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    use tokio::runtime::{Builder, Runtime};
    // One for each test's thread: a client's connections live as long as the runtime that made them.
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A client of the library for `host`, as the binary would have it in this lab.
pub(crate) fn client(lab: &Lab, host: &str) -> Registry {
    let environment = Environment::from_pairs(lab.environment());
    let store = CredentialStore::load(&environment).expect("logins");
    let login = now(store.for_registry(host)).expect("login");
    Registry::new(host, login, RegistryOptions::from_environment(&environment)).expect("client")
}

/// A repository.
pub(crate) struct Shelf {
    pub(crate) registry: Registry,
    pub(crate) path: String,
}

impl Shelf {
    pub(crate) fn new(lab: &Lab, host: &str, path: &str) -> Shelf {
        Shelf { registry: client(lab, host), path: path.to_owned() }
    }

    /// The full name of what `reference`, a tag or a digest, names here.
    pub(crate) fn name(&self, reference: &str) -> String {
        let between = if reference.starts_with("sha256:") { '@' } else { ':' };
        format!("{}/{}{between}{reference}", self.registry.host(), self.path)
    }

    pub(crate) fn blob(&self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        now(self.registry.push_blob(&self.path, &descriptor, BlobSource::Bytes(bytes.into()))).expect("blob");
        descriptor.to_json()
    }

    pub(crate) fn manifest(&self, tag: Option<&str>, document: &Value) -> Manifest {
        let media_type = document["mediaType"].as_str().expect("media type");
        // Not as a machine would write it: a copy that parses and writes it again is another one.
        let bytes = serde_json::to_vec_pretty(document).expect("json");
        let manifest = Manifest::new(bytes, media_type).expect("a manifest");
        let digest = manifest.digest.to_string();
        now(self.registry.put_manifest(&self.path, tag.unwrap_or(&digest), &manifest)).expect("put");
        manifest
    }

    /// An image for one platform with these labels.
    pub(crate) fn image(&self, tag: Option<&str>, arch: &str, labels: &BTreeMap<String, String>) -> Manifest {
        let layer = format!("the layer of {arch} of {}", self.path);
        self.image_of(tag, arch, layer.into_bytes(), &json!(labels))
    }

    /// The same of this layer.
    pub(crate) fn image_of(&self, tag: Option<&str>, arch: &str, layer: Vec<u8>, labels: &Value) -> Manifest {
        let layer = self.blob(LAYER, layer);
        let config = json!({"architecture": arch, "os": "linux", "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}});
        let config = self.blob(CONFIG, config.to_string().into_bytes());
        let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer]});
        self.manifest(tag, &document)
    }

    /// What the tag or digest names, if anything.
    pub(crate) fn get(&self, reference: &str) -> Option<Manifest> {
        now(self.registry.manifest(&self.path, reference)).expect("read")
    }

    /// The digest that a tag names.
    pub(crate) fn digest(&self, tag: &str) -> Digest {
        self.get(tag).unwrap_or_else(|| panic!("there is no {}", self.name(tag))).digest
    }

    pub(crate) fn tags(&self) -> Vec<String> {
        let mut tags = now(self.registry.tags(&self.path)).expect("tags");
        tags.retain(|tag| !tag.starts_with("sha256-"));
        tags.sort();
        tags
    }

    /// The digests of what refers to a manifest.
    pub(crate) fn referrers(&self, digest: &Digest) -> Vec<Digest> {
        let listed = now(self.registry.referrers(&self.path, digest)).expect("referrers");
        listed.into_iter().map(|one| one.digest).collect()
    }

    /// What everybody says of a manifest here, whether it holds or not.
    pub(crate) fn statements(&self, digest: &Digest) -> Vec<Statement> {
        let collected = now(evidence::collect(&self.registry, &self.path, digest)).expect("evidence");
        evidence::read(&collected, &[]).into_iter().filter_map(|standing| standing.statement).collect()
    }

    /// Attaches to `manifest` what is `said`, as a kind of thing.
    pub(crate) fn attach(&self, manifest: &Manifest, statement: Statement, key: Option<&SigningKey>) {
        let draft = Draft { statement, created: "2026-01-01T00:00:00Z".to_owned() };
        let subject = manifest.descriptor().expect("descriptor");
        now(evidence::attach(&self.registry, &self.path, &subject, &[draft], key)).expect("attach");
    }

    /// Attaches that it was built of a clean commit, and that its tests passed.
    pub(crate) fn prove(&self, manifest: &Manifest, commit: &str, tree: &str, key: Option<&SigningKey>) {
        let said = [
            (Predicate::Provenance, provenance(commit, tree).to_json()),
            (Predicate::Tests, tests(true).to_json()),
            (Predicate::Signature, json!({})),
        ];
        for (kind, said) in said {
            if kind != Predicate::Signature || key.is_some() {
                self.attach(manifest, Statement::new(&manifest.digest, None, &kind, said), key);
            }
        }
    }
}

/// What imgbuild says of a build of a clean commit.
pub(crate) fn provenance(commit: &str, tree: &str) -> Provenance {
    let mut provenance = Provenance::default();
    provenance.run_details.builder.id = "https://imgbuild.dev/builder/test".to_owned();
    let definition = &mut provenance.build_definition;
    definition.build_type = BUILD_TYPE.to_owned();
    definition.external_parameters.source = Some(Source {
        uri: "git+https://host.example/r".to_owned(),
        digest: BTreeMap::from([("gitCommit".to_owned(), commit.to_owned())]),
        git_ref: None,
    });
    definition.internal_parameters.development = Some(false);
    definition.internal_parameters.git =
        Some(GitFacts { tree: tree.to_owned(), clean: true, ..GitFacts::default() });
    provenance
}

/// One test, and how it ended.
pub(crate) fn tests(passed: bool) -> TestSummary {
    let (names, none) = (vec!["serves".to_owned()], Vec::new());
    let (passed_tests, failed_tests) = if passed { (names, none) } else { (none, names) };
    TestSummary {
        result: if passed { TestVerdict::Passed } else { TestVerdict::Failed },
        configuration: Vec::new(),
        url: None,
        passed_tests,
        warned_tests: Vec::new(),
        failed_tests,
    }
}
