//! What the settings ask of a repository's images beyond the rules' own defaults.

use std::collections::BTreeMap;

use crate::config::model::LabelType;
use crate::dockerfile::{BaseImage, Dockerfile};
use crate::image::{IMAGE_CONTEXT, InPlace, context_in_place_of};

/// The values that rules go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Where base images may come from; empty means that nobody said.
    pub trusted_registries: Vec<String>,
    /// Labels that the image must have, with the type of each.
    pub labels: BTreeMap<String, LabelType>,
    /// The most bytes that the layers may take, uncompressed.
    pub max_size: Option<u64>,
    /// The most layers.
    pub max_layers: Option<usize>,
    /// Init systems and process managers that the image may start.
    pub allow_services: Vec<String>,
    /// Programs that may run with the rights of their owner or group, by their paths in the image.
    pub allow_setuid: Vec<String>,
    /// Whether the configuration has tests of the image; `None` where no configuration was read.
    pub has_tests: Option<bool>,
    /// Whether it is said to work with a root file system that cannot be written.
    pub read_only: bool,
    /// Whether it has to run hardened: read-only root, no capabilities, no new privileges, an unprivileged user.
    pub hardened: bool,
    /// The stage that is built; `None` is the last one.
    pub target: Option<String>,
    /// Build arguments that the configuration sets.
    pub build_args: BTreeMap<String, String>,
    /// Further contexts by name, which take the place of images and stages that are called the same.
    pub contexts: BTreeMap<String, String>,
    /// The platform that is built, which some of them are for; `None` where it is not known.
    pub platform: Option<String>,
}

impl Expectations {
    /// Puts contexts in the place of what the stages of `file` start from; gives their names by the stage's index. A
    /// context that is no image, or only maybe the one, is a base of which nothing is known.
    pub fn replace(&self, file: &Dockerfile, bases: &mut [BaseImage]) -> BTreeMap<usize, String> {
        let mut replaced = BTreeMap::new();
        if self.contexts.is_empty() {
            return replaced;
        }
        for (index, (stage, base)) in file.stages.iter().zip(bases).enumerate() {
            let own = stage.platform.as_deref();
            // For a stage without one, builders take their own platform.
            let of_stage =
                stage.name.as_ref().and_then(|name| context_in_place_of(&self.contexts, name, own));
            let of_base = match base {
                BaseImage::Image(name) => {
                    context_in_place_of(&self.contexts, name, own.or(self.platform.as_deref()))
                }
                _ => None,
            };
            let (name, image) = match of_stage.or(of_base) {
                None => continue,
                Some(InPlace::Context(name, value)) => (name, value.strip_prefix(IMAGE_CONTEXT)),
                Some(InPlace::Maybe(name)) => (name, None),
            };
            *base = match image {
                Some(reference) => BaseImage::Image(reference.to_owned()),
                None => BaseImage::Unresolved(name.to_owned()),
            };
            replaced.insert(index, name.to_owned());
        }
        replaced
    }
}
