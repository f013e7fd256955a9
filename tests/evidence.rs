//! What was proven of an image travels with its digest: attached by runs, judged by `verify`, told by `inspect`.

#![cfg(test)]

mod support;

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imgbuild::evidence::{
    self, Demand, Envelope, Predicate, PublicKey, SigningKey, Statement, TestSummary, TestVerdict,
};
use imgbuild::image::Digest;
use imgbuild::registry::Manifest;
use serde_json::{Value, json};
use support::fake_registry::{Reply, Request, standing};
use support::fault_proxy::{Fault, FaultProxy, Often, On};
use support::lab::{Invocation, Lab, Ran, Repo};
use support::private_registry::PrivateRegistry;
use support::shelf::{self, IMAGE, INDEX, now};
use support::small_registry::{SmallRegistry, described};

/// Keys that were made for tests alone.
const KEY: &str = include_str!("../src/evidence/key/sec1.pem");
const PUBLIC: &str = include_str!("../src/evidence/key/public.pem");
const OTHER_PUBLIC: &str = include_str!("../src/evidence/key/other-public.pem");
/// Made by cosign, which keeps it behind this password.
const COSIGN: &str = include_str!("../src/evidence/key/cosign.pem");
const COSIGN_PUBLIC: &str = include_str!("../src/evidence/key/cosign-public.pem");
const COSIGN_PASSWORD: &str = "open sesame, says cosign";

const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

const KINDS: [Predicate; 4] =
    [Predicate::Signature, Predicate::Provenance, Predicate::Tests, Predicate::Spdx];

/// A repository in the test's registry, and what is put there by hand.
struct Shelf<'a> {
    lab: &'a Lab,
    shelf: shelf::Shelf,
}

impl Deref for Shelf<'_> {
    type Target = shelf::Shelf;

    fn deref(&self) -> &shelf::Shelf {
        &self.shelf
    }
}

impl Shelf<'_> {
    /// A repository of this test's, by a name of its own.
    fn new<'a>(lab: &'a Lab, name: &str) -> Shelf<'a> {
        Shelf::at(lab, &lab.registry, name)
    }

    /// The same in the registry `host`.
    fn at<'a>(lab: &'a Lab, host: &str, name: &str) -> Shelf<'a> {
        Shelf { lab, shelf: shelf::Shelf::new(lab, host, &format!("t/{}{name}", lab.name())) }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.registry.host(), self.path)
    }

    /// An image of one platform.
    fn image(&self, tag: Option<&str>, content: &str, labels: Value) -> Manifest {
        self.image_of(tag, "amd64", content.as_bytes().to_vec(), &labels)
    }

    /// Statements of every kind that hold.
    fn attach_all(&self, subject: &Manifest, key: &SigningKey) {
        KINDS.iter().for_each(|kind| self.attach(subject, statement(kind, &subject.digest), Some(key)));
    }

    /// An artifact that refers to `subject`, said to hold `kind`.
    fn artifact(&self, subject: &Manifest, kind: &Predicate, bytes: Vec<u8>) -> Manifest {
        let (config, layer) = (self.blob(EMPTY, b"{}".to_vec()), self.blob(BUNDLE, bytes));
        let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "artifactType": BUNDLE,
            "config": config, "layers": [layer],
            "subject": {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.bytes.len()},
            "annotations": {"dev.sigstore.bundle.predicateType": kind.uri()}});
        let manifest = Manifest::new(document.to_string().into_bytes(), IMAGE).expect("manifest");
        now(self.registry.add_referrer(&self.path, &manifest)).expect("referrer");
        manifest
    }

    /// Attaches an envelope as it is, whether it holds or not.
    fn attach_envelope(&self, subject: &Manifest, kind: &Predicate, envelope: &Envelope) {
        let bundle = json!({"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": ""}},
        "dsseEnvelope": {
            "payload": STANDARD.encode(&envelope.payload), "payloadType": envelope.payload_type,
            "signatures": [{"sig": STANDARD.encode(&envelope.signatures[0])}],
        }});
        self.artifact(subject, kind, bundle.to_string().into_bytes());
    }

    /// Adds entries to the list of what refers to `subject`, until it has `least`.
    fn list(&self, subject: &Manifest, listed: &[&Manifest], least: usize) {
        let tag = format!("sha256-{}", subject.digest.hex());
        let before = now(self.registry.manifest(&self.path, &tag)).expect("read");
        let mut index: Value = before.map_or_else(
            || json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}),
            |index| serde_json::from_slice(&index.bytes).expect("json"),
        );
        let entries = index["manifests"].as_array_mut().expect("entries");
        for one in listed {
            let entry = json!({"mediaType": IMAGE, "digest": one.digest, "size": one.bytes.len(), "artifactType": BUNDLE});
            entries.push(entry);
        }
        let last = entries.last().expect("one").clone();
        let missing = least.saturating_sub(entries.len());
        entries.extend(std::iter::repeat_n(last, missing));
        self.manifest(Some(&tag), &index);
    }

    /// `verify` of a tag with the public key.
    fn verify(&self, tag: &str) -> Ran {
        let (key, reference) = (put(self.lab, "public.pem", PUBLIC), format!("{}:{tag}", self.name()));
        imgbuild(self.lab, &["verify", &reference, "--key", &key, "--format", "json"])
    }
}

