//! What later steps of a pipeline want to know of a run or a plan.

use std::collections::BTreeMap;

use serde::Serialize;

use super::github;
use crate::report::run_report::{RunReport, TagState};
use crate::report::{escape, json};

/// Labels that are annotations of the manifest as well, as docker/metadata-action has them.
const OCI: &str = "org.opencontainers.image.";

/// The values, by the names of docker/metadata-action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    pub(super) digest: String,
    pub(super) image: String,
    pub(super) version: String,
    pub(super) tags: Vec<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Document<'a> {
    digest: &'a str,
    image: &'a str,
    version: &'a str,
    tags: &'a [String],
    labels: &'a BTreeMap<String, String>,
    annotations: Vec<String>,
}

impl Outputs {
    /// `references` are full ones, the first the most exact; without a `digest` nothing was pushed.
    pub fn new(
        repository: &str,
        digest: Option<&str>,
        references: Vec<String>,
        labels: BTreeMap<String, String>,
    ) -> Outputs {
        // On the engine alone it is nobody's repository on Docker Hub.
        let short = |reference: String| match digest {
            Some(_) => reference,
            None => reference.strip_prefix("docker.io/library/").map(str::to_owned).unwrap_or(reference),
        };
        let references: Vec<String> = references.into_iter().map(short).collect();
        let first = references.first().map(String::as_str).unwrap_or_default();
        let image = match digest {
            Some(digest) => format!("{repository}@{digest}"),
            None => first.to_owned(),
        };
        // It is empty where it only takes back what the base says.
        let version =
            labels.get("org.opencontainers.image.version").filter(|version| !version.is_empty()).cloned();
        let name = first.rsplit_once(':').map_or(first, |(_, name)| name).to_owned();
        Outputs {
            digest: digest.unwrap_or_default().to_owned(),
            image,
            version: version.unwrap_or(name),
            tags: references,
            labels,
        }
    }

    /// As far as the run came. The report has to be masked.
    pub fn of_report(report: &RunReport) -> Outputs {
        let image = report.image.clone().unwrap_or_default();
        let (repository, digest) = (image.repository.unwrap_or_default(), image.digest);
        // What was only planned is nowhere.
        let made = report.tags.iter().filter(|tag| matches!(tag.state, TagState::Verified | TagState::Local));
        let references = made.map(|tag| tag.reference.clone()).collect();
        let digest = digest.as_ref().map(|digest| digest.as_str());
        Outputs::new(&repository, digest, references, report.labels.clone())
    }

    /// The lines for the file that `GITHUB_OUTPUT` names.
    pub fn github(&self) -> String {
        github::outputs(self)
    }

    /// Whether there is an image in a registry.
    pub(super) fn is_published(&self) -> bool {
        !self.digest.is_empty()
    }

    /// Each as a text. Lists have an entry a line, so that nothing hidden is left in an entry.
    pub(super) fn pairs(&self) -> [(&'static str, String); 6] {
        let labels: Vec<String> =
            self.labels.iter().map(|(key, value)| format!("{}={}", flat(key), flat(value))).collect();
        let tags: Vec<String> = self.tags.iter().map(|tag| flat(tag)).collect();
        [
            ("digest", flat(&self.digest)),
            ("image", flat(&self.image)),
            ("tags", tags.join("\n")),
            ("version", flat(&self.version)),
            ("labels", labels.join("\n")),
            ("json", self.json()),
        ]
    }

    /// One line.
    fn json(&self) -> String {
        let annotations = self.labels.iter().filter(|(key, _)| key.starts_with(OCI));
        let document = Document {
            digest: &self.digest,
            image: &self.image,
            version: &self.version,
            tags: &self.tags,
            labels: &self.labels,
            annotations: annotations.map(|(key, value)| format!("manifest:{key}={value}")).collect(),
        };
        // Strings alone: this cannot fail.
        json::safe(&serde_json::to_string(&document).unwrap_or_default())
    }
}

/// A text on one line: whatever hides in it becomes a space.
pub(super) fn flat(text: &str) -> String {
    text.chars().map(|c| if escape::is_hidden(c) { ' ' } else { c }).collect()
}
