//! The branches that live, in the forms in which tags and labels name them.

use std::collections::BTreeSet;

use crate::image::slug;

/// Branches by their slugs and by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    slugs: BTreeSet<String>,
    names: BTreeSet<String>,
    variants: Vec<String>,
}

impl Names {
    /// Of branches as git names them, without `refs/heads/`. `reserved` are the words that no slug may look like: variants
    /// and tags that the configuration names; those of them that are variants stand behind slugs.
    pub fn new<'a>(branches: impl IntoIterator<Item = &'a [u8]>, reserved: &[String]) -> Names {
        let mut all = Names { variants: reserved.to_vec(), ..Names::default() };
        for branch in branches {
            all.slugs.insert(slug(branch, reserved));
            all.names.insert(shown(&String::from_utf8_lossy(branch)));
        }
        all
    }

    /// Whether the branch that a tag begins with lives.
    pub(super) fn has_slug(&self, reference: &str) -> bool {
        let bare = self.variants.iter().filter_map(|v| reference.strip_suffix(v.as_str())?.strip_suffix('-'));
        self.slugs.contains(reference) || bare.into_iter().any(|bare| self.slugs.contains(bare))
    }

    /// Whether the branch that a label names lives.
    pub(super) fn has_name(&self, label: &str) -> bool {
        self.names.contains(&shown(label))
    }

    /// Whether `tag` is what a run of the branch that a label names would point to its image.
    pub(super) fn is_pointer(&self, tag: &str, label: &str) -> bool {
        let slug = slug(label.as_bytes(), &self.variants);
        let rest = tag.strip_prefix(slug.as_str());
        rest.is_some_and(|rest| {
            rest.is_empty() || self.variants.iter().any(|v| rest.strip_prefix('-') == Some(v))
        })
    }

    pub(super) fn variants(&self) -> &[String] {
        &self.variants
    }
}

/// A name as labels have it: cut, without what breaks a line.
fn shown(name: &str) -> String {
    let mut end = name.len().min(1024);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_by_tag_and_by_label() {
        let names = Names::new([&b"main"[..], b"feature/a"], &["alpine".to_owned()]);
        let feature = slug(b"feature/a", &[]);
        assert!(names.has_slug("main") && names.has_slug("main-alpine") && names.has_slug(&feature));
        assert!(!names.has_slug("gone") && !names.has_slug("main-debian") && !names.has_slug("feature-a"));
        assert!(names.has_name("feature/a") && !names.has_name("feature-a"));
        assert!(names.is_pointer("main-alpine", "main") && names.is_pointer(&feature, "feature/a"));
        assert!(!names.is_pointer("main-2", "main") && !names.is_pointer("nightly", "main"));
    }
}
