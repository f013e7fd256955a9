//! What the layers of an image hold that matters for its practices.

use super::Sign;
use crate::rules::Expectations;

/// An image by its files, as rules judge it.
#[derive(Debug, Clone, Default)]
pub struct LayerFacts {
    /// How findings name the image.
    pub reference: String,
    /// What its layers hold.
    pub files: FileFacts,
    /// What the settings expect of it.
    pub expectations: Expectations,
}

impl LayerFacts {
    /// The `nth` layer, the lowest being 0, in words.
    pub fn layer(&self, nth: usize) -> String {
        let layers = &self.files.layers;
        let digest = layers.get(nth).map(String::as_str).unwrap_or_default();
        // As engines and registries show them in short.
        let short: String = digest.chars().take("sha256:".len() + 12).collect();
        let digest = if short.is_empty() { String::new() } else { format!(" ({short})") };
        format!("layer {} of {}{digest}", nth + 1, layers.len())
    }
}

/// What was found in the layers. Paths begin at the image's root, and are sorted; bytes that are no UTF-8 are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// The layers, the lowest first: the digest of each, unpacked. Empty texts where the image does not say.
    pub layers: Vec<String>,
    /// The files of the final image that run with the rights of their owner or group.
    pub setuid: Vec<SetuidFile>,
    /// The accounts of the final image that need no password.
    pub open_accounts: Vec<OpenAccount>,
    /// The files that hold a secret, also those that a later layer deletes.
    pub secrets: Vec<SecretFile>,
    /// What package managers left behind, also where a later layer deletes it.
    pub leftovers: Vec<Leftover>,
}

/// A file with the setuid or the setgid bit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetuidFile {
    /// Where it is.
    pub path: String,
    /// It runs as its owner.
    pub setuid: bool,
    /// It runs as its group.
    pub setgid: bool,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// An account whose password is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenAccount {
    /// `/etc/shadow` or `/etc/passwd`.
    pub file: String,
    /// Its name.
    pub name: String,
}

/// A file with a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretFile {
    /// Where it is.
    pub path: String,
    /// The layer that has it, the lowest being 0.
    pub layer: usize,
    /// A later layer deletes it or puts another file in its place: it is still in this one.
    pub hidden: bool,
    /// What it holds; never empty.
    pub signs: Vec<Sign>,
}

/// Files of one package manager that nobody needs at run time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// The folder.
    pub path: String,
    /// What it is: "package lists of apt".
    pub what: &'static str,
    /// The layer that has them.
    pub layer: usize,
    /// How many of its files a later layer deletes or replaces: they are still in this one.
    pub hidden: u64,
    /// How many files there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}