/// The binary in the test's folder.
fn imgbuild(lab: &Lab, arguments: &[&str]) -> Ran {
    lab.imgbuild(&lab.path(""), arguments).run()
}

/// A file in the test's folder, by its path.
fn put(lab: &Lab, name: &str, text: &str) -> String {
    let path = lab.path(name);
    fs::write(&path, text).expect("file");
    path.to_str().expect("path").to_owned()
}

fn key() -> SigningKey {
    SigningKey::read(KEY, "the test's key").expect("key")
}

/// A statement that proves what it is for.
fn statement(kind: &Predicate, subject: &Digest) -> Statement {
    let said = match kind {
        Predicate::Provenance => json!({
            "buildDefinition": {"buildType": "https://imgbuild.dev/build/v1", "internalParameters": {
                "git": {"tree": "t", "clean": true}, "development": false}},
            "runDetails": {"builder": {"id": "https://imgbuild.dev/builder/local"}},
        }),
        Predicate::Tests => TestSummary {
            result: TestVerdict::Passed,
            configuration: Vec::new(),
            url: None,
            passed_tests: vec!["serves".to_owned()],
            warned_tests: Vec::new(),
            failed_tests: Vec::new(),
        }
        .to_json(),
        Predicate::Spdx => json!({"spdxVersion": "SPDX-2.3", "packages": [{"name": "a"}]}),
        _ => json!({}),
    };
    Statement::new(subject, None, kind, said)
}

/// The word for what a kind proves.
fn aspect(kind: &Predicate) -> &'static str {
    match kind {
        Predicate::Signature => "signature",
        Predicate::Provenance => "provenance",
        Predicate::Tests => "tests",
        _ => "sbom",
    }
}

/// Fails unless the run ended with `code` and all it printed holds each of `texts`.
fn tells(ran: &Ran, code: i32, texts: &[&str]) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, Some(code), "{all}");
    texts.iter().for_each(|text| assert!(all.contains(text), "{text:?} is not in:\n{all}"));
}

/// Fails unless `verify` refused the image, and exactly for these aspects.
fn refused(ran: &Ran, aspects: &[&str]) {
    tells(ran, 4, aspects);
    let rows = ran.json()["aspects"].as_array().expect("aspects").clone();
    let failing = rows.iter().filter(|row| row["state"] == "fails");
    let failing: Vec<&str> = failing.map(|row| row["aspect"].as_str().expect("aspect")).collect();
    assert_eq!(failing, aspects, "{}", ran.stderr);
}

/// The first tag of a report: the unique one.
fn unique(report: &Value) -> String {
    report["tags"][0]["reference"].as_str().expect("reference").to_owned()
}

/// The report of a run that signs.
fn signed_run(lab: &Lab, repo: &Repo<'_>) -> Value {
    let file = put(lab, "key.pem", KEY);
    repo.imgbuild(&["ci", "--sign-key", &file, "--format", "json"]).expect(0).json()
}

#[test]
fn a_signed_run_is_verified_and_inspected() {
    let lab = Lab::new("signed");
    let repo = lab.hello();
    repo.git(&["remote", "add", "origin", "https://deploy:s3cr3t-word@git.example/acme/api.git"]);
    let report = signed_run(&lab, &repo);
    let attached = report["evidence"].as_array().expect("evidence");
    for kind in ["provenance", "tests", "sbom", "signature"] {
        assert!(
            attached.iter().any(|one| one["kind"] == kind && one["signed"] == true),
            "{kind}: {attached:?}"
        );
    }
    let reference = unique(&report);
    let digest = report["image"]["digest"].as_str().expect("digest").to_owned();
    // The digest is that of what was tested, whatever is attached.
    assert_eq!(Digest::of(&lab.manifest("main").0).as_str(), digest);

    let (key, other) = (put(&lab, "public.pem", PUBLIC), put(&lab, "other.pem", OTHER_PUBLIC));
    let ran = imgbuild(&lab, &["verify", &reference, "--key", &key]);
    let holds = [
        "signature   holds",
        "provenance  holds",
        "tests       holds",
        "sbom        holds",
        "policy      holds",
    ];
    tells(&ran, 0, &holds);
    let ran = imgbuild(&lab, &["verify", &reference, "--key", &other]);
    tells(&ran, 4, &["signature, provenance, tests, sbom", "another key signed it"]);

    let told = imgbuild(&lab, &["inspect", &reference, "--key", &key, "--format", "json"]);
    tells(&told, 0, &[]);
    assert!(!told.stdout.contains("s3cr3t-word"), "{}", told.stdout);
    let known = told.json();
    assert_eq!(known["commit"], repo.head());
    assert_eq!(known["source"], "https://git.example/acme/api");
    assert_eq!(known["digest"], digest);
    assert_eq!(known["slsa_build_level"], 1, "outside of a CI nobody vouches for more");
    let tags: Vec<&str> = known["tags"].as_array().expect("tags").iter().filter_map(Value::as_str).collect();
    assert!(tags.contains(&"main"), "{tags:?}");
    assert_eq!(known["tests"][0]["result"], "PASSED");
    let passed = known["tests"][0]["passedTests"].as_array().expect("tests");
    assert!(passed.contains(&json!("serves")), "{passed:?}");
    tells(&imgbuild(&lab, &["inspect", &reference]), 0, &["no key was given to check it with"]);
}

