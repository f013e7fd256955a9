//! A pull request does not own the policy: registries, secrets, waivers and `fail-on` come from its base branch, or
//! from what `IMGBUILD_POLICY` names.

mod artifact;

use std::path::Path;
use std::sync::Arc;

use super::gather;
use super::session::Session;
use crate::config::{self, Document, FILE_NAME, Policy};
use crate::error::{Error, Kind, Result};
use crate::source::{self, CiContext, SourceState};

/// What is known of the base branch of a pull request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base<'a> {
    /// The repository, which is asked for it.
    In(&'a SourceState),
    /// There is nobody to ask, and why, where that is known.
    Unknown(Option<&'a Error>),
    /// Nothing that is policy is wanted.
    NotWanted,
}

impl<'a> From<&'a Result<Arc<SourceState>>> for Base<'a> {
    fn from(source: &'a Result<Arc<SourceState>>) -> Base<'a> {
        source.as_ref().map_or_else(|why| Base::Unknown(Some(why)), |source| Base::In(source))
    }
}

/// The document in force: `own` with the policy of whoever owns it. `IMGBUILD_POLICY` is heard in any case. On a pull
/// request without it, of which nobody knows the base branch, the error is of kind [`Kind::Refused`]: its own file would
/// be the policy otherwise.
pub(super) async fn apply(
    session: &Session,
    own: Option<Document>,
    ci: &CiContext,
    base: Base<'_>,
    root: &Path,
) -> Result<Option<Document>> {
    let (document, notes) = if let Some(named) = session.environment.get_os("IMGBUILD_POLICY") {
        match artifact::named(named, &session.directory)? {
            Some(reference) => {
                let policy = artifact::fetch(session, &reference).await?;
                config::with_policy(own.as_ref(), Policy::Artifact(&policy))
            }
            None => {
                let policy = config::read_policy(&session.directory.join(named), root)
                    .map_err(|error| hinted(error, named.to_string_lossy().contains(':')))?;
                config::with_policy(own.as_ref(), Policy::File(&policy))
            }
        }
    } else if !ci.is_pr() {
        return Ok(own);
    } else if let Base::In(source) = base {
        // Where the CI does not say what the pull request goes to, the default branch's policy is the safe one.
        let branch = ci.base_branch.as_ref().map(ToString::to_string).or_else(|| ci.default_branch.clone());
        let branch = branch.unwrap_or_default();
        let base = base_document(session, own.as_ref(), &branch, source)?;
        let shown = if branch.is_empty() { "(that the CI does not name)" } else { &branch };
        config::with_policy(own.as_ref(), Policy::Base { branch: shown, document: base.as_ref() })
    } else if let Base::Unknown(why) = base {
        // Outside of a repository, and without a file, there is nothing that the pull request could decide.
        if own.is_some() || gather::is_in_repository(&session.directory) {
            return Err(unknown(why));
        }
        return Ok(None);
    } else {
        return Ok(own);
    };
    for note in notes {
        session.events.note(note);
    }
    Ok(document)
}

fn unknown(why: Option<&Error>) -> Error {
    let what = "on a pull request the policy is the base branch's, and git does not tell it here";
    let error = match why {
        Some(why) => Error::new(Kind::Refused, format!("{what}: {why}")),
        None => Error::new(Kind::Refused, what),
    };
    let hints = why.map(|why| why.hints().to_vec()).unwrap_or_default();
    hints.into_iter().fold(error, Error::hint).hint(
        "run in the checkout of the pull request, with its base branch fetched; or name a policy that is not the pull \
         request's: IMGBUILD_POLICY=FILE",
    )
}

/// The same without a network and without a base branch: a policy that lies in a registry is left out, and told.
pub(super) fn apply_offline(
    session: &Session,
    own: Option<Document>,
    root: &Path,
) -> Result<Option<Document>> {
    let Some(named) = session.environment.get_os("IMGBUILD_POLICY") else { return Ok(own) };
    if artifact::named(named, &session.directory)?.is_some() {
        session.events.warn(
            "the policy that IMGBUILD_POLICY names lies in a registry, and a hook asks none: it is left out",
        );
        return Ok(own);
    }
    let policy = config::read_policy(&session.directory.join(named), root)?;
    let (document, notes) = config::with_policy(own.as_ref(), Policy::File(&policy));
    for note in notes {
        session.events.note(note);
    }
    Ok(document)
}

/// A name like that of an image, without a digest, was probably meant as one.
fn hinted(error: Error, is_like_an_image: bool) -> Error {
    if !is_like_an_image {
        return error;
    }
    error.hint("IMGBUILD_POLICY names a file, or an artifact by its digest: ghcr.io/acme/policy@sha256:…")
}

/// The configuration as the base branch has it, with what it extends there: at the named path, else the first on the way
/// up from the working folder. Where the pull request has its own says nothing: a new file nearer by would hide the
/// policy.
fn base_document(
    session: &Session,
    own: Option<&Document>,
    branch: &str,
    source: &SourceState,
) -> Result<Option<Document>> {
    let root = source.root.canonicalize().unwrap_or_else(|_| source.root.clone());
    let inside = |path: &Path| {
        [&root, &source.root].into_iter().find_map(|root| path.strip_prefix(root).ok().map(Path::to_owned))
    };
    let is_named = session.config.is_some() || session.environment.get_os("IMGBUILD_CONFIG").is_some();
    let named = own.filter(|_| is_named).and_then(|own| own.path.as_deref()).and_then(inside);
    let folder = inside(&session.directory).unwrap_or_default();
    let on_the_way = folder.ancestors().map(|folder| folder.join(FILE_NAME));
    let mut fetch =
        |path: &Path| source::file_at(&source.root, source.reader, &session.environment, branch, path);
    for path in named.into_iter().chain(on_the_way) {
        let document = config::read_revision(branch, &path, &root, &mut fetch)?;
        if document.is_some() {
            return Ok(document);
        }
    }
    Ok(None)
}
