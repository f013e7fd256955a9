//! Promotion: the very bytes that passed go to the release registry, or nothing does. Through the binary, between real
//! registries.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use imgbuild::evidence::{Predicate, SigningKey, Statement};
use imgbuild::image::{Digest, label};
use imgbuild::promotion;
use imgbuild::registry::Manifest;
use serde_json::{Value, json};
use support::fault_proxy::{Fault, FaultProxy, Often, On};
use support::lab::{Lab, Ran, Repo, config};
use support::private_registry::PrivateRegistry;
use support::shelf::{IMAGE, INDEX, Shelf, provenance, tests};

/// Keys that were made for tests alone.
const KEY: &str = include_str!("../src/evidence/key/sec1.pem");
const PUBLIC: &str = include_str!("../src/evidence/key/public.pem");
const OTHER_PUBLIC: &str = include_str!("../src/evidence/key/other-public.pem");

/// A repository with its remote, and the two registries that an image passes through.
struct World<'a> {
    lab: &'a Lab,
    repo: Repo<'a>,
    /// What CI pushes to.
    from: Shelf,
    /// Where releases are.
    to: Shelf,
    commit: String,
    tree: String,
}

impl<'a> World<'a> {
    /// `release` is the host of the release registry, as the configuration names it; `there` is where it really is.
    fn new(lab: &'a Lab, release: &str, there: &str) -> World<'a> {
        let repo = lab.hello();
        repo.write("imgbuild.toml", &configuration(lab, release));
        repo.commit("roles");
        repo.git(&["clone", "-q", "--bare", ".", "../origin.git"]);
        repo.git(&["remote", "add", "origin", "../origin.git"]);
        repo.git(&["fetch", "-q", "origin"]);
        repo.git(&["tag", "v1.4.0"]);
        repo.git(&["config", "user.name", "Test"]);
        repo.git(&["config", "user.email", "test@example.com"]);
        let (commit, tree) = (repo.git(&["rev-parse", "HEAD"]), repo.git(&["rev-parse", "HEAD^{tree}"]));
        let from = Shelf::new(lab, &lab.registry, &format!("t/{}/int/api", lab.name()));
        let to = Shelf::new(lab, there, &format!("rel/{}/api", lab.name()));
        World { lab, repo, from, to, commit, tree }
    }

    /// The labels that imgbuild gives an image of the commit.
    fn labels(&self) -> BTreeMap<String, String> {
        let pairs = [
            (label::oci::REVISION, self.commit.as_str()),
            (label::GIT_TREE, &self.tree),
            (label::GIT_CLEAN, "true"),
            (label::TOOL_VERSION, "1"),
        ];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// An image that may be promoted, made by hand under the tag.
    fn image(&self, tag: &str) -> Manifest {
        let image = self.from.image(Some(tag), "amd64", &self.labels());
        self.from.prove(&image, &self.commit, &self.tree, None);
        image
    }

    /// The same for two platforms; only the index has evidence.
    fn index(&self, tag: &str) -> (Manifest, [Manifest; 2]) {
        let images = ["amd64", "arm64"].map(|arch| self.from.image(None, arch, &self.labels()));
        let listed = |image: &Manifest, arch: &str| {
            json!({"mediaType": IMAGE, "digest": image.digest, "size": image.bytes.len(),
                "platform": {"os": "linux", "architecture": arch}})
        };
        let mut manifests = vec![listed(&images[0], "amd64"), listed(&images[1], "arm64")];
        // What BuildKit puts beside an image.
        let attestation = self.attestation(&images[0]);
        manifests.push(
            json!({"mediaType": IMAGE, "digest": attestation.digest, "size": attestation.bytes.len(),
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": images[0].digest}}),
        );
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        (self.from.manifest(Some(tag), &index), images)
    }

    fn attestation(&self, image: &Manifest) -> Manifest {
        let statement = Statement::new(&image.digest, None, &Predicate::Spdx, json!({}));
        let layer = self.from.blob("application/vnd.in-toto+json", statement.to_bytes());
        let config = json!({"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
        let config =
            self.from.blob("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
        let document = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer]});
        self.from.manifest(None, &document)
    }

    /// Promotes what the tag or digest names in the integration registry.
    fn promote(&self, reference: &str, more: &[&str], code: i32) -> Ran {
        let name = self.from.name(reference);
        self.repo.imgbuild(&[&["promote", &name, "--to", "release"], more].concat()).expect(code)
    }

    /// Fails unless it is refused with all these words, and nothing gets to the release registry.
    fn refused(&self, reference: &str, more: &[&str], words: &[&str]) -> Ran {
        let ran = self.promote(reference, more, 4);
        for word in words {
            ran.says(word);
        }
        assert_eq!(self.to.tags(), Vec::<String>::new(), "{}", ran.stderr);
        ran
    }

    /// The commit that a tag of the remote names.
    fn at_origin(&self, tag: &str) -> String {
        self.repo.git(&["-C", "../origin.git", "rev-parse", &format!("{tag}^{{commit}}")])
    }

    /// Fails unless every version and moving tag of 1.4.0 holds `digest`.
    fn is_released(&self, digest: &Digest) {
        let tags = ["1", "1.4", "1.4.0", "latest"];
        assert_eq!(self.to.tags(), tags);
        for tag in tags {
            assert_eq!(self.to.digest(tag), *digest, "{tag}");
        }
    }

    /// Fails unless everything that refers to `digest` in the one registry does in the other one.
    fn referrers_came_along(&self, digest: &Digest) -> usize {
        let (here, there) = (self.from.referrers(digest), self.to.referrers(digest));
        let there: BTreeSet<_> = there.iter().collect();
        for one in &here {
            assert!(there.contains(one), "{one} of {here:?} is not among {there:?}");
            let [a, b] =
                [&self.from, &self.to].map(|shelf| shelf.get(one.as_str()).expect("a referrer").bytes);
            assert_eq!(a, b, "{one}");
        }
        here.len()
    }

    /// The records of promotions.
    fn records(&self, digest: &Digest) -> Vec<Statement> {
        let mut all = self.to.statements(digest);
        all.retain(|statement| statement.predicate_type == promotion::PREDICATE_TYPE);
        all
    }
}

/// Roles; evidence is attached on a machine, too.
fn configuration(lab: &Lab, release: &str) -> String {
    format!(
        "{}\n[registries]\nintegration = \"{}/t/{name}/int\"\nrelease = {{ prefix = \"{release}/rel/{name}\", immutable = true }}\n\
         [evidence]\nprovenance = true\ntests = true\nsbom = false\n",
        config("api"),
        lab.registry,
        name = lab.name(),
    )
}

/// `docker login` for the registry, and its CA where rootless docker looks for it.
fn log_in(lab: &Lab, registry: &PrivateRegistry) {
    use base64::Engine as _;
    let (user, password) = registry.login.as_ref().expect("a login");
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    let config = json!({"auths": {&registry.host: {"auth": auth}}});
    fs::write(lab.path("home/.docker/config.json"), config.to_string()).expect("write");
    let certificates = lab.path("home/.config/docker/certs.d").join(&registry.host);
    fs::create_dir_all(&certificates).expect("folder");
    fs::copy(registry.ca.as_ref().expect("a CA"), certificates.join("ca.crt")).expect("copy");
}

fn file(lab: &Lab, name: &str, text: &str) -> String {
    let path = lab.path(name);
    fs::write(&path, text).expect("write");
    path.to_str().expect("path").to_owned()
}

fn key() -> SigningKey {
    SigningKey::read(KEY, "key.pem").expect("a key")
}

#[test]
fn what_ci_built_and_signed_goes_to_a_registry_with_login_and_tls() {
    let lab = Lab::new("promote-tls");
    let there = PrivateRegistry::start("promote", &["--login", "tester", "--tls", "--address", "192.0.2.11"]);
    log_in(&lab, &there);
    let world = World::new(&lab, &there.host, &there.host);
    let (private, public) = (file(&lab, "key.pem", KEY), file(&lab, "pub.pem", PUBLIC));
    let built = world.repo.imgbuild(&["ci", "--sign-key", &private, "--format", "json"]).expect(0).json();
    let unique = built["tags"][0]["reference"].as_str().expect("tag").to_owned();
    let digest: Digest = built["image"]["digest"].as_str().expect("digest").parse().expect("digest");
    assert!(!world.from.tags().contains(&"1.4.0".to_owned()), "{:?}", world.from.tags());

    let (_, tag) = unique.rsplit_once(':').expect("a tag");
    // What it would do is told, and not done.
    let plan = world.promote(tag, &["--as", "1.4.0", "--key", &public, "--plan"], 0);
    assert!(plan.stdout.contains("latest") && plan.stdout.contains(&digest.to_string()), "{}", plan.stdout);
    assert_eq!(world.to.tags(), Vec::<String>::new());
    let report = lab.path("report.json");
    let report = report.to_str().expect("path");
    let ran = world.promote(tag, &["--as", "1.4.0", "--key", &public, "--report", report], 0);
    assert_eq!(ran.stdout.trim(), world.to.name(digest.as_str()));
    assert!(!ran.stderr.contains(&there.login.as_ref().expect("login").1));
    world.is_released(&digest);
    assert_eq!(world.to.get("1.4.0").expect("there").bytes, world.from.get(tag).expect("here").bytes);
    assert!(world.referrers_came_along(&digest) >= 3);

    let written: Value = serde_json::from_slice(&fs::read(report).expect("report")).expect("json");
    let facts = &written["promotion"];
    assert_eq!((&facts["version"], &facts["login"]), (&json!("1.4.0"), &json!("tester")));
    assert_eq!(facts["source"], world.from.name(digest.as_str()));
    assert_eq!(facts["signed_by"].as_array().expect("keys").len(), 1, "{facts}");
    assert_eq!(written["source"]["commit"], json!(world.commit));
    let [record] = &world.records(&digest)[..] else { panic!("not one record") };
    assert_eq!(record.predicate["source"], world.from.name(digest.as_str()));
    assert_eq!(record.predicate["promotedBy"]["login"], "tester");

    // Evidence that another key signed is none.
    let other = file(&lab, "other.pem", OTHER_PUBLIC);
    world.promote(tag, &["--as", "1.4.0", "--key", &other], 4).says("signature:").says("of none of the keys");
    // Whoever meets it there can verify it, and a promotion can be taken back.
    world.repo.imgbuild(&["verify", &world.to.name("1.4.0"), "--key", &public]).expect(0);
    world.repo.imgbuild(&["publish", "--undo", report]).expect(0);
    assert_eq!(world.to.tags(), Vec::<String>::new());
}

#[test]
fn a_second_promotion_uploads_nothing_and_moves_nothing() {
    let lab = Lab::new("promote-twice");
    let there = PrivateRegistry::start("promote-twice", &[]);
    let proxy = FaultProxy::start(&there.host);
    let world = World::new(&lab, &proxy.address, &there.host);
    let image = world.image("tested");
    world.promote("tested", &["--as", "1.4.0"], 0);
    let written =
        || ["POST", "PUT", "PATCH", "DELETE"].iter().map(|method| proxy.count(method, "/v2/")).sum::<usize>();
    let first = written();
    assert!(first > 0);
    world.is_released(&image.digest);
    let ran = world.promote("tested", &["--as", "1.4.0", "--format", "json"], 0).json();
    assert_eq!(written(), first, "{:#?}", proxy.requests());
    assert!(
        ran["tags"].as_array().expect("tags").iter().all(|tag| tag["before"] == tag["digest"]),
        "{ran:#}"
    );
    world.is_released(&image.digest);
    assert_eq!(world.records(&image.digest).len(), 1);
}

#[test]
fn a_record_that_somebody_else_wrote_is_none() {
    let lab = Lab::new("promote-record");
    let there = PrivateRegistry::start("promote-record", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let image = world.image("tested");
    let forged = json!({"version": "1.4.0", "promotedBy": {"user": "nobody"},
        "target": format!("{}/{}", world.to.registry.host(), world.to.path)});
    let kind = Predicate::Other(promotion::PREDICATE_TYPE.to_owned());
    world.from.attach(&image, Statement::new(&image.digest, None, &kind, forged), None);
    let ours = || {
        let mut all = world.records(&image.digest);
        assert!(all.iter().any(|record| record.predicate["promotedBy"]["user"] == "nobody"), "it came along");
        all.retain(|record| record.predicate["promotedBy"]["user"] != "nobody");
        all.len()
    };
    for _ in 0..2 {
        world.promote("tested", &[], 0);
        assert_eq!(ours(), 1);
    }
    // Where a key signs, one that nobody signed is as good as none.
    let private = file(&lab, "key.pem", KEY);
    for _ in 0..2 {
        world.promote("tested", &["--sign-key", &private], 0);
        assert_eq!(ours(), 2);
    }
}

#[test]
fn a_promotion_that_broke_off_at_any_write_is_finished_by_another() {
    let lab = Lab::new("promote-broken");
    let there = PrivateRegistry::start("promote-broken", &[]);
    let proxy = FaultProxy::start(&there.host);
    let world = World::new(&lab, &proxy.address, &there.host);
    let image = world.image("tested");
    // What breaks at a read leaves what it leaves at the next write.
    let writes = On(&["POST", "PUT", "PATCH"], "/v2/");
    let mut broken = 0;
    loop {
        // Each has a place of its own, where nothing is yet.
        let path = format!("{}/{broken}", lab.name());
        let text = configuration(&lab, &proxy.address)
            .replace(&format!("/rel/{}", lab.name()), &format!("/rel/{path}"));
        world.repo.write("imgbuild.toml", &text);
        let to = Shelf::new(&lab, &there.host, &format!("rel/{path}/api"));
        for _ in 0..broken {
            proxy.fails(writes, Fault::Nothing, Often::Once);
        }
        let struck = proxy.struck();
        proxy.fails(writes, Fault::Status(403), Often::Ever);
        let name = world.from.name("tested");
        let promote = ["promote", &name, "--to", "release", "--as", "1.4.0"];
        let ran = world.repo.imgbuild(&promote).run();
        let struck = proxy.struck() - struck;
        proxy.recovers();
        if struck == broken {
            assert_eq!(ran.code, Some(0), "nothing failed: {}", ran.stderr);
            break;
        }
        assert!(matches!(ran.code, Some(4 | 7)), "after {broken} writes: {ran:#?}");
        // A tag is there only behind everything that belongs to it.
        for tag in to.tags() {
            assert_eq!(to.digest(&tag), image.digest, "{tag} after {broken} writes");
        }
        world.repo.imgbuild(&promote).expect(0);
        for tag in ["1.4.0", "1.4", "1", "latest"] {
            assert_eq!(to.digest(tag), image.digest, "{tag} after {broken} writes");
        }
        assert_eq!(to.get(image.digest.as_str()).expect("there").bytes, image.bytes);
        assert_eq!(world.from.referrers(&image.digest).len() + 1, to.referrers(&image.digest).len());
        broken += 1;
    }
    assert!(broken > 15, "only {broken} writes");
}

#[test]
fn the_recorded_digest_arrives_though_the_tag_moved() {
    let lab = Lab::new("promote-moved");
    let there = PrivateRegistry::start("promote-moved", &[]);
    let proxy = FaultProxy::start(&there.host);
    let world = World::new(&lab, &proxy.address, &there.host);
    let image = world.image("tested");
    // The release registry is asked once the reference was resolved.
    let gate = proxy.holds(On(&["GET"], "/tags/list"));
    let name = world.from.name("tested");
    let mut running = world
        .repo
        .imgbuild(&["promote", &name, "--to", "release", "--as", "1.4.0", "--format", "ndjson"])
        .start();
    running.wait_for("the digest", |event| {
        event["type"] == "note"
            && event["text"].as_str().is_some_and(|text| text.contains(image.digest.as_str()))
    });
    let mut labels = world.labels();
    labels.insert("other".to_owned(), "yes".to_owned());
    let other = world.from.image(Some("tested"), "amd64", &labels);
    assert_ne!(other.digest, image.digest);
    gate.open();
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert_eq!(world.from.digest("tested"), other.digest);
    world.is_released(&image.digest);
}

#[test]
fn an_index_goes_with_all_its_platforms() {
    let lab = Lab::new("promote-index");
    let there = PrivateRegistry::start("promote-index", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let (index, images) = world.index("tested");
    // Evidence of one platform covers that one alone.
    world.from.prove(&images[0], &world.commit, &world.tree, None);
    let lacking = format!("of its images sha256:{}…", images[1].digest.short());
    world.refused("tested", &[], &["of the index, there is none", &lacking]);
    world.from.prove(&images[1], &world.commit, &world.tree, None);
    world.promote("tested", &[], 0);
    world.is_released(&index.digest);
    assert_eq!(world.to.get("1.4.0").expect("there").bytes, index.bytes);
    for child in index.children().expect("children") {
        let [a, b] =
            [&world.from, &world.to].map(|shelf| shelf.get(child.digest.as_str()).expect("there").bytes);
        assert_eq!(a, b);
    }
    for image in &images {
        assert_eq!(world.referrers_came_along(&image.digest), 2);
    }
    // Or the index has it.
    let again = world.from.manifest(Some("again"), &{
        let mut document: Value = serde_json::from_slice(&index.bytes).expect("json");
        document["annotations"] = json!({"a": "b"});
        document
    });
    world.from.prove(&again, &world.commit, &world.tree, None);
    world.promote("again", &["--as", "1.5.0", "--tag-git"], 0).says("made and pushed the git tag v1.5.0");
    assert_eq!(world.at_origin("v1.5.0"), world.commit);
    assert_eq!(world.to.digest("1.5.0"), again.digest);
    assert_eq!(world.repo.git(&["rev-parse", "v1.5.0^{commit}"]), world.commit);
}

#[test]
fn without_evidence_that_holds_nothing_is_promoted() {
    let lab = Lab::new("promote-evidence");
    let there = PrivateRegistry::start("promote-evidence", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let (commit, tree) = (&world.commit, &world.tree);
    let image = |tag: &str| {
        let mut labels = world.labels();
        labels.insert("tag".to_owned(), tag.to_owned());
        world.from.image(Some(tag), "amd64", &labels)
    };
    image("none");
    world.refused("none", &[], &["provenance: there is none", "tests: there is none"]);

    let failed = image("failed");
    let said = provenance(commit, tree).to_json();
    world.from.attach(
        &failed,
        Statement::new(&failed.digest, None, &Predicate::Provenance, said.clone()),
        None,
    );
    let word = tests(false).to_json();
    world.from.attach(&failed, Statement::new(&failed.digest, None, &Predicate::Tests, word), None);
    world.refused("failed", &[], &["tests failed: serves"]);

    // Evidence of another image, attached to this one.
    let other = image("other");
    for (kind, said) in [(Predicate::Provenance, said), (Predicate::Tests, tests(true).to_json())] {
        world.from.attach(&other, Statement::new(&failed.digest, None, &kind, said), None);
    }
    world.refused("other", &[], &[&format!("it is about {}", failed.digest)]);

    // Where keys are believed, only what they signed counts.
    let unsigned = image("unsigned");
    world.from.prove(&unsigned, commit, tree, None);
    let signed = image("signed");
    world.from.prove(&signed, commit, tree, Some(&key()));
    let (public, another) = (file(&lab, "pub.pem", PUBLIC), file(&lab, "other.pem", OTHER_PUBLIC));
    world.refused("unsigned", &["--key", &public], &["signature:", "nobody signed it"]);
    world.refused("signed", &["--key", &another], &["signature:", "another key signed it"]);
    // Keys of the configuration are asked for in the same way.
    let keys = format!("[evidence]\nverify-keys = [\"\"\"{PUBLIC}\"\"\"]\n");
    world.repo.write("imgbuild.toml", &configuration(&lab, &there.host).replace("[evidence]\n", &keys));
    world.refused("unsigned", &[], &["signature:"]);
    world.promote("signed", &[], 0);
    world.is_released(&signed.digest);
}

#[test]
fn bytes_that_changed_in_the_registry_are_never_promoted() {
    let lab = Lab::new("promote-flipped");
    let there = PrivateRegistry::start("promote-flipped", &[]);
    let source = PrivateRegistry::start("promote-flipped-from", &[]);
    let mut world = World::new(&lab, &there.host, &there.host);
    world.from = Shelf::new(&lab, &source.host, "int/api");
    let integration = format!("{}/t/{}/int", lab.registry, lab.name());
    let text = configuration(&lab, &there.host).replace(&integration, &format!("{}/int", source.host));
    world.repo.write("imgbuild.toml", &text);
    let image = world.image("tested");
    let layer = image.layers().expect("layers").remove(0).digest;
    let config = image.config_digest().expect("config");
    let flip = |part: &Digest| if *part == layer { source.flip(part) } else { source.flip_number(part) };
    for part in [&layer, &config, &image.digest] {
        flip(part);
        world.refused("tested", &[], &[part.as_str(), "the digest", "do not use them"]);
        flip(part);
    }
    world.promote("tested", &[], 0);
    world.is_released(&image.digest);
}

#[test]
fn what_is_no_release_is_refused_each_with_its_reason() {
    let lab = Lab::new("promote-refused");
    let there = PrivateRegistry::start("promote-refused", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let (commit, tree) = (world.commit.clone(), world.tree.clone());
    let with = |tag: &str, key: &str, value: &str| {
        let mut labels = world.labels();
        labels.insert(key.to_owned(), value.to_owned());
        let image = world.from.image(Some(tag), "amd64", &labels);
        world.from.prove(&image, &commit, &tree, None);
        image
    };
    with("dev", label::DEV, "true");
    world.refused("dev", &[], &["is a development image (label dev.imgbuild.dev)"]);
    with("unclean", label::GIT_CLEAN, "false");
    world.refused("unclean", &[], &["was built from an unclean tree"]);
    with("tree", label::GIT_TREE, &"1".repeat(40));
    world.refused("tree", &[], &["was built from the tree 111111111111", &tree[..12]]);
    with("unknown", label::oci::REVISION, &"2".repeat(40));
    world.refused("unknown", &["--as", "1.4.0"], &["is not in this clone", "git fetch"]);

    let good = world.image("good");
    world.refused("good", &["--as", "1.5.0"], &["no git tag v1.5.0 at its commit", "--tag-git"]);
    world.repo.git(&["tag", "v1.3.0", "HEAD~1"]);
    world.refused("good", &["--as", "1.3.0"], &["v1.3.0 names another commit"]);
    // A branch that only this clone has is none, and one that may not be promoted neither.
    world.repo.git(&["branch", "release/1"]);
    let text = configuration(&lab, &there.host);
    world.repo.write("imgbuild.toml", &format!("{text}[promote]\nbranches = [\"release/*\"]\n"));
    world.refused("good", &[], &["none of the remote's branches that may be promoted (release/*)"]);
    world.repo.git(&["push", "-q", "origin", "HEAD~1:refs/heads/release/1"]);
    world.refused("good", &[], &["is on no branch that may be promoted (release/*)"]);
    world.repo.git(&["push", "-q", "origin", "HEAD:refs/heads/release/1"]);
    let plan = world.promote("good", &["--plan", "--format", "json"], 0).json();
    assert_eq!(plan["branch"], "release/1");
    world.repo.write("imgbuild.toml", &text);

    // A pull request promotes nothing, whatever it is told.
    let name = world.from.name("good");
    let promote = ["promote", &name, "--to", "release", "--as", "1.4.0"];
    let pull = world.repo.imgbuild(&promote).env("IMGBUILD_CI_PROVIDER", "other").env("IMGBUILD_PR", "7");
    let pull = pull.env("IMGBUILD_FORK", "false");
    pull.expect(4).says("for a pull request: such a run never promotes");
    assert_eq!(world.to.tags(), Vec::<String>::new());
    // A shallow clone cannot tell.
    let clone = lab.path("shallow");
    let url = format!("file://{}", lab.path("origin.git").display());
    world.repo.write("later", "x");
    world.repo.commit("later");
    world.repo.git(&["push", "-q", "origin", "HEAD:main"]);
    world.repo.git(&["clone", "-q", "--depth", "1", &url, clone.to_str().expect("path")]);
    fs::write(clone.join("imgbuild.toml"), &text).expect("write");
    lab.imgbuild(&clone, &promote).expect(4).says("is not in this clone").says("--unshallow");

    // A version that has other content, and several reasons at once.
    let taken = world.to.image(Some("1.4.0"), "amd64", &BTreeMap::new());
    let ran = world.promote("good", &[], 4);
    ran.says("1.4.0 exists already with other content").says(taken.digest.as_str());
    let ran = world.promote("dev", &["--as", "1.3.0"], 4);
    ran.says("2 reasons").says("development image").says("names another commit");
    assert_eq!(world.to.tags(), ["1.4.0"]);
    assert_eq!(world.to.digest("1.4.0"), taken.digest);
    assert_ne!(good.digest, taken.digest);
    // Whatever is in the release registry already, or in none, is not promoted.
    let there_already = world.to.name("1.4.0");
    let sandbox = format!("{}/t/{}/box", lab.registry, lab.name());
    world.repo.write(
        "imgbuild.toml",
        &text.replace("[registries]\n", &format!("[registries]\nsandbox = \"{sandbox}\"\n")),
    );
    for (name, code, words) in [
        (there_already.as_str(), 4, "in the release registry already"),
        (&lab.base, 4, "in no registry that has a role"),
        (&format!("{sandbox}/api:good"), 4, "in the sandbox registry"),
        (&world.from.name("nothing"), 7, "there is no"),
    ] {
        world.repo.imgbuild(&["promote", name, "--to", "release"]).expect(code).says(words);
    }
}

/// A development build that somebody gave other labels has no evidence.
#[test]
fn a_development_image_that_was_relabelled_by_hand_is_refused() {
    let lab = Lab::new("promote-relabelled");
    let there = PrivateRegistry::start("promote-relabelled", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let built = world.repo.imgbuild(&["build", "--format", "json"]).expect(0).json();
    let id = built["image"]["id"].as_str().expect("id");
    world.repo.write(
        "relabel/Dockerfile",
        &format!("FROM {id}\nLABEL dev.imgbuild.dev=\"\" dev.imgbuild.git.clean=\"true\"\n"),
    );
    let name = world.from.name("main-abc1234-1700000000");
    lab.docker(&["build", "-q", "-t", &name, world.repo.path.join("relabel").to_str().expect("path")]);
    lab.docker(&["push", "-q", &name]);
    world.refused("main-abc1234-1700000000", &[], &["provenance: there is none", "tests: there is none"]);
}

#[test]
fn moving_tags_follow_the_newest_of_all_versions() {
    let lab = Lab::new("promote-order");
    let there = PrivateRegistry::start("promote-order", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let first = world.image("first");
    world.promote("first", &[], 0);
    // A back-port: the same commit may become several versions.
    world.promote("first", &["--as", "1.3.9", "--tag-git"], 0).says("latest is not moved: 1.4.0 is newer");
    assert_eq!(world.to.tags(), ["1", "1.3", "1.3.9", "1.4", "1.4.0", "latest"]);
    world.repo.write("www/index.html", "hello again\n");
    world.repo.commit("second");
    world.repo.git(&["push", "-q", "origin", "HEAD:main"]);
    let second = World {
        commit: world.repo.git(&["rev-parse", "HEAD"]),
        tree: world.repo.git(&["rev-parse", "HEAD^{tree}"]),
        ..world
    };
    let image = second.image("second");
    let report = lab.path("report.json");
    let report = report.to_str().expect("path");
    second.promote("second", &["--as", "2.0.0-rc.1", "--tag-git"], 0);
    assert_eq!(second.to.digest("latest"), first.digest);
    second.promote("second", &["--as", "2.0.0", "--tag-git", "--report", report], 0);
    assert_eq!(second.to.digest("latest"), image.digest);
    assert_eq!(second.to.digest("1"), first.digest);
    // Taken back, `latest` is what it was.
    second.repo.imgbuild(&["publish", "--undo", report]).expect(7).says("2.0.0");
    assert_eq!(second.to.digest("latest"), first.digest);
    assert_eq!(second.lab.registry, lab.registry);
}

#[test]
fn a_git_tag_that_the_remote_does_not_take_ends_it_before_anything_is_published() {
    let lab = Lab::new("promote-tag");
    let there = PrivateRegistry::start("promote-tag", &[]);
    let world = World::new(&lab, &there.host, &there.host);
    let image = world.image("good");
    let nothing_is_there = |tag: &str| {
        assert_eq!(world.repo.git(&["tag", "--list", tag]), "");
        assert!(world.to.get(image.digest.as_str()).is_none(), "the image was copied");
    };
    // One that nobody fetched, of another commit.
    world.repo.git(&["push", "-q", "origin", "HEAD~1:refs/tags/v1.5.0"]);
    let words = ["the git tag v1.5.0 of the remote names another commit"];
    world.refused("good", &["--as", "1.5.0", "--tag-git", "--plan"], &words);
    world.refused("good", &["--as", "1.5.0", "--tag-git"], &words);
    nothing_is_there("v1.5.0");

    // A rule of the remote's, which writes down what it was told of the environment.
    let (hook, told) = (lab.path("origin.git/hooks/update"), lab.path("told"));
    let script = format!("#!/bin/sh\nenv >{}\necho tags are for the release team\nexit 1\n", told.display());
    fs::write(&hook, script).expect("hook");
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("hook");
    let name = world.from.name("good");
    let promote = ["promote", &name, "--to", "release", "--as", "1.6.0", "--tag-git"];
    let ran = world
        .repo
        .imgbuild(&[&promote[..], &["--sign-key", "env://THE_KEY"]].concat())
        .env("THE_KEY", KEY)
        .env("COSIGN_PASSWORD", "hunter2-hunter2")
        .expect(4);
    for word in [
        "the remote did not take the git tag v1.6.0: [remote rejected] (hook declined)",
        "tags are for the release team",
        "nothing was published",
        "in this clone was taken back",
    ] {
        ran.says(word);
    }
    let told = fs::read_to_string(told).expect("the hook was asked");
    for secret in ["hunter2", "THE_KEY", "BEGIN"] {
        assert!(!told.contains(secret), "{told}");
    }
    nothing_is_there("v1.6.0");
    assert_eq!(world.to.tags(), Vec::<String>::new());

    // Without the rule it is taken, and a second one has nothing to do.
    fs::remove_file(hook).expect("hook");
    world.repo.imgbuild(&promote).expect(0).says("made and pushed the git tag v1.6.0");
    assert_eq!(world.at_origin("v1.6.0"), world.commit);
    assert!(!world.repo.imgbuild(&promote).expect(0).stderr.contains("the git tag v1.6.0 at"));
    // A tag that was made here and not pushed; and one that somebody else set at the remote meanwhile.
    world.repo.git(&["tag", "v1.7.0"]);
    world.promote("good", &["--as", "1.7.0", "--tag-git"], 0).says("pushed the git tag v1.7.0");
    assert_eq!(world.at_origin("v1.7.0"), world.commit);
    world.repo.git(&["push", "-q", "origin", "HEAD:refs/tags/v1.8.0"]);
    world.promote("good", &["--as", "1.8.0", "--tag-git"], 0);
    assert_eq!(world.to.digest("1.8.0"), image.digest);
}