#[test]
fn provenance_holds_no_secret() {
    let lab = Lab::new("secrets");
    let repo = lab.hello();
    let dockerfile = fs::read_to_string(repo.path.join("Dockerfile")).expect("Dockerfile");
    repo.write("Dockerfile", &dockerfile.replace("COPY", "ARG FLAVOUR\nARG GIT_SHA\nCOPY"));
    repo.git(&["remote", "add", "origin", "https://deploy:s3cr3t-word@git.example/acme/api.git"]);
    repo.commit("arguments");
    let ran = repo
        .imgbuild(&["ci", "--build-arg", "FLAVOUR=of-a-private-kind", "--format", "json"])
        .env("IMGBUILD_SIGN_KEY", KEY)
        .expect(0);
    let line = KEY.lines().nth(5).expect("a line of the key");
    assert!(!ran.stdout.contains(line) && !ran.stderr.contains(line));
    let report = ran.json();
    let shelf = Shelf::new(&lab, "");
    let digest: Digest = report["image"]["digest"].as_str().expect("digest").parse().expect("digest");
    let collected = now(evidence::collect(&shelf.registry, &shelf.path, &digest)).expect("collected");
    let keys = PublicKey::read(PUBLIC, "public.pem").expect("keys");
    let demand = Demand { signature: true, provenance: true, tests: true, sbom: false };
    let proof = evidence::check(&collected, &keys, demand).expect("proof");
    let provenance = proof.provenance().remove(0).said;
    let text = provenance.to_json().to_string();
    assert!(!text.contains("s3cr3t") && !text.contains("private-kind"), "{text}");
    let external = &provenance.build_definition.external_parameters;
    assert_eq!(external.arguments["FLAVOUR"], None);
    assert_eq!(external.arguments["GIT_SHA"], Some(repo.head()));
    assert_eq!(provenance.repository().as_deref(), Some("https://git.example/acme/api"));
    assert_eq!(provenance.commit(), Some(repo.head().as_str()));
}

#[test]
fn without_a_key_and_a_ci_nothing_is_attached() {
    let lab = Lab::new("bare");
    let repo = lab.hello();
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(0).json();
    assert_eq!(report["evidence"], Value::Null);
    assert_eq!(lab.all_tags(), lab.tags());
    let shelf = Shelf::new(&lab, "");
    let ran = shelf.verify("main");
    refused(&ran, &["signature", "provenance", "tests"]);
    tells(&ran, 4, &["there is none"]);
}

#[test]
fn a_run_in_a_ci_attaches_without_a_key_and_a_policy_may_be_content_with_that() {
    let lab = Lab::new("unsigned");
    let repo = lab.hello();
    let report = repo
        .imgbuild(&["ci", "--push", "always", "--format", "json"])
        .env("IMGBUILD_CI_PROVIDER", "acme-ci")
        .env("IMGBUILD_BRANCH", "main")
        .expect(0)
        .json();
    let attached = report["evidence"].as_array().expect("evidence");
    assert!(attached.iter().all(|one| one["signed"] == false), "{attached:?}");
    let reference = unique(&report);
    tells(&imgbuild(&lab, &["verify", &reference]), 4, &["no key was given to check it with"]);
    let policy = put(&lab, "policy.toml", "[evidence]\nrequire = [\"provenance\", \"tests\"]\n");
    tells(&imgbuild(&lab, &["verify", &reference, "--policy", &policy]), 0, &["builder/ci/acme-ci"]);
    // With a key, what nobody signed counts for nothing.
    let key = put(&lab, "public.pem", PUBLIC);
    let ran = imgbuild(&lab, &["verify", &reference, "--policy", &policy, "--key", &key]);
    tells(&ran, 4, &["nobody signed it"]);
}

