//! `untrusted-registry`.

use crate::dockerfile::BaseImage;
use crate::image::Reference;
use crate::rules::analysis::Analysis;
use crate::rules::words::{listed, shown};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a base image from a registry that the setting `checks.trusted-registries` does not name; without
    /// that setting it says nothing. An entry is a registry (`ghcr.io`), a registry with the beginning of a path
    /// (`ghcr.io/acme`), or `*.` and a domain. Images without a registry are those of `docker.io`. Where
    /// `image.build.contexts` puts an image in the place of a base, that image is judged.
    ///
    /// ## Why is this bad?
    /// The base image is code that nobody here reviewed, and it runs with all the rights of the service.
    ///
    /// ## Example
    /// ```toml
    /// [checks]
    /// trusted-registries = ["ghcr.io/acme"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM ghcr.io/acme/base:1.2
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image>
    IMG103 "untrusted-registry" {
        level: Error,
        items: [BestPractice, SourceControl],
        aliases: ["DL3026"],
        remedy: "start from an image of a registry that the settings trust",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let trusted = &file.expectations.trusted_registries;
    if trusted.is_empty() {
        return;
    }
    for (index, _) in file.stages() {
        let Some(BaseImage::Image(text)) = file.graph.bases.get(index) else { continue };
        let Ok(reference) = text.parse::<Reference>() else { continue };
        let repository = reference.repository();
        if trusted.iter().any(|pattern| repository.is_of(pattern)) {
            continue;
        }
        let Some(step) = file.from_of(index) else { continue };
        let by = file.replaced.get(&index);
        let by =
            by.map(|name| format!(", which the context {} puts there,", shown(name))).unwrap_or_default();
        let message = format!(
            "the registry {} of the base image {}{by} is not trusted",
            repository.registry(),
            shown(text)
        );
        found.add(file.place(step), message).remedy(format!("start from an image of {}", listed(trusted)));
    }
}
