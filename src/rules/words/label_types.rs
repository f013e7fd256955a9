//! Types of labels, and whether a value is of one.

use spdx::{Expression, ParseMode};

use crate::config::model::LabelType;
use crate::image::{Digest, label::oci};

/// The longest value that is looked at, in bytes.
const MOST: usize = 4096;

/// What is wrong with `value` as the value of the label `key`: that it should be "an absolute URL", for instance.
/// `demanded` is the type that somebody asked for; without one, the keys of the OCI specification have the types that it
/// gives them. An empty value is none.
pub(in crate::rules) fn mistyped(
    key: &str,
    value: &str,
    demanded: Option<LabelType>,
) -> Option<&'static str> {
    if value.is_empty() {
        return None;
    }
    let kind = demanded.or(match key {
        oci::CREATED => Some(LabelType::Rfc3339),
        oci::URL | oci::SOURCE | oci::DOCUMENTATION => Some(LabelType::Url),
        oci::LICENSES => Some(LabelType::Spdx),
        oci::BASE_DIGEST => {
            return value.parse::<Digest>().is_err().then_some("a digest such as sha256:0123…");
        }
        _ => None,
    });
    let kind = kind?;
    (value.len() > MOST || !is_of(kind, value)).then(|| noun(kind))
}

/// The type with its article.
pub(in crate::rules) fn noun(kind: LabelType) -> &'static str {
    match kind {
        LabelType::Text => "a text",
        LabelType::Url => "an absolute URL",
        LabelType::Hash => "a hexadecimal id of 7 to 64 digits",
        LabelType::Rfc3339 => "a time as in RFC 3339, such as 2026-01-31T08:00:00Z",
        LabelType::Semver => "a semantic version, such as 1.2.3",
        LabelType::Spdx => "an SPDX license expression, such as MIT OR Apache-2.0",
        LabelType::Email => "an e-mail address",
    }
}

fn is_of(kind: LabelType, value: &str) -> bool {
    match kind {
        LabelType::Text => !value.trim().is_empty(),
        LabelType::Url => is_url(value),
        LabelType::Hash => {
            (7..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        LabelType::Rfc3339 => is_time(value),
        LabelType::Semver => semver::Version::parse(value).is_ok(),
        LabelType::Spdx => is_license(value),
        LabelType::Email => is_email(value),
    }
}

fn is_url(value: &str) -> bool {
    // The parser forgives blanks around it and within.
    let has_blank = value.contains(|c: char| c.is_whitespace() || c.is_control());
    !has_blank && value.contains("://") && url::Url::parse(value).is_ok_and(|url| url.has_host())
}

/// Date, `T`, time with seconds, and an offset: other forms that a parser takes are none of RFC 3339.
fn is_time(value: &str) -> bool {
    let shape = |text: &str, like: &str| {
        text.len() == like.len()
            && text.bytes().zip(like.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                other => byte == other,
            })
    };
    let (Some(head), Some(tail)) = (value.get(..19), value.get(19..)) else { return false };
    let digits = tail.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let offset = if tail.starts_with('.') { tail.get(digits + 1..).unwrap_or_default() } else { tail };
    shape(head, "0000-00-00T00:00:00")
        && (!tail.starts_with('.') || digits > 0)
        && (offset.eq_ignore_ascii_case("z") || shape(offset, "+00:00") || shape(offset, "-00:00"))
        && format!("{}{}", head.replacen(['t', ' '], "T", 1), offset.to_ascii_uppercase())
            .parse::<jiff::Timestamp>()
            .is_ok()
}

/// Identifiers that the list calls deprecated were right when they were written.
fn is_license(value: &str) -> bool {
    let mode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };
    Expression::parse_mode(value, mode).is_ok()
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let is_clean = |text: &str| {
        !text.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"@[]".contains(c))
    };
    let labels = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    is_clean(local) && is_clean(domain) && labels && domain.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_each_type() {
        for (kind, good, bad) in [
            (LabelType::Text, &["a"][..], &[" ", "\t"][..]),
            (
                LabelType::Url,
                &["https://example.com", "ssh://git@example.com/a", "https://[::1]/a?b#c"],
                &[
                    "example.com",
                    "/a",
                    "https://",
                    "git@example.com:a/b",
                    "https://a b",
                    " https://a",
                    "mailto:a@b.c",
                ],
            ),
            (LabelType::Hash, &["0123abc", "0123456789abcdefABCDEF"], &["0123ab", "0123abcg", "é123456"]),
            (
                LabelType::Rfc3339,
                &["2026-01-31T08:00:00Z", "2026-01-31 08:00:00.123+01:00", "2026-01-31t08:00:00z"],
                &[
                    "2026-01-31",
                    "2026-01-31T08:00Z",
                    "2026-13-31T08:00:00Z",
                    "2026-02-30T08:00:00Z",
                    "2026-01-31T08:00:00",
                    "2026-01-31T08:00:00.Z",
                    "2026-01-31T08:00:00Z[UTC]",
                    "1769846400",
                    "2026-01-31T08:00:0é",
                ],
            ),
            (LabelType::Semver, &["1.2.3", "1.0.0-rc.1+b"], &["1.2", "v1.2.3", "01.2.3", "latest"]),
            (
                LabelType::Spdx,
                &[
                    "MIT",
                    "MIT OR Apache-2.0",
                    "(GPL-2.0-only WITH Classpath-exception-2.0) AND MIT",
                    "GPL-2.0",
                    "GPL-2.0+",
                    "LicenseRef-Acme",
                ],
                &["MIT License", "Apache 2.0", "MIT, BSD", "proprietary", "(MIT", "MIT OR"],
            ),
            (
                LabelType::Email,
                &["a@example.com", "a.b+c@d.example"],
                &["a", "a@b", "@example.com", "A <a@b.c>", "a@b..c"],
            ),
        ] {
            for value in good {
                assert_eq!(mistyped("x", value, Some(kind)), None, "{kind:?} {value}");
            }
            for value in bad {
                assert_eq!(mistyped("x", value, Some(kind)), Some(noun(kind)), "{kind:?} {value}");
            }
        }
    }

    #[test]
    fn keys_of_the_specification_have_types() {
        assert!(mistyped(oci::CREATED, "yesterday", None).is_some());
        assert!(mistyped(oci::BASE_DIGEST, "sha256:1", None).is_some());
        assert!(mistyped(oci::SOURCE, "https://example.com/a", None).is_none());
        assert!(mistyped(oci::REVISION, "r1", None).is_none());
        assert!(mistyped(oci::REVISION, "r1", Some(LabelType::Hash)).is_some());
        assert!(mistyped(oci::CREATED, "", None).is_none());
        assert!(mistyped("x", "", Some(LabelType::Url)).is_none());
        assert!(mistyped(oci::LICENSES, &"(".repeat(MOST), None).is_some());
        assert!(mistyped(oci::LICENSES, &"MIT AND ".repeat(MOST), None).is_some());
    }
}