#[test]
fn a_policy_says_where_an_image_may_come_from() {
    let lab = Lab::new("policy");
    let repo = lab.hello();
    repo.git(&["remote", "add", "origin", "https://git.example/acme/api.git"]);
    let reference = unique(&signed_run(&lab, &repo));
    let verify = |table: &str| {
        let policy = format!("[evidence]\nverify-keys = ['''{PUBLIC}''']\n{table}\n");
        let policy = put(&lab, "policy.toml", &policy);
        imgbuild(&lab, &["verify", &reference, "--policy", &policy])
    };
    tells(&verify("sources = [\"https://git.example/acme/*\"]"), 0, &[]);
    tells(&verify("sources = [\"https://git.example/other/*\"]"), 4, &["policy does not hold"]);
    tells(&verify("builders = [\"https://imgbuild.dev/builder/ci/*\"]"), 4, &["builder/local"]);
}

#[test]
fn a_pull_request_never_gets_the_key() {
    let lab = Lab::new("prkey");
    let repo = lab.hello();
    let ran = repo
        .imgbuild(&["ci", "--push", "always", "--format", "json"])
        .env("IMGBUILD_CI_PROVIDER", "acme-ci")
        .env("IMGBUILD_PR", "7")
        .env("IMGBUILD_FORK", "false")
        .env("IMGBUILD_SIGN_KEY", KEY)
        .run();
    tells(&ran, 0, &["is not given the key"]);
    let report = ran.json();
    let attached = report["evidence"].as_array().expect("evidence");
    assert!(!attached.is_empty() && attached.iter().all(|one| one["signed"] == false), "{attached:?}");
}

#[test]
fn a_key_that_is_none_is_told_before_the_build() {
    let lab = Lab::new("nokey");
    let repo = lab.hello();
    let pipe = pipe(&lab);
    for (key, code, why) in [
        (pipe.as_str(), 3, "it is a named pipe, and only regular files are read"),
        ("/dev/zero", 3, "it is a device"),
        ("env://NOT_SET", 3, "the variable NOT_SET is not set"),
        ("missing.pem", 3, "missing.pem"),
        ("Dockerfile", 3, "holds no key to sign with"),
        (KEY, 2, "name a file, or env://NAME"),
    ] {
        let ran = repo.imgbuild(&["ci", &format!("--sign-key={key}")]).run();
        tells(&ran, code, &[why]);
        assert!(!ran.stderr.contains("build: begins"), "{}", ran.stderr);
    }
    assert_eq!(lab.tags().len(), 0);
    let image = format!("{}:1", lab.repository());
    for command in ["verify", "inspect"] {
        let ran = imgbuild(&lab, &[command, &image, "--key", &pipe]);
        tells(&ran, 3, &["cannot read the public key", "it is a named pipe", "write it to a file"]);
    }
    tells(&imgbuild(&lab, &["verify", &image, "--policy", &pipe]), 3, &["it is a named pipe"]);
    let large = put(&lab, "large.pem", &format!("{PUBLIC}{}", " ".repeat(64 << 10)));
    tells(&imgbuild(&lab, &["verify", &image, "--key", &large]), 3, &["larger than 65536 bytes"]);
}

/// A pipe that nobody writes to.
fn pipe(lab: &Lab) -> String {
    use rustix::fs::{CWD, FileType, mknodat};
    let path = lab.path("pipe.pem");
    mknodat(CWD, &path, FileType::Fifo, 0o600.into(), 0).expect("pipe");
    path.to_str().expect("path").to_owned()
}

/// A program in the test's folder for programs, which the PATH of `run` then begins with.
fn program(lab: &Lab, name: &str, script: &str, run: Invocation) -> Invocation {
    let folder = lab.path("programs");
    fs::create_dir_all(&folder).expect("folder");
    fs::write(folder.join(name), script).expect("script");
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("mode");
    let path = std::env::var("PATH").expect("PATH");
    run.env("PATH", format!("{}:{path}", folder.display()))
}

