//! The parts of a unique tag.

/// `<ref>-<sha7>-<unix seconds>`, with or without `-dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniqueTag<'a> {
    /// The slug of its branch, `pr-<n>`, `tag-…` or `detached`, with the variant behind it.
    pub reference: &'a str,
    /// The first digits of its commit.
    pub commit: &'a str,
    /// When its run began, unix seconds.
    pub seconds: i64,
    /// It is of a development build.
    pub development: bool,
}

impl<'a> UniqueTag<'a> {
    /// The parts of `tag`; `None` where it has no such shape.
    pub fn parse(tag: &'a str) -> Option<UniqueTag<'a>> {
        let (bare, development) = match tag.strip_suffix("-dev") {
            Some(bare) => (bare, true),
            None => (tag, false),
        };
        let (rest, seconds) = bare.rsplit_once('-')?;
        let (reference, commit) = rest.rsplit_once('-')?;
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let fits = !reference.is_empty() && commit.len() == 7 && commit.bytes().all(is_hex);
        let seconds = Some(seconds).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        fits.then_some(())?;
        Some(UniqueTag { reference, commit, seconds: seconds.parse().ok()?, development })
    }
}

/// The number in `pr-12`, alone or with one of the variants behind it: `pr-12-fix` is a branch.
pub(super) fn pull_request<'a>(reference: &'a str, variants: &[String]) -> Option<&'a str> {
    let rest = reference.strip_prefix("pr-")?;
    let (number, variant) = rest.split_once('-').map_or((rest, None), |(number, rest)| (number, Some(rest)));
    let fits = variant.is_none_or(|variant| variants.iter().any(|known| known == variant));
    (fits && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let tag = UniqueTag::parse("fix-a-b-abc1234-1700000000-dev").unwrap();
        assert_eq!((tag.reference, tag.commit, tag.seconds), ("fix-a-b", "abc1234", 1_700_000_000));
        assert!(tag.development);
        let tag = UniqueTag::parse("pr-12-alpine-abc1234-5").unwrap();
        assert_eq!((tag.reference, tag.development), ("pr-12-alpine", false));
        for no in [
            "main",
            "main-abc1234",
            "-abc1234-5",
            "abc1234-5",
            "main-ABC1234-5",
            "main-abc1234-+5",
            "main-abc1234-",
            "main-abc1234-99999999999999999999",
        ] {
            assert_eq!(UniqueTag::parse(no), None, "{no}");
        }
    }

    #[test]
    fn pull_requests() {
        for (reference, number) in [
            ("pr-12", Some("12")),
            ("pr-12-alpine", Some("12")),
            ("pr-12-fix", None),
            ("pr-", None),
            ("pr-x", None),
        ] {
            assert_eq!(pull_request(reference, &["alpine".to_owned()]), number, "{reference}");
        }
    }
}
