//! What labels on a container say of its deployment. Every one of them is set at create, so that none is the image's.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::Restart;
use crate::image::Reference;
use crate::image::label::deploy as label;

/// The longest label that is read, in bytes.
const MAX_LABEL: usize = 256 << 10;

/// Which deployment a container is, and of which image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The deployment's name.
    pub name: String,
    /// What was asked for, as a reference.
    pub reference: String,
    /// The digest of the image's manifest; of an image that no registry has, the engine's id.
    pub digest: String,
    /// The run's id.
    pub run: String,
    /// Who ran it: `user@host`, or the CI's job.
    pub by: String,
    /// When, in unix seconds.
    pub at: i64,
    /// What the container was made with.
    pub spec: SpecRecord,
    /// What it takes the place of.
    pub replaces: Option<Replaced>,
    /// What ran before, the last first.
    pub history: Vec<Past>,
}

/// What a container was made with, as far as the next run has to know it. No values of variables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpecRecord {
    /// When the engine starts it again, once it has proven itself.
    pub restart: Restart,
    /// Networks, and its names there.
    pub networks: Vec<Attached>,
    /// Ports of the host, as they are written.
    pub ports: Vec<String>,
    /// Names of the variables.
    pub env: Vec<String>,
    /// Whether it can write to something that the one before it can write to as well.
    pub shares: bool,
    /// A digest of what it must answer: whether the gates of a configuration are those that it passed.
    pub gates: String,
}

/// A network that a container is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Its name.
    pub network: String,
    /// Names of the container there.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// The container that another one takes the place of, as it was before anything was done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Its id.
    pub id: String,
    /// Whether it ran.
    pub running: bool,
    /// When the engine started it again.
    pub restart: Restart,
    /// Its networks.
    pub networks: Vec<Attached>,
}

/// An image that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// As [`Record::reference`].
    pub reference: String,
    /// As [`Record::digest`].
    pub digest: String,
    /// The run that brought it.
    #[serde(default)]
    pub run: String,
    /// When, in unix seconds.
    #[serde(default)]
    pub at: i64,
}

impl Past {
    /// Whether `wanted` names it: its reference, its tag, or the beginning of its digest.
    pub fn is_called(&self, wanted: &str) -> bool {
        let tag = self.reference.parse::<Reference>().ok().and_then(|reference| reference.tag().cloned());
        let bare = self.digest.strip_prefix("sha256:").unwrap_or(&self.digest);
        let digest = wanted.strip_prefix("sha256:").unwrap_or(wanted);
        self.reference == wanted
            || tag.is_some_and(|tag| tag.as_str() == wanted)
            || (digest.len() >= 12 && bare.starts_with(digest))
    }
}

impl Record {
    /// The labels that say so.
    pub fn labels(&self) -> BTreeMap<String, String> {
        [
            (label::NAME, self.name.clone()),
            (label::REFERENCE, self.reference.clone()),
            (label::DIGEST, self.digest.clone()),
            (label::RUN, self.run.clone()),
            (label::BY, self.by.clone()),
            (label::AT, self.at.to_string()),
            (label::SPEC, json(&self.spec)),
            (label::REPLACES, self.replaces.as_ref().map(json).unwrap_or_default()),
            (label::HISTORY, json(&self.history)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// What `labels` say; `None` where they are of no deployment. What cannot be read of them is empty: somebody may have
    /// made the container by hand.
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Option<Record> {
        let text = |key: &str| labels.get(key).filter(|value| !value.is_empty()).cloned();
        let rest = |key: &str| text(key).unwrap_or_default();
        Some(Record {
            name: text(label::NAME)?,
            reference: rest(label::REFERENCE),
            digest: rest(label::DIGEST),
            run: rest(label::RUN),
            by: rest(label::BY),
            at: rest(label::AT).parse().unwrap_or_default(),
            spec: read(labels, label::SPEC).unwrap_or_default(),
            replaces: read(labels, label::REPLACES),
            history: read(labels, label::HISTORY).unwrap_or_default(),
        })
    }

    /// What the next container says of this one among what ran before.
    pub fn past(&self) -> Past {
        Past {
            reference: self.reference.clone(),
            digest: self.digest.clone(),
            run: self.run.clone(),
            at: self.at,
        }
    }
}

fn json<T: Serialize>(value: &T) -> String {
    // The types above have no map with other keys than text.
    serde_json::to_string(value).unwrap_or_default()
}

fn read<T: DeserializeOwned>(labels: &BTreeMap<String, String>, key: &str) -> Option<T> {
    let text = labels.get(key).filter(|text| text.len() <= MAX_LABEL)?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            name: "web".to_owned(),
            reference: "ghcr.io/acme/web:1".to_owned(),
            digest: "sha256:1".to_owned(),
            run: "r".to_owned(),
            by: "me@here".to_owned(),
            at: 7,
            spec: SpecRecord {
                restart: Restart { policy: "always".to_owned(), retries: 0 },
                networks: vec![Attached { network: "front".to_owned(), aliases: vec!["web".to_owned()] }],
                env: vec!["TOKEN".to_owned()],
                ..SpecRecord::default()
            },
            replaces: Some(Replaced {
                id: "old".to_owned(),
                running: true,
                restart: Restart::never(),
                networks: Vec::new(),
            }),
            history: vec![Past {
                reference: "ghcr.io/acme/web:0".to_owned(),
                digest: "sha256:0".to_owned(),
                run: "q".to_owned(),
                at: 3,
            }],
        }
    }

    #[test]
    fn labels_say_it_all_and_set_every_key() {
        let record = record();
        let labels = record.labels();
        assert_eq!(Record::from_labels(&labels), Some(record.clone()));
        let first = Record { replaces: None, ..record };
        // Set even where there is nothing to say: a container inherits what it does not set.
        assert_eq!(first.labels().len(), labels.len());
        assert_eq!(Record::from_labels(&first.labels()), Some(first));
    }

    #[test]
    fn what_ran_is_found_by_tag_and_by_digest() {
        let digest = crate::image::Digest::of(b"x").to_string();
        let (reference, run) = ("r.example:5000/web:1.2".to_owned(), String::new());
        let one = Past { reference, digest: digest.clone(), run, at: 0 };
        let bare = digest.strip_prefix("sha256:").unwrap();
        for wanted in ["1.2", "r.example:5000/web:1.2", &digest, bare, &bare[..12]] {
            assert!(one.is_called(wanted), "{wanted}");
        }
        for wanted in ["1", "1.2.3", &bare[..11], "web", ""] {
            assert!(!one.is_called(wanted), "{wanted}");
        }
    }

    #[test]
    fn garbage_is_empty_and_strangers_are_none() {
        assert_eq!(Record::from_labels(&BTreeMap::new()), None);
        let mut labels = record().labels();
        labels.insert(label::SPEC.to_owned(), "{".to_owned());
        labels.insert(label::HISTORY.to_owned(), format!("[{}]", " ".repeat(MAX_LABEL)));
        let read = Record::from_labels(&labels).unwrap();
        assert_eq!((read.spec, read.history), (SpecRecord::default(), Vec::new()));
    }
}