#[test]
fn no_child_process_is_handed_the_key() {
    let lab = Lab::new("handed");
    let repo = lab.hello();
    let seen = lab.path("seen");
    let tell = format!("env >>'{}'", seen.display());
    let config = fs::read_to_string(repo.path.join("imgbuild.toml")).expect("config");
    let exec =
        format!("exec = [{{ cmd = [\"sh\", \"-c\", \"{tell}; echo exec >>'{}'\"] }}]\n", seen.display());
    repo.write("imgbuild.toml", &(config + &exec));
    repo.commit("exec");
    // A helper is asked for the login of whatever registry there is.
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    fs::write(lab.path("home/.docker/config.json"), r#"{"credsStore": "spy"}"#).expect("config");
    let helper = format!(
        "#!/bin/sh\n{tell}; echo helper >>'{}'\necho 'credentials not found in native keychain'; exit 1\n",
        seen.display()
    );
    let agent = format!("#!/bin/sh\ncat >/dev/null\n{tell}; echo agent >>'{}'\n", seen.display());
    let run = repo.imgbuild(&["ci", "--push", "always", "--sign-key", "env://RELEASE_KEY"]);
    let run = program(&lab, "docker-credential-spy", &helper, run);
    let run = program(&lab, "buildkite-agent", &agent, run)
        .env("RELEASE_KEY", KEY)
        .env("COSIGN_PASSWORD", "of-the-key")
        .env("CI", "true")
        .env("BUILDKITE", "true")
        .env("BUILDKITE_BRANCH", "main")
        .env("BUILDKITE_COMMIT", repo.head())
        .env("BUILDKITE_PULL_REQUEST", "false")
        .env("KEPT", "as-it-was");
    tells(&run.run(), 0, &[]);
    let seen = fs::read_to_string(seen).expect("every one of them tells");
    for word in ["exec", "helper", "agent", "KEPT=as-it-was"] {
        assert!(seen.lines().any(|line| line == word), "{word} is not in:\n{seen}");
    }
    for secret in ["RELEASE_KEY", "COSIGN_PASSWORD", "PRIVATE KEY"] {
        assert!(!seen.contains(secret), "{secret} is in:\n{seen}");
    }
}

#[test]
fn evidence_that_is_refused_moves_no_further_tag() {
    let lab = Lab::new("refused");
    let repo = lab.hello();
    let proxy = FaultProxy::start(&lab.registry);
    let name = format!("{}/t/{}", proxy.address, lab.name());
    let config = fs::read_to_string(repo.path.join("imgbuild.toml")).expect("config");
    repo.write("imgbuild.toml", &config.replace(&lab.repository(), &name));
    repo.commit("elsewhere");
    // What refers to the image is put by its digest.
    proxy.fails(On(&["PUT"], "/manifests/sha256:"), Fault::Status(403), Often::Ever);
    let key = put(&lab, "key.pem", KEY);
    let ran = repo.imgbuild(&["ci", "--sign-key", &key]).run();
    tells(&ran, 7, &["no version and no moving tag was set"]);
    let tags = lab.tags();
    assert!(tags.len() == 1 && !tags.contains("main"), "the unique tag alone: {tags:?}");
    assert!(proxy.struck() > 0);
    proxy.recovers();
    tells(&repo.imgbuild(&["ci", "--sign-key", &key]).run(), 0, &[]);
    assert!(lab.tags().contains("main"));
}

#[test]
fn whatever_is_flipped_is_named() {
    let lab = Lab::new("flips");
    let key = key();
    for flipped in &KINDS {
        for part in ["payload", "signature"] {
            let shelf = Shelf::new(&lab, &format!("-{}-{part}", aspect(flipped)));
            let image = shelf.image(Some("1"), "content", json!({}));
            for kind in KINDS.iter().filter(|kind| *kind != flipped) {
                shelf.attach(&image, statement(kind, &image.digest), Some(&key));
            }
            let mut envelope = Envelope::sign(&statement(flipped, &image.digest), &key).expect("signed");
            let bytes = if part == "payload" { &mut envelope.payload } else { &mut envelope.signatures[0] };
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            shelf.attach_envelope(&image, flipped, &envelope);
            refused(&shelf.verify("1"), &[aspect(flipped)]);
        }
    }
    // The image itself: its tag holds another one now, of which nobody proved anything.
    let shelf = Shelf::new(&lab, "-image");
    let image = shelf.image(Some("1"), "content", json!({}));
    shelf.attach_all(&image, &key);
    tells(&shelf.verify("1"), 0, &[]);
    shelf.image(Some("1"), "contenu", json!({}));
    refused(&shelf.verify("1"), &["signature", "provenance", "tests"]);
}

#[test]
fn a_bit_that_flipped_in_the_registry_is_found() {
    let lab = Lab::new("flipped-bit");
    let there = PrivateRegistry::start("flipped-bit", &[]);
    let shelf = Shelf::at(&lab, &there.host, "");
    let image = shelf.image(Some("1"), "content", json!({}));
    shelf.attach_all(&image, &key());
    tells(&shelf.verify("1"), 0, &[]);
    let layer = Digest::of(b"content");
    there.flip(&layer);
    let ran = shelf.verify("1");
    refused(&ran, &["image"]);
    tells(&ran, 4, &[&format!("the bytes of {layer} are others")]);
    // Neither is what stands before the layers believed.
    let config = image.config_digest().expect("config");
    for part in [&config, &image.digest] {
        there.flip_number(part);
        let by_tag = format!("{}:1", shelf.name());
        for reference in [&by_tag, &format!("{}@{}", shelf.name(), image.digest)] {
            let key = put(&lab, "public.pem", PUBLIC);
            let ran = imgbuild(&lab, &["verify", reference, "--key", &key]);
            tells(&ran, 4, &["the bytes received have the digest", part.as_str(), "do not use them"]);
            tells(&imgbuild(&lab, &["inspect", reference]), 4, &["the bytes received have the digest"]);
            tells(&imgbuild(&lab, &["drift", reference]), 4, &["the bytes received have the digest"]);
        }
        there.flip_number(part);
    }
}

/// What a registry on loopback answers that holds one image, `t/x:1`, and what is said of it; `change` may answer in its place.
fn standing_with(
    labels: &Value,
    change: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> (String, Manifest) {
    let small = SmallRegistry::new();
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}).to_string();
    let (layer, kind) = (b"layer", "application/vnd.oci.image.config.v1+json");
    small.put_blob("t/x", config.as_bytes());
    small.put_blob("t/x", layer);
    let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": described(kind, config.as_bytes()),
        "layers": [described("application/vnd.oci.image.layer.v1.tar", layer)]});
    let manifest = small.put_manifest("t/x", Some("1"), &document);
    let host = standing(move |request| change(request).unwrap_or_else(|| small.answer(request)));
    (host, manifest)
}

