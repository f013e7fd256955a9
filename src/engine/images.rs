//! Images on the engine: look, list, tag, untag, pull.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::query_parameters::TagImageOptions;
use http::Method;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind, Result};

use super::client::{CALL, Engine};
use super::containers::{label_filter, short};
use super::fault::Fault;
use super::inspect::answer;
use super::time::unix_seconds;
use super::wire::{Plain, Wire, escape, within};

/// An image as the engine describes it.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// The engine's id: the config digest, or in the containerd store a manifest's or an index's digest.
    pub id: String,
    /// The image that the classic builder made this one from; empty where unknown.
    pub parent: String,
    /// Names with tags.
    pub tags: Vec<String>,
    /// Names with digests. Not evidence of anything that was pushed: podman's differ from the registry's.
    pub repo_digests: Vec<String>,
    /// Unix seconds; `None` where it is unset.
    pub created: Option<i64>,
    /// Bytes on the engine's disk, layers shared with other images included.
    pub size: u64,
    /// How many layers it has.
    pub layers: usize,
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub arch: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `KEY=value`.
    pub env: Vec<String>,
    /// CMD in exec form.
    pub command: Vec<String>,
    /// ENTRYPOINT in exec form.
    pub entrypoint: Vec<String>,
    /// USER; empty is root.
    pub user: String,
    /// WORKDIR.
    pub workdir: String,
    /// STOPSIGNAL; empty is SIGTERM.
    pub stop_signal: String,
    /// EXPOSE: `8080/tcp`.
    pub exposed: Vec<String>,
    /// VOLUME.
    pub volumes: Vec<String>,
    /// HEALTHCHECK; `None` where there is none or it was switched off.
    pub healthcheck: Option<ImageHealthcheck>,
    /// SHELL; empty is `/bin/sh -c`.
    pub shell: Vec<String>,
    /// Media type and digest of what the id names; only the containerd store tells it.
    pub descriptor: Option<(String, String)>,
}

impl Image {
    /// What the engine runs in a container for the HEALTHCHECK: program and arguments.
    pub fn healthcheck_command(&self) -> Option<Vec<String>> {
        let (form, words) = self.healthcheck.as_ref()?.test.split_first()?;
        if form == "CMD" {
            return Some(words.to_vec());
        }
        let default = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
        let shell = if self.shell.is_empty() { default() } else { self.shell.clone() };
        Some(shell.into_iter().chain(words.iter().cloned()).collect())
    }
}

/// HEALTHCHECK of an image. A zero duration or count is the engine's default (30 s, 30 s, 0 s, 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageHealthcheck {
    /// `CMD` or `CMD-SHELL` and what it runs.
    pub test: Vec<String>,
    /// Between two probes.
    pub interval: Duration,
    /// Of one probe.
    pub timeout: Duration,
    /// In which failures do not count.
    pub start_period: Duration,
    /// Failures in a row.
    pub retries: u32,
}

/// One row of the list of images.
#[derive(Debug, Clone, Default)]
pub struct ImageSummary {
    /// The engine's id.
    pub id: String,
    /// As [`Image::parent`].
    pub parent: String,
    /// Names with tags.
    pub tags: Vec<String>,
    /// Names with digests.
    pub repo_digests: Vec<String>,
    /// Unix seconds.
    pub created: i64,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

answer! { struct Inspected {
    id: String = "Id",
    parent: String = "Parent",
    tags: Vec<String> = "RepoTags",
    repo_digests: Vec<String> = "RepoDigests",
    created: String = "Created",
    size: u64 = "Size",
    os: String = "Os",
    arch: String = "Architecture",
    config: Config = "Config",
    root_fs: RootFs = "RootFS",
    descriptor: Option<Descriptor> = "Descriptor",
} }
answer! { struct Config {
    labels: BTreeMap<String, String> = "Labels",
    env: Vec<String> = "Env",
    command: Vec<String> = "Cmd",
    entrypoint: Vec<String> = "Entrypoint",
    user: String = "User",
    workdir: String = "WorkingDir",
    stop_signal: String = "StopSignal",
    exposed: BTreeMap<String, serde::de::IgnoredAny> = "ExposedPorts",
    volumes: BTreeMap<String, serde::de::IgnoredAny> = "Volumes",
    healthcheck: Option<Healthcheck> = "Healthcheck",
    shell: Vec<String> = "Shell",
} }
answer! { struct RootFs {
    layers: Vec<serde::de::IgnoredAny> = "Layers",
} }
answer! { struct Healthcheck {
    test: Vec<String> = "Test",
    interval: u64 = "Interval",
    timeout: u64 = "Timeout",
    start_period: u64 = "StartPeriod",
    retries: u32 = "Retries",
} }
answer! { struct Descriptor {
    media_type: String = "mediaType",
    digest: String = "digest",
} }
answer! { struct Row {
    id: String = "Id",
    parent: String = "ParentId",
    tags: Vec<String> = "RepoTags",
    repo_digests: Vec<String> = "RepoDigests",
    created: i64 = "Created",
    labels: BTreeMap<String, String> = "Labels",
} }

/// Podman leaves the algorithm out of a parent's id.
fn parent(id: String) -> String {
    if id.is_empty() || id.contains(':') { id } else { format!("sha256:{id}") }
}

/// Engines before 1.43 write `<none>:<none>` where there is no name.
fn named(names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !name.contains("<none>")).collect()
}

