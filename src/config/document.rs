//! A configuration file that was read: its tables, where each key stands, and the files below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keys;
use super::model::Model;
use super::origin::Place;

/// A configuration file whose every value was checked by itself. Whether values fit each other, the environment and
/// the flags is for [`resolve`](fn@super::resolve) to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it lies; `None` where it did not come from the file system.
    pub path: Option<PathBuf>,
    /// The tables.
    pub model: Model,
    pub(super) name: Arc<str>,
    pub(super) places: BTreeMap<String, Place>,
    /// Where it lies in the repository; `None` where it does not.
    pub(super) inside: Option<PathBuf>,
    /// What git was asked for, where it comes from there.
    pub(super) revision: Option<String>,
    /// Whether its `[policy]` binds the files above it: it is extended, or `IMGBUILD_POLICY` names it.
    pub(super) binds: bool,
    /// Which of its keys count.
    pub(super) scope: Scope,
    /// What it extends, or what else holds where it says nothing.
    pub(super) below: Option<Box<Document>>,
}

/// Which keys of a file count.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scope {
    /// These alone; `None` is all.
    pub only: Option<Vec<String>>,
    /// Not these.
    pub except: Vec<String>,
    /// Not these either, though a lock forbids them: what they say is taken from the policy, and is no offence.
    pub forgiven: Vec<String>,
}

impl Scope {
    /// Whether what the file says about `key` counts.
    pub(super) fn allows(&self, key: &str) -> bool {
        self.only.as_ref().is_none_or(|only| keys::is_below_any(key, only))
            && !keys::is_below_any(key, &self.except)
            && !keys::is_below_any(key, &self.forgiven)
    }
}

impl Document {
    pub(super) fn new(name: Arc<str>, model: Model, places: BTreeMap<String, Place>) -> Document {
        Document {
            path: None,
            model,
            name,
            places,
            inside: None,
            revision: None,
            binds: false,
            scope: Scope::default(),
            below: None,
        }
    }

    /// The file as messages name it: its path in the repository, or `REVISION:PATH`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where `key` is set: `image.build.args.RUST_VERSION`, `image.test[0].name`. The line is 0 where it is not.
    pub fn place(&self, key: &str) -> Place {
        let unknown = || Place { file: Arc::clone(&self.name), line: 0, column: 0 };
        self.places.get(key).cloned().unwrap_or_else(unknown)
    }

    /// Where this file and those below it lie in the repository, as far as they do.
    pub fn files(&self) -> Vec<PathBuf> {
        self.chain().filter_map(|document| document.inside.clone()).collect()
    }

    /// This file and those below it, the strongest first.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Document> {
        std::iter::successors(Some(self), |document| document.below.as_deref())
    }

    /// [`chain`](Document::chain) taken apart.
    pub(super) fn into_chain(self) -> Vec<Document> {
        let mut chain = Vec::new();
        let mut next = Some(self);
        while let Some(mut document) = next {
            next = document.below.take().map(|below| *below);
            chain.push(document);
        }
        chain
    }

    /// The reverse of [`into_chain`](Document::into_chain).
    pub(super) fn of_chain(chain: Vec<Document>) -> Option<Document> {
        let put_above = |below: Option<Document>, mut document: Document| {
            document.below = below.map(Box::new);
            Some(document)
        };
        chain.into_iter().rev().fold(None, put_above)
    }

    /// The folder that its paths are relative to.
    pub(super) fn folder(&self, root: &Path) -> PathBuf {
        let parent = |path: &PathBuf| path.parent().map(Path::to_owned);
        let own = self.path.as_ref().and_then(parent).or_else(|| self.inside.as_ref().and_then(parent));
        own.map_or_else(|| root.to_owned(), |folder| root.join(folder))
    }

    /// Whether it says anything about `key` or what is below it, in a profile or not.
    pub(super) fn sets(&self, key: &str) -> bool {
        self.places.keys().any(|path| keys::is_below(path, key))
    }

    /// Whether its `[policy]` is in force.
    pub(super) fn is_in_force(&self) -> bool {
        self.binds && self.model.policy.is_some() && self.scope.allows("policy")
    }

    /// The keys that its `[policy]` locks, each once, and which of the list it is.
    pub(super) fn locks(&self) -> BTreeMap<&str, usize> {
        let policy = self.model.policy.as_ref().filter(|_| self.is_in_force());
        let list = policy.and_then(|policy| policy.lock.as_deref()).unwrap_or_default();
        // The first of two alike is named.
        list.iter().enumerate().rev().map(|(nth, key)| (key.as_str(), nth)).collect()
    }
}