#[test]
fn a_registry_that_never_ends_holds_nobody_up() {
    let lab = Lab::new("slow");
    put(&lab, "imgbuild.toml", "schema = 1\n[push]\ntimeout = \"1s\"\n");
    let layer = Digest::of(b"layer");
    // Half of a layer, and the line stays open.
    let stalls = move |request: &Request| request.target.ends_with(layer.as_str()).then_some(Reply::HalfBody);
    let (host, _) = standing_with(&json!({}), stalls);
    let reference = format!("{host}/t/x:1");
    let key = put(&lab, "public.pem", PUBLIC);
    for arguments in [&["verify", &reference, "--key", &key][..], &["inspect", &reference]] {
        tells(&imgbuild(&lab, arguments), 7, &["not done within 1 s, push.timeout (imgbuild.toml:3)"]);
    }
    let stalls = |request: &Request| request.target.contains("/manifests/").then_some(Reply::HalfBody);
    let (host, _) = standing_with(&json!({}), stalls);
    let ran = imgbuild(&lab, &["drift", &format!("{host}/t/x:1"), &format!("{host}/t/x:2")]);
    tells(&ran, 7, &["cannot look at the bases of all images: it was not done within 1 s"]);
}

#[test]
fn a_label_alone_leads_to_no_registry_near_by() {
    let lab = Lab::new("label");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let near = standing(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Reply::status(404)
    });
    let labels = json!({"org.opencontainers.image.base.name": format!("{near}/secret:1"),
        "org.opencontainers.image.base.digest": Digest::of(b"x")});
    let (host, _) = standing_with(&labels, |_| None);
    let reference = format!("{host}/t/x:1");
    for command in ["drift", "inspect"] {
        tells(
            &imgbuild(&lab, &[command, &reference]),
            0,
            &[&format!("not asked: a label alone names {near}")],
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    put(&lab, "imgbuild.toml", &format!("schema = 1\n[checks]\ntrusted-registries = [\"{near}\"]\n"));
    tells(&imgbuild(&lab, &["drift", &reference]), 0, &["the tag is not there any more"]);
    assert!(asked.load(Ordering::SeqCst) > 0);
}

#[test]
fn evidence_of_another_digest_proves_nothing() {
    let lab = Lab::new("another");
    let shelf = Shelf::new(&lab, "");
    let image = shelf.image(Some("1"), "content", json!({}));
    let other = Digest::of(b"another image");
    for kind in &KINDS {
        shelf.attach(&image, statement(kind, &other), Some(&key()));
    }
    let ran = shelf.verify("1");
    refused(&ran, &["signature", "provenance", "tests", "sbom"]);
    tells(&ran, 4, &[&format!("it is about {other}")]);
}

#[test]
fn failed_tests_and_development_images_are_refused() {
    let lab = Lab::new("failed");
    let key = key();
    let shelf = Shelf::new(&lab, "-tests");
    let image = shelf.image(Some("1"), "content", json!({}));
    shelf.attach_all(&image, &key);
    let failed = json!({"result": "FAILED", "configuration": [], "failedTests": ["serves"]});
    let failed = Statement::new(&image.digest, None, &Predicate::Tests, failed);
    // Somebody else's word counts for nothing, and the signer's own for everything.
    shelf.attach(&image, failed.clone(), None);
    tells(&shelf.verify("1"), 0, &[]);
    shelf.attach(&image, failed, Some(&key));
    let ran = shelf.verify("1");
    refused(&ran, &["tests"]);
    tells(&ran, 4, &["tests failed: serves"]);

    let shelf = Shelf::new(&lab, "-dev");
    let image = shelf.image(Some("1"), "content", json!({"dev.imgbuild.dev": "true"}));
    shelf.attach_all(&image, &key);
    let ran = shelf.verify("1");
    refused(&ran, &["policy"]);
    tells(&ran, 4, &["a development image"]);
}

#[test]
fn hostile_referrers_are_told_and_hide_nothing() {
    let lab = Lab::new("hostile");
    let shelf = Shelf::new(&lab, "");
    let image = shelf.image(Some("1"), "content", json!({}));
    let other = shelf.image(None, "other", json!({}));
    // What is no bundle, is larger than anything, refers to something else but is listed here, and lists the image as
    // its own referrer.
    shelf.artifact(&image, &Predicate::Tests, b"\x1b[2J<html>".to_vec());
    shelf.artifact(&image, &Predicate::Provenance, vec![b' '; 40 << 20]);
    let elsewhere = shelf.artifact(&other, &Predicate::Signature, b"{}".to_vec());
    shelf.list(&image, &[&elsewhere, &image], 0);
    let ran = shelf.verify("1");
    refused(&ran, &["signature", "provenance", "tests"]);
    tells(&ran, 4, &["at most 33554432 are read", "and refers to", "it is no bundle"]);
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains("\x1b[2J"));
    // Whoever may attach cannot break the proof of others.
    shelf.attach_all(&image, &key());
    tells(&shelf.verify("1"), 0, &[]);
    // More than can be read is an error that says so.
    shelf.list(&image, &[&elsewhere], 10_001);
    tells(&shelf.verify("1"), 4, &["more than 500 statements are attached"]);
}

