//! Full names of refs, as systems give them.

use super::look::{Fact, pr_number};
use crate::source::RefName;

/// What a full ref name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ref<'a> {
    /// A branch.
    Branch(&'a [u8]),
    /// A tag.
    Tag(&'a [u8]),
    /// A pull request's number, and whether it is the merge of head and base.
    Pull(&'a str, bool),
    /// Anything else, or nothing.
    None,
}

impl<'a> Ref<'a> {
    /// `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`, `refs/pull-requests/7/from`, `refs/merge-requests/7/head`.
    pub(super) fn of(full: &'a [u8]) -> Ref<'a> {
        if let Some(name) = full.strip_prefix(b"refs/heads/") {
            return Ref::Branch(name);
        }
        if let Some(name) = full.strip_prefix(b"refs/tags/") {
            return Ref::Tag(name);
        }
        let pulls: [&[u8]; 3] = [b"refs/pull/", b"refs/pull-requests/", b"refs/merge-requests/"];
        let pull = pulls.iter().find_map(|prefix| full.strip_prefix(*prefix));
        match pull.and_then(|rest| std::str::from_utf8(rest).ok()?.split_once('/')) {
            Some((number, side)) => Ref::Pull(number, side == "merge"),
            None => Ref::None,
        }
    }
}

impl<'a> Fact<&'a [u8]> {
    /// The branch that a full ref names.
    pub(super) fn branch(&self) -> Option<Fact<RefName>> {
        self.named(|kind| match kind {
            Ref::Branch(name) => Some(RefName::from_bytes(name)),
            _ => None,
        })
    }

    /// The tag that a full ref names.
    pub(super) fn tag(&self) -> Option<Fact<RefName>> {
        self.named(|kind| match kind {
            Ref::Tag(name) => Some(RefName::from_bytes(name)),
            _ => None,
        })
    }

    /// The pull request that a full ref names.
    pub(super) fn pull(&self) -> Option<Fact<String>> {
        self.named(|kind| match kind {
            Ref::Pull(number, _) => pr_number(number),
            _ => None,
        })
    }

    /// The name without `refs/heads/`, where that is written.
    pub(super) fn short(&self) -> Fact<RefName> {
        let name = self.value.strip_prefix(b"refs/heads/").unwrap_or(self.value);
        Fact { value: RefName::from_bytes(name), origin: self.origin.clone() }
    }

    fn named<T>(&self, pick: impl FnOnce(Ref<'a>) -> Option<T>) -> Option<Fact<T>> {
        Some(Fact { value: pick(Ref::of(self.value))?, origin: self.origin.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_refs() {
        for (full, kind) in [
            ("refs/heads/a/b", Ref::Branch(b"a/b")),
            ("refs/heads/v1", Ref::Branch(b"v1")),
            ("refs/tags/v1", Ref::Tag(b"v1")),
            ("refs/pull/7/merge", Ref::Pull("7", true)),
            ("refs/pull/7/head", Ref::Pull("7", false)),
            ("refs/pull-requests/7/from", Ref::Pull("7", false)),
            ("refs/merge-requests/7/head", Ref::Pull("7", false)),
            ("refs/pull/7", Ref::None),
            ("main", Ref::None),
            ("$/Project", Ref::None),
            ("", Ref::None),
        ] {
            assert_eq!(Ref::of(full.as_bytes()), kind, "{full}");
        }
    }
}