/// Podman's own answer, where docker's form has no healthcheck.
#[derive(serde::Deserialize)]
struct Libpod {
    #[serde(rename = "Healthcheck")]
    healthcheck: Option<Healthcheck>,
}

impl Healthcheck {
    fn on(self) -> Option<ImageHealthcheck> {
        self.test.first().filter(|first| *first != "NONE")?;
        Some(ImageHealthcheck {
            test: self.test,
            interval: Duration::from_nanos(self.interval),
            timeout: Duration::from_nanos(self.timeout),
            start_period: Duration::from_nanos(self.start_period),
            retries: self.retries,
        })
    }
}

impl From<Inspected> for Image {
    fn from(image: Inspected) -> Image {
        let config = image.config;
        Image {
            id: image.id,
            parent: parent(image.parent),
            tags: named(image.tags),
            repo_digests: named(image.repo_digests),
            created: unix_seconds(&image.created),
            size: image.size,
            layers: image.root_fs.layers.len(),
            os: image.os,
            arch: image.arch,
            labels: config.labels,
            env: config.env,
            command: config.command,
            entrypoint: config.entrypoint,
            user: config.user,
            workdir: config.workdir,
            stop_signal: config.stop_signal,
            exposed: config.exposed.into_keys().collect(),
            volumes: config.volumes.into_keys().collect(),
            healthcheck: config.healthcheck.and_then(Healthcheck::on),
            shell: config.shell,
            descriptor: image.descriptor.map(|d| (d.media_type, d.digest)),
        }
    }
}

/// An image's id or name in a path: slashes stay, as every docker client sends them.
pub(super) fn image_path(name: &str) -> String {
    let parts: Vec<String> =
        name.split('/').map(|part| escape(part).replace("%3A", ":").replace("%40", "@")).collect();
    format!("/images/{}", parts.join("/"))
}

/// How often, and how long in between, podman is asked about an image before its word counts.
const LOOKS: u32 = 20;
const LOOK_PAUSE: Duration = Duration::from_millis(50);

impl Engine {
    /// Looks at an image by id or name; `None` where the engine has none such.
    pub async fn inspect_image(&self, name: &str) -> Result<Option<Image>> {
        let path = format!("{}/json", image_path(name));
        let told = |fault| self.told(fault, format!("inspect image {}", short(name)));
        let answer = match self.ask_of_images::<Inspected>(&self.wire, &path, &[]).await {
            Ok(answer) => answer,
            Err(fault) if fault.status() == Some(404) => return Ok(None),
            Err(fault) => return Err(told(fault)),
        };
        let mut image = Image::from(answer);
        if self.info().podman && image.healthcheck.is_none() {
            let wire = self.wire.with_version("4.0.0");
            let libpod = self.ask_of_images(&wire, &format!("/libpod{path}"), &[]).await;
            let libpod: Libpod = libpod.map_err(told)?;
            image.healthcheck = libpod.healthcheck.and_then(Healthcheck::on);
        }
        Ok(Some(image))
    }