#[test]
fn what_holds_of_each_image_holds_of_their_index() {
    let lab = Lab::new("index");
    let key = key();
    let shelf = Shelf::new(&lab, "");
    let images = ["one", "two"].map(|content| shelf.image(None, content, json!({})));
    let entry = |(image, architecture): (&Manifest, &str)| {
        json!({"mediaType": IMAGE, "digest": image.digest, "size": image.bytes.len(),
            "platform": {"os": "linux", "architecture": architecture}})
    };
    let mut entries: Vec<Value> = images.iter().zip(["amd64", "arm64"]).map(entry).collect();
    shelf.manifest(Some("1"), &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}));
    shelf.attach_all(&images[0], &key);
    let ran = shelf.verify("1");
    refused(&ran, &["signature", "provenance", "tests"]);
    tells(&ran, 4, &[images[1].digest.short()]);
    shelf.attach_all(&images[1], &key);
    tells(&shelf.verify("1"), 0, &[]);
    // Whatever the index calls an image that nobody proved anything of: an engine would run it.
    let evil = shelf.image(None, "evil", json!({}));
    let mut hidden = entry((&evil, "riscv64"));
    hidden["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": images[0].digest});
    entries.push(hidden);
    shelf.manifest(Some("1"), &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}));
    let ran = shelf.verify("1");
    refused(&ran, &["signature", "provenance", "tests"]);
    tells(&ran, 4, &[evil.digest.short()]);
}

#[test]
fn a_signature_of_the_older_form_is_set_once() {
    let lab = Lab::new("classic");
    let shelf = Shelf::new(&lab, "");
    let image = shelf.image(Some("1"), "content", json!({}));
    let (mut tags, name, key) = (Vec::new(), shelf.name(), key());
    for _ in 0..3 {
        let set =
            evidence::attach_classic_signature(&shelf.registry, &shelf.path, &image.digest, &name, &key);
        tags.push(now(set).expect("signed"));
    }
    let manifest = now(shelf.registry.manifest(&shelf.path, &tags[0])).expect("read").expect("there");
    assert_eq!(manifest.layers().expect("layers").len(), 1);
    refused(&shelf.verify("1"), &["provenance", "tests"]);
}

