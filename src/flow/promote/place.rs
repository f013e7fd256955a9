//! What is promoted, and where it goes: names alone.

use super::PromoteOptions;
use crate::config::{Role, Settings};
use crate::error::{Error, Kind, Result};
use crate::flow::{reference, roles};
use crate::image::{Digest, Reference, Repository};

/// The reference to promote. It has to name one image: what `latest` is by now is no answer to what was tested.
pub(super) fn source(options: &PromoteOptions) -> Result<Reference> {
    let wrong = |why: String| Error::new(Kind::Usage, why);
    let reference = reference::parse(&options.reference)?;
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) if digest.parse::<Digest>().is_err() => {
            Err(wrong(format!("cannot promote {reference}: only sha256 digests can be checked here"))
                .hint("name it by its tag, or by its sha256 digest"))
        }
        (None, None) => Err(wrong(format!("cannot promote {reference}: it names no image"))
            .hint("name it by its unique tag, or by its digest; `imgbuild tags` lists them")),
        _ => Ok(reference),
    }
}

/// Where in the release registry the image goes: its name there is what it is in the registry that it is in.
pub(super) fn target(settings: &Settings, from: &Reference) -> Result<Repository> {
    let refuse = |kind: Kind, why: String, hint: &str| Err(Error::new(kind, why).hint(hint));
    let Some(release) = settings.registries.get(Role::Release) else {
        return refuse(
            Kind::Config,
            "cannot promote: no registry has the role release".to_owned(),
            "set registries.release in imgbuild.toml to its prefix, like \"ghcr.io/acme\"",
        );
    };
    let repository = from.repository();
    let Some(role) = roles::role(settings, repository) else {
        return refuse(
            Kind::Refused,
            format!("cannot promote {from}: it is in no registry that has a role"),
            "promote from the integration registry, which [registries] integration names",
        );
    };
    if role == Role::Release {
        return refuse(
            Kind::Refused,
            format!("cannot promote {from}: it is in the release registry already"),
            "promote from the integration registry; that the image gets a further version there changes nothing that is here",
        );
    }
    if role == Role::Sandbox {
        return refuse(
            Kind::Refused,
            format!(
                "cannot promote {from}: it is in the sandbox registry, where developers push what they like"
            ),
            "promote what CI pushed to the integration registry, which [registries] integration names",
        );
    }
    let name = roles::rest(settings, role, repository).unwrap_or_default();
    let target = format!("{}/{name}", release.prefix.value);
    target.parse().map_err(|cause| {
        Error::new(Kind::Config, format!("cannot promote to {target}"))
            .because(cause)
            .hint("look at registries.release")
    })
}