    /// What the engine says of images; podman is asked again where it stumbles.
    ///
    /// It goes through all images whichever is asked about, and over one that somebody removes meanwhile: the answer is an
    /// error of storage, or of a nil pointer.
    async fn ask_of_images<T: DeserializeOwned>(
        &self,
        wire: &Wire,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Fault> {
        let mut left = if self.info().podman { LOOKS } else { 1 };
        loop {
            left -= 1;
            match wire.get(path, query, CALL).await {
                Err(fault) if left > 0 && fault.status() == Some(500) => {
                    tokio::time::sleep(LOOK_PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Every image that carries `labels`; with `all` also the builder's intermediate ones.
    pub async fn list_images(&self, labels: &[String], all: bool) -> Result<Vec<ImageSummary>> {
        let query = [("all", u8::from(all).to_string()), ("filters", label_filter(labels))];
        let rows: Vec<Row> = self
            .ask_of_images(&self.wire, "/images/json", &query)
            .await
            .map_err(|fault| self.told(fault, "list images"))?;
        let summary = |row: Row| ImageSummary {
            id: row.id,
            parent: parent(row.parent),
            tags: named(row.tags),
            repo_digests: named(row.repo_digests),
            created: row.created,
            labels: row.labels,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Names the image `id` as `repository:tag`, which moves the tag if another image has it.
    pub async fn tag_image(&self, id: &str, repository: &str, tag: &str) -> Result<()> {
        let options = TagImageOptions { repo: Some(repository.to_owned()), tag: Some(tag.to_owned()) };
        self.limit(CALL, self.docker.tag_image(id, Some(options)))
            .await
            .map_err(|fault| self.told(fault, format!("tag {} as {repository}:{tag}", short(id))))
    }

    /// Removes a name, or an image by id; never by force. Whether there was one.
    ///
    /// Without `prune` the untagged parents stay, which are the cache of later builds.
    pub async fn remove_image(&self, name: &str, prune: bool) -> Result<bool> {
        match self.delete_image(name, prune).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove image {}", short(name)))),
        }
    }

    /// Takes the name `reference` from the image `id`, which goes with its last one; its untagged parents stay. Whether it is
    /// gone: a name that another image has by now stays, and so does the last name of an image that something uses.
    pub async fn remove_name(&self, reference: &str, id: &str) -> Result<bool> {
        match self.inspect_image(reference).await? {
            None => return Ok(true),
            Some(image) if image.id != id => return Ok(false),
            Some(_) => {}
        }
        match self.delete_image(reference, false).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(true),
            Err(fault) if fault.status() == Some(409) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove image {reference}"))),
        }
    }

    /// Removes an image by id unless something uses it: a container, an image on top of it, a name. Whether it is gone.
    pub async fn remove_unused_image(&self, id: &str) -> Result<bool> {
        match self.delete_image(id, false).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(true),
            Err(fault) if fault.status() == Some(409) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove image {}", short(id)))),
        }
    }

    async fn delete_image(&self, name: &str, prune: bool) -> Result<(), Fault> {
        within(CALL, async {
            let query = [("force", "0".to_owned()), ("noprune", u8::from(!prune).to_string())];
            let request = self.wire.request(Method::DELETE, &image_path(name), &query, Plain::default())?;
            self.wire.send(request).await?.collect(16 << 20).await
        })
        .await
        .map(drop)
    }

    /// The image `name`, or an error that says it is not there.
    pub async fn require_image(&self, name: &str) -> Result<Image> {
        self.inspect_image(name).await?.ok_or_else(|| {
            Error::new(Kind::Engine, format!("the engine has no image {name}"))
                .hint(format!("pull it (`docker pull {name}`) or build it first"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    #[test]
    fn an_image_with_nulls_and_old_words_for_no_name() {
        let text = r#"{"Id":"sha256:a","Parent":"bb","RepoTags":["<none>:<none>","x:1"],"RepoDigests":["<none>@<none>"],"Created":"2026-11-21T05:38:11Z",
            "Config":{"Labels":null,"Cmd":null,"Healthcheck":{"Test":["NONE"]},"Volumes":{"/data":{}},"ExposedPorts":{"80/tcp":{}}},
            "RootFS":{"Type":"layers","Layers":["sha256:c","sha256:d"]}}"#;
        let image = Image::from(serde_json::from_str::<Inspected>(text).unwrap());
        assert_eq!((image.tags, image.repo_digests), (vec!["x:1".to_owned()], Vec::new()));
        assert_eq!((image.parent.as_str(), image.created), ("sha256:bb", Some(1_795_239_491)));
        assert_eq!((image.volumes, image.exposed), (vec!["/data".to_owned()], vec!["80/tcp".to_owned()]));
        assert!(image.healthcheck.is_none() && image.command.is_empty());
        assert_eq!(image.layers, 2);
        let bare = Image::from(serde_json::from_str::<Inspected>("{}").unwrap());
        assert!(bare.created.is_none());
    }

    #[test]
    fn a_healthcheck_runs_in_the_shell_of_its_image() {
        let command = |config: &str| {
            let text = format!(r#"{{"Config":{config}}}"#);
            Image::from(serde_json::from_str::<Inspected>(&text).unwrap()).healthcheck_command()
        };
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(command(r#"{"Healthcheck":{"Test":["CMD","a","b c"]}}"#), words(&["a", "b c"]));
        let shell = r#"{"Healthcheck":{"Test":["CMD-SHELL","a; b"]}}"#;
        assert_eq!(command(shell), words(&["/bin/sh", "-c", "a; b"]));
        let own = r#"{"Shell":["bash","-ec"],"Healthcheck":{"Test":["CMD-SHELL","a"]}}"#;
        assert_eq!(command(own), words(&["bash", "-ec", "a"]));
        for none in ["{}", r#"{"Healthcheck":{"Test":[]}}"#, r#"{"Healthcheck":{"Test":["NONE"]}}"#] {
            assert_eq!(command(none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn an_image_that_something_uses_stays_and_one_that_is_gone_is_gone() {
        let answer = |status, message: &str| Act::Answer(status, format!(r#"{{"message":"{message}"}}"#));
        let script = vec![
            ("DELETE /v1.51/images/a?*", answer(409, "conflict: image is being used by stopped container c")),
            ("DELETE /v1.51/images/b?*", answer(404, "No such image")),
            ("DELETE /v1.51/images/c?*", answer(500, "no space left on device")),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                assert!(!engine.remove_unused_image("a").await.unwrap());
                assert!(engine.remove_unused_image("b").await.unwrap());
                assert!(engine.remove_unused_image("c").await.is_err());
            })
            .await;
    }

    #[test]
    fn names_in_paths() {
        assert_eq!(image_path("h:5000/a/b:1@sha256:c"), "/images/h:5000/a/b:1@sha256:c");
        assert_eq!(image_path("a?b#c/d e"), "/images/a%3Fb%23c/d%20e");
    }
}
