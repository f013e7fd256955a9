//! A pull request does not own the policy: registries, secrets, waivers and `fail-on` come from its base branch, or
//! from the file that `IMGBUILD_POLICY` names.

use std::path::Path;

use super::session::Session;
use crate::config::{self, Document, FILE_NAME, Policy};
use crate::error::Result;
use crate::source::{self, CiContext, SourceState};

/// The document in force: `own` with the policy of whoever owns it.
pub(super) fn apply(
    session: &Session,
    own: Option<Document>,
    ci: &CiContext,
    source: &SourceState,
) -> Result<Option<Document>> {
    let (document, notes) = if let Some(file) = session.environment.get_os("IMGBUILD_POLICY") {
        let policy = config::read(&session.directory.join(file), &source.root)?;
        config::with_policy(own.as_ref(), Policy::File(&policy))
    } else if ci.is_pr() {
        // Where the CI does not say what the pull request goes to, the default branch's policy is the safe one.
        let branch = ci.base_branch.as_ref().map(ToString::to_string).or_else(|| ci.default_branch.clone());
        let branch = branch.unwrap_or_default();
        let base = base_document(session, own.as_ref(), &branch, source)?;
        let shown = if branch.is_empty() { "(that the CI does not name)" } else { &branch };
        config::with_policy(own.as_ref(), Policy::Base { branch: shown, document: base.as_ref() })
    } else {
        return Ok(own);
    };
    for note in notes {
        session.events.note(note);
    }
    Ok(document)
}

/// The configuration as the base branch has it: at the named path, else the first on the way up from the working
/// folder. Where the pull request has its own says nothing: a new file nearer by would hide the policy.
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
    for path in named.into_iter().chain(on_the_way) {
        let bytes = source::file_at(&source.root, source.reader, &session.environment, branch, &path)?;
        if let Some(bytes) = bytes {
            return config::parse(&format!("{branch}:{}", path.display()), &bytes).map(Some);
        }
    }
    Ok(None)
}
