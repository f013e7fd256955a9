//! A repository, a CI and a registry as values, to plan runs in and to publish what they plan.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{self, Flags, Layers, Push};
use crate::dockerfile;
use crate::environment::Environment;
use crate::error::Result;
use crate::image::{Digest, Repository, label};
use crate::plan::{self, Command, Course, Destination, Inputs, Plan, PushDecision};
use crate::registry::{RegistryState, StoredImage};
use crate::source::{BlobSource, CiContext, Reader, RefName, Revision, SourceState};

/// Everything a plan depends on. Fields are for tests to change.
pub(super) struct World {
    /// The configuration file.
    pub(super) toml: String,
    pub(super) ci: CiContext,
    pub(super) commit: String,
    /// Unix seconds.
    pub(super) commit_time: i64,
    /// Git tags that the clone knows.
    pub(super) git_tags: Vec<String>,
    pub(super) courses: BTreeMap<String, Course>,
    pub(super) registry: RegistryState,
    pub(super) now: i64,
    /// Whether version tags are for promotion.
    pub(super) roles: bool,
}

pub(super) fn id(text: &str) -> String {
    Digest::of(text.as_bytes()).hex()[..40].to_owned()
}

impl World {
    pub(super) fn new() -> World {
        World {
            toml: "schema = 1\n".to_owned(),
            ci: CiContext::default(),
            commit: id("first"),
            commit_time: 1_000_000,
            git_tags: Vec::new(),
            courses: BTreeMap::new(),
            registry: RegistryState::default(),
            now: 2_000_000,
            roles: false,
        }
    }

    /// A run for the branch `name`.
    pub(super) fn on_branch(mut self, name: &str) -> World {
        self.ci = CiContext { branch: Some(RefName::from_bytes(name.as_bytes())), ..CiContext::default() };
        self
    }

    /// A run for the git tag `name`.
    pub(super) fn on_tag(mut self, name: &str) -> World {
        self.release(name);
        self
    }

    /// The same in place.
    pub(super) fn release(&mut self, name: &str) {
        self.ci = CiContext { tag: Some(RefName::from_bytes(name.as_bytes())), ..CiContext::default() };
    }

    pub(super) fn plan(&self) -> Result<Plan> {
        let document = config::parse("imgbuild.toml", self.toml.as_bytes()).unwrap();
        let settings = config::resolve(&Layers {
            flags: &Flags::default(),
            environment: &Environment::default(),
            document: Some(&document),
            is_ci: true,
            push: Push::Auto,
            working_folder: Path::new("/r"),
            root: Path::new("/r"),
            now: 0,
            rule_names: |id| vec![id.to_owned()],
        })
        .unwrap();
        let facts =
            dockerfile::facts(&dockerfile::parse(b"FROM scratch\nCOPY . /\n"), None, &BTreeMap::new())
                .unwrap();
        let names =
            |names: &[String]| names.iter().map(|name| RefName::from_bytes(name.as_bytes())).collect();
        let source = SourceState {
            root: "/r".into(),
            reader: Reader::default(),
            commit: self.commit.clone(),
            tree: id(&format!("tree of {}", self.commit)),
            parents: Vec::new(),
            committer: String::new(),
            commit_time: self.commit_time,
            branch: None,
            detached: true,
            tags_at_head: self.ci.tag.iter().cloned().collect(),
            tags: names(&self.git_tags),
            changes: Vec::new(),
            untracked: Vec::new(),
            remote_url: None,
            shallow: false,
            blobs: BlobSource::default(),
        };
        let destination = Destination {
            repository: "r.example/api".parse::<Repository>().unwrap(),
            push: PushDecision::Push,
            development: false,
            versions_by_promotion: self.roles,
        };
        let revision = Revision { commit: self.commit.clone(), merge_commit: None };
        let (dockerfile_digest, context_digest) =
            (Digest::of(b"Dockerfile"), Digest::of(self.commit.as_bytes()));
        let mut inputs = Inputs {
            command: Command::Ci,
            settings: &settings,
            source: &source,
            ci: &self.ci,
            revision: &revision,
            facts: &facts,
            dockerfile: "Dockerfile",
            dockerfile_digest: &dockerfile_digest,
            context_digest: &context_digest,
            context_commit: None,
            changes: &[],
            untracked: &[],
            base: None,
            destination: &destination,
            registry: None,
            courses: &self.courses,
            source_date: None,
            now: self.now,
        };
        // As a run does it: only what is asked for is known.
        let asked = plan::tags_to_ask(&inputs, &self.registry.all_tags)?;
        let mut state =
            RegistryState { all_tags: self.registry.all_tags.clone(), ..RegistryState::default() };
        for tag in asked {
            let Some(digest) = self.registry.tags.get(&tag) else { continue };
            if let Some(image) = self.registry.images.get(digest) {
                state.images.insert(digest.clone(), image.clone());
            }
            state.tags.insert(tag, digest.clone());
        }
        inputs.registry = Some(&state);
        plan::plan(&inputs)
    }

    /// Publishes the first `count` tags of `plan`: a new image with the plan's labels, or the one it adopts.
    pub(super) fn publish(&mut self, plan: &Plan, count: usize) -> Digest {
        let digest = match &plan.adopts {
            Some(adopted) => adopted.digest.clone(),
            None => Digest::of(format!("{}:{}:{:?}", plan.revision, self.now, plan.labels).as_bytes()),
        };
        let image = StoredImage {
            config: Digest::of(digest.as_str().as_bytes()),
            labels: plan.labels.clone(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
        };
        self.registry.images.entry(digest.clone()).or_insert(image);
        for planned in plan.tags.iter().take(count) {
            self.set(planned.tag.as_str(), &digest);
        }
        digest
    }

    /// Points `tag` to `digest`.
    pub(super) fn set(&mut self, tag: &str, digest: &Digest) {
        self.registry.tags.insert(tag.to_owned(), digest.clone());
        if !self.registry.all_tags.iter().any(|known| known == tag) {
            self.registry.all_tags.push(tag.to_owned());
        }
    }

    /// Takes `tag` out of the registry.
    pub(super) fn delete(&mut self, tag: &str) {
        self.registry.tags.remove(tag);
        self.registry.all_tags.retain(|known| known != tag);
    }

    /// The label of the image behind `tag`.
    pub(super) fn version_of(&self, tag: &str) -> Option<semver::Version> {
        semver::Version::parse(self.registry.image(tag)?.label(label::oci::VERSION)?).ok()
    }
}

/// The tags that `plan` sets, without the unique one.
pub(super) fn set_by(plan: &Plan) -> Vec<&str> {
    let further = plan.tags.iter().filter(|planned| planned.promise != plan::Promise::Unique);
    further.map(|planned| planned.tag.as_str()).collect()
}

/// The tags that `plan` leaves where they are.
pub(super) fn kept_by(plan: &Plan) -> Vec<&str> {
    plan.kept.iter().map(|kept| kept.tag.as_str()).collect()
}