#[test]
fn a_base_that_moved_on_is_found() {
    let lab = Lab::new("drift");
    let bases = Shelf::new(&lab, "-base");
    let base = bases.image(Some("1"), "base", json!({}));
    let name = format!("{}:1", bases.name());
    let shelf = Shelf::new(&lab, "");
    let labels = |digest: &Digest| json!({"org.opencontainers.image.base.name": name, "org.opencontainers.image.base.digest": digest});
    shelf.image(Some("old"), "old", labels(&base.digest));
    shelf.image(Some("none"), "none", json!({}));
    let drift = |tags: [&str; 2]| {
        let [one, other] = tags.map(|tag| format!("{}:{tag}", shelf.name()));
        imgbuild(&lab, &["drift", "--format", "json", &one, &other])
    };
    let states = |ran: &Ran| -> Vec<String> {
        let images = ran.json()["images"].as_array().expect("images").clone();
        let state = |one: &Value| one["images"][0]["base"]["state"].as_str().expect("state").to_owned();
        images.iter().map(state).collect()
    };
    let ran = drift(["old", "none"]);
    tells(&ran, 0, &[]);
    assert_eq!(states(&ran), ["same", "unknown"]);
    let newer = bases.image(Some("1"), "newer", json!({}));
    shelf.image(Some("new"), "new", labels(&newer.digest));
    // One that is not there hides nothing of the others.
    let ran = drift(["gone", "old"]);
    tells(&ran, 7, &["there is no"]);
    let images = ran.json()["images"].clone();
    assert!(images[0]["error"].as_str().is_some_and(|why| why.contains(":gone")), "{images:#}");
    assert_eq!(images[1]["images"][0]["base"]["state"], "moved");
    let ran = drift(["old", "new"]);
    tells(&ran, 1, &[newer.digest.as_str(), "1 of 2", ":old"]);
    assert_eq!(states(&ran), ["moved", "same"]);
    tells(&imgbuild(&lab, &["inspect", &format!("{}:old", shelf.name())]), 0, &["moved"]);
}

#[test]
fn a_release_that_is_run_again_attaches_nothing_twice() {
    let lab = Lab::new("again");
    let repo = lab.hello();
    repo.git(&["tag", "v1.0.0"]);
    let (key, other) = (put(&lab, "key.pem", KEY), put(&lab, "cosign.key", COSIGN));
    let ci = |key: &str, page: usize| {
        repo.imgbuild(&["ci", "--push", "always", "--sign-key", key, "--format", "json"])
            .env("COSIGN_PASSWORD", COSIGN_PASSWORD)
            .env("IMGBUILD_CI_PROVIDER", "acme-ci")
            .env("IMGBUILD_TAG", "v1.0.0")
            .env("IMGBUILD_BUILD_URL", format!("https://ci.example/{page}"))
            .expect(0)
    };
    let report = ci(&key, 0).json();
    let digest: Digest = report["image"]["digest"].as_str().expect("digest").parse().expect("digest");
    let shelf = Shelf::new(&lab, "");
    let attached = report["evidence"].as_array().expect("evidence").len();
    assert_eq!(shelf.referrers(&digest).len(), attached);
    for page in 1..=3 {
        let ran = ci(&key, page);
        let again = ran.json();
        assert_eq!(again["image"]["digest"], digest.as_str(), "it was not adopted");
        assert_eq!(again["evidence"], Value::Null, "{again:#}");
        ran.says("nothing is added");
        assert_eq!(shelf.referrers(&digest).len(), attached);
    }
    // The word of another key is another word: of the tests, and the signature. What it did not build it says nothing of.
    for page in 4..=5 {
        let ran = ci(&other, page);
        assert!(!ran.stderr.contains(COSIGN_PASSWORD) && !ran.stdout.contains(COSIGN_PASSWORD));
        assert_eq!(shelf.referrers(&digest).len(), attached + 2);
    }
    tells(&shelf.verify("1.0.0"), 0, &[]);
    let public = put(&lab, "cosign.pub", COSIGN_PUBLIC);
    let ran = imgbuild(&lab, &["verify", &format!("{}:1.0.0", shelf.name()), "--key", &public]);
    tells(&ran, 4, &["signature", "provenance"]);
}

#[test]
fn a_key_that_cosign_encrypted_signs_with_its_password() {
    let lab = Lab::new("cosign");
    let repo = lab.hello();
    let key = put(&lab, "cosign.key", COSIGN);
    let file = put(&lab, "password", &format!("{COSIGN_PASSWORD}\n"));
    let ci = || repo.imgbuild(&["ci", "--sign-key", &key, "--format", "json"]);
    for (ran, why) in [
        (ci().run(), "it is encrypted, and no password was given"),
        (
            ci().env("COSIGN_PASSWORD", "hunter2-hunter2").run(),
            "the password in COSIGN_PASSWORD is not that of this key",
        ),
        (
            ci().env("COSIGN_PASSWORD", COSIGN_PASSWORD)
                .env("IMGBUILD_SIGN_PASSWORD", "hunter2-hunter2")
                .run(),
            "the password in IMGBUILD_SIGN_PASSWORD is not that of this key",
        ),
        (ci().env("IMGBUILD_SIGN_PASSWORD_FILE", "nowhere").run(), "cannot read the password"),
    ] {
        tells(&ran, 3, &[why]);
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("build: begins"), "{}", ran.stderr);
    }
    assert_eq!(lab.tags().len(), 0);
    let reference = unique(&ci().env("IMGBUILD_SIGN_PASSWORD_FILE", &file).expect(0).json());
    let public = put(&lab, "cosign.pub", COSIGN_PUBLIC);
    tells(&imgbuild(&lab, &["verify", &reference, "--key", &public]), 0, &[]);
}
