//! `mistyped-image-label`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::{mistyped, secret_in, shown};
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a label whose value is not of its type. The types are those of the setting `checks.labels`:
    /// url, hash, rfc3339, semver, spdx or email. Without a setting, `org.opencontainers.image.created` is a
    /// time, `url`, `source` and `documentation` are URLs, `licenses` is an SPDX license expression and
    /// `base.digest` a digest.
    ///
    /// ## Why is this bad?
    /// Programs read these labels. A link that is none and a license that no tool knows are the same to them
    /// as no label at all.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.licenses="Apache 2"
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.licenses="Apache-2.0"
    /// ```
    ///
    /// ## References
    /// - <https://github.com/opencontainers/image-spec/blob/main/annotations.md>
    /// - <https://spdx.org/licenses/>
    IMG804 "mistyped-image-label" {
        level: Warning,
        items: [Labels],
        aliases: [],
        remedy: "give the label a value of its type",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    for (key, value) in &image.labels {
        let demanded = image.expectations.labels.get(key).copied();
        let Some(wanted) = mistyped(key, value, demanded) else { continue };
        let place = Place::field(&image.reference, format!("Config.Labels.{}", shown(key)));
        let finding = found
            .add(place, format!("the label {} is not {wanted}", shown(key)))
            .remedy(format!("give the label {wanted}"));
        if secret_in(value).is_none() {
            finding.evidence(shown(value));
        }
    }
}
