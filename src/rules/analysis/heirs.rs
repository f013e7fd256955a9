//! Which stages hand their layers on.

use super::Analysis;
use crate::dockerfile::BaseImage;

impl Analysis<'_> {
    /// The stages whose layers reach an image or another stage by `FROM`, by their indices: the last one, and each that a
    /// later one continues. Of the others, `COPY --from` takes single files.
    pub fn inherited(&self) -> Vec<bool> {
        let mut inherited = vec![false; self.file.stages.len()];
        for base in &self.graph.bases {
            if let BaseImage::Stage(index) = base
                && let Some(slot) = inherited.get_mut(*index)
            {
                *slot = true;
            }
        }
        if let Some(last) = inherited.last_mut() {
            *last = true;
        }
        inherited
    }
}
